"""A session that is opened: the same as its parts, in one call."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from contextkit.aws.client import new_client
from contextkit.stores import SessionOpener
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.sessions import FEWEST, MOST, NOTES, TOKENS
from contextkit.testing.faults import FaultProxy
from contextkit.types import Message


@pytest.fixture
def store(proxy: FaultProxy, tables: str) -> Iterator[DynamoDBStore]:
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    with DynamoDBStore(tables, client=client) as store:
        yield store


@pytest.fixture
def actor(store: DynamoDBStore) -> str:
    """An actor with a session `s` of 60 messages, with a state, a view, and derived data small and large."""
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", [Message(role="user", content=f"Message {n}.") for n in range(60)])
    store.save_state(actor, "s", {"step": 1}, expected=0)
    store.save_view(actor, "s", "{}")
    store.save_derived(actor, "s", {"small": b"1", "large": bytes(range(256)) * 2_000, "": b""})
    return actor


def test_it_is_a_store_that_opens_sessions(store: DynamoDBStore) -> None:
    assert isinstance(store, SessionOpener)


@pytest.mark.parametrize(("tokens", "newest"), [(0, FEWEST), (20 * TOKENS, 20), (10**6, 60)])
def test_one_call_gives_what_the_parts_give(
    store: DynamoDBStore, proxy: FaultProxy, actor: str, tokens: int, newest: int
) -> None:
    with proxy.counted() as calls:
        opened = store.open_session(actor, "s", tokens=tokens, derived=True)
    assert [call.operation for call in calls] == ["Query"]
    assert opened == store.session(actor, "s")
    assert opened is not None
    assert opened.derived == store.derived(actor, "s")
    assert newest <= len(opened.newest) <= newest + NOTES
    assert list(opened.newest) == store.messages(actor, "s", last=len(opened.newest))


def test_derived_data_is_read_only_where_it_is_needed(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    with proxy.counted() as calls:
        opened = store.open_session(actor, "s", tokens=0, derived=False)
    assert opened is not None
    assert opened.derived is None
    assert len(opened.newest) == FEWEST
    assert calls[0].received < 20_000


def test_more_derived_data_than_a_page_holds_is_all_there(store: DynamoDBStore, actor: str) -> None:
    store.save_derived(actor, "s", {f"piece {number}": b"%d" % number for number in range(MOST)})
    opened = store.open_session(actor, "s", tokens=0, derived=True)
    assert opened is not None
    assert opened.derived == store.derived(actor, "s")
    assert len(opened.derived or {}) == MOST + 3
    assert len(opened.newest) >= FEWEST


def test_where_there_is_no_session_none_is_opened(store: DynamoDBStore, actor: str) -> None:
    assert store.open_session(actor, "none", tokens=1, derived=True) is None
    store.delete_session(actor, "s")
    assert store.open_session(actor, "s", tokens=1, derived=True) is None
