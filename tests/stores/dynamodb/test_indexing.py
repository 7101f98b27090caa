"""Segments of indexes that are made while messages are appended, and what they spare the first build."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import combinations
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.conversation import index as session_index
from contextkit.conversation.index import SessionIndex
from contextkit.errors import SessionEnded, StoreUnavailable
from contextkit.rank import divided, segments
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.segments import LARGE, SIZES, SMALL, Segment
from contextkit.sources import History, System
from contextkit.stores import SomeParts
from contextkit.stores.codec import from_micros
from contextkit.stores.dynamodb import DynamoDBStore, growing, sheets
from contextkit.stores.dynamodb import indexing as indexing_module
from contextkit.stores.dynamodb.indexing import AT_ONCE, OPEN, Indexing
from contextkit.stores.dynamodb.keys import session_key
from contextkit.stores.dynamodb.life import At, Life
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.testing.faults import FaultProxy
from contextkit.tokens import get_counter
from contextkit.types import Message
from tests.world import NOW


class Alive:
    """Lives of sessions: `life` is the one that every session is in."""

    life = "1"
    clock = property(lambda self: self)

    def at(self, _: str, session_id: str) -> At:
        return At("u", session_id, 0)

    def known(self, at: At) -> Life:
        return begun(at.session_id, self.life)


def begun(session_id: str = "s", life: str = "1") -> Life:
    return Life(actor_id="u", session_id=session_id, life=life, created_at=1, updated_at=1)


class Kept:
    """Derived data of one session, how often it was written, and for which life of the session the last time; and its
    messages, with how many of them were read."""

    def __init__(self) -> None:
        self.log: list[Message] = []
        self.read = 0
        self.segments: dict[str, bytes] = {}
        self.parts: dict[tuple[str, int], bytes] = {}
        self.writes = 0
        self.fails = False
        self.life: datetime | None = None

    def save_derived(
        self,
        _: str,
        __: str,
        add: dict[str, bytes],
        remove: Sequence[str] = (),
        life: datetime | None = None,
        parts: Mapping[str, Sequence[bytes]] = MappingProxyType({}),
    ) -> None:
        self.life = life
        if self.fails:
            raise StoreUnavailable("It is away.", "Wait.")
        self.writes += 1
        self.segments = {name: data for name, data in self.segments.items() if name not in remove} | add
        self.parts = {one: data for one, data in self.parts.items() if one[0] not in {*remove, *add}}
        self.parts |= {(name, number): data for name, all_ in parts.items() for number, data in enumerate(all_)}

    def named(self, _: Life, names: Sequence[str]) -> tuple[dict[str, bytes], dict[tuple[str, int], bytes]]:
        return {name: self.segments[name] for name in names if name in self.segments}, {}

    def singles(self, _: Life, low: int, high: int) -> list[Message]:
        found = [message for message in self.log if low <= (message.seq or 0) <= high]
        self.read += len(found)
        return found

    def numbered(self, life: Life, seqs: range) -> list[Message]:
        return self.singles(life, seqs[0], seqs[-1])

    def derived_parts(self, _: str, __: str, wanted: Mapping[str, SomeParts]) -> dict[tuple[str, int], bytes]:
        asked = {(name, number) for name, some in wanted.items() for number in some.numbers}
        return {one: data for one, data in self.parts.items() if one in asked}

    def index(self, segment: Segment) -> ConversationIndex:
        """The index of a segment, with all of its parts."""
        index, parts = divided.loaded(segment, self.segments[segment.name])
        if parts is not None:
            index.fill((0, part) for part in parts.opened(parts.unread, self.parts))
        return index


@pytest.fixture
def lives() -> Alive:
    return Alive()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def indexing(lives: Alive, kept: Kept) -> Indexing:
    return indexing_of(kept, lives)


def indexing_of(kept: Kept, lives: Alive) -> Indexing:
    return Indexing(lives, kept, kept, kept, "o200k_base")  # type: ignore[arg-type]


def follow(indexing: Indexing, messages: Sequence[Message], life: Life | None = None) -> None:
    """What is done behind an append of these messages."""
    at_hand = {message.seq or 0: message for message in messages}
    indexing.follow(life or begun(), range(min(at_hand), max(at_hand) + 1), at_hand)


def numbered(first: int, last: int) -> list[Message]:
    return [Message(role="user", content=f"Order {seq} goes to Ghent.", seq=seq) for seq in range(first, last + 1)]


def names(*segments: tuple[int, int]) -> list[str]:
    return sorted(Segment(*one).name for one in segments)


@pytest.mark.parametrize("at_once", [1, 7, SMALL, 1_000, 3 * LARGE])
def test_segments_are_the_same_however_messages_are_appended(indexing: Indexing, kept: Kept, at_once: int) -> None:
    messages = numbered(1, LARGE + 2 * SMALL + 5)
    for start in range(0, len(messages), at_once):
        follow(indexing, messages[start : start + at_once])
    messages += numbered(len(messages) + 1, len(messages) + SMALL)
    follow(indexing, messages[-SMALL:])  # with which those go that have been made one
    last = [(LARGE + done + 1, LARGE + done + SMALL) for done in range(0, 3 * SMALL, SMALL)]
    assert sorted(kept.segments) == names((1, LARGE), *last)
    for name in kept.segments:
        segment = Segment.named(name)
        assert segment is not None
        whole = ConversationIndex()
        whole.add(messages[segment.first - 1 : segment.last], get_counter())
        found = kept.index(segment)
        assert found.seqs.tolist() == whole.seqs.tolist()
        assert found.scores("order 7", now=NOW).tolist() == pytest.approx(whole.scores("order 7", now=NOW).tolist())


@pytest.mark.parametrize("room", [1_000, sheets.MOST])
def test_large_segments_are_stored_in_parts(
    indexing: Indexing, kept: Kept, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """In drawers, or if sheets have no room for these, in parts of their own."""
    monkeypatch.setattr(divided, "WHOLE", 5_000)
    monkeypatch.setattr(sheets, "MOST", room)
    messages = numbered(1, LARGE + SMALL)
    follow(indexing, messages)
    large, small = (Segment(1, LARGE), Segment(LARGE + 1, LARGE + SMALL))
    index, parts = divided.loaded(large, kept.segments[large.name])
    assert divided.loaded(small, kept.segments[small.name])[1] is None
    assert parts is not None
    assert (parts.parts in divided.IN_DRAWERS) == (room > 1_000)
    assert {name for name, _ in kept.parts} == {large.name}
    index.fill((0, part) for part in parts.opened(parts.unread, kept.parts))
    whole = ConversationIndex()
    whole.add(messages[:LARGE], get_counter())
    assert_same(index, whole)


def test_what_was_stored_already_is_not_analysed_again(indexing: Indexing, kept: Kept) -> None:
    messages = numbered(1, 2 * SMALL)
    for last in range(10, 2 * SMALL + 1, 10):
        follow(indexing, messages[:last])
    follow(indexing, messages)
    assert sorted(kept.segments) == names((1, SMALL), (SMALL + 1, 2 * SMALL))
    assert kept.writes == 2


def test_what_a_build_found_missing_is_stored_with_the_next_segment(indexing: Indexing, kept: Kept) -> None:
    indexing.keep_segments("u", "s", {"missing": b"1", "gone": b""}, ["beneath"], from_micros(1))
    follow(indexing, numbered(1, 1), begun("another"))
    assert kept.writes == 0
    follow(indexing, numbered(1, 1))
    assert (kept.segments, kept.writes, kept.life) == ({"missing": b"1", "gone": b""}, 1, from_micros(1))
    follow(indexing, numbered(2, SMALL))
    assert sorted(kept.segments) == ["gone", *names((1, SMALL)), "missing"]
    indexing.keep_segments("u", "s", {}, ["gone"], None)
    follow(indexing, numbered(SMALL + 1, 2 * SMALL - 1))
    assert "gone" in kept.segments  # that is not worth a call
    follow(indexing, numbered(2 * SMALL, 2 * SMALL))
    assert sorted(kept.segments) == [*names((1, SMALL), (SMALL + 1, 2 * SMALL)), "missing"]
    assert kept.writes == 3


def test_what_is_missing_of_a_session_that_has_ended_is_not_stored(indexing: Indexing, kept: Kept) -> None:
    with pytest.raises(SessionEnded):
        indexing.keep_segments("u", "s", {"missing": b"1"}, [], from_micros(0))
    indexing.keep_segments("u", "s", {"missing": b"1"}, [], from_micros(1))
    follow(indexing, numbered(1, SMALL), begun(life="2"))
    assert sorted(kept.segments) == names((1, SMALL))


def test_of_much_that_is_missing_nothing_waits(indexing: Indexing, kept: Kept) -> None:
    """A build that has read so many messages has made some calls already, and its process may append nothing."""
    indexing.keep_segments("u", "s", {Segment(1, AT_ONCE).name: b"1"}, [], from_micros(1))
    assert kept.segments == {Segment(1, AT_ONCE).name: b"1"}


def test_who_ends_a_segment_makes_it_whoever_began_it(indexing: Indexing, kept: Kept) -> None:
    kept.log = numbered(1, LARGE + SMALL)
    follow(indexing, kept.log[SMALL + 1 : 2 * SMALL - 1])
    assert (kept.writes, kept.read) == (0, 0)
    follow(indexing, kept.log[2 * SMALL - 1 : 2 * SMALL])
    assert sorted(kept.segments) == names((SMALL + 1, 2 * SMALL))
    assert kept.read == SMALL - 1
    follow(indexing, kept.log[3 * SMALL + 4 : 4 * SMALL])
    assert sorted(kept.segments) == names((1, 4 * SMALL))
    assert kept.index(Segment(1, 4 * SMALL)).seqs.tolist() == list(range(1, 4 * SMALL + 1))
    assert kept.read == (SMALL - 1) + 4 + 2 * SMALL  # and those of segments that nobody has made


def test_segments_of_others_are_read_for_a_larger_one(lives: Alive, kept: Kept) -> None:
    kept.log = numbered(1, LARGE)
    for first in range(0, LARGE, SMALL):
        follow(indexing_of(kept, lives), kept.log[first : first + SMALL])
    assert sorted(kept.segments) == names((1, LARGE), *in_drawers_until_the_next(LARGE))
    assert kept.read == 0
    whole = ConversationIndex()
    whole.add(kept.log, get_counter())
    assert_same(kept.index(Segment(1, LARGE)), whole)


def in_drawers_until_the_next(last: int) -> list[tuple[int, int]]:
    """Of the segments that were made one, those that questions are answered from."""
    parts = [*range(last // 4, last, last // 4)]
    return [(part - last // 4 + 1, part) for part in parts]


def test_of_a_larger_segment_of_which_too_much_is_missing_only_the_end_is_made(
    lives: Alive, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing_module, "AT_ONCE", 2 * SMALL)
    kept.log = numbered(1, 4 * SMALL)
    follow(indexing_of(kept, lives), kept.log[3 * SMALL :])
    assert (sorted(kept.segments), kept.read) == (names((3 * SMALL + 1, 4 * SMALL)), 0)


@pytest.mark.parametrize("there", [0, SMALL - 2])
def test_what_has_gone_meanwhile_is_in_no_segment(indexing: Indexing, kept: Kept, there: int) -> None:
    kept.log = numbered(1, there)
    follow(indexing, numbered(SMALL, SMALL))
    assert kept.segments == {}


def test_another_life_of_a_session_begins_with_nothing(indexing: Indexing, kept: Kept) -> None:
    follow(indexing, numbered(1, SMALL - 12))
    follow(indexing, numbered(1, 5), begun(life="2"))
    follow(indexing, numbered(SMALL - 11, SMALL))  # it comes late
    assert kept.segments == {}
    follow(indexing, numbered(6, SMALL), begun(life="2"))
    assert sorted(kept.segments) == names((1, SMALL))
    assert kept.read == 0


def test_what_could_not_be_stored_is_stored_behind_the_next_append(indexing: Indexing, kept: Kept) -> None:
    kept.fails = True
    for last in range(SMALL, 4 * SMALL + 1, SMALL):
        follow(indexing, numbered(last - SMALL + 1, last))
        assert kept.segments == {}
    kept.fails = False
    follow(indexing, numbered(4 * SMALL + 1, 4 * SMALL + 1))
    assert sorted(kept.segments) == names((1, 4 * SMALL))
    assert kept.writes == 1


def test_only_so_many_sessions_are_kept_open(indexing: Indexing, kept: Kept) -> None:
    kept.log = numbered(1, SMALL)
    for number in range(OPEN + 1):
        follow(indexing, kept.log[:-12], begun(f"s{number}-"))
    follow(indexing, kept.log[-12:], begun(f"s{OPEN}-"))
    assert (kept.writes, kept.read) == (1, 0)
    follow(indexing, kept.log[-12:], begun("s0-"))
    assert (kept.writes, kept.read) == (2, SMALL - 12)


class Whole(Kept):
    """One session, as processes see it one of which appends too: with `indexing`."""

    indexing: Indexing

    def keep_segments(
        self, _: str, __: str, add: Mapping[str, bytes], remove: Sequence[str], *, life: datetime | None
    ) -> None:
        self.indexing.keep_segments("u", "s", add, remove, life)

    def messages(self, _: str, __: str, *, after: int, before: int) -> list[Message]:
        found = self.log[after : before - 1]
        self.read += len(found)
        return found

    def derived(self, _: str, __: str) -> dict[str, bytes]:
        return dict(self.segments)


@contextmanager
def small_sizes(whole: int, on_sheet: int) -> Iterator[None]:
    """Segments of a sixteenth of their sizes, so that a few hundred messages have all of them, and so large at most
    where they are stored whole, or on a sheet."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(divided, "WHOLE", whole)
        patched.setattr(sheets, "MOST", on_sheet)
        patched.setattr(divided, "PART", 1_000)
        patched.setattr(segments, "SIZES", tuple(size // 16 for size in SIZES))
        patched.setattr(session_index, "SLICE", session_index.SLICE // 16)
        patched.setattr(session_index, "SMALL", SMALL // 16)
        patched.setattr(indexing_module, "AT_ONCE", AT_ONCE // 16)
        for module in (segments, indexing_module, growing):
            for name in ("SMALL", "LARGE"):
                patched.setattr(module, name, SMALL // 16 if name == "SMALL" else LARGE // 16)
        yield


WRITERS = ["one", "other", "build", "first build", ""]


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 150), st.sampled_from(WRITERS)), max_size=12),
    st.sampled_from([0, 2_000]),
    st.sampled_from([1_000, 2_500, sheets.MOST]),
)
def test_whoever_makes_them_segments_hold_a_session_as_if_one_had_made_them(
    steps: list[tuple[int, str]], largest_whole: int, on_sheet: int
) -> None:
    """Two processes append, each sometimes, and one that dies before it has done anything behind that; one builds now
    and then, and others do so for the first time."""
    store, whole, built = Whole(), ConversationIndex(), SessionIndex("u", "s", get_counter())
    appending = {name: indexing_of(store, Alive()) for name in ("one", "other")}
    store.indexing = appending["one"]
    with small_sizes(largest_whole, on_sheet):
        for many, who in steps:
            new = numbered(len(store.log) + 1, len(store.log) + many)
            store.log += new
            whole.add(new, get_counter())
            if who in appending:
                follow(appending[who], new)
            elif who:
                one = built if who == "build" else SessionIndex("u", "s", get_counter())
                notices = one.read(store, None, (), query="order 7")  # type: ignore[arg-type]
                assert {notice.kind for notice in notices} <= {"index read again"}
                assert_same(one.index, whole)
            assert_disjoint_or_within([Segment.named(name) for name in store.segments])
        SessionIndex("u", "s", get_counter()).read(store, None, ())  # type: ignore[arg-type]
        new = numbered(len(store.log) + 1, len(store.log) + 1)
        store.log += new
        whole.add(new, get_counter())
        follow(store.indexing, new)
        assert {name for name, _ in store.parts} <= set(store.segments)
        store.read, last = 0, SessionIndex("u", "s", get_counter())
        last.read(store, None, (), query="order 7")  # type: ignore[arg-type]
        assert_same(last.index, whole)
        assert store.read < segments.SMALL


def assert_same(one: ConversationIndex, other: ConversationIndex) -> None:
    assert one.seqs.tolist() == other.seqs.tolist()
    assert one.scores("order 7", now=NOW).tolist() == other.scores("order 7", now=NOW).tolist()


def assert_disjoint_or_within(found: list[Segment | None]) -> None:
    for one, other in combinations(sorted(segment for segment in found if segment is not None), 2):
        assert one.last < other.first or other.last <= one.last or one.first == other.first


# Against a server


def test_the_first_build_after_an_import_reads_segments_and_its_window(proxy: FaultProxy, tables: str) -> None:
    actor, words = f"actor-{uuid.uuid4()}", "It was sent to Ghent with the other papers of that week. " * 8
    messages = [Message(role="user", content=f"Order {n}. {words}") for n in range(12 * SMALL + 10)]
    messages[5] = Message(role="user", content="The zebra lives in Antwerp.")
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    with DynamoDBStore(tables, client=client) as importing:
        for start in range(0, len(messages), 50):
            importing.append(actor, "s", messages[start : start + 50])
    with DynamoDBStore(tables, client=client) as store:
        builder = ContextBuilder(sources=[System("Be brief."), History()], budget=6_000, strategy="chat", store=store)
        assert builder.counter.margin == 0
        with proxy.counted() as calls:
            context = builder.build("Where does the zebra live?", actor_id=actor, session_id="s")
    assert "The zebra lives in Antwerp." in "".join(message.text for message in context.messages)
    assert context.report.notices == ()
    # the session with its newest messages and its segments, the recalled turns, and the view
    assert [call.operation for call in calls] == ["Query", "BatchGetItem", "TransactWriteItems"]


@pytest.mark.parametrize("damaged", ["head", "chunk", "part"])
def test_an_index_that_is_damaged_or_not_wholly_there_is_made_again(
    stores: Callable[[], DynamoDBStore], endpoint: str, tables: str, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    if damaged == "part":
        monkeypatch.setattr(divided, "WHOLE", 5_000)
        monkeypatch.setattr(sheets, "MOST", 1_000)
    if damaged == "chunk":
        monkeypatch.setattr(divided, "DIVISIONS", {})
        monkeypatch.setattr(Payloads.put, "__defaults__", (300,))
    actor, words = f"actor-{uuid.uuid4()}", " ".join(f"word{n}" for n in range(40))
    messages = [Message(role="user", content=f"Order {n} to Ghent. {words}") for n in range(5 * SMALL)]
    messages[5] = Message(role="user", content="The zebra lives in Antwerp.")
    stores().append(actor, "s", messages)
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=20)
    damage(client, f"{tables}agent-sessions", session_key(actor, "s"), damaged)
    for kinds in ({"index made again", "index read again"}, set()):
        store = stores()
        builder = ContextBuilder(sources=[History()], budget=2_000, strategy="chat", store=store)
        context = builder.build("Where does the zebra live?", actor_id=actor, session_id="s")
        assert "The zebra lives in Antwerp." in "".join(message.text for message in context.messages)
        assert {notice.kind for notice in context.report.notices} <= kinds
        assert bool(kinds) == bool(context.report.notices)
        store.append(actor, "s", [Message(role="assistant", content="In Antwerp.")])


def damage(client: Any, table: str, pk: str, damaged: str) -> None:
    """Turn a bit of what is stored of an index in columns of that name; of chunks, delete them."""
    asked = {"TableName": table, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": pk}}}
    kinds = {"part": ("part#", "body"), "chunk": ("note#", "chunk")}
    beginning, column = kinds.get(damaged, ("note#", damaged))
    items = client.query(**asked)["Items"]
    found = [item for item in items if item["sk"]["S"].startswith(beginning) and column in item]
    assert found
    for item in found:
        if damaged == "chunk":
            client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
        else:
            content = bytearray(item[column]["B"])
            content[-1] ^= 1
            client.put_item(TableName=table, Item={**item, column: {"B": bytes(content)}})
