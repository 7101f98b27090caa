"""The operations of AgentCore Memory, as botocore's service models describe them: their paths and shapes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from botocore.loaders import Loader  # type: ignore[import-untyped]
from botocore.model import OperationModel, ServiceModel, Shape  # type: ignore[import-untyped]

from contextkit.aws.models import check_agentcore

DATA: Final = (
    "CreateEvent",
    "GetEvent",
    "DeleteEvent",
    "ListEvents",
    "ListSessions",
    "ListActors",
    "RetrieveMemoryRecords",
    "ListMemoryRecords",
    "GetMemoryRecord",
    "DeleteMemoryRecord",
    "BatchCreateMemoryRecords",
    "BatchUpdateMemoryRecords",
    "BatchDeleteMemoryRecords",
    "ListMemoryExtractionJobs",
    "StartMemoryExtractionJob",
    "IngestData",
)
"""The data plane: service `bedrock-agentcore`."""

CONTROL: Final = ("CreateMemory", "GetMemory", "ListMemories", "UpdateMemory", "DeleteMemory")
"""The control plane: service `bedrock-agentcore-control`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name, how it is called, the status of its success, and its two shapes."""

    name: str
    method: str
    path: re.Pattern[str]
    status: int
    input: Shape
    output: Shape
    errors: frozenset[str]


@cache
def operations() -> dict[str, Operation]:
    """Every operation that the emulator serves, by name. Raises `MissingExtra` where botocore is too old."""
    loader = Loader()
    served: dict[str, Operation] = {}
    for service, names in (("bedrock-agentcore", DATA), ("bedrock-agentcore-control", CONTROL)):
        model = ServiceModel(loader.load_service_model(service, "service-2"), service)
        check_agentcore(model)
        served |= {name: _operation(model.operation_model(name)) for name in names}
    return served


def find_operation(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation at a method and a path (percent-encoded, without its query), and the path's labels as sent."""
    for operation in operations().values():
        if operation.method == method and (match := operation.path.fullmatch(path)):
            return operation, match.groupdict()
    return None


def _operation(model: OperationModel) -> Operation:
    http: dict[str, Any] = model.http
    return Operation(
        name=model.name,
        method=http["method"],
        path=re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]*)", http["requestUri"])),
        status=http["responseCode"],
        input=model.input_shape,
        output=model.output_shape,
        errors=frozenset(shape.name for shape in model.error_shapes),
    )
