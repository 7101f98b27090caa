"""A memory with something of everything in it, and requests about it that obey also the rules that no model states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.model import Shape
from hypothesis import strategies as st

from tests.testing.agentcore.raw import Raw, model
from tests.testing.agentcore.requests import Valid, texts

INDEXED = {"text": "STRING", "texts": "STRINGLIST", "number": "NUMBER"}

OPERANDS = {
    "EQUALS_TO": "stringValue",
    "CONTAINS": "stringListValue",
    "GREATER_THAN": "numberValue",
    "GREATER_THAN_OR_EQUALS": "numberValue",
    "LESS_THAN": "numberValue",
    "LESS_THAN_OR_EQUALS": "numberValue",
    "BEFORE": "dateTimeValue",
    "AFTER": "dateTimeValue",
}

TEMPLATES = ("/", "/users/{actorId}", "{memoryStrategyId}/{sessionId}/", "/tenants/{tenant}/{actorId}")

EXTRACTION = {"semanticExtractionOverride": {"appendToPrompt": "More.", "modelId": "a-model"}}

WITH_NAMESPACE = ("RetrieveMemoryRecords", "ListMemoryRecords")


@dataclass(frozen=True)
class Furnished:
    """What is there, by the names that parameters have for it."""

    memory_id: str
    arn: str
    strategies: tuple[str, ...]
    event_id: str
    record_id: str

    def lacks(self, params: dict[str, Any]) -> bool:
        """Whether a request names something that is not there."""
        there = {
            "memoryId": (self.memory_id, self.arn),
            "eventId": (self.event_id,),
            "memoryRecordId": (self.record_id,),
            "actorId": ("ana",) if "eventId" in params else (params.get("actorId"),),
            "sessionId": ("first",) if "eventId" in params else (params.get("sessionId"),),
            "namespace": ("/kept",) if "memoryRecordId" in params else (params.get("namespace"),),
        }
        named = any(params[name] not in known for name, known in there.items() if name in params)
        return named or "extractionJob" in params or "branch" in params or self._lacks_strategy(params)

    def _lacks_strategy(self, params: dict[str, Any]) -> bool:
        asked = params.get("memoryStrategies", {})
        changed = asked if isinstance(asked, dict) else {}
        named = [*changed.get("modifyMemoryStrategies", []), *changed.get("deleteMemoryStrategies", [])]
        ids = [entry["memoryStrategyId"] for entry in named]
        return any(strategy not in self.strategies for strategy in ids) or len(ids) != len(set(ids))


def furnish(raw: Raw) -> Furnished:
    """Make a memory and fill it."""
    made = raw.call(
        model("CreateMemory"),
        {
            "name": "furnished",
            "eventExpiryDuration": 30,
            "indexedKeys": [{"key": key, "type": kind} for key, kind in INDEXED.items()],
            "namespaceKeys": [{"key": "tenant"}],
            "memoryStrategies": [
                {"customMemoryStrategy": {"name": "own", "configuration": {"semanticOverride": {}}}},
                {"episodicMemoryStrategy": {"name": "episodes"}},
            ],
        },
    ).content["memory"]
    about = {"memoryId": made["id"]}
    event = {"actorId": "ana", "sessionId": "first", "eventTimestamp": 1.5, "payload": []}
    record = {"requestIdentifier": "one", "namespaces": ["/kept"], "content": {"text": "Kept."}, "timestamp": 1.5}
    stored = raw.call(model("CreateEvent"), about | event).content["event"]
    kept = raw.call(model("BatchCreateMemoryRecords"), about | {"records": [record]}).content["successfulRecords"][0]
    strategies = tuple(strategy["strategyId"] for strategy in made["strategies"])
    return Furnished(made["id"], made["arn"], strategies, stored["eventId"], kept["memoryRecordId"])


@cache
def requests(name: str, world: Furnished) -> st.SearchStrategy[dict[str, Any]]:
    """Requests that a model allows, most of them about what is there."""
    shape = model(name).input_shape
    return Valid(_rules(shape, name, world)).of(shape).map(lambda params: _obeying(name, params, world.strategies[0]))


def _rules(shape: Shape, name: str, world: Furnished) -> dict[str, st.SearchStrategy[Any]]:
    """What to draw instead, by the name of the shape."""
    ids = [world.memory_id, world.memory_id] + ([] if "Memory" in name and "Records" not in name else [world.arn])
    own, _ = world.strategies
    strategy = st.sampled_from([own, own, "gone-0123456789"])
    return {
        "MemoryId": _mostly(ids, shape.members.get("memoryId")),
        "EventId": st.sampled_from([world.event_id, "0000000000000000001#ff"]),
        "MemoryRecordId": st.sampled_from([world.record_id, "mem-" + "0" * 36]),
        "MemoryMetadataFilterExpression": _filters(),
        "EventMetadataFilterExpression": _event_filters(),
        "NamespaceRegexPattern": st.sampled_from(["[a-z]+", ".*"]),
        "NamespaceKeysList": st.just([{"key": "tenant"}]),
        "ModifyStrategyConfiguration": st.just({"extraction": {"customExtractionConfiguration": EXTRACTION}}),
        "DeleteMemoryStrategyInput": st.fixed_dictionaries({"memoryStrategyId": strategy}),
    } | ({"Namespace": st.sampled_from(TEMPLATES)} if name in ("CreateMemory", "UpdateMemory") else {})


def _mostly(known: list[str], shape: Shape | None) -> st.SearchStrategy[str]:
    there = st.sampled_from(known)
    return there if shape is None else st.one_of(there, there, there, texts(shape))


def _filters() -> st.SearchStrategy[dict[str, Any]]:
    values = {
        "stringValue": st.just("a"),
        "stringListValue": st.just(["a", "b"]),
        "numberValue": st.floats(-9, 9),
        "dateTimeValue": st.integers(0, 4_000_000_000),
    }
    keys = st.sampled_from([*INDEXED, "x-amz-agentcore-memory-createdAt"]).map(lambda key: {"metadataKey": key})
    compared = [
        st.fixed_dictionaries(
            {
                "left": keys,
                "operator": st.just(operator),
                "right": st.fixed_dictionaries({"metadataValue": st.fixed_dictionaries({operand: values[operand]})}),
            }
        )
        for operator, operand in OPERANDS.items()
    ]
    present = st.fixed_dictionaries({"left": keys, "operator": st.sampled_from(["EXISTS", "NOT_EXISTS"])})
    return st.one_of(present, *compared)


def _event_filters() -> st.SearchStrategy[dict[str, Any]]:
    left = st.just({"metadataKey": "kind"})
    right = st.just({"metadataValue": {"stringValue": "a"}})
    present = st.fixed_dictionaries({"left": left, "operator": st.sampled_from(["EXISTS", "NOT_EXISTS"])})
    return present | st.fixed_dictionaries({"left": left, "operator": st.just("EQUALS_TO"), "right": right})


def _obeying(name: str, params: dict[str, Any], own: str) -> dict[str, Any]:
    """The request as the rules beside the model want it; tokens for next pages are left out."""
    params = {key: value for key, value in params.items() if key != "nextToken"}
    if name in WITH_NAMESPACE:
        params.pop("namespace", None)
        params.setdefault("namespacePath", "/kept")
    if name == "UpdateMemory":
        _mend_strategies(params.get("memoryStrategies", {}).get("addMemoryStrategies", []))
        for entry in params.get("memoryStrategies", {}).get("modifyMemoryStrategies", []):
            entry.pop("namespaces", None)
            entry["memoryStrategyId"] = own if len(entry["memoryStrategyId"]) % 2 else "gone-0123456789"
    if name == "CreateMemory":
        _mend_strategies(params.get("memoryStrategies", []))
        params["namespaceKeys"] = [{"key": "tenant"}]
    for key in ("indexedKeys", "addIndexedKeys"):
        if key in params:
            params[key] = list({entry["key"]: entry for entry in params[key] if entry["key"] not in INDEXED}.values())
            params[key] = params[key] or [{"key": "another", "type": "STRING"}]
    return params


def _mend_strategies(given: list[dict[str, Any]]) -> None:
    """Names of their own, and one name only for each template."""
    for index, entry in enumerate(given):
        ((_, content),) = entry.items()
        content["name"] = f"new{index}_{content['name'][:40]}"
        content.pop("namespaces", None)
