"""AgentCore memories: clean templates, and requests that the service's own model takes, tried on the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber
from cfnlint.api import ManualArgs, lint

from contextkit.aws.client import new_client
from contextkit.aws.provisioning.agentcore import MemoryPlan, create_request, managed_template
from contextkit.aws.provisioning.agentcore_create import create_memory
from contextkit.aws.provisioning.agentcore_template import memory_template
from contextkit.errors import InvalidInput, ProvisioningFailed, StoreUnavailable
from contextkit.memory.strategy import MemoryStrategy, memory_strategy_names
from contextkit.testing.agentcore import AgentCoreEmulator

MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0"
ROLE = "arn:aws:iam::123456789012:role/memory"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def strategy(name: str, **changes: Any) -> MemoryStrategy:
    return replace(MemoryStrategy.load(name), **changes)


def plan(*names: str, **more: Any) -> MemoryPlan:
    return MemoryPlan(name="agents", strategies=tuple(map(strategy, names)), model=MODEL, **more)


@pytest.fixture(scope="module")
def emulator() -> Iterator[AgentCoreEmulator]:
    with AgentCoreEmulator() as server:
        yield server


@pytest.fixture
def control(emulator: AgentCoreEmulator) -> Iterator[Any]:
    emulator.reset()
    client = new_client("bedrock-agentcore-control", region="us-east-1", endpoint=emulator.url, read_timeout=10)
    yield client
    client.close()


@pytest.mark.parametrize("names", [memory_strategy_names(), ["semantic"]], ids=["all", "without a model"])
@pytest.mark.parametrize("more", [{}, {"key": KEY, "role": ROLE, "event_days": 3}], ids=["plain", "whole"])
def test_every_strategy_is_clean_in_a_template(names: list[str], more: dict[str, Any]) -> None:
    """In one template for all: the linter takes a second for each."""
    document = memory_template(plan(*names, **more))
    strategies = document["Resources"]["Memory"]["Properties"]["MemoryStrategies"]
    assert len(strategies) == len(names)
    found = lint(json.dumps(document), config=ManualArgs(regions=["us-east-1"]))
    assert [f"{match.rule.id} {match.message}" for match in found] == []


@pytest.mark.parametrize("name", memory_strategy_names())
def test_every_strategy_is_taken_by_the_service(control: Any, name: str) -> None:
    """The emulator checks requests against botocore's model, with every maximum, pattern and enum."""
    made = create_memory(plan(name, role=ROLE), control, delay=0.01)
    (kept,) = control.get_memory(memoryId=made.id)["memory"]["strategies"]
    assert (kept["name"], kept["status"]) == (name, "ACTIVE")
    assert kept["namespaceTemplates"] == [managed_template(strategy(name).namespace)]


def test_a_memory_that_is_there_is_left_as_it_is(control: Any, emulator: AgentCoreEmulator) -> None:
    made = create_memory(plan("semantic"), control, delay=0.01)
    again = create_memory(plan("summary"), control, delay=0.01)
    assert (made.is_new, again.is_new, again.id) == (True, False, made.id)
    assert [call.operation for call in emulator.calls].count("CreateMemory") == 1
    assert create_memory(MemoryPlan(name="agents2", strategies=()), control, delay=0.01).is_new


def test_a_role_is_made_for_models_and_only_these() -> None:
    role = memory_template(plan("procedural"))["Resources"]["MemoryRole"]["Properties"]
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "bedrock:InvokeModel"
    assert [one["Fn::Sub"].endswith(f"foundation-model/{MODEL}") for one in statement["Resource"]] == [True]
    assert "MemoryRole" not in memory_template(plan("semantic"))["Resources"]
    assert "MemoryRole" not in memory_template(plan("procedural", role=ROLE))["Resources"]


def test_the_control_plane_makes_no_role(control: Any) -> None:
    with pytest.raises(ProvisioningFailed, match="--role"):
        create_memory(plan("procedural"), control)


def test_prompts_and_fields_are_the_files_own() -> None:
    custom = strategy("custom_example")
    (asked,) = create_request(plan("custom_example"))["memoryStrategies"]
    override = asked["customMemoryStrategy"]["configuration"]["semanticOverride"]
    assert override["extraction"]["appendToPrompt"] == custom.extraction.prompt.strip()
    assert override["consolidation"]["appendToPrompt"] == custom.consolidation.prompt.strip()
    keys = [entry["key"] for entry in asked["customMemoryStrategy"]["memoryRecordSchema"]["metadataSchema"]]
    assert keys == [field.name for field in custom.fields]
    assert create_request(plan("custom_example"))["namespaceKeys"] == [{"key": name} for name in custom.variables]


def test_a_summary_overrides_its_consolidation_alone() -> None:
    summary = MemoryStrategy.load("summary")
    assert summary.managed is not None
    overriding = replace(summary, managed=replace(summary.managed, override=True))
    (asked,) = create_request(MemoryPlan(name="a", strategies=(overriding,), model=MODEL))["memoryStrategies"]
    assert list(asked["customMemoryStrategy"]["configuration"]["summaryOverride"]) == ["consolidation"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "my-memory"}, "no name for a memory"),
        ({"event_days": 2}, "3 to 365"),
        ({"event_days": 366}, "3 to 365"),
        ({"strategies": (strategy("semantic"),) * 7}, "takes 6"),
        ({"strategies": (strategy("semantic", managed=None),)}, "no \\[managed\\] table"),
        ({"strategies": (strategy("semantic", expires_after=30),)}, "31 at least"),
        ({"strategies": (strategy("semantic", variables=("Tenant",)),)}, "namespace key"),
        ({"strategies": (strategy("procedural"),), "model": ""}, "no model is named"),
    ],
)
def test_what_the_service_would_refuse(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        MemoryPlan(**{"name": "agents", "strategies": (), **wrong})


@pytest.fixture
def scripted() -> Iterator[Stubber]:
    client = new_client("bedrock-agentcore-control", region="us-east-1", endpoint="http://localhost:1")
    with Stubber(client) as stubber:
        yield stubber
    client.close()


def found(status: str) -> dict[str, Any]:
    summary = {"id": "agents-abcdefghij", "arn": "arn:aws:bedrock-agentcore:r:1:memory/x", "status": status}
    return {**summary, "createdAt": "2026-01-01", "updatedAt": "2026-01-01"}


def test_a_memory_that_failed_says_why(scripted: Stubber) -> None:
    scripted.add_response("list_memories", {"memories": [found("FAILED")]})
    failed = {**found("FAILED"), "name": "agents", "eventExpiryDuration": 30, "failureReason": "no such role"}
    scripted.add_response("get_memory", {"memory": failed})
    with pytest.raises(ProvisioningFailed, match="no such role"):
        create_memory(plan("semantic"), scripted.client)


@pytest.mark.parametrize(
    ("code", "kind"), [("AccessDeniedException", ProvisioningFailed), ("ExpiredTokenException", StoreUnavailable)]
)
def test_a_refusal_is_told(scripted: Stubber, code: str, kind: type[Exception]) -> None:
    scripted.add_client_error("list_memories", code, "no")
    with pytest.raises(kind, match=code):
        create_memory(plan("semantic"), scripted.client)
