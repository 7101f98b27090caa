"""DividedSegments: parts are asked for once, together, and where they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from contextkit.conversation.divided import DividedSegments
from contextkit.errors import StoreCorrupt
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import divided, loaded
from contextkit.rank.segments import Segment
from contextkit.stores import SomeParts
from tests.long_talk import COUNTER, message
from tests.world import NOW

EARLY, LATE = Segment(1, 40), Segment(41, 80)
QUESTION = "What about order 13?"


class Parts:
    """A store that has the parts of two segments, and notes which are asked for."""

    def __init__(self) -> None:
        heads, parts = divided({segment.name: index_of(segment).to_bytes() for segment in (EARLY, LATE)})
        self.heads = heads
        self.found = {(name, number): data for name, all_ in parts.items() for number, data in enumerate(all_)}
        self.asked: list[set[tuple[str, int]]] = []

    def derived_parts(self, _: str, __: str, wanted: Mapping[str, SomeParts]) -> dict[tuple[str, int], bytes]:
        self.asked.append({(name, number) for name, some in wanted.items() for number in some.numbers})
        return {one: data for one, data in self.found.items() if one in self.asked[-1]}


def index_of(segment: Segment) -> ConversationIndex:
    index = ConversationIndex()
    numbers = range(segment.first, segment.last + 1)
    index.add([replace(message(seq % 40), seq=seq) for seq in numbers], COUNTER)
    return index


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setattr("contextkit.rank.divided.WHOLE", 0)
    monkeypatch.setattr("contextkit.rank.divided.PART", 256)
    return Parts()


@pytest.fixture
def index(store: Parts, segments: DividedSegments) -> ConversationIndex:
    index = ConversationIndex()
    for segment in (EARLY, LATE):
        head, parts = loaded(segment, store.heads[segment.name])
        assert parts is not None
        segments.add(parts)
        index.extend([head])
    return index


@pytest.fixture
def segments() -> DividedSegments:
    return DividedSegments("u", "s")


@pytest.fixture
def whole() -> ConversationIndex:
    whole = ConversationIndex()
    whole.extend([index_of(EARLY), index_of(LATE)])
    return whole


def asked(index: ConversationIndex) -> list[float]:
    return [float(score) for score in index.scores(QUESTION, now=NOW)]


def test_what_a_question_needs_is_read_at_once_and_once(
    store: Parts, segments: DividedSegments, index: ConversationIndex, whole: ConversationIndex
) -> None:
    segments.look_up(store, index, QUESTION)  # type: ignore[arg-type]
    segments.look_up(store, index, QUESTION)  # type: ignore[arg-type]
    (needed,) = store.asked
    assert {name for name, _ in needed} == {EARLY.name, LATE.name}
    assert len(needed) <= 4
    assert asked(index) == pytest.approx(asked(whole))


def test_some_are_completed_and_no_others(
    store: Parts, segments: DividedSegments, index: ConversationIndex, whole: ConversationIndex
) -> None:
    segments.look_up(store, index, QUESTION)  # type: ignore[arg-type]
    segments.complete(store, index, LATE.first)  # type: ignore[arg-type]
    segments.complete(store, index, LATE.first)  # type: ignore[arg-type]
    looked_up, completed = store.asked
    assert {name for name, _ in completed} == {LATE.name}
    assert looked_up | completed > {one for one in store.found if one[0] == LATE.name}
    assert not looked_up & completed
    late = ConversationIndex.from_bytes(index.to_bytes(40))
    assert asked(late) == pytest.approx(asked(index_of(LATE)))
    segments.complete(store, index, EARLY.first, EARLY.last)  # type: ignore[arg-type]
    assert set().union(*store.asked) == set(store.found)
    assert asked(ConversationIndex.from_bytes(index.to_bytes())) == pytest.approx(asked(whole))


def test_of_no_segments_nothing_is_asked(store: Parts, segments: DividedSegments, index: ConversationIndex) -> None:
    segments.clear()
    segments.look_up(store, index, QUESTION)  # type: ignore[arg-type]
    segments.complete(store, index, 1)  # type: ignore[arg-type]
    assert store.asked == []


def test_a_segment_without_one_of_its_parts_is_damaged(
    store: Parts, segments: DividedSegments, index: ConversationIndex
) -> None:
    del store.found[LATE.name, 0]
    with pytest.raises(StoreCorrupt, match="messages 41 to 80 is gone"):
        segments.complete(store, index, 1)  # type: ignore[arg-type]
    assert segments.damaged == {LATE}


def test_parts_that_are_at_hand_are_not_read_and_all_of_them_are_taken_in(
    store: Parts, segments: DividedSegments, index: ConversationIndex, whole: ConversationIndex
) -> None:
    early = {one: data for one, data in store.found.items() if one[0] == EARLY.name}
    segments.offer(early)
    segments.look_up(store, index, QUESTION)  # type: ignore[arg-type]
    assert {name for name, _ in store.asked[0]} == {LATE.name}
    assert asked(index) == pytest.approx(asked(whole))
    segments.offer(early)  # once more, as two builds at once do
    segments.look_up(store, index, "And the parcel to Ghent?")  # type: ignore[arg-type]
    assert {name for asked in store.asked for name, _ in asked} == {LATE.name}
    assert asked(index) == pytest.approx(asked(whole))


def test_parts_at_hand_of_another_division_or_of_no_segment_are_none(
    store: Parts, segments: DividedSegments, index: ConversationIndex, whole: ConversationIndex
) -> None:
    strange = {one: b"\0" + data for one, data in store.found.items()} | {("index/1-7", 0): b""}
    segments.offer(strange)
    segments.look_up(store, index, QUESTION)  # type: ignore[arg-type]
    assert {name for name, _ in store.asked[0]} == {EARLY.name, LATE.name}
    assert asked(index) == pytest.approx(asked(whole))
