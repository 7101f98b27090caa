"""Records: batches, namespaces, filters, search and expiry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contextkit.testing.agentcore import AgentCoreEmulator
from contextkit.testing.clock import ManualClock
from tests.testing.agentcore.saying import NOON, add_records, found, listed, refused

A_DAY = timedelta(days=1)
UNKNOWN = "mem-" + "0" * 36


@pytest.fixture
def memory(control: Any) -> str:
    """A memory whose records can be filtered by three keys."""
    keys = [{"key": "team", "type": "STRING"}, {"key": "tags", "type": "STRINGLIST"}, {"key": "age", "type": "NUMBER"}]
    made = control.create_memory(name="indexed", eventExpiryDuration=30, indexedKeys=keys)
    return str(made["memory"]["id"])


def test_a_record_comes_back_as_it_went_in(data: Any, memory: str, clock: ManualClock):
    metadata = {"team": {"stringValue": "a"}, "free": {"dateTimeValue": NOON}}
    (record_id,) = add_records(data, memory, "Ana lives in Hanoi.", metadata=metadata)
    record = data.get_memory_record(memoryId=memory, memoryRecordId=record_id)["memoryRecord"]
    assert record["content"] == {"text": "Ana lives in Hanoi."}
    assert record["namespaces"] == ["/facts"]
    assert record["metadata"] == metadata
    assert record["timestamp"] == NOON
    assert abs(record["createdAt"] - clock()) < timedelta(milliseconds=1)


class TestBatches:
    def test_each_record_succeeds_or_fails_by_itself(self, data: Any, memory: str):
        good = {"namespaces": ["/x"], "content": {"text": "kept"}, "timestamp": NOON}
        wrong = {"metadata": {"age": {"stringValue": "old"}}}
        answer = data.batch_create_memory_records(
            memoryId=memory,
            records=[
                {**good, "requestIdentifier": "good"},
                {**good, "requestIdentifier": "type", **wrong},
                {**good, "requestIdentifier": "strategy", "memoryStrategyId": "gone-0123456789"},
                {**good, "requestIdentifier": "good"},
            ],
        )
        failed = {record["requestIdentifier"]: record for record in answer["failedRecords"]}
        assert [record["requestIdentifier"] for record in answer["successfulRecords"]] == ["good"]
        assert failed.keys() == {"type", "strategy", "good"}
        assert all(record["status"] == "FAILED" and record["errorCode"] == 400 for record in failed.values())
        assert listed(data, memory, namespace="/x") == ["kept"]

    def test_update_changes_what_is_given(self, data: Any, memory: str):
        (record_id,) = add_records(data, memory, "old", metadata={"team": {"stringValue": "a"}})
        answer = data.batch_update_memory_records(
            memoryId=memory,
            records=[
                {"memoryRecordId": record_id, "timestamp": NOON, "content": {"text": "new"}},
                {"memoryRecordId": UNKNOWN, "timestamp": NOON},
            ],
        )
        assert [record["memoryRecordId"] for record in answer["successfulRecords"]] == [record_id]
        assert [(record["memoryRecordId"], record["errorCode"]) for record in answer["failedRecords"]] == [
            (UNKNOWN, 404)
        ]
        record = data.get_memory_record(memoryId=memory, memoryRecordId=record_id)["memoryRecord"]
        assert (record["content"], record["namespaces"]) == ({"text": "new"}, ["/facts"])
        assert record["metadata"] == {"team": {"stringValue": "a"}}

    def test_delete_reports_what_was_not_there(self, data: Any, memory: str):
        ids = add_records(data, memory, "one", "two")
        gone = [{"memoryRecordId": each} for each in (ids[0], UNKNOWN, ids[0])]
        answer = data.batch_delete_memory_records(memoryId=memory, records=gone)
        assert len(answer["successfulRecords"]) == 1
        assert [record["memoryRecordId"] for record in answer["failedRecords"]] == [UNKNOWN, ids[0]]
        assert listed(data, memory, namespace="/facts") == ["two"]

    def test_a_batch_is_created_once(self, data: Any, memory: str):
        record = {"requestIdentifier": "a", "namespaces": ["/x"], "content": {"text": "x"}, "timestamp": NOON}
        first, again = (
            data.batch_create_memory_records(memoryId=memory, records=[record], clientToken="one") for _ in range(2)
        )
        assert first["successfulRecords"] == again["successfulRecords"]
        assert listed(data, memory, namespace="/x") == ["x"]


def test_a_deleted_record_is_gone(data: Any, memory: str):
    (record_id,) = add_records(data, memory, "x")
    about = {"memoryId": memory, "memoryRecordId": record_id}
    assert data.delete_memory_record(**about)["memoryRecordId"] == record_id
    for call in (data.get_memory_record, data.delete_memory_record):
        with refused("ResourceNotFoundException"):
            call(**about)


def test_deleted_records_can_linger(data: Any, memory: str, server: AgentCoreEmulator, clock: ManualClock):
    server.behaviour = replace(server.behaviour, linger=timedelta(minutes=5))
    (record_id,) = add_records(data, memory, "lingering")
    data.delete_memory_record(memoryId=memory, memoryRecordId=record_id)
    assert listed(data, memory, namespace="/facts") == ["lingering"]
    assert [text for text, _ in found(data, memory, "lingering")] == ["lingering"]
    with refused("ResourceNotFoundException"):
        data.get_memory_record(memoryId=memory, memoryRecordId=record_id)
    clock.advance(timedelta(minutes=5))
    assert listed(data, memory, namespace="/facts") == []


class TestNamespaces:
    @pytest.fixture(autouse=True)
    def _records(self, data: Any, memory: str):
        for namespace in ("/u/1", "/u/1/", "/u/1/s", "/u/10", "/u", "other"):
            add_records(data, memory, namespace, namespace=namespace)

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ({"namespace": "/u/1"}, {"/u/1"}),
            ({"namespace": "/u/1/"}, {"/u/1/"}),
            ({"namespacePath": "/u/1"}, {"/u/1", "/u/1/", "/u/1/s"}),
            ({"namespacePath": "/u/1/"}, {"/u/1", "/u/1/", "/u/1/s"}),
            ({"namespacePath": "/u"}, {"/u", "/u/1", "/u/1/", "/u/1/s", "/u/10"}),
            ({"namespacePath": "/"}, {"/u", "/u/1", "/u/1/", "/u/1/s", "/u/10"}),
            ({"namespace": "/u/*"}, set()),
        ],
    )
    def test_one_or_a_subtree(self, data: Any, memory: str, where: dict[str, str], expected: set[str]):
        assert set(listed(data, memory, **where)) == expected

    @pytest.mark.parametrize("where", [{}, {"namespace": "/u", "namespacePath": "/u"}])
    def test_exactly_one_of_both_is_needed(self, data: Any, memory: str, where: dict[str, str]):
        with refused("ValidationException", "FieldValidationFailed", "namespace"):
            data.list_memory_records(memoryId=memory, **where)
        with refused("ValidationException", "FieldValidationFailed", "namespace"):
            data.retrieve_memory_records(memoryId=memory, searchCriteria={"searchQuery": "x"}, **where)


class TestSearch:
    TEXTS = ("Ana plays the violin in an orchestra.", "Bob keeps bees.", "The violin was made in Cremona in 1740.")

    def test_the_best_match_comes_first_and_the_rest_is_there(self, data: Any, memory: str):
        add_records(data, memory, *self.TEXTS)
        results = found(data, memory, "Who keeps bees?")
        assert results[0] == ("Bob keeps bees.", pytest.approx(1))
        assert [score for _, score in results[1:]] == [0, 0]

    def test_top_k_bounds_the_whole_result(self, data: Any, memory: str):
        add_records(data, memory, *(f"bee number {n}" for n in range(30)))
        assert len(found(data, memory, "bee")) == 10
        assert len(found(data, memory, "bee", topK=3)) == 3
        pages = data.get_paginator("retrieve_memory_records").paginate(
            memoryId=memory, namespacePath="/", maxResults=10, searchCriteria={"searchQuery": "bee", "topK": 25}
        )
        texts = [[record["content"]["text"] for record in page["memoryRecordSummaries"]] for page in pages]
        assert list(map(len, texts)) == [10, 10, 5]
        assert len({text for page in texts for text in page}) == 25

    def test_by_meaning_where_there_is_an_embedder(self, memory: str, data: Any, server: AgentCoreEmulator):
        server.service.embeddings = Animals()
        add_records(data, memory, "A hound sleeps.", "A wheel turns.")
        assert [text for text, _ in found(data, memory, "dog")] == ["A hound sleeps.", "A wheel turns."]


class Animals:
    """One dimension for dogs, and one for all else."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float("dog" in text or "hound" in text), 0.1]


