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
from contextkit.errors import StoreUnavailable
from contextkit.rank import divided, segments
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.segments import LARGE, SIZES, SMALL, Segment
from contextkit.sources import History, System
from contextkit.stores import SomeParts
from contextkit.stores.codec import from_micros
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb import indexing as indexing_module
from contextkit.stores.dynamodb.indexing import OPEN, Indexing
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
    """Derived data of one session, how often it was written, and for which life of the session the last time."""

    def __init__(self) -> None:
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
    return Indexing(lives, kept, kept, "o200k_base")  # type: ignore[arg-type]


def numbered(first: int, last: int) -> list[Message]:
    return [Message(role="user", content=f"Order {seq} goes to Ghent.", seq=seq) for seq in range(first, last + 1)]


def names(*segments: tuple[int, int]) -> list[str]:
    return sorted(Segment(*one).name for one in segments)


@pytest.mark.parametrize("at_once", [1, 7, SMALL, 1_000, 3 * LARGE])
def test_segments_are_the_same_however_messages_are_appended(indexing: Indexing, kept: Kept, at_once: int) -> None:
    messages = numbered(1, LARGE + 2 * SMALL + 5)
    for start in range(0, len(messages), at_once):
        indexing.follow(begun(), messages[start : start + at_once])
    assert sorted(kept.segments) == names(
        (1, LARGE), (LARGE + 1, LARGE + SMALL), (LARGE + SMALL + 1, LARGE + 2 * SMALL)
    )
    for name in kept.segments:
        segment = Segment.named(name)
        assert segment is not None
        whole = ConversationIndex()
        whole.add(messages[segment.first - 1 : segment.last], get_counter())
        found = kept.index(segment)
        assert found.seqs.tolist() == whole.seqs.tolist()
        assert found.scores("order 7", now=NOW).tolist() == pytest.approx(whole.scores("order 7", now=NOW).tolist())


