"""Policies of an AgentCore memory: by actor, by namespace, on one memory, and no control plane."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.aws.policy import memory
from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.roles import policy
from contextkit.aws.policy.scope import Scope
from contextkit.errors import InvalidInput
from contextkit.stores.agentcore.ids import ACTORS
from contextkit.stores.agentcore.namespaces import homes, own_namespace, own_root
from tests.aws.policy.iam import ACCOUNT, REGION, Asked, allowed

ARN = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/agents-abcdefghij"
OTHER = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/others-abcdefghij"
ESTATE = Estate(account=ACCOUNT, regions=(REGION,), memory=ARN)
IDS = st.text(st.sampled_from("/:-_%*?$ab01 ü"), min_size=1, max_size=8)


def asked(call: str, arn: str = ARN, **context: str) -> Asked:
    return Asked(f"bedrock-agentcore:{call}", arn, {f"bedrock-agentcore:{key}": [one] for key, one in context.items()})


def runtime(actor: str = "u1") -> dict[str, Any]:
    return policy("runtime", Scope.actor(actor), ESTATE)


@pytest.mark.parametrize("call", memory.EVENTS)
def test_events_are_the_actors_own(call: str) -> None:
    assert allowed(runtime(), asked(call, actorId="u1"))
    assert not allowed(runtime(), asked(call, actorId="u10"))
    assert not allowed(runtime(), asked(call))
    assert not allowed(runtime(), asked(call, OTHER, actorId="u1"))


@pytest.mark.parametrize("call", memory.SEARCHES)
@pytest.mark.parametrize("key", ["namespace", "namespacePath"])
def test_searches_stay_in_the_actors_namespaces(call: str, key: str) -> None:
    mine = [
        own_root("u1"),
        own_namespace("u1", "facts"),
        "/strategies/sem-x/actors/u1/",
        "/strategies/s/actors/u1/sessions/s1/",
    ]
    for namespace in mine:
        assert allowed(runtime(), asked(call, **{key: namespace})), namespace
    for namespace in (own_root("u10"), "/strategies/s/actors/u2/", "/strategies/s/", "/", "/strategies/s/actors/u1"):
        assert not allowed(runtime(), asked(call, **{key: namespace})), namespace
    assert not allowed(runtime(), asked(call))


def test_records_are_written_where_they_belong() -> None:
    assert allowed(runtime(), asked("BatchCreateMemoryRecords", namespace=own_namespace("u1", "facts")))
    assert not allowed(runtime(), asked("BatchCreateMemoryRecords", namespace=own_namespace("u2", "facts")))
    assert not allowed(runtime(), asked("BatchCreateMemoryRecords"))
    assert allowed(runtime(), asked("BatchUpdateMemoryRecords"))
    assert not allowed(runtime(), asked("BatchUpdateMemoryRecords", namespace=own_namespace("u2", "facts")))


@given(one=IDS, other=IDS)
def test_no_id_reaches_into_another_actors_memory(one: str, other: str) -> None:
    document = runtime(one)
    assert allowed(document, asked("CreateEvent", actorId=ACTORS.encode(other))) == (one == other)
    (home,) = homes({"s": "/strategies/{memoryStrategyId}/actors/{actorId}/"}, {})
    for namespace in (own_root(other), home.place(other).name):
        assert allowed(document, asked("RetrieveMemoryRecords", namespacePath=namespace)) == (one == other)


def test_a_tag_names_the_actor() -> None:
    document = policy("runtime", Scope.tagged("who"), ESTATE)
    assert allowed(document, asked("CreateEvent", actorId="u1"), {"who": "u1"})
    assert not allowed(document, asked("CreateEvent", actorId="u2"), {"who": "u1"})
    assert allowed(document, asked("RetrieveMemoryRecords", namespacePath=own_root("u1")), {"who": "u1"})
    assert not allowed(document, asked("RetrieveMemoryRecords", namespacePath=own_root("u2")), {"who": "u1"})


def test_a_service_for_all_reaches_all_actors_of_one_memory() -> None:
    document = policy("runtime", Scope.everybody(), ESTATE)
    assert allowed(document, asked("CreateEvent", actorId="anyone"))
    assert allowed(document, asked("RetrieveMemoryRecords", namespacePath="/strategies/s/actors/anyone/"))
    assert not allowed(document, asked("CreateEvent", OTHER, actorId="anyone"))


@pytest.mark.parametrize(
    ("call", "roles"),
    [
        ("DeleteEvent", {"eraser"}),
        ("BatchDeleteMemoryRecords", {"eraser"}),
        ("CreateEvent", {"runtime", "eraser"}),
        ("GetMemory", {"eraser", "admin"}),
        ("GetMemoryRecord", {"runtime", "eraser", "admin"}),
        ("ListActors", {"admin"}),
    ],
)
def test_each_role_has_its_own(call: str, roles: set[str]) -> None:
    for role in ("runtime", "eraser", "admin"):
        document = policy(role, Scope.actor("u1"), ESTATE)  # type: ignore[arg-type]
        assert allowed(document, asked(call, actorId="u1")) == (role in roles), role


@pytest.mark.parametrize("role", ["runtime", "eraser", "admin"])
def test_every_action_is_one_that_there_is(role: Any) -> None:
    """A misspelt action allows nothing and is never noticed; of the control plane people alone ask anything."""
    data = set(botocore.session.get_session().get_service_model("bedrock-agentcore").operation_names)
    data |= {"GetMemory"} if role != "runtime" else set()
    document = policy(role, Scope.everybody(), ESTATE)
    actions = {action for one in document["Statement"] for action in one["Action"] if "agentcore" in action}
    assert {action.removeprefix("bedrock-agentcore:") for action in actions} <= data
    assert "Memory/*" not in json.dumps(document)


def test_templates_must_name_the_actor() -> None:
    with pytest.raises(InvalidInput, match="does not name the actor"):
        policy("runtime", Scope.actor("u1"), ESTATE, namespaces=["/strategies/{memoryStrategyId}/"])
    document = policy("runtime", Scope.actor("u1"), ESTATE, namespaces=["/tenants/{tenant}/actors/{actor}/"])
    assert allowed(document, asked("RetrieveMemoryRecords", namespace="/tenants/t/actors/u1/"))
    assert not allowed(document, asked("RetrieveMemoryRecords", namespace="/strategies/s/actors/u1/"))
