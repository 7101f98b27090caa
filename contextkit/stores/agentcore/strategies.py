"""Which strategies a memory has: asked once, by a script or a person, and then kept in the configuration.

This is a call of the control plane, whose quotas are far below the data plane's: no agent should
make it for each of its runs.
"""

from __future__ import annotations

from typing import Any

from contextkit.aws.client import new_client
from contextkit.aws.models import check_agentcore
from contextkit.stores.agentcore.failures import translated


def strategies_of(
    memory_id: str, *, client: Any = None, region: str | None = None, endpoint: str | None = None
) -> dict[str, str]:
    """The memory's strategies, each id with its namespace template, as `AgentCoreStore(strategies=…)` takes them.

    `client` is a ready boto3 client of `bedrock-agentcore-control`. Raises `MemoryNotReady` where
    there is no such memory, and `MissingExtra` where boto3 is too old.
    """
    with translated(f"The AgentCore memory {memory_id!r}"):
        control = client or new_client("bedrock-agentcore-control", region=region, endpoint=endpoint)
        check_agentcore(control.meta.service_model)
        memory = control.get_memory(memoryId=memory_id)["memory"]
    return {each["strategyId"]: each["namespaceTemplates"][0] for each in memory.get("strategies", ())}