class TestFilters:
    @pytest.fixture(autouse=True)
    def _records(self, data: Any, memory: str):
        young = {"team": "a", "tags": ["x", "y"], "age": 20.5}
        old = {"team": "b", "tags": ["y"], "age": 70}
        for text, values in (("young", young), ("old", old)):
            kinds = {"team": "stringValue", "tags": "stringListValue", "age": "numberValue"}
            add_records(data, memory, text, metadata={key: {kinds[key]: value} for key, value in values.items()})
        add_records(data, memory, "bare")

    @pytest.mark.parametrize(
        ("key", "operator", "value", "expected"),
        [
            ("team", "EQUALS_TO", {"stringValue": "a"}, {"young"}),
            ("team", "EXISTS", None, {"young", "old"}),
            ("team", "NOT_EXISTS", None, {"bare"}),
            ("tags", "CONTAINS", {"stringListValue": ["y"]}, {"young", "old"}),
            ("tags", "CONTAINS", {"stringListValue": ["y", "x"]}, {"young"}),
            ("age", "GREATER_THAN", {"numberValue": 20.5}, {"old"}),
            ("age", "GREATER_THAN_OR_EQUALS", {"numberValue": 20.5}, {"young", "old"}),
            ("age", "LESS_THAN", {"numberValue": 70}, {"young"}),
            ("age", "LESS_THAN_OR_EQUALS", {"numberValue": 70}, {"young", "old"}),
            ("x-amz-agentcore-memory-createdAt", "AFTER", {"dateTimeValue": NOON}, {"young", "old", "bare"}),
            ("x-amz-agentcore-memory-updatedAt", "BEFORE", {"dateTimeValue": NOON}, set()),
        ],
    )
    def test_every_operator(self, data: Any, memory: str, key: str, operator: str, value: Any, expected: set[str]):
        filters = [condition(key, operator, value)]
        assert set(listed(data, memory, namespace="/facts", metadataFilters=filters)) == expected
        assert {text for text, _ in found(data, memory, "any", metadataFilters=filters)} == expected

    @pytest.mark.parametrize(
        ("key", "operator", "value", "field"),
        [
            ("unindexed", "EXISTS", None, "left.metadataKey"),
            ("team", "EQUALS_TO", None, "right"),
            ("team", "EQUALS_TO", {"numberValue": 1}, "right.metadataValue"),
            ("age", "BEFORE", {"numberValue": 1}, "right.metadataValue"),
        ],
    )
    def test_what_cannot_be_compared(self, data: Any, memory: str, key: str, operator: str, value: Any, field: str):
        with refused("ValidationException", "FieldValidationFailed", f"metadataFilters.0.{field}"):
            listed(data, memory, namespace="/facts", metadataFilters=[condition(key, operator, value)])


