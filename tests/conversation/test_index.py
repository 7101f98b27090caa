"""SessionIndex: the same however it came about, and each message analysed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate, count

import numpy as np
import pytest

from contextkit.conversation import Conversation
from contextkit.conversation.index import SLICE, SessionIndex
from contextkit.errors import StoreCorrupt
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import divided
from contextkit.rank.passages import INDEXED
from contextkit.rank.segments import LARGE, SMALL, Segment, completed, in_passages
from contextkit.rank.sizes import STEP
from contextkit.stores import SomeParts
from tests.long_talk import COUNTER, Counting, conversation, counting, fill, message, read_recent
from tests.world import NOW


@pytest.fixture
def store() -> Iterator[Counting]:
    with counting() as store:
        yield store


def scores(one: Conversation) -> dict[int, float]:
    found = one.index.scores("Where is order 13 in <documents>?", now=NOW)
    return dict(zip(one.index.seqs.tolist(), found.tolist(), strict=True))


def stored(store: Counting) -> list[Segment | None]:
    return sorted(Segment.named(name) for name in store.derived("u1", "s1"))  # type: ignore[type-var]


def indexed(store: Counting, first: int, last: int) -> bytes:
    index = ConversationIndex()
    index.add(store.messages("u1", "s1", after=first - 1, before=last + 1), COUNTER)
    return index.to_bytes()


@pytest.mark.parametrize(
    "count", [0, 1, SMALL - 1, SMALL, SMALL + 1, SLICE, LARGE - 1, LARGE, LARGE + SLICE + 2 * SMALL + 10]
)
def test_an_index_is_the_same_however_it_came_about(store: Counting, count: int) -> None:
    grown = conversation()
    for start in range(0, count, 500):
        fill(store, min(500, count - start), start)
        read_recent(grown, store, None, 2_000)
        assert grown.read_index(store) == []
    cold, loaded = conversation(), conversation()
    loaded.read_index(store)
    read_recent(cold, store, None, 10**9)
    cold.read_index(store)
    for other in (cold, loaded):
        assert other.index.seqs.tolist() == grown.index.seqs.tolist()
        assert scores(other) == scores(grown)


def test_another_process_reads_segments_instead_of_messages(store: Counting) -> None:
    fill(store, LARGE + SMALL + 20)
    conversation().read_index(store)
    store.read.clear()
    conversation().read_index(store)
    assert store.read == list(range(LARGE + SMALL + 1, LARGE + SMALL + 21))


def test_a_segment_takes_the_place_of_those_it_spans(store: Counting) -> None:
    one = conversation()
    for start in range(0, LARGE - 8, 60):
        fill(store, 60, start)
        one.read_index(store)
    assert stored(store) == completed(1, LARGE - 8)
    assert len(stored(store)) == 9
    fill(store, 8, LARGE - 8)
    one.read_index(store)
    assert stored(store) == [Segment(1, LARGE)]


def test_a_long_conversation_has_few_segments_at_once(store: Counting) -> None:
    fill(store, LARGE + SLICE)
    conversation().read_index(store)
    assert stored(store) == [Segment(1, LARGE), Segment(LARGE + 1, LARGE + SLICE)]


@pytest.mark.parametrize("sizes", [[SMALL] * 4, [96, 32], [64, 32, 32], [100, 28]])
def test_segments_that_fill_a_larger_one_are_stored_as_one(store: Counting, sizes: list[int]) -> None:
    """Those of former sizes too, and those of processes that each had only some of the messages."""
    fill(store, sum(sizes) + 10)
    ends = list(accumulate(sizes))
    parts = [Segment.ending(last, size) for last, size in zip(ends, sizes, strict=True)]
    store.save_derived("u1", "s1", {part.name: indexed(store, part.first, part.last) for part in parts})
    one, other = conversation(), conversation()
    one.read_index(store)
    assert stored(store) == [Segment(1, sum(sizes))]
    store.read.clear()
    other.read_index(store)
    assert store.read == list(range(sum(sizes) + 1, sum(sizes) + 11))
    assert scores(one) == scores(other)


def test_larger_segments_are_made_of_those_that_were_read(store: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contextkit.rank.segments.SIZES", (32, 128, 512, 1_024, 2_048))
    monkeypatch.setattr("contextkit.rank.segments.LARGE", 512)
    fill(store, LARGE)
    for first in range(0, LARGE, SLICE):
        index = SessionIndex("u1", "s1", COUNTER)
        index.read(store, first + SLICE, ())
    conversation().read_index(store)
    assert stored(store) == [Segment(1, LARGE)]


def test_what_was_left_beneath_a_segment_does_no_harm_and_goes(store: Counting) -> None:
    fill(store, 5 * SMALL + 5)
    names = [Segment(1, 4 * SMALL), Segment(SMALL + 1, 2 * SMALL), Segment(1, 7), Segment(90, 4 * SMALL + 3)]
    store.save_derived("u1", "s1", {one.name: indexed(store, one.first, one.last) for one in names})
    store.read.clear()
    one = conversation()
    one.read_index(store)
    assert store.read == list(range(4 * SMALL + 1, 5 * SMALL + 6))
    assert stored(store) == [names[0], names[3], Segment(4 * SMALL + 1, 5 * SMALL)]
    assert sorted(set(one.index.seqs.tolist())) == list(range(1, 5 * SMALL + 6))


def test_what_others_have_stored_behind_a_gap_is_not_analysed_again(store: Counting) -> None:
    fill(store, 2 * SLICE + 20)
    store.save_derived("u1", "s1", {Segment(SLICE + 1, 2 * SLICE).name: indexed(store, SLICE + 1, 2 * SLICE)})
    store.read.clear()
    assert conversation().read_index(store) == []
    assert store.read == [*range(1, SLICE + 1), *range(2 * SLICE + 1, 2 * SLICE + 21)]


def test_messages_at_hand_are_not_read(store: Counting) -> None:
    fill(store, SLICE + 300)
    at_hand = store.messages("u1", "s1", last=250)
    for newest in ([], at_hand, at_hand[-3:], at_hand[:0]):
        store.read.clear()
        index = SessionIndex("u1", "s1", COUNTER)
        store.save_derived("u1", "s1", {}, store.derived("u1", "s1"))
        index.read(store, None, newest)
        assert index.index.seqs[-1] == SLICE + 300
        assert not {one.seq for one in newest} & set(store.read)


def test_what_is_up_to_date_is_not_looked_at_again(store: Counting) -> None:
    fill(store, SMALL + 20)
    index = SessionIndex("u1", "s1", COUNTER)
    index.read(store, None, ())
    store.close()
    assert index.read(store, SMALL + 20, ()) == []


def test_a_damaged_segment_is_made_again(store: Counting) -> None:
    fill(store, SLICE + SMALL)
    conversation().read_index(store)
    names = (Segment(1, SLICE).name, Segment(SLICE + 1, SLICE + SMALL).name)
    for name in names:
        whole = store.derived("u1", "s1")
        store.save_derived("u1", "s1", {name: whole[name][:-1]})
        one = conversation()
        assert [notice.kind for notice in one.read_index(store)] == ["index made again"]
        assert one.index.seqs[-1] == SLICE + SMALL
        assert store.derived("u1", "s1") == whole


@pytest.mark.parametrize("what", ["derived", "messages"])
def test_a_session_that_is_damaged_itself_is_read_once(
    store: Counting, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    fill(store, SMALL + 1)
    calls = []

    def damaged(*given: object, **_: object) -> object:
        calls.append(given)
        raise StoreCorrupt("It is not what was written.", "Restore it.")

    monkeypatch.setattr(store, what, damaged)
    with pytest.raises(StoreCorrupt):
        SessionIndex("u1", "s1", COUNTER).read(store, SMALL + 1, (), seconds=0.5)
    assert len(calls) == 1


def test_what_is_no_segment_is_left_alone(store: Counting) -> None:
    fill(store, SMALL)
    store.save_derived("u1", "s1", {"index/0": b"old", "index/1-x": b"", "other": b"1"})
    assert conversation().read_index(store) == []
    assert set(store.derived("u1", "s1")) == {"index/0", "index/1-x", "other", Segment(1, SMALL).name}


def test_no_segment_is_begun_that_would_end_too_late(store: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 3 * SLICE)
    passed = [0.0]

    def slow(*given, **within):  # type: ignore[no-untyped-def]
        passed[0] += 3.0
        return Counting.messages(store, *given, **within)

    monkeypatch.setattr(store, "messages", slow)
    monkeypatch.setattr("contextkit.conversation.index.perf_counter", lambda: passed[0])
    one = conversation()
    notices = one.read_index(store, 7.0)
    assert passed == [6.0]
    assert len(one.index.seqs) >= 2 * SLICE
    assert [notice.kind for notice in notices] == ["recall incomplete"]
    assert f"message {2 * SLICE}," in notices[0].text
    assert one.read_index(store, 7.0) == []
    assert one.index.seqs[-1] == 3 * SLICE


def test_who_has_come_to_the_end_has_come_in_time(store: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 2 * SLICE)
    seconds = count(step=2)
    monkeypatch.setattr("contextkit.conversation.index.perf_counter", lambda: next(seconds))
    for last, notices in ((2 * SLICE, []), (None, ["recall incomplete"])):
        index = SessionIndex("u1", "s1", COUNTER)
        store.save_derived("u1", "s1", {}, store.derived("u1", "s1"))
        assert [notice.kind for notice in index.read(store, last, (), 9)] == notices
        assert index.last == 2 * SLICE


def test_of_a_huge_message_both_ends_are_indexed(store: Counting) -> None:
    store.append("u1", "s1", [replace(message(1), content="alpha " + "filler " * (INDEXED // 5) + " omega")])
    one = conversation()
    one.read_index(store)
    for word in ("alpha", "omega"):
        assert one.index.scores(word, now=NOW).max() > one.index.scores("nothing", now=NOW).max()


@pytest.mark.parametrize("again", [False, True])
def test_a_session_that_is_deleted_while_it_is_indexed_leaves_no_words(again: bool) -> None:
    seconds = count()
    with Counting(":memory:", clock=lambda: NOW + timedelta(seconds=next(seconds))) as store:
        store.read = []
        fill(store, 2 * SMALL)
        one = conversation()
        read_recent(one, store, None, 2_000)
        store.delete_session("u1", "s1")
        if again:
            fill(store, 3)
        one.read_index(store)
        assert store.derived("u1", "s1") == {}
        assert (store.session("u1", "s1") is not None) == again


# Segments that are stored in parts


class Parts(Counting):
    """A store that notes which parts are asked for."""

    asked: list[Mapping[str, SomeParts]]

    def derived_parts(self, *given):  # type: ignore[no-untyped-def]
        self.asked.append(given[2])
        return super().derived_parts(*given)


@pytest.fixture
def parted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """A store, and no segment so small that it is stored whole."""
    monkeypatch.setattr("contextkit.rank.divided.WHOLE", 0)
    monkeypatch.setattr("contextkit.rank.divided.PART", 512)
    with Parts(":memory:", clock=lambda: NOW) as store:
        store.read, store.picked, store.asked = [], [], []
        yield store


QUESTION = "Where is order 13 in <documents>?"


def test_only_the_parts_of_a_question_are_read_and_once(parted: Parts) -> None:
    fill(parted, SLICE + SMALL)
    conversation().read_index(parted)
    parted.read.clear()
    one, whole = conversation(), conversation()
    whole.index.add(in_passages(parted.messages("u1", "s1")), COUNTER)
    parted.read.clear()
    assert one.read_index(parted, query=QUESTION) == []
    assert parted.read == []
    (asked,) = parted.asked
    assert asked.keys() == {segment.name for segment in stored(parted) if segment}
    assert max(len(some.numbers) for some in asked.values()) <= 3
    assert scores(one) == pytest.approx(scores(whole))
    one.read_index(parted, query=QUESTION)
    assert len(parted.asked) == 1
    one.read_index(parted, query="Is there more about Ghent?")
    assert len(parted.asked) == 2
    for question in (QUESTION, "more about Ghent"):
        expected = whole.index.scores(question, now=NOW).tolist()
        assert one.index.scores(question, now=NOW).tolist() == pytest.approx(expected)


def test_what_is_said_since_is_found_beside_the_parts(parted: Parts) -> None:
    fill(parted, SMALL)
    conversation().read_index(parted)
    one, whole = conversation(), conversation()
    one.read_index(parted)
    fill(parted, 20, SMALL)
    one.read_index(parted, query=QUESTION)
    whole.index.add(in_passages(parted.messages("u1", "s1")), COUNTER)
    assert scores(one) == pytest.approx(scores(whole))


def test_segments_in_parts_are_united_as_others_are(parted: Parts) -> None:
    for first in range(0, 4 * SMALL, SMALL):
        fill(parted, SMALL, first)
        index = SessionIndex("u1", "s1", COUNTER)  # another process each time, which has only the heads
        index.read(parted, first + SMALL, ())
    assert stored(parted) == [Segment(1, 4 * SMALL)]
    one = conversation()
    parted.read.clear()
    one.read_index(parted, query=QUESTION)
    whole = ConversationIndex()
    whole.add(in_passages(parted.messages("u1", "s1")), COUNTER)
    assert scores(one) == pytest.approx(dict(zip(whole.seqs.tolist(), whole.scores(QUESTION, now=NOW), strict=True)))


def test_segments_in_parts_that_fill_a_larger_one_are_united_when_they_are_read(parted: Parts) -> None:
    fill(parted, 4 * SMALL)
    small = [Segment(first + 1, first + SMALL) for first in range(0, 4 * SMALL, SMALL)]
    made = {one.name: indexed(parted, one.first, one.last) for one in small}
    heads, parts = divided(made)
    parted.save_derived("u1", "s1", heads, parts=parts)
    conversation().read_index(parted)
    assert stored(parted) == [Segment(1, 4 * SMALL)]
    found = parted.derived_parts("u1", "s1", {one.name: SomeParts(len(parts[one.name]), range(99)) for one in small})
    assert found == {}
    name = Segment(1, 4 * SMALL).name
    heads, parts = divided({name: indexed(parted, 1, 4 * SMALL)})
    (united, _), (whole, _) = (ConversationIndex.from_head(head[name]) for head in (parted.derived("u1", "s1"), heads))
    assert united.seqs.tolist() == whole.seqs.tolist()
    assert np.abs(united.tokens - whole.tokens).max() <= 3 * (STEP // 2)  # a third of it each time a head is made
    again = parted.derived_parts("u1", "s1", {name: SomeParts(len(parts[name]), range(len(parts[name])))})
    assert [again[name, number] for number in range(len(parts[name]))] == parts[name]


def test_one_who_has_the_heads_of_segments_that_others_unite_reads_the_new_one(parted: Parts) -> None:
    fill(parted, 3 * SMALL)
    conversation().read_index(parted)
    late = conversation()
    late.read_index(parted)
    fill(parted, SMALL, 3 * SMALL)
    conversation().read_index(parted)
    assert stored(parted) == [Segment(1, 4 * SMALL)]
    assert [notice.kind for notice in late.read_index(parted, query=QUESTION)] == ["index read again"]
    whole = ConversationIndex()
    whole.add(in_passages(parted.messages("u1", "s1")), COUNTER)
    assert scores(late) == pytest.approx(dict(zip(whole.seqs.tolist(), whole.scores(QUESTION, now=NOW), strict=True)))


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_a_segment_with_damaged_parts_is_made_again(parted: Parts, damaged: int) -> None:
    fill(parted, SLICE + SMALL)
    conversation().read_index(parted)
    names = (Segment(1, SLICE).name, Segment(SLICE + 1, SLICE + SMALL).name)
    whole = parted.derived("u1", "s1")
    for name in names[:damaged]:
        parts = parted.derived_parts("u1", "s1", {name: SomeParts(0, range(999))})
        broken = [parts[name, number][:-1] + b"?" for number in range(len(parts))]
        parted.save_derived("u1", "s1", {name: whole[name]}, parts={name: broken})
    one = conversation()
    notices = one.read_index(parted, query=QUESTION)
    assert [notice.kind for notice in notices] == ["index read again"] * damaged
    assert conversation().read_index(parted, query=QUESTION) == []
    assert parted.derived("u1", "s1") == whole
    index = ConversationIndex()
    index.add(in_passages(parted.messages("u1", "s1")), COUNTER)
    assert scores(one) == pytest.approx(dict(zip(index.seqs.tolist(), index.scores(QUESTION, now=NOW), strict=True)))
