"""What it costs to look at what holds no longer, counted at the proxy."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contextkit.aws.client import new_client
from contextkit.stores import MemoryRecord
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.faults import FaultProxy

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TEXT = "Lived in Ghent, in a long street. " * 40


@pytest.fixture
def store(proxy: FaultProxy, tables: str) -> Iterator[DynamoDBStore]:
    with DynamoDBStore(tables, client=new_client("dynamodb", region="us-east-1", endpoint=proxy.url)) as store:
        yield store


def test_memories_of_all_times_are_one_small_read_once_any_were_searched(
    store: DynamoDBStore, proxy: FaultProxy
) -> None:
    actor = f"actor-{uuid.uuid4()}"
    told = [MemoryRecord(id=f"m{number:02}", text=TEXT, created_at=NOW) for number in range(20)]
    store.put_memories(actor, [replace(record, valid_to=NOW) for record in told[:15]] + told[15:])
    assert len(store.search_memories(actor, "street")) == 5
    with proxy.counted() as calls:
        assert len(store.search_memories(actor, "street", active=False)) == 20
        assert len(store.memories(actor, active=False)) == 20
    assert [call.operation for call in calls] == ["GetItem", "GetItem"]
    assert sum(call.received for call in calls) < len(TEXT)
