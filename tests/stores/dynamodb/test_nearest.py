"""Memories with the table's own vector index, next to memories that are ranked in this process: the same results."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from contextkit.aws.client import new_client
from contextkit.stores import MemoryRecord
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.nearest import MOST
from contextkit.stores.dynamodb.schema import create_tables
from contextkit.testing.conformance import EMBEDDINGS, TTL, ManualClock, MemoryStoreConformance
from contextkit.testing.faults import FaultProxy

SIZE = len(EMBEDDINGS.embed_query("x"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("car", "automobile", "dog", "hound", "meal", "dinner", "rain", "drizzle", "blue", "old", "quick", "paper")


@pytest.fixture(scope="module")
def indexed(patient_client: Any) -> str:
    """The prefix of tables with a vector index."""
    return with_index(patient_client, SIZE)


def with_index(client: Any, dimensions: int) -> str:
    """The prefix of new tables with an index for vectors of so many dimensions."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    try:
        create_tables(client, prefix, dimensions=dimensions)
    except (ClientError, ParamValidationError) as error:
        pytest.skip(f"this server, or this boto3, has no vector index: {error}")
    return prefix


class TestWithAnIndex(MemoryStoreConformance):
    @pytest.fixture
    def store(self, clock: ManualClock, patient_client: object, indexed: str) -> DynamoDBStore:
        return DynamoDBStore(indexed, client=patient_client, ttl=TTL, clock=clock, embeddings=EMBEDDINGS, wait=60)


class Older:
    """A client of a boto3 that knows no vector indexes."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name == "search_vectors":
            raise AttributeError(name)
        return getattr(self._client, name)


def test_an_older_boto3_searches_in_this_process(patient_client: Any, indexed: str, actor: str) -> None:
    store = DynamoDBStore(indexed, client=Older(patient_client), embeddings=EMBEDDINGS)
    store.put_memories(actor, [MemoryRecord(id=word, text=word, created_at=NOW) for word in ("automobile", "dinner")])
    assert [found.record.id for found in store.search_memories(actor, "car", limit=1)] == ["automobile"]


@pytest.fixture
def both(proxy: FaultProxy, indexed: str, tables: str) -> Iterator[list[DynamoDBStore]]:
    """One store whose table has an index, and one whose has none."""
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=30)
    with DynamoDBStore(indexed, client=client, embeddings=EMBEDDINGS) as store:
        yield [store, DynamoDBStore(tables, client=client, embeddings=EMBEDDINGS)]


def test_both_give_the_same_results(both: list[DynamoDBStore], proxy: FaultProxy) -> None:
    """More records than one search of the index gives, in two namespaces, some replaced, some ended, some deleted."""
    actor, dice = f"actor-{uuid.uuid4()}", random.Random(3)
    records = [
        MemoryRecord(
            id=f"m{number}",
            text=" ".join(dice.choices(WORDS, k=6)),
            namespace=dice.choice(("facts", "plans")),
            created_at=NOW + timedelta(seconds=number),
            valid_to=None if number % 3 else NOW + timedelta(days=1),
        )
        for number in range(MOST + 40)
    ]
    changed = [
        MemoryRecord(id=record.id, text="A hound in the drizzle", namespace="facts", created_at=record.created_at)
        for record in records[::20]
    ]
    for store in both:
        store.put_memories(actor, records)
        store.put_memories(actor, changed)
        store.delete_memories(actor, [record.id for record in records[5::25]])
    with proxy.counted() as calls:
        for query in ("the automobile", "old paper", "dinner with the dog", "quick", "nothing of that"):
            for namespace, active in product((None, "facts", "plans"), (True, False)):
                ours, theirs = (
                    store.search_memories(actor, query, namespace=namespace, limit=7, active=active) for store in both
                )
                assert [(one.record.id, one.active) for one in ours] == [(one.record.id, one.active) for one in theirs]
                assert [one.score for one in ours] == pytest.approx([one.score for one in theirs], abs=1e-3)
    assert "SearchVectors" in {call.operation for call in calls}


def test_whether_there_is_an_index_is_found_out_once(both: list[DynamoDBStore], proxy: FaultProxy) -> None:
    actor = f"actor-{uuid.uuid4()}"
    with proxy.counted() as calls:
        for number in range(3):
            record = MemoryRecord(id=str(number), text="A dog", created_at=NOW)
            both[1].put_memories(actor, [record])
            assert both[1].search_memories(actor, "hound")
    assert sum(call.operation == "SearchVectors" for call in calls) == 1


def test_an_index_for_other_vectors_is_left_alone(patient_client: Any) -> None:
    prefix = with_index(patient_client, SIZE + 1)
    store = DynamoDBStore(prefix, client=patient_client, embeddings=EMBEDDINGS)
    store.put_memories("a", [MemoryRecord(id="1", text="A dog", created_at=NOW)])
    assert [one.record.id for one in store.search_memories("a", "hound")] == ["1"]
