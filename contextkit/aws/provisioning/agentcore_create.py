"""An AgentCore memory made by the control plane, and waited for. Its quotas are low: never at run time."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from contextkit.aws.models import check_agentcore
from contextkit.aws.provisioning.agentcore import MemoryPlan, create_request
from contextkit.aws.provisioning.failures import told
from contextkit.errors import ProvisioningFailed

PATIENCE: Final = 300.0
"""Seconds until a memory that is still CREATING is given up; AWS's own waiter takes 120."""

DELAY: Final = 2.0
"""Seconds between two looks, as AWS's own waiter takes them."""


@dataclass(frozen=True, slots=True)
class Made:
    """A memory that is ACTIVE, and whether it was there before."""

    id: str
    arn: str
    is_new: bool


def create_memory(plan: MemoryPlan, client: Any, *, delay: float = DELAY, patience: float = PATIENCE) -> Made:
    """Make the memory unless there is one of its name, and wait until it is ACTIVE.

    `client` is boto3's, for `bedrock-agentcore-control`. One that is there is left as it is: its
    strategies are not changed. Raises `ProvisioningFailed`, `StoreError` where the service
    cannot be reached, and `MissingExtra` where boto3 is too old.
    """
    if plan.models and plan.role is None:
        raise ProvisioningFailed(
            "Strategies with a model of their own need a role to call it with, and the control plane makes none.",
            "Pass --role, or deploy the template, which makes one: `contextkit provision agentcore`.",
        )
    check_agentcore(client.meta.service_model)
    request = create_request(plan)
    with told(f"AgentCore, asked for the memory {plan.name!r},", "Check the role's rights and the strategies."):
        found = _named(client, plan.name)
        identifier = found or client.create_memory(**request, clientToken=_token(request))["memory"]["id"]
        memory = _active(client, identifier, delay, patience)
    return Made(memory["id"], memory["arn"], is_new=found is None)


def _named(client: Any, name: str) -> str | None:
    """The id of the memory of this name: the name, a hyphen, and an ending of the service's."""
    for page in client.get_paginator("list_memories").paginate():
        for memory in page["memories"]:
            if memory["id"].rpartition("-")[0] == name and memory["status"] != "DELETING":
                return str(memory["id"])
    return None


def _active(client: Any, identifier: str, delay: float, patience: float) -> dict[str, Any]:
    until = time.monotonic() + patience
    while True:
        memory: dict[str, Any] = client.get_memory(memoryId=identifier)["memory"]
        if memory["status"] == "ACTIVE":
            return memory
        if memory["status"] == "FAILED" or time.monotonic() > until:
            raise ProvisioningFailed(
                f"The memory {identifier!r} is {memory['status']}: {memory.get('failureReason', 'no reason given')}.",
                "Delete it, mend what the reason says, and make it again.",
            )
        time.sleep(delay)


def _token(request: dict[str, Any]) -> str:
    """The same for the same request, so that one that is sent twice makes one memory."""
    return sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
