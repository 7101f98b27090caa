"""A session that is opened: the same as its parts, in one call."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from contextkit.rank.segments import LARGE, SMALL, Segment
from contextkit.session_index import SessionIndex
from contextkit.stores import SessionOpener
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.packs import SMALL as PACKED
from contextkit.stores.dynamodb.sessions import NOTES
from contextkit.testing.faults import FaultProxy
from contextkit.tokens import get_counter
from contextkit.types import Message


@pytest.fixture
def actor(stores: Callable[[], DynamoDBStore]) -> str:
    """An actor with a session `s` of 60 messages, with a state, a view, and derived data small and large."""
    actor = f"actor-{uuid.uuid4()}"
    with stores() as another:
        another.append(actor, "s", said(60))
        another.save_state(actor, "s", {"step": 1}, expected=0)
        another.save_view(actor, "s", "{}")
        another.save_derived(actor, "s", {"small": b"1", "large": bytes(range(256)) * 2_000, "": b""})
    return actor


def said(messages: int) -> list[Message]:
    return [Message(role="user", content=f"Message {number}.") for number in range(messages)]


def test_it_is_a_store_that_opens_sessions(store: DynamoDBStore) -> None:
    assert isinstance(store, SessionOpener)


def test_one_call_gives_what_the_parts_give(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    with proxy.counted() as calls:
        opened = store.open_session(actor, "s", derived=True)
    assert [call.operation for call in calls] == ["Query"]
    assert opened == store.session(actor, "s")
    assert opened is not None
    assert opened.derived == store.derived(actor, "s")
    assert PACKED <= len(opened.newest) <= PACKED + NOTES
    assert list(opened.newest) == store.messages(actor, "s", last=len(opened.newest))


def test_a_large_view_is_written_and_read_with_its_session(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    view = "".join(str(uuid.uuid4()) for _ in range(5_000))  # what a window of 200,000 tokens has
    assert store.session(actor, "s") is not None
    with proxy.counted() as written:
        store.save_view(actor, "s", view)
    with proxy.counted() as read:
        opened = store.open_session(actor, "s", derived=False)
    assert opened is not None
    assert opened.view == view
    assert [call.operation for call in [*written, *read]] == ["TransactWriteItems", "Query"]


def test_derived_data_is_read_only_where_it_is_needed(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    with proxy.counted() as calls:
        opened = store.open_session(actor, "s", derived=False)
    assert opened is not None
    assert opened.derived is None
    assert len(opened.newest) == PACKED
    assert calls[0].received < 20_000


def test_more_derived_data_than_a_page_holds_is_all_there(store: DynamoDBStore, actor: str) -> None:
    store.save_derived(actor, "s", {f"piece {number}": b"%d" % number for number in range(256)})
    opened = store.open_session(actor, "s", derived=True)
    assert opened is not None
    assert opened.derived == store.derived(actor, "s")
    assert len(opened.derived or {}) == 256 + 3 + 60 // SMALL
    assert len(opened.newest) >= 60 % PACKED


def test_where_there_is_no_session_none_is_opened(store: DynamoDBStore, actor: str) -> None:
    assert store.open_session(actor, "none", derived=True) is None
    store.delete_session(actor, "s")
    assert store.open_session(actor, "s", derived=True) is None


def test_the_process_that_wrote_a_session_does_not_read_its_index(store: DynamoDBStore, proxy: FaultProxy) -> None:
    actor, messages = f"actor-{uuid.uuid4()}", LARGE + SMALL + 20
    for start in range(0, messages, 100):
        store.append(actor, "s", said(min(100, messages - start)))
    store.save_derived(actor, "s", {"other": bytes(100_000)})
    with proxy.counted() as calls:
        opened = store.open_session(actor, "s", derived=True)
    assert [call.operation for call in calls] == ["Query"]
    assert calls[0].received < 20_000
    assert opened is not None
    assert sorted(opened.derived or {}) == sorted(
        Segment(first, last).name
        for first, last in ((1, LARGE), (LARGE + 1, LARGE + SMALL), (LARGE + SMALL + 1, messages))
    )
    index = SessionIndex(actor, "s", get_counter())
    index.offer(opened.derived or {})
    with proxy.counted() as calls:
        assert index.read(store, messages, ()) == []
    assert (index.last, calls) == (messages, [])


def test_what_others_have_appended_since_is_read(store: DynamoDBStore, stores: Callable[[], DynamoDBStore]) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", said(SMALL))
    with stores() as another:
        another.append(actor, "s", said(SMALL))
    opened = store.open_session(actor, "s", derived=True)
    assert opened is not None
    assert opened.derived is None
    assert sorted(store.derived(actor, "s")) == [Segment(1, SMALL).name, Segment(SMALL + 1, 2 * SMALL).name]


def test_a_session_that_began_anew_has_another_index(store: DynamoDBStore, stores: Callable[[], DynamoDBStore]) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", said(SMALL))
    with stores() as another:
        another.delete_session(actor, "s")
        another.append(actor, "s", said(SMALL + 1))
    opened = store.open_session(actor, "s", derived=True)
    assert opened is not None
    assert opened.derived is None
