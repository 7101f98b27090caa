"""Memories that change: a process that knows them reads the changes, and knows as much as one that reads them all."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from contextkit.aws.client import new_client
from contextkit.stores import MemoryRecord
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.memory_changes import FOLLOWED
from contextkit.testing.conformance import EMBEDDINGS
from contextkit.testing.faults import FaultProxy
from contextkit.types import Embeddings
from tests.world import NOW

KNOWN = 150
WORDS = ["tea", "coffee", "Ghent", "Bruges", "dog", "cat", "Monday", "rain", "boat", "bread"]


@pytest.fixture
def client(proxy: FaultProxy) -> Any:
    return new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)


@pytest.fixture
def open_store(client: Any, tables: str) -> Callable[..., DynamoDBStore]:
    """Makes stores as those of other processes: each knows only what it did itself."""

    def make(embeddings: Embeddings | None = None) -> DynamoDBStore:
        return DynamoDBStore(tables, client=client, embeddings=embeddings)

    return make


@pytest.fixture
def store(open_store: Callable[..., DynamoDBStore]) -> Iterator[DynamoDBStore]:
    with open_store() as store:
        yield store


@pytest.fixture
def another(open_store: Callable[..., DynamoDBStore]) -> Iterator[DynamoDBStore]:
    with open_store() as store:
        yield store


@pytest.fixture
def actor(another: DynamoDBStore) -> str:
    actor = f"actor-{uuid.uuid4()}"
    another.put_memories(actor, [memory(number, f"Likes {WORDS[number % 10]} {number}.") for number in range(KNOWN)])
    return actor


def memory(number: int, text: str, namespace: str = "default") -> MemoryRecord:
    created_at = NOW + timedelta(seconds=number)
    return MemoryRecord(id=f"m{number}", text=text, namespace=namespace, created_at=created_at)


def found(store: DynamoDBStore, actor: str, query: str = "tea in Ghent", **within: Any) -> list[tuple[str, str, float]]:
    scored = store.search_memories(actor, query, **within)
    return [(one.record.id, one.record.text, round(one.score, 4)) for one in scored]


def test_only_what_changed_is_read(
    store: DynamoDBStore,
    another: DynamoDBStore,
    actor: str,
    proxy: FaultProxy,
    open_store: Callable[..., DynamoDBStore],
) -> None:
    found(store, actor)
    another.put_memories(actor, [memory(KNOWN, "Takes tea in Ghent."), memory(3, "Takes no tea.")])
    another.delete_memories(actor, ["m5"])
    with proxy.counted() as calls:
        now = found(store, actor)
    assert [call.operation for call in calls] == ["GetItem", "Query", "BatchGetItem"]
    assert sum(call.received for call in calls) < 3_000
    with open_store() as fresh, proxy.counted() as calls:
        assert found(fresh, actor) == now
    assert sum(call.received for call in calls) > 15_000
    with proxy.counted() as calls:
        assert found(store, actor) == now
        assert store.memories(actor)[-1].text == "Takes tea in Ghent."
    assert [call.operation for call in calls] == ["GetItem", "GetItem"]


def test_whatever_is_done_by_whomever_all_know_the_same(
    store: DynamoDBStore, another: DynamoDBStore, actor: str, open_store: Callable[..., DynamoDBStore]
) -> None:
    chance = random.Random(5)
    for step in range(25):
        writer = chance.choice([store, another])
        for _ in range(chance.randint(1, 3)):
            numbers = chance.sample(range(KNOWN + 20), chance.randint(1, 4))
            if chance.random() < 0.3:
                writer.delete_memories(actor, [f"m{number}" for number in numbers])
            else:
                text = f"{' '.join(chance.choices(WORDS, k=4))} {step}."
                writer.put_memories(
                    actor, [memory(number, text, chance.choice(["a/b", "a/c", "d"])) for number in numbers]
                )
        with open_store() as fresh:
            for within in ({}, {"namespace": "a/"}, {"namespace": "d"}):
                query = " ".join(chance.choices(WORDS, k=2))
                expected = found(fresh, actor, query, **within)
                assert found(store, actor, query, **within) == found(another, actor, query, **within) == expected
            assert store.memories(actor) == another.memories(actor) == fresh.memories(actor)


def test_changes_that_are_not_told_of_are_read_with_all_the_rest(
    store: DynamoDBStore, another: DynamoDBStore, actor: str, client: Any, tables: str
) -> None:
    table = next(name for name in client.list_tables()["TableNames"] if name.startswith(tables) and "memories" in name)
    partition = {"pk": {"S": f"mem#{actor}"}}

    def forget_changes() -> None:
        values = {":pk": partition["pk"], ":chg": {"S": "chg#"}}
        asked = "pk = :pk AND begins_with(sk, :chg)"
        for row in client.query(TableName=table, KeyConditionExpression=asked, ExpressionAttributeValues=values)[
            "Items"
        ]:
            client.delete_item(TableName=table, Key={"pk": row["pk"], "sk": row["sk"]})

    def stamp_alone() -> None:
        """As another program would."""
        client.update_item(
            TableName=table,
            Key={**partition, "sk": {"S": "head"}},
            UpdateExpression="SET stamp = :stamp",
            ExpressionAttributeValues={":stamp": {"S": uuid.uuid4().hex}},
        )

    for number, happens in enumerate((forget_changes, stamp_alone, lambda: None)):
        found(store, actor)
        another.put_memories(actor, [memory(KNOWN + number, f"Boat {number} to Bruges.")])
        happens()
        another.put_memories(actor, [memory(KNOWN + 10 + number, f"Boat {number} to Ghent.")])
        texts = {text for _, text, _ in found(store, actor, "boat")}
        assert {f"Boat {number} to Bruges.", f"Boat {number} to Ghent."} <= texts


def test_many_changes_are_read_with_all_the_rest(
    store: DynamoDBStore, another: DynamoDBStore, actor: str, proxy: FaultProxy
) -> None:
    found(store, actor)
    for number in range(FOLLOWED + 1):
        another.put_memories(actor, [memory(KNOWN, f"Boat {number}.")])
    with proxy.counted() as calls:
        assert f"Boat {FOLLOWED}." in {text for _, text, _ in found(store, actor, "boat")}
    assert [call.operation for call in calls] == ["GetItem", "Query"]


def test_vectors_that_arrive_are_followed_too(open_store: Callable[..., DynamoDBStore], actor: str) -> None:
    with open_store(EMBEDDINGS) as one, open_store(EMBEDDINGS) as other:
        found(one, actor)
        other.put_memories(actor, [memory(KNOWN + 1, "Rows a boat."), memory(2, "Bakes bread.")])
        with open_store(EMBEDDINGS) as fresh:
            for query in ("boat", "bread and rain"):
                assert found(one, actor, query) == found(fresh, actor, query)


def test_writers_at_once_make_way_for_each_other(
    store: DynamoDBStore, another: DynamoDBStore, actor: str, open_store: Callable[..., DynamoDBStore]
) -> None:
    found(store, actor)
    for number in range(6):
        for writer in (store, another):
            writer.put_memories(actor, [memory(KNOWN + number, f"Boat {number}.")])
    with open_store() as fresh:
        assert found(store, actor, "boat") == found(fresh, actor, "boat")
