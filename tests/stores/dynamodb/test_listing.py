"""An actor's list of sessions: which of them go on is known without reading the others."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.life import LISTED
from contextkit.testing.clock import ManualClock
from contextkit.testing.faults import FaultProxy
from contextkit.types import Message

ENDED = 40
HELLO = [Message(role="user", content="Hello.")]
DAY = timedelta(days=1)


@pytest.fixture
def open_store(proxy: FaultProxy, tables: str, clock: ManualClock) -> Callable[[], DynamoDBStore]:
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    return lambda: DynamoDBStore(tables, client=client, clock=clock)


@pytest.fixture
def store(open_store: Callable[[], DynamoDBStore]) -> Iterator[DynamoDBStore]:
    with open_store() as store:
        yield store


@pytest.fixture
def actor(store: DynamoDBStore, clock: ManualClock) -> str:
    """An actor with sessions that ended, and one from the same time that goes on: `long`."""
    actor = f"actor-{uuid.uuid4()}"
    for number in range(ENDED):
        store.append(actor, f"ended {number}", HELLO)
        store.save_view(actor, f"ended {number}", "x" * 2_000)
    store.append(actor, "long", HELLO)
    clock.advance(3 * DAY)
    store.append(actor, "new", HELLO)
    store.append(actor, "long", HELLO)
    return actor


def test_sessions_that_ended_are_not_read(
    store: DynamoDBStore, actor: str, clock: ManualClock, proxy: FaultProxy
) -> None:
    with proxy.counted() as calls:
        found = store.sessions(actor, since=clock() - DAY)
    assert {session.session_id for session in found} == {"new", "long"}
    assert found == [store.session(actor, session.session_id) for session in found]
    assert [call.operation for call in calls] == ["Query", "BatchGetItem"]
    assert sum(call.received for call in calls) < 3_000
    assert len(store.sessions(actor)) == ENDED + 2


def test_the_list_is_told_now_and_then(store: DynamoDBStore, actor: str, clock: ManualClock, proxy: FaultProxy) -> None:
    """An append writes one item more where the list lags too far behind, and else what it did before."""
    written = []
    for pause in (timedelta(minutes=1), LISTED - timedelta(minutes=2), timedelta(minutes=1), timedelta(minutes=1)):
        clock.advance(pause)
        with proxy.counted() as calls:
            store.append(actor, "long", HELLO)
        assert [call.operation for call in calls] == ["TransactWriteItems"]
        written.append(calls[0].sent)
        listed = [session.session_id for session in store.sessions(actor, since=clock() - timedelta(seconds=1))]
        assert "long" in listed
    few, _, more, again = written
    assert more > few + 100
    assert abs(again - few) < 100


def test_whoever_appends_the_list_is_told(
    store: DynamoDBStore, open_store: Callable[[], DynamoDBStore], actor: str, clock: ManualClock
) -> None:
    clock.advance(DAY)
    with open_store() as another:
        another.append(actor, "long", HELLO)
        assert store.append(actor, "long", HELLO)[0].seq == 4
    assert [session.session_id for session in store.sessions(actor, since=clock() - timedelta(hours=1))] == ["long"]
