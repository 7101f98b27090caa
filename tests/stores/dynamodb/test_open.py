"""A session that is opened: the same as its parts, in one call."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from contextkit import ContextBuilder
from contextkit.conversation.index import SessionIndex
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import IN_DRAWERS, drawers_of, in_drawers, loaded
from contextkit.rank.segments import LARGE, SMALL, Segment, in_passages
from contextkit.sources import History, Memories, System
from contextkit.stores import Overflow, SessionOpener, SomeParts
from contextkit.stores.dynamodb import DynamoDBStore, database, keys, sheets
from contextkit.stores.dynamodb.database import EXPRESSION, _only
from contextkit.stores.dynamodb.derived import columns
from contextkit.stores.dynamodb.sessions import FIRST, NEWEST, NOTES
from contextkit.stores.sqlite import SQLiteStore
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


@pytest.fixture
def long(stores: Callable[[], DynamoDBStore]) -> str:
    """An actor with a session `s` of 600 messages, of which 512 have an index in drawers."""
    actor = f"actor-{uuid.uuid4()}"
    with stores() as another:
        another.append(actor, "s", [Message(role="user", content=_of_item(number)) for number in range(600)])
        another.save_state(actor, "s", {"step": 1}, expected=0)
        another.save_view(actor, "s", "{}")
        another.put_overflow(actor, "s", [Overflow(handle="h", text="moved", item_id="i")])
        another.save_derived(actor, "s", {"large": bytes(range(256)) * 2_000})
    return actor


def _of_item(number: int) -> str:
    return f"Item {number} is " + ", ".join(f"{number % prime}x{prime}" for prime in (5, 7, 11, 13, 17, 19, 23, 29, 31))


HELD = IN_DRAWERS[1]
"""Parts that the index of 512 messages has."""


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
    assert FIRST <= len(opened.newest) <= FIRST + NOTES
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
    assert len(opened.newest) == FIRST
    assert calls[0].received < 20_000


def test_more_derived_data_than_a_page_holds_is_all_there(store: DynamoDBStore, actor: str) -> None:
    store.save_derived(actor, "s", {f"piece {number}": b"%d" % number for number in range(256)})
    opened = store.open_session(actor, "s", derived=True)
    assert opened is not None
    assert opened.derived == store.derived(actor, "s")
    assert len(opened.derived or {}) == 256 + 3 + 60 // SMALL
    assert len(opened.newest) >= NEWEST


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


@pytest.mark.parametrize("behind", [0, 1, SMALL - 1])
def test_the_process_that_wrote_a_session_reads_the_messages_that_are_in_no_pack(
    store: DynamoDBStore, proxy: FaultProxy, behind: int
) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", said(2 * SMALL + behind))
    store.save_state(actor, "s", {"step": 1}, expected=0)
    store.save_view(actor, "s", "{}")
    with proxy.counted() as calls:
        opened = store.open_session(actor, "s", derived=True)
    assert [call.operation for call in calls] == ["Query"]
    assert opened is not None
    assert len(opened.newest) == max(1, behind)


def test_what_others_have_appended_since_is_read(store: DynamoDBStore, stores: Callable[[], DynamoDBStore]) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", said(SMALL))
    with stores() as another:
        another.append(actor, "s", said(SMALL))
    opened = store.open_session(actor, "s", derived=True)
    assert opened is not None
    assert sorted(opened.derived or {}) == [Segment(1, SMALL).name, Segment(SMALL + 1, 2 * SMALL).name]
    assert opened.derived == store.derived(actor, "s")
    assert len(opened.newest) >= FIRST


def test_a_build_behind_what_others_have_appended_is_one_call_more(
    store: DynamoDBStore, proxy: FaultProxy, stores: Callable[[], DynamoDBStore]
) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", [Message(role="user", content=_of_item(number)) for number in range(600)])
    with stores() as another:
        another.append(actor, "s", [Message(role="user", content=_of_item(number)) for number in range(600, 700)])
    builder = ContextBuilder(sources=[Memories(), History()], budget=4_000, strategy="chat", store=store)
    builder.counter.text("")
    with proxy.counted() as calls:
        context = builder.build("What is item 81?", actor_id=actor, session_id="s")
    assert _of_item(81) in "".join(message.text for message in context.messages)
    assert len(calls) <= 5


def test_a_session_that_began_anew_has_another_index(store: DynamoDBStore, stores: Callable[[], DynamoDBStore]) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", said(SMALL))
    with stores() as another:
        another.delete_session(actor, "s")
        another.append(actor, "s", said(SMALL + 1))
    opened = store.open_session(actor, "s", derived=True)
    assert opened is not None
    assert opened.derived == store.derived(actor, "s")
    assert sorted(opened.derived) == [Segment(1, SMALL).name]


def test_of_an_index_in_drawers_those_come_along_that_are_asked_for(
    store: DynamoDBStore, proxy: FaultProxy, long: str
) -> None:
    name = Segment(1, 512).name
    with proxy.counted() as calls:
        opened = store.open_session(long, "s", derived=True, drawers=drawers_of("Item 81"))
    assert [call.operation for call in calls] == ["Query"]
    assert opened == store.session(long, "s")
    assert opened is not None
    assert opened.derived == store.derived(long, "s")
    _, divided = loaded(Segment(1, 512), opened.derived[name])
    assert divided is not None
    assert divided.parts in IN_DRAWERS
    wanted = {drawer % divided.parts for drawer in drawers_of("Item 81")}
    assert opened.parts == store.derived_parts(long, "s", {name: SomeParts(divided.parts, wanted)})
    assert len(opened.parts) == len(wanted) > 0


def test_drawers_are_read_without_the_index_itself(store: DynamoDBStore, proxy: FaultProxy, long: str) -> None:
    with proxy.counted() as calls:
        opened = store.open_session(long, "s", derived=False, drawers=[7])
    assert [call.operation for call in calls] == ["Query"]
    assert opened == store.session(long, "s")
    assert opened is not None
    assert opened.derived is None
    assert [number for _, number in opened.parts or {}] == [7]
    assert len(opened.newest) >= NEWEST


def test_what_takes_two_sheets_comes_along_too(
    store: DynamoDBStore, proxy: FaultProxy, tables: str, long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawers = drawers_of("Item 81 and 7x13")
    one_sheet = store.open_session(long, "s", derived=True, drawers=drawers)
    assert one_sheet is not None
    name, index = Segment(1, 512).name, _segment(store, long)
    head, pieces = in_drawers(name, index) or (b"", [])
    monkeypatch.setattr(sheets, "MOST", len(head) + sum(map(len, pieces)) * 2 // 3)
    store.save_derived(long, "s", {name: index})
    with proxy.counted() as calls:
        two_sheets = store.open_session(long, "s", derived=True, drawers=drawers)
        parts = store.derived_parts(long, "s", {name: SomeParts(HELD, {drawer % HELD for drawer in drawers})})
    assert [call.operation for call in calls] == ["Query", "BatchGetItem"]
    assert (two_sheets, two_sheets and two_sheets.parts) == (one_sheet, one_sheet.parts)
    assert parts == one_sheet.parts
    assert _sheets(store, f"{tables}agent-sessions", long) == 2


def _segment(store: DynamoDBStore, actor: str) -> bytes:
    """The index of the first 512 messages, whole."""
    index = ConversationIndex()
    index.add(in_passages(store.messages(actor, "s", before=513)), get_counter())
    return index.to_bytes()


def _sheets(store: DynamoDBStore, table: str, actor: str) -> int:
    """How many items the session's index lies in, but for its note."""
    asked = {"KeyConditionExpression": "pk = :pk AND begins_with(sk, :note)"}
    values = {":pk": {"S": keys.session_key(actor, "s")}, ":note": {"S": "note#"}}
    found = store._regions.all[0].client.query(TableName=table, **asked, ExpressionAttributeValues=values)
    return sum(any(column.startswith("p") and column[1:].isdecimal() for column in item) for item in found["Items"])


