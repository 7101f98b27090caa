"""The control plane: a memory's life, its strategies, and what can and cannot be changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from contextkit.testing.agentcore import AgentCoreEmulator
from contextkit.testing.clock import ManualClock
from tests.testing.agentcore.saying import Talk, refused

A_MINUTE = timedelta(minutes=1)


def new_memory(control: Any, name: str = "mine", **more: Any) -> dict[str, Any]:
    return dict(control.create_memory(name=name, eventExpiryDuration=30, **more)["memory"])


def strategies(control: Any, memory_id: str) -> dict[str, dict[str, Any]]:
    """A memory's strategies by name."""
    found = control.get_memory(memoryId=memory_id)["memory"]["strategies"]
    return {strategy["name"]: strategy for strategy in found}


class TestLife:
    @pytest.fixture(autouse=True)
    def _slow(self, server: AgentCoreEmulator):
        server.behaviour = replace(server.behaviour, creation_delay=A_MINUTE)

    def status(self, control: Any, memory_id: str) -> str:
        return str(control.get_memory(memoryId=memory_id)["memory"]["status"])

    def test_creating_updating_deleting(self, control: Any, clock: ManualClock):
        memory = new_memory(control, memoryStrategies=[{"semanticMemoryStrategy": {"name": "facts"}}])
        assert memory["status"] == "CREATING"
        assert memory["strategies"][0]["status"] == "CREATING"
        clock.advance(A_MINUTE)
        assert self.status(control, memory["id"]) == "ACTIVE"
        assert strategies(control, memory["id"])["facts"]["status"] == "ACTIVE"
        assert control.update_memory(memoryId=memory["id"], description="d")["memory"]["status"] == "UPDATING"
        clock.advance(A_MINUTE)
        assert control.delete_memory(memoryId=memory["id"])["status"] == "DELETING"
        assert self.status(control, memory["id"]) == "DELETING"
        clock.advance(A_MINUTE)
        with refused("ResourceNotFoundException"):
            control.get_memory(memoryId=memory["id"])

    def test_the_waiter_waits(self, control: Any, server: AgentCoreEmulator, clock: ManualClock):
        memory = new_memory(control)
        looks = []
        server.plan = lambda call: looks.append(call) or clock.advance(A_MINUTE / 2) or None
        control.get_waiter("memory_created").wait(memoryId=memory["id"], WaiterConfig={"Delay": 0})
        assert len(looks) == 3

    def test_the_data_plane_waits_until_the_memory_is_made(self, control: Any, data: Any, clock: ManualClock):
        memory = new_memory(control)
        talk = Talk(data, memory["id"])
        with refused("ValidationException", "ResourceConflict", "memoryId"):
            talk.say("early")
        clock.advance(A_MINUTE)
        talk.say("in time")
        control.update_memory(memoryId=memory["id"], description="d")
        talk.say("while it is updated")
        clock.advance(A_MINUTE)
        control.delete_memory(memoryId=memory["id"])
        with refused("ResourceNotFoundException"):
            talk.say("late")

    def test_only_a_settled_memory_can_be_changed(self, control: Any):
        memory = new_memory(control)
        for change in (control.update_memory, control.delete_memory):
            with refused("ConflictException"):
                change(memoryId=memory["id"])

    def test_a_memory_can_fail(self, control: Any, data: Any, server: AgentCoreEmulator, clock: ManualClock):
        server.service.memories.failing = "The role cannot be assumed."
        memory = new_memory(control)
        clock.advance(A_MINUTE)
        with pytest.raises(WaiterError):
            control.get_waiter("memory_created").wait(memoryId=memory["id"])
        found = control.get_memory(memoryId=memory["id"])["memory"]
        assert (found["status"], found["failureReason"]) == ("FAILED", "The role cannot be assumed.")
        with refused("ValidationException", "ResourceConflict"):
            Talk(data, memory["id"]).say("x")


def test_what_was_given_is_what_is_said(control: Any):
    given = {
        "description": "For tests.",
        "encryptionKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
        "memoryExecutionRoleArn": "arn:aws:iam::123456789012:role/memory",
        "indexedKeys": [{"key": "team", "type": "STRING"}],
        "namespaceKeys": [{"key": "tenant", "validation": {"allowedValues": ["acme"]}}],
    }
    memory = new_memory(control, **given)
    found = control.get_memory(memoryId=memory["id"])["memory"]
    assert {name: found[name] for name in given} == given
    assert found["arn"].endswith(f":memory/{memory['id']}")


def test_a_memory_without_a_name_of_its_own(control: Any):
    new_memory(control)
    with refused("ValidationException", "ResourceConflict", "name"):
        new_memory(control)


def test_creating_again_under_the_token_makes_no_second(control: Any):
    first, again = (new_memory(control, clientToken="one") for _ in range(2))
    assert first == again
    assert len(control.list_memories()["memories"]) == 1


def test_memories_are_listed_in_pages(control: Any):
    ids = {new_memory(control, f"m{n}")["id"] for n in range(7)}
    pages = list(control.get_paginator("list_memories").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["memories"]) for page in pages] == [3, 3, 1]
    assert {memory["id"] for page in pages for memory in page["memories"]} == ids


