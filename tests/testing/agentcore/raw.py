"""Calls to the emulator without boto3, which would check them first: parameters in its shape, sent as they are."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from botocore.model import OperationModel
from botocore.parsers import create_parser
from botocore.session import get_session
from botocore.validate import ParamValidator

SERVICES = ("bedrock-agentcore", "bedrock-agentcore-control")
MODELS = {service: get_session().get_service_model(service) for service in SERVICES}


@dataclass(frozen=True)
class Reply:
    """What came back: the status, the modelled error's code or None, and the body's JSON."""

    status: int
    error: str | None
    content: dict[str, Any]
    headers: dict[str, str]

    @property
    def fields(self) -> dict[str, str]:
        """What was wrong, by the name of the field."""
        return {field["name"]: field["message"] for field in self.content.get("fieldList", [])}


class Raw:
    """One kept-alive connection to an emulator."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def close(self) -> None:
        self._connection.close()

    def call(self, operation: OperationModel, params: dict[str, Any]) -> Reply:
        """Send parameters wherever the model wants them: labels, query or body."""
        members = operation.input_shape.members
        where = {name: members[name].serialization.get("location", "body") for name in params if name in members}
        path = operation.http["requestUri"]
        for name in [name for name in params if where.get(name) == "uri"]:
            path = path.replace(f"{{{name}}}", quote(params[name], safe=""))
        query = {name: value for name, value in params.items() if where.get(name) == "querystring"}
        body = {name: value for name, value in params.items() if where.get(name, "body") == "body"}
        target = path + (f"?{urlencode(query)}" if query else "")
        return self.send(operation.http["method"], target, json.dumps(body).encode() if body else b"")

    def send(self, method: str, target: str, body: bytes = b"") -> Reply:
        """Send bytes."""
        self._connection.request(method, target, body, {"Content-Length": str(len(body))})
        with self._connection.getresponse() as response:
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, headers.get("x-amzn-errortype"), json.loads(response.read()), headers)


def model(name: str) -> OperationModel:
    """An operation by its name, whichever service has it."""
    return next(MODELS[each].operation_model(name) for each in SERVICES if name in MODELS[each].operation_names)


def check_answer(operation: OperationModel, reply: Reply) -> None:
    """botocore itself reads the answer, finds nothing missing in it, and drops nothing of it."""
    response = {"status_code": reply.status, "headers": reply.headers, "body": json.dumps(reply.content).encode()}
    parsed = create_parser("rest-json").parse(response, operation.output_shape)
    del parsed["ResponseMetadata"]
    report = ParamValidator().validate(parsed, operation.output_shape)
    assert not report.has_errors(), report.generate_report()
    assert _names(parsed) == _names(reply.content)


def check_error(operation: OperationModel, reply: Reply) -> None:
    """The error is one that the model has for this operation, with its status and all that it requires."""
    shape = next((shape for shape in operation.error_shapes if shape.name == reply.error), None)
    assert shape is not None, f"{operation.name} has no {reply.error}: {reply.content}"
    assert reply.status == shape.metadata["error"]["httpStatusCode"]
    assert set(shape.required_members) <= reply.content.keys() <= shape.members.keys()
    if "reason" in reply.content:
        assert reply.content["reason"] in shape.members["reason"].enum


def _names(value: Any) -> Any:
    """The names in a JSON value, without what they stand for."""
    if isinstance(value, dict):
        return {name: _names(part) for name, part in value.items()}
    return [_names(part) for part in value] if isinstance(value, list) else None