def test_who_has_an_index_does_not_read_it_again(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    """Neither what it says where it lies on no sheet."""
    store.save_derived(actor, "s", {"other": random.Random(1).randbytes(30_000)})
    with proxy.counted() as calls:
        opened = store.open_session(actor, "s", derived=False, drawers=[7])
    assert opened is not None
    assert sum(call.received for call in calls) < 10_000


def test_there_is_room_in_a_page_for_what_a_session_had_when_it_was_opened_last(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    store.save_derived(actor, "s", {f"other {number}": b"x" for number in range(3 * NOTES)})
    counted = []
    for _ in range(2):
        with proxy.counted() as calls:
            opened = store.open_session(actor, "s", derived=False, drawers=[7])
        assert opened is not None
        assert len(opened.newest) >= NEWEST
        counted.append(len(calls))
    assert counted[0] > counted[1] == 1


def test_what_lies_in_no_drawers_has_none(store: DynamoDBStore, actor: str) -> None:
    opened = store.open_session(actor, "s", derived=True, drawers=[7])
    assert opened is not None
    assert opened.parts is None


def test_the_drawers_of_hundreds_of_words_can_be_asked_for_at_once() -> None:
    named = _only(columns(range(250), heads=True))
    assert len(named["ExpressionAttributeNames"]) > 250 * 2 + IN_DRAWERS[-1]
    assert len(named["ProjectionExpression"]) <= EXPRESSION


def test_what_is_more_than_can_be_named_is_read_whole(
    store: DynamoDBStore, long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = Segment(1, 512).name
    wanted = {name: SomeParts(HELD, [7, 8])}
    named = store.open_session(long, "s", derived=True, drawers=[7, 8]), store.derived_parts(long, "s", wanted)
    monkeypatch.setattr(database, "EXPRESSION", 2)
    opened, parts = store.open_session(long, "s", derived=True, drawers=[7, 8]), store.derived_parts(long, "s", wanted)
    assert opened is not None
    assert (replace(opened, parts=parts), parts) == named
    assert len(opened.parts or {}) == HELD


def test_no_column_of_what_a_session_is_opened_with_is_forgotten(store: DynamoDBStore, tables: str, long: str) -> None:
    """They are named, so that not all of a sheet is sent: whoever adds one must name it too."""
    store.append(long, "s", [Message(role="user", content=str(uuid.uuid4()) * 20_000)])
    store.save_view(long, "s", "".join(str(uuid.uuid4()) for _ in range(20_000)))
    client = store._regions.all[0].client
    pk = {":pk": {"S": keys.session_key(long, "s")}}
    asked = {"TableName": f"{tables}agent-sessions", "KeyConditionExpression": "pk = :pk"}
    pages = client.get_paginator("query").paginate(**asked, ExpressionAttributeValues=pk)
    items = [item for page in pages for item in page["Items"]]
    kinds = {"meta", "log", "note"}
    written = {column for item in items if item["sk"]["S"].split("#")[0] in kinds for column in item}
    assert {"pk", "seq", "parts", "parts_base", "written_at"} == written - set(columns(range(HELD), heads=True))


def test_a_build_reads_what_its_question_needs_of_the_index(store: DynamoDBStore, proxy: FaultProxy, long: str) -> None:
    """Whatever was read until then, it recalls what one recalls that has read all of the messages."""
    sources = [System("Be brief."), Memories(), History()]
    with SQLiteStore(":memory:") as whole:
        whole.append(long, "s", store.messages(long, "s"))
        builders = [
            ContextBuilder(sources=sources, budget=2_000, strategy="chat", store=each) for each in (store, whole)
        ]
        builders[0].counter.text("")
        read = []
        for number in (1, 81, 3, 81):
            question = f"What about item {number}?"
            with proxy.counted() as calls:
                here, there = (builder.build(question, actor_id=long, session_id="s") for builder in builders)
            assert len(calls) <= 4
            assert here.report.notices == ()
            shown = [[one.item_id for one in each.report.decisions if one.shown] for each in (here, there)]
            assert shown[0] == shown[1]
            read.append(next(call.received for call in calls if call.operation == "Query"))
    assert read[0] < 40_000
    assert read[1] < 20_000
    assert read[3] < 10_000