def test_what_an_account_may_have(control: Any):
    for n in range(150):
        new_memory(control, f"m{n}")
    with refused("ServiceQuotaExceededException"):
        new_memory(control, "one_more")


KINDS = {
    "semanticMemoryStrategy": ("SEMANTIC", "/strategies/{memoryStrategyId}/actors/{actorId}"),
    "summaryMemoryStrategy": (
        "SUMMARIZATION",
        "/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}",
    ),
    "userPreferenceMemoryStrategy": ("USER_PREFERENCE", "/strategies/{memoryStrategyId}/actors/{actorId}"),
    "episodicMemoryStrategy": ("EPISODIC", "/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}"),
    "customMemoryStrategy": ("CUSTOM", "/strategies/{memoryStrategyId}/actors/{actorId}"),
}

PROMPT = {"appendToPrompt": "More.", "modelId": "a-model"}


class TestStrategies:
    @pytest.mark.parametrize("member", KINDS)
    def test_each_kind(self, control: Any, member: str):
        memory = new_memory(control, memoryStrategies=[{member: {"name": "one", "description": "d"}}])
        (strategy,) = memory["strategies"]
        kind, template = KINDS[member]
        assert (strategy["type"], strategy["namespaceTemplates"]) == (kind, [template])
        assert strategy["namespaces"] == strategy["namespaceTemplates"]
        assert strategy["description"] == "d"

    @pytest.mark.parametrize(
        ("given", "kind", "extraction"),
        [
            ("semantic", "SEMANTIC_OVERRIDE", True),
            ("userPreference", "USER_PREFERENCE_OVERRIDE", True),
            ("summary", "SUMMARY_OVERRIDE", False),
            ("episodic", "EPISODIC_OVERRIDE", True),
        ],
    )
    def test_overrides_are_told_in_the_models_own_words(self, control: Any, given: str, kind: str, extraction: bool):
        parts = {"consolidation": PROMPT, **({"extraction": PROMPT} if extraction else {})}
        content = {"name": "one", "configuration": {f"{given}Override": parts}}
        (strategy,) = new_memory(control, memoryStrategies=[{"customMemoryStrategy": content}])["strategies"]
        told = strategy["configuration"]
        assert told["type"] == kind
        assert told["consolidation"] == {"customConsolidationConfiguration": {f"{given}ConsolidationOverride": PROMPT}}
        assert ("extraction" in told) is extraction

    def test_self_managed(self, control: Any):
        invocation = {"topicArn": "arn:aws:sns:us-east-1:123456789012:topic", "payloadDeliveryBucketName": "bucket"}
        own = {"invocationConfiguration": invocation, "historicalContextWindowSize": 2}
        content = {"name": "own", "configuration": {"selfManagedConfiguration": own}}
        memory = new_memory(control, memoryStrategies=[{"customMemoryStrategy": content}])
        told = memory["strategies"][0]["configuration"]
        assert told["type"] == "SELF_MANAGED"
        assert told["selfManagedConfiguration"]["historicalContextWindowSize"] == 2
        change = {"selfManagedConfiguration": {"invocationConfiguration": {"payloadDeliveryBucketName": "another"}}}
        modify = [{"memoryStrategyId": memory["strategies"][0]["strategyId"], "configuration": change}]
        control.update_memory(memoryId=memory["id"], memoryStrategies={"modifyMemoryStrategies": modify})
        managed = strategies(control, memory["id"])["own"]["configuration"]["selfManagedConfiguration"]
        assert managed["invocationConfiguration"] == {**invocation, "payloadDeliveryBucketName": "another"}
        assert managed["historicalContextWindowSize"] == 2

    def test_add_modify_and_delete_at_once(self, control: Any):
        memory = new_memory(
            control,
            memoryStrategies=[{"semanticMemoryStrategy": {"name": name}} for name in ("kept", "changed", "gone")],
        )
        ids = {strategy["name"]: strategy["strategyId"] for strategy in memory["strategies"]}
        control.update_memory(
            memoryId=memory["id"],
            memoryStrategies={
                "addMemoryStrategies": [{"summaryMemoryStrategy": {"name": "added"}}],
                "modifyMemoryStrategies": [
                    {
                        "memoryStrategyId": ids["changed"],
                        "namespaceTemplates": ["/new/{actorId}"],
                        "recordExpirySpecification": {"recordExpiryDurationDays": 31},
                    }
                ],
                "deleteMemoryStrategies": [{"memoryStrategyId": ids["gone"]}],
            },
        )
        found = strategies(control, memory["id"])
        assert found.keys() == {"kept", "changed", "added"}
        assert found["changed"]["namespaceTemplates"] == ["/new/{actorId}"]
        assert found["changed"]["recordExpiryDurationDays"] == 31
        assert found["changed"]["strategyId"] == ids["changed"]
        assert "recordExpiryDurationDays" not in found["kept"]

    def test_an_update_that_fails_changes_nothing(self, control: Any):
        memory = new_memory(control, memoryStrategies=[{"semanticMemoryStrategy": {"name": "one"}}])
        with refused("ResourceNotFoundException"):
            control.update_memory(
                memoryId=memory["id"],
                description="changed",
                memoryStrategies={
                    "addMemoryStrategies": [{"summaryMemoryStrategy": {"name": "two"}}],
                    "deleteMemoryStrategies": [{"memoryStrategyId": "unknown"}],
                },
            )
        assert control.get_memory(memoryId=memory["id"])["memory"] == memory

    def test_names_are_given_once(self, control: Any):
        twice = [{"semanticMemoryStrategy": {"name": "one"}}, {"summaryMemoryStrategy": {"name": "one"}}]
        with refused("ValidationException", "ResourceConflict", "memoryStrategies.1"):
            new_memory(control, memoryStrategies=twice)

    def test_a_memory_has_at_most_six(self, control: Any):
        seven = [{"semanticMemoryStrategy": {"name": f"s{n}"}} for n in range(7)]
        with refused("ServiceQuotaExceededException"):
            new_memory(control, memoryStrategies=seven)
        new_memory(control, memoryStrategies=seven[:6])

    def test_the_older_name_for_templates(self, control: Any):
        content = {"name": "one", "namespaces": ["/a/{actorId}"]}
        memory = new_memory(control, memoryStrategies=[{"semanticMemoryStrategy": content}])
        assert memory["strategies"][0]["namespaceTemplates"] == ["/a/{actorId}"]
        with refused("ValidationException"):
            both = {**content, "namespaceTemplates": ["/b/{actorId}"]}
            new_memory(control, "other", memoryStrategies=[{"semanticMemoryStrategy": both}])

    def test_a_built_in_strategy_has_nothing_to_configure(self, control: Any):
        memory = new_memory(control, memoryStrategies=[{"semanticMemoryStrategy": {"name": "one"}}])
        override = {"customExtractionConfiguration": {"semanticExtractionOverride": PROMPT}}
        change = {
            "memoryStrategyId": memory["strategies"][0]["strategyId"],
            "configuration": {"extraction": override},
        }
        with refused("ValidationException", "FieldValidationFailed"):
            control.update_memory(memoryId=memory["id"], memoryStrategies={"modifyMemoryStrategies": [change]})


