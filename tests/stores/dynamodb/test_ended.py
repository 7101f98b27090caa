"""What it costs to look at what holds no longer, counted at the proxy; and writing to what others have ended."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contextkit.aws.client import new_client
from contextkit.errors import SessionEnded
from contextkit.stores import MemoryRecord
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.database import Database, Key
from contextkit.stores.dynamodb.keys import session_key
from contextkit.testing.clock import ManualClock
from contextkit.testing.faults import Call, FaultProxy, never

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


@pytest.fixture
def lasting(endpoint: str, tables: str, clock: ManualClock) -> Iterator[tuple[DynamoDBStore, DynamoDBStore]]:
    """The stores of two processes, whose sessions expire a month after they were last appended to."""
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=20)
    first, second = (DynamoDBStore(tables, client=client, ttl=timedelta(days=30), clock=clock) for _ in range(2))
    with first, second:
        yield first, second


@pytest.mark.parametrize("anew", [False, True])
def test_a_session_that_another_process_ended_begins_anew_when_its_items_would_be_kept_longer(
    lasting: tuple[DynamoDBStore, DynamoDBStore], clock: ManualClock, anew: bool
) -> None:
    first, second = lasting
    actor, hello = f"actor-{uuid.uuid4()}", {"role": "user", "content": "Hello."}
    first.append(actor, "s", [hello])
    clock.advance(timedelta(days=5))
    second.delete_session(actor, "s")
    if anew:
        second.append(actor, "s", [hello])
    assert [message.seq for message in first.append(actor, "s", [hello])] == [2 if anew else 1]
    assert len(second.messages(actor, "s")) == (2 if anew else 1)


def test_what_another_process_deletes_while_items_are_kept_longer_is_in_nobody_s_way(
    lasting: tuple[DynamoDBStore, DynamoDBStore], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = lasting
    actor, hello = f"actor-{uuid.uuid4()}", {"role": "user", "content": "Hello."}
    first.append(actor, "s", [hello])
    first.save_derived(actor, "s", {"old": b"1", "kept": b"2"})
    clock.advance(timedelta(days=5))
    listed = Database.keys

    def keys(database: Database, *place: Any) -> list[Key]:
        found = listed(database, *place)
        second.save_derived(actor, "s", {"new": b"3"}, ["old"])
        return found

    monkeypatch.setattr(Database, "keys", keys)
    assert [message.seq for message in first.append(actor, "s", [hello])] == [2]
    assert first.derived(actor, "s") == {"kept": b"2", "new": b"3"}


@pytest.mark.parametrize("again", [False, True])
def test_parts_of_what_was_derived_from_a_session_that_ends_meanwhile_are_not_left_behind(
    store: DynamoDBStore, endpoint: str, proxy: FaultProxy, tables: str, patient_client: Any, again: bool
) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", [{"role": "user", "content": "one"}])
    session = store.session(actor, "s")
    assert session is not None
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=20)
    with DynamoDBStore(tables, client=client) as another:

        def deleting(call: Call) -> None:
            there = another.session(actor, "s")
            if call.operation == "BatchWriteItem" and there and there.created_at == session.created_at:
                another.delete_session(actor, "s")
                if again:
                    another.append(actor, "s", [{"role": "user", "content": "anew"}])

        proxy.plan = deleting
        with pytest.raises(SessionEnded):
            store.save_derived(actor, "s", {"index": b""}, life=session.created_at, parts={"index": [b"1", b"2"]})
        proxy.plan = never
    found = patient_client.query(
        TableName=f"{tables}agent-sessions",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": session_key(actor, "s")}},
        ConsistentRead=True,
    )
    assert {item["sk"]["S"].partition("#")[0] for item in found["Items"]} == ({"log", "id", "meta"} if again else set())
