"""An actor's list of sessions: which of them go on is known without reading the others."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb import DynamoDBStore, keys
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


def test_of_the_sessions_used_last_neither_views_nor_others_are_read(
    store: DynamoDBStore, actor: str, clock: ManualClock, proxy: FaultProxy
) -> None:
    for name in ("new", "long"):
        store.save_view(actor, name, "x" * 50_000)
        store.save_state(actor, name, {"plan": "y" * 50_000}, expected=0)
    with proxy.counted() as calls:
        found = store.recent_sessions(actor, 2)
    assert {one.session_id for one in found} == {"new", "long"}
    assert [call.operation for call in calls] == ["Query", "BatchGetItem"]
    assert sum(call.received for call in calls) < ENDED * 100 + 3_000
    with proxy.counted() as calls:
        assert store.recent_sessions(actor, 2, since=clock() - DAY) == found
    assert sum(call.received for call in calls) < 2_000


def test_sessions_that_are_gone_make_room_for_others(store: DynamoDBStore, actor: str, clock: ManualClock) -> None:
    store.save_state(actor, "no messages", {}, expected=0)
    store.delete_session(actor, "new")
    clock.advance(DAY)
    first, *others = [one.session_id for one in store.recent_sessions(actor, 3)]
    assert first == "long"
    assert len(others) == 2
    assert all(name.startswith("ended") for name in others)


def test_a_list_that_an_older_version_wrote_is_read(store: DynamoDBStore, actor: str, tables: str) -> None:
    store._regions.all[0].client.update_item(
        TableName=f"{tables}agent-sessions",
        Key={"pk": {"S": keys.sessions_key(actor)}, "sk": {"S": keys.part("ended 3")}},
        UpdateExpression="REMOVE active_at",
    )
    assert {one.session_id for one in store.recent_sessions(actor, 2)} == {"long", "new"}
    assert len(store.recent_sessions(actor, 50)) == ENDED + 2


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