def test_large_segments_are_stored_in_parts(indexing: Indexing, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(divided, "WHOLE", 5_000)
    messages = numbered(1, LARGE + SMALL)
    indexing.follow(begun(), messages)
    large, small = (Segment(1, LARGE), Segment(LARGE + 1, LARGE + SMALL))
    index, parts = divided.loaded(large, kept.segments[large.name])
    assert divided.loaded(small, kept.segments[small.name])[1] is None
    assert parts is not None
    assert {name for name, _ in kept.parts} == {large.name}
    index.fill((0, part) for part in parts.opened(parts.unread, kept.parts))
    whole = ConversationIndex()
    whole.add(messages[:LARGE], get_counter())
    assert_same(index, whole)


def test_what_was_stored_already_is_not_analysed_again(indexing: Indexing, kept: Kept) -> None:
    messages = numbered(1, 2 * SMALL)
    for last in range(10, 2 * SMALL + 1, 10):
        indexing.follow(begun(), messages[:last])
    indexing.follow(begun(), messages)
    assert sorted(kept.segments) == names((1, SMALL), (SMALL + 1, 2 * SMALL))
    assert kept.writes == 2


def test_what_was_stored_while_it_was_appended_is_not_stored_again_by_a_build(indexing: Indexing, kept: Kept) -> None:
    indexing.follow(begun(), numbered(1, SMALL))
    assert (kept.writes, kept.life) == (1, from_micros(1))
    (name, data), *_ = kept.segments.items()
    indexing.save_derived("u", "s", {name: data}, [])
    assert kept.writes == 1
    indexing.save_derived("u", "s", {name: data, "other": b""}, [])  # it was damaged, and made again
    assert sorted(kept.segments) == [name, "other"]
    assert kept.writes == 2


def test_a_process_begins_at_the_next_segment(indexing: Indexing, kept: Kept) -> None:
    indexing.follow(begun(), numbered(LARGE - SMALL - 20, LARGE + SMALL))
    assert sorted(kept.segments) == names((LARGE - SMALL + 1, LARGE), (LARGE + 1, LARGE + SMALL))
    indexing.follow(begun("another"), numbered(SMALL + 2, 2 * SMALL - 1))
    indexing.follow(begun("another"), numbered(2 * SMALL, 3 * SMALL))
    assert Segment(2 * SMALL + 1, 3 * SMALL).name in kept.segments
    assert kept.writes == 2


def test_where_others_write_too_their_segments_are_left_to_the_next_build(indexing: Indexing, kept: Kept) -> None:
    indexing.follow(begun(), numbered(1, SMALL - 12))
    indexing.follow(begun(), numbered(SMALL - 9, 3 * SMALL))
    assert sorted(kept.segments) == names((SMALL + 1, 2 * SMALL), (2 * SMALL + 1, 3 * SMALL))


def test_another_life_of_a_session_begins_with_nothing(indexing: Indexing, kept: Kept) -> None:
    indexing.follow(begun(), numbered(1, SMALL - 12))
    indexing.follow(begun(life="2"), numbered(SMALL - 11, 2 * SMALL))
    assert sorted(kept.segments) == names((SMALL + 1, 2 * SMALL))
    indexing.follow(begun(life="1"), numbered(1, SMALL))  # it comes late
    indexing.follow(begun(life="2"), numbered(2 * SMALL + 1, 3 * SMALL))
    assert sorted(kept.segments) == names((SMALL + 1, 2 * SMALL), (2 * SMALL + 1, 3 * SMALL))


def test_a_failure_costs_the_next_build_the_analysis_and_the_append_nothing(indexing: Indexing, kept: Kept) -> None:
    kept.fails = True
    indexing.follow(begun(), numbered(1, SMALL))
    kept.fails = False
    indexing.follow(begun(), numbered(SMALL + 1, 2 * SMALL))
    assert sorted(kept.segments) == names((SMALL + 1, 2 * SMALL))


def test_only_so_many_sessions_are_kept_open(indexing: Indexing, kept: Kept) -> None:
    for number in range(OPEN + 1):
        indexing.follow(begun(f"s{number}-"), numbered(1, SMALL - 12))
    indexing.follow(begun("s0-"), numbered(SMALL - 11, SMALL))
    assert kept.writes == 0
    indexing.follow(begun(f"s{OPEN}-"), numbered(SMALL - 11, SMALL))
    assert kept.writes == 1


class Whole(Kept):
    """One session, its messages and what is derived from them; `read` counts the messages that were read."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Message] = []
        self.read = 0

    def messages(self, _: str, __: str, *, after: int, before: int) -> list[Message]:
        found = self.log[after : before - 1]
        self.read += len(found)
        return found

    def derived(self, _: str, __: str) -> dict[str, bytes]:
        return dict(self.segments)


@contextmanager
def small_sizes(whole: int) -> Iterator[None]:
    """Segments of a sixteenth of their sizes, so that a few hundred messages have all of them, and so large at most
    where they are stored whole."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(divided, "WHOLE", whole)
        patched.setattr(divided, "PART", 1_000)
        patched.setattr(segments, "SIZES", tuple(size // 16 for size in SIZES))
        patched.setattr(session_index, "SLICE", session_index.SLICE // 16)
        for module in (segments, indexing_module):
            for name in ("SMALL", "LARGE"):
                patched.setattr(module, name, getattr(module, name) // 16)
        yield


WRITERS = ["one", "other", "build", "first build", ""]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 150), st.sampled_from(WRITERS)), max_size=12), st.sampled_from([0, 2_000]))
def test_whoever_makes_them_segments_hold_a_session_as_if_one_had_made_them(
    steps: list[tuple[int, str]], largest_whole: int
) -> None:
    """Two processes append, each sometimes; one builds now and then, and others do so for the first time."""
    store, whole, built = Whole(), ConversationIndex(), SessionIndex("u", "s", get_counter())
    appending = {
        name: Indexing(Alive(), store, store, "o200k_base")  # type: ignore[arg-type]
        for name in ("one", "other")
    }
    with small_sizes(largest_whole):
        for many, who in steps:
            new = numbered(len(store.log) + 1, len(store.log) + many)
            store.log += new
            whole.add(new, get_counter())
            if who in appending:
                appending[who].follow(begun(), new)
            elif who:
                one = built if who == "build" else SessionIndex("u", "s", get_counter())
                notices = one.read(store, None, (), query="order 7")  # type: ignore[arg-type]
                assert {notice.kind for notice in notices} <= {"index read again"}
                assert_same(one.index, whole)
            assert_disjoint_or_within([Segment.named(name) for name in store.segments])
        SessionIndex("u", "s", get_counter()).read(store, None, ())  # type: ignore[arg-type]
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


@pytest.mark.parametrize("damaged", ["body", "head", "chunk", "part"])
def test_an_index_that_is_damaged_or_not_wholly_there_is_made_again(
    stores: Callable[[], DynamoDBStore], endpoint: str, tables: str, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    if damaged == "part":
        monkeypatch.setattr(divided, "WHOLE", 5_000)
    if damaged == "chunk":
        monkeypatch.setattr(divided, "IN_A_DRAWER", 1_000_000)
        monkeypatch.setattr(Payloads.put, "__defaults__", (300,))
    actor, words = f"actor-{uuid.uuid4()}", " ".join(f"word{n}" for n in range(40))
    messages = [Message(role="user", content=f"Order {n} to Ghent. {words}") for n in range(5 * SMALL)]
    messages[5] = Message(role="user", content="The zebra lives in Antwerp.")
    stores().append(actor, "s", messages)
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=20)
    damage(client, f"{tables}agent-sessions", session_key(actor, "s"), damaged)
    for kinds in ({"index made again", "index read again"}, set()):
        builder = ContextBuilder(sources=[History()], budget=2_000, strategy="chat", store=stores())
        context = builder.build("Where does the zebra live?", actor_id=actor, session_id="s")
        assert "The zebra lives in Antwerp." in "".join(message.text for message in context.messages)
        assert {notice.kind for notice in context.report.notices} <= kinds
        assert bool(kinds) == bool(context.report.notices)


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