class TestExpiry:
    def expiring(self, data: Any, memory: str) -> str:
        record = {"requestIdentifier": "a", "namespaces": ["/x"], "content": {"text": "x"}, "timestamp": NOON}
        spec = {"recordExpiryDurationDays": 31}
        made = data.batch_create_memory_records(memoryId=memory, records=[record], recordExpirySpecification=spec)
        return str(made["successfulRecords"][0]["memoryRecordId"])

    def update(self, data: Any, memory: str, record_id: str, **more: Any) -> None:
        record = {"memoryRecordId": record_id, "timestamp": NOON}
        data.batch_update_memory_records(memoryId=memory, records=[record], **more)

    def test_a_record_ends_after_its_days(self, data: Any, memory: str, clock: ManualClock):
        record_id = self.expiring(data, memory)
        record = data.get_memory_record(memoryId=memory, memoryRecordId=record_id)["memoryRecord"]
        assert record["expiresAt"] - record["createdAt"] == 31 * A_DAY
        clock.advance(31 * A_DAY - timedelta(seconds=1))
        assert listed(data, memory, namespace="/x") == ["x"]
        clock.advance(timedelta(seconds=1))
        assert listed(data, memory, namespace="/x") == []

    def test_an_update_starts_the_days_again(self, data: Any, memory: str, clock: ManualClock):
        record_id = self.expiring(data, memory)
        clock.advance(30 * A_DAY)
        self.update(data, memory, record_id)
        clock.advance(30 * A_DAY)
        assert listed(data, memory, namespace="/x") == ["x"]

    def test_an_expiry_can_be_taken_away(self, data: Any, memory: str, clock: ManualClock):
        self.update(data, memory, self.expiring(data, memory), recordExpirySpecification={"action": "REMOVE"})
        clock.advance(400 * A_DAY)
        assert listed(data, memory, namespace="/x") == ["x"]


def condition(key: str, operator: str, value: Any) -> dict[str, Any]:
    right = {} if value is None else {"right": {"metadataValue": value}}
    return {"left": {"metadataKey": key}, "operator": operator, **right}
