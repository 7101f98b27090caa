"""Divided segments: with the parts that have a question's terms, an index says what the whole one says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.rank import divided as module
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import (
    BEHIND,
    DENSE,
    DIVISIONS,
    DRAWERS,
    IN_DRAWERS,
    LEAST,
    WHOLE,
    Divided,
    divided,
    drawers_of,
    in_drawers,
    loaded,
)
from contextkit.rank.lexical import LexicalIndex, part_of
from contextkit.rank.segments import Segment
from contextkit.tokens import get_counter
from contextkit.types import Message
from tests.world import NOW

COUNTER = get_counter()
WORDS = ("order", "Ghent", "refund", "parcel", "訂單", "đơn", "why?", "monday", "Anna")
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=12)
questions = st.lists(st.sampled_from([*WORDS, "unheard"]), min_size=1, max_size=4).map(" ".join)


def said(texts: Sequence[str], first: int = 1) -> list[Message]:
    return [
        Message(role="user", name="Anna" if seq % 3 else "Bo", content=text, seq=seq, created_at=NOW)
        for seq, text in enumerate(texts, first)
    ]


def index_of(texts: Sequence[str], first: int = 1) -> ConversationIndex:
    index = ConversationIndex()
    index.add(said(texts, first), COUNTER)
    return index


def asked(index: ConversationIndex, question: str) -> list[float]:
    return [float(score) for score in index.scores(question, now=NOW)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE", 0)
    monkeypatch.setattr(module, "PART", 64)


@given(texts, texts, texts, st.lists(questions, min_size=1, max_size=3), st.sampled_from([1, 2, 8, 64]))
@settings(max_examples=60)
def test_it_scores_what_the_whole_index_scores(
    old: list[str], middle: list[str], new: list[str], asking: list[str], parts: int
) -> None:
    """Whatever stands before and behind it, and in whatever order questions bring the parts in."""
    first = len(old) + 1
    segment = Divided(Segment(first, len(old) + len(middle)), parts)
    head, pieces = index_of(middle, first).to_parts(parts)
    index, count = ConversationIndex.from_head(head)
    assert (count, len(pieces)) == (parts, parts)
    joined, whole = ConversationIndex(), ConversationIndex()
    joined.extend([index_of(old), index])
    whole.extend([index_of(old), index_of(middle, first)])
    for one in (joined, whole):
        one.add(said(new, first + len(middle)), COUNTER)
    for question in [*asking, *WORDS]:
        lacking = segment.lacking(joined.topic(question))
        joined.fill((len(old), LexicalIndex.from_bytes(pieces[number])) for number in lacking)
        segment.read.update(lacking)
        assert asked(joined, question) == pytest.approx(asked(whole, question))
    joined.fill((len(old), LexicalIndex.from_bytes(pieces[number])) for number in segment.unread)
    again = ConversationIndex.from_bytes(joined.to_bytes())
    assert [asked(again, word) for word in WORDS] == [asked(whole, word) for word in WORDS]


FORMER_HEAD = bytes.fromhex(
    "636b6368322aa0e3e5030000000e000000030000005b22426f222c2022416e6e61225d"
    "01060101044000008a0000f8000069000001060606010001010100010201020203"
)
"""As it was written by the version before sizes were told by terms."""


def test_a_head_of_the_former_version_is_read() -> None:
    index, parts = ConversationIndex.from_head(FORMER_HEAD)
    assert ConversationIndex.is_head(FORMER_HEAD)
    assert (parts, index.seqs.tolist(), index.tokens.tolist()) == (3, [6, 7, 8], [6, 6, 6])
    lately = index_of(["order Ghent", "refund parcel why?", "monday order Anna"], 6)
    assert asked(index, "unheard") == asked(ConversationIndex.from_head(lately.to_parts(3)[0])[0], "unheard")
    with pytest.raises(StoreCorrupt, match="checksum"):
        ConversationIndex.from_head(FORMER_HEAD[:-1])


@given(st.text(), st.integers(1, 1_024))
def test_a_term_is_in_one_part(term: str, parts: int) -> None:
    assert 0 <= part_of(term, parts) < parts
    segment = Divided(Segment(1, 2), parts)
    assert segment.lacking([term, term]) == {part_of(term, parts)}
    segment.read.add(part_of(term, parts))
    assert segment.lacking([term]) == set()
    assert len(segment.unread) == parts - 1


@pytest.mark.usefixtures("small")
def test_a_large_segment_is_stored_as_a_head_and_parts_of_about_a_size() -> None:
    data = index_of([f"order {number} to Ghent" for number in range(200)]).to_bytes()
    stored, parts = divided({"index/1-200": data})
    assert len(stored["index/1-200"]) < len(data)
    assert len(parts["index/1-200"]) >= len(data) // 64
    index, segment = loaded(Segment(1, 200), stored["index/1-200"])
    assert segment == Divided(Segment(1, 200), len(parts["index/1-200"]))
    assert index.seqs.tolist() == list(range(1, 201))


def test_a_small_one_is_stored_whole() -> None:
    data = index_of(["order 1", "order 2"]).to_bytes()
    assert divided({"index/1-2": data, "other": b""}) == ({"index/1-2": data, "other": b""}, {})
    index, segment = loaded(Segment(1, 2), data)
    assert segment is None
    assert index.to_bytes() == data


def test_behind_a_large_segment_those_of_long_messages_are_divided_sooner() -> None:
    long = index_of([" ".join(f"{seq}x{number}" for number in range(20)) for seq in range(512)]).to_bytes()
    chat = index_of([f"{seq}" for seq in range(2_048)]).to_bytes()
    assert LEAST < len(long) < WHOLE
    assert len(chat) < DENSE * 2_048
    first, behind = (Segment(begun + 1, begun + 512).name for begun in (0, BEHIND))
    large = Segment(BEHIND + 1, BEHIND + 2_048).name
    assert divided({first: long, behind: long, large: chat})[1].keys() == {behind}


@pytest.mark.usefixtures("small")
def test_what_is_missing_damaged_or_of_another_division_is_told() -> None:
    stored, parts = divided({"index/1-2": index_of(["order 1", "order 2"]).to_bytes()})
    _, segment = loaded(Segment(1, 2), stored["index/1-2"])
    assert segment is not None
    first, second = parts["index/1-2"][:2]
    assert len(segment.opened([0], {("index/1-2", 0): first})) == 1
    for found in ({("index/1-2", 0): first}, {("index/1-2", 0): first, ("index/1-2", 1): first}):
        with pytest.raises(StoreCorrupt, match="Part 1 of the index of the messages 1 to 2 is gone"):
            segment.opened([0, 1], found)
    with pytest.raises(StoreCorrupt, match="Part 1 of"):
        Divided(Segment(1, 2), 2 * segment.parts).opened([1], {("index/1-2", 1): second})
    with pytest.raises(StoreCorrupt, match="checksum"):
        segment.opened([0], {("index/1-2", 0): first[:-1] + b"\xff"})
    with pytest.raises(StoreCorrupt):
        loaded(Segment(1, 2), stored["index/1-2"][:-1])


@given(texts, texts, texts, questions, st.sampled_from(IN_DRAWERS))
@settings(max_examples=40)
def test_with_a_questions_drawers_it_scores_what_the_whole_index_scores(
    old: list[str], middle: list[str], new: list[str], question: str, count: int
) -> None:
    """They are known before the segment is, and how it is divided."""
    first = len(old) + 1
    segment = Segment(first, len(old) + len(middle))
    data = index_of(middle, first).to_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DIVISIONS", {count: len(data)})
        head, parts = in_drawers(segment.name, data) or (b"", [])
    assert len(parts) == count
    index, there = loaded(segment, head)
    assert there is not None
    found = {(segment.name, drawer % count): parts[drawer % count] for drawer in drawers_of(question)}
    assert there.lacking(index.topic(question)) <= there.among(found)
    whole, filled = index_of(old), index_of(old)
    whole.extend([index_of(middle, first), index_of(new, segment.last + 1)])
    filled.extend([index, index_of(new, segment.last + 1)])
    filled.fill((len(old), part) for part in there.opened(there.among(found), found))
    assert asked(filled, question) == pytest.approx(asked(whole, question))


def test_each_drawer_of_a_coarser_division_is_some_of_a_finer_one() -> None:
    assert {DRAWERS % count for count in IN_DRAWERS} == {0}
    assert all(drawer in range(DRAWERS) for drawer in drawers_of(" ".join(map(str, range(2_000)))))
    assert drawers_of("Is it?") == frozenset()


def test_no_other_division_is_into_as_many_parts_as_there_are_drawers() -> None:
    assert not any(count.bit_count() == 1 for count in IN_DRAWERS)


def test_what_is_small_divided_already_or_no_segment_lies_in_no_drawers() -> None:
    least = min(DIVISIONS.values())
    large = index_of([" ".join(f"{seq}x{number}" for number in range(20)) for seq in range(512)]).to_bytes()
    small = index_of(["order 1"] * 100).to_bytes()
    assert len(small) < least < len(large)
    head, parts = in_drawers("index/1-512", large) or (b"", [])
    assert len(parts) in IN_DRAWERS
    _, fewer = in_drawers("index/1-512", large, len(parts) - 1) or (b"", [])
    assert len(fewer) == len(parts) // 4
    assert in_drawers("index/1-512", small) is None
    assert in_drawers("other", large) is None
    assert in_drawers("index/1-512", head + bytes(least)) is None


def test_a_damaged_drawer_is_told() -> None:
    large = index_of([" ".join(f"{seq}x{number}" for number in range(20)) for seq in range(512)]).to_bytes()
    head, parts = in_drawers("index/1-512", large) or (b"", [])
    _, segment = loaded(Segment(1, 512), head)
    assert segment is not None
    damaged = (parts[3][:-9], parts[3][:3], parts[3][:4], parts[3] + b"?", parts[3][:20] + b"??" + parts[3][22:])
    for broken in (*damaged, b"", parts[4]):
        found = {("index/1-512", 3): broken, ("index/1-512", 4): parts[4]}
        assert segment.among(found) == {4}
        with pytest.raises(StoreCorrupt, match="Part 3 of the index of the messages 1 to 512 is gone"):
            segment.opened([4, 3], found)