class TestKeys:
    def test_indexed_keys_are_only_ever_added(self, control: Any):
        memory = new_memory(control, indexedKeys=[{"key": "a", "type": "STRING"}])
        more = [{"key": "b", "type": "NUMBER"}, {"key": "a", "type": "STRING"}]
        updated = control.update_memory(memoryId=memory["id"], addIndexedKeys=more)["memory"]
        assert updated["indexedKeys"] == [{"key": "a", "type": "STRING"}, {"key": "b", "type": "NUMBER"}]
        with refused("ValidationException", "ResourceConflict", "addIndexedKeys.0"):
            control.update_memory(memoryId=memory["id"], addIndexedKeys=[{"key": "a", "type": "NUMBER"}])

    def test_ten_in_all(self, control: Any):
        memory = new_memory(control, indexedKeys=[{"key": f"k{n}", "type": "STRING"} for n in range(10)])
        with refused("ServiceQuotaExceededException"):
            control.update_memory(memoryId=memory["id"], addIndexedKeys=[{"key": "k10", "type": "STRING"}])

    def test_a_template_may_use_declared_variables_only(self, control: Any):
        content = {"name": "one", "namespaceTemplates": ["/{tenant}/{actorId}"]}
        with refused("ValidationException", "FieldValidationFailed", "namespaceKeys"):
            new_memory(control, memoryStrategies=[{"semanticMemoryStrategy": content}])
        memory = new_memory(
            control, memoryStrategies=[{"semanticMemoryStrategy": content}], namespaceKeys=[{"key": "tenant"}]
        )
        with refused("ValidationException", "FieldValidationFailed", "namespaceKeys"):
            control.update_memory(memoryId=memory["id"], namespaceKeys=[])

    @pytest.mark.parametrize(
        ("value", "allowed"), [("acme", True), ("emca", True), ("others", False), ("acmeacme", False)]
    )
    def test_the_values_of_a_variable_are_checked(self, control: Any, data: Any, value: str, allowed: bool):
        keys = [
            {"key": "tenant", "validation": {"allowedValues": ["acme", "emca"]}},
            {"key": "short", "validation": {"regexPattern": "[a-z]{4}"}},
        ]
        talk = Talk(data, new_memory(control, namespaceKeys=keys)["id"])
        for name in ("tenant", "short"):
            config = {"namespaceVariables": {name: value}}
            if allowed:
                talk.say("x", extractionConfig=config)
            else:
                with refused("ValidationException", field=f"extractionConfig.namespaceVariables.{name}"):
                    talk.say("x", extractionConfig=config)

    def test_a_rule_must_be_a_regular_expression(self, control: Any):
        keys = [{"key": "tenant", "validation": {"regexPattern": "["}}]
        with refused("ValidationException", field="namespaceKeys.0.validation.regexPattern"):
            new_memory(control, namespaceKeys=keys)
