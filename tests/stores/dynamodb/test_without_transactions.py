"""The store without transactions, as tables that are strongly consistent across regions have none: on dynalite."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from contextkit.aws.client import new_client
from contextkit.errors import SessionEnded, StoreUnavailable, VersionConflict
from contextkit.stores import Session
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.life import HOLD
from contextkit.testing.conformance import EMBEDDINGS, TTL, ManualClock, StoreConformance
from contextkit.testing.faults import Call, Fault, FaultProxy, never
from contextkit.types import Message
from tests.stores.dynamodb.deaths import After
from tests.stores.dynamodb.servers import Dynalite


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dynalite]:
    with Dynalite(tmp_path_factory.mktemp("dynalite")) as server:
        with DynamoDBStore("t-", region="us-east-1", endpoint=server.url) as store:
            store.create_tables()
        yield server


@pytest.fixture(scope="module")
def client(server: Dynalite) -> Iterator[Any]:
    """One client for all stores of the suite: making one takes longer than most tests."""
    client = new_client("dynamodb", region="us-east-1", endpoint=server.url, connect_timeout=10, read_timeout=30)
    yield client
    client.close()


class TestOnDynalite(StoreConformance):
    @pytest.fixture
    def store(self, clock: ManualClock, client: Any) -> DynamoDBStore:
        return DynamoDBStore(
            "t-", client=client, transactions=False, ttl=TTL, clock=clock, embeddings=EMBEDDINGS, wait=60
        )


def test_a_writer_that_dies_at_any_step_leaves_all_or_none(server: Dynalite, clock: ManualClock) -> None:
    actor = f"actor-{uuid.uuid4()}"
    messages = [Message(role="user", content=str(number), id=str(number)) for number in range(3)]
    with FaultProxy(server.url) as proxy:
        client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=10, attempts=1)
        with DynamoDBStore("t-", client=client, transactions=False, clock=clock) as store:
            for survived in range(30):
                session = f"s{survived}"
                store.append(actor, session, [Message(role="user", content="first")])
                proxy.plan = plan = After(survived)
                try:
                    store.append(actor, session, messages)
                except StoreUnavailable:
                    assert plan.left < 0
                proxy.plan = never
                before = [message.content for message in store.messages(actor, session)]
                assert before in (["first"], ["first", "0", "1", "2"])
                clock.advance(HOLD)
                store.append(actor, session, [Message(role="user", content="next")])
                store.append(actor, session, messages)
                after = [message.content for message in store.messages(actor, session)]
                assert sorted(after) == ["0", "1", "2", "first", "next"]
                if plan.left >= 0:
                    assert survived > 5
                    return
    raise AssertionError("it never came to an end")


def test_a_session_that_ends_before_its_view_is_written_leaves_none_to_the_next(
    server: Dynalite, clock: ManualClock
) -> None:
    actor = f"actor-{uuid.uuid4()}"
    other = DynamoDBStore("t-", region="us-east-1", endpoint=server.url, transactions=False, clock=clock)
    ended: list[str] = []

    def end(call: Call) -> Fault | None:
        if call.operation == "PutItem" and not ended:
            ended.append(actor)
            other.delete_session(actor, "s")
            clock.advance(timedelta(seconds=1))
            other.append(actor, "s", [Message(role="user", content="anew")])
        return None

    with FaultProxy(server.url) as proxy:
        client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=10)
        with DynamoDBStore("t-", client=client, transactions=False, clock=clock) as store:
            store.append(actor, "s", [Message(role="user", content="first")])
            session = store.session(actor, "s")
            assert session is not None
            proxy.plan = end
            store.save_view(actor, "s", "late", life=session.created_at)
    assert ended
    anew = other.session(actor, "s")
    assert anew is not None
    assert (anew.last_seq, anew.view) == (1, None)
    other.close()


def _late_view(store: DynamoDBStore, session: Session) -> None:
    store.save_view(session.actor_id, session.session_id, "late", life=session.created_at)


def _late_state(store: DynamoDBStore, session: Session) -> None:
    store.save_state(session.actor_id, session.session_id, {"late": True}, expected=1)


@pytest.mark.parametrize(
    ("save", "refused"), [(_late_view, SessionEnded), (_late_state, VersionConflict)], ids=["view", "state"]
)
def test_a_write_that_is_refused_keeps_nobody_from_the_session(
    client: Any, clock: ManualClock, save: Callable[[DynamoDBStore, Session], None], refused: type[Exception]
) -> None:
    """It is found out only in the life that would have begun with it. The clock stands still from there on."""
    actor = f"actor-{uuid.uuid4()}"
    store = DynamoDBStore("t-", client=client, transactions=False, clock=clock, wait=1)
    store.save_state(actor, "s", {}, expected=0)
    session = store.session(actor, "s")
    assert session is not None
    other = DynamoDBStore("t-", client=client, transactions=False, clock=clock, wait=1)
    other.delete_session(actor, "s")
    clock.advance(timedelta(seconds=1))
    with pytest.raises(refused):
        save(store, session)
    other.append(actor, "s", [Message(role="user", content="anew")])
    assert [message.content for message in store.messages(actor, "s")] == ["anew"]


def test_a_writer_that_was_overtaken_replaces_nothing(server: Dynalite, clock: ManualClock) -> None:
    """It has written some of its rows, sleeps until its hold is over, and then writes the others."""
    actor = f"actor-{uuid.uuid4()}"
    other = DynamoDBStore("t-", region="us-east-1", endpoint=server.url, transactions=False, clock=clock)
    overtaken: list[int] = []

    def overtake(call: Call) -> Fault | None:
        if call.operation == "PutItem":
            overtaken.append(1)
            if len(overtaken) == 2:
                clock.advance(HOLD + timedelta(seconds=1))
                other.append(actor, "s", [Message(role="user", content=f"fast {number}") for number in range(3)])
        return None

    with FaultProxy(server.url) as proxy:
        client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=10)
        with DynamoDBStore("t-", client=client, transactions=False, clock=clock) as store:
            store.append(actor, "s", [Message(role="user", content="first")])
            proxy.plan = overtake
            store.append(actor, "s", [Message(role="user", content=f"slow {number}") for number in range(2)])
    texts = [message.content for message in other.messages(actor, "s")]
    assert texts == ["first", "fast 0", "fast 1", "fast 2", "slow 0", "slow 1"]
    other.close()
