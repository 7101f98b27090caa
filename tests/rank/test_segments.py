"""Segments: where they begin and end, and what they are called."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.passages import LONG
from contextkit.rank.segments import (
    LARGE,
    SIZES,
    SMALL,
    Made,
    Segment,
    beneath,
    completed,
    end_of,
    ended_by,
    filled,
    grow,
    in_passages,
    is_united,
    larger_than_large,
    runs,
    united,
)
from contextkit.tokens import get_counter
from contextkit.types import Message
from tests.world import NOW

COUNTER = get_counter()
numbers = st.integers(1, 10 * LARGE)
segments = st.builds(lambda first, more: Segment(first, first + more), st.integers(1, 50), st.integers(0, 50))


def numbered(seqs: list[int]) -> list[Message]:
    return [Message(role="user", content=f"{seq}", seq=seq) for seq in seqs]


@given(numbers, st.sampled_from(SIZES))
def test_every_message_is_in_one_segment_of_each_size(seq: int, size: int) -> None:
    last = end_of(seq, size)
    assert last - size < seq <= last
    assert last % size == 0


@given(numbers, numbers)
def test_a_segment_ends_with_its_last_message_and_is_found_by_its_name(seq: int, begun: int) -> None:
    ended = ended_by(seq, begun, LARGE)
    sizes = [size for size in SIZES if size <= LARGE and seq % size == 0 and seq - size + 1 >= begun]
    assert (ended is None) == (not sizes)
    if ended is not None:
        assert ended == Segment.ending(seq, max(sizes))
        assert Segment.named(ended.name) == ended


@given(numbers, st.integers(0, 3 * LARGE))
def test_completed_segments_follow_each_other_and_of_each_size_but_the_largest_are_six_at_the_most(
    begun: int, more: int
) -> None:
    found = completed(begun, begun + more)
    assert all(one.last + 1 == other.first for one, other in pairwise(found))
    sizes = Counter(segment.last - segment.first + 1 for segment in found)
    assert all(sizes[size] <= 6 for size in SIZES if size < LARGE)  # three up to the largest, and three behind it
    assert sum(size * many for size, many in sizes.items()) > more - 2 * SMALL
    if begun % LARGE == 1:
        assert all(sizes[size] <= 3 for size in SIZES if size < LARGE)


@given(numbers)
def test_united_segments_are_those_that_no_larger_one_takes_the_place_of(last: int) -> None:
    found = united(1, last)
    assert all(one.last + 1 == other.first for one, other in pairwise(found))
    assert [segment for segment in found if is_united(segment, last)] == []
    gone = set(completed(1, last)) - set(found)
    assert all(is_united(segment, last) for segment in gone)
    assert {larger_than_large(segment.last) for segment in found if segment.size > LARGE} <= set(found)


def test_other_names_are_no_segments() -> None:
    assert [
        Segment.named(name) for name in ("index/0", "index/1-", "index/a-b", "1-2", "", "index/-1-2", "index/2-1")
    ] == [None] * 7


@settings(max_examples=20)
@given(st.integers(1, 3 * SMALL), st.lists(st.integers(1, LARGE), min_size=1, max_size=6))
def test_what_is_stored_is_what_the_messages_complete_however_they_come(begun: int, sizes: list[int]) -> None:
    index, stored, last = ConversationIndex(), set[str](), begun - 1
    for size in sizes:
        made = Made()
        grow(index, numbered(list(range(last + 1, last + size + 1))), COUNTER, made, begun)
        last += size
        stored = (stored - set(made.remove)) | set(made.add)
        assert stored == {segment.name for segment in completed(begun, last)}


def test_a_segment_has_its_own_messages() -> None:
    messages, made = numbered(list(range(1, 3 * SMALL + 5))), Made()
    grow(ConversationIndex(), messages, COUNTER, made)
    assert list(made.add) == [Segment(first, first + SMALL - 1).name for first in range(1, 3 * SMALL, SMALL)]
    for first, data in zip(range(1, 3 * SMALL, SMALL), made.add.values(), strict=True):
        whole, found = ConversationIndex(), ConversationIndex.from_bytes(data)
        whole.add(messages[first - 1 : first - 1 + SMALL], COUNTER)
        assert found.seqs.tolist() == whole.seqs.tolist()
        assert found.scores("40", now=NOW).tolist() == whole.scores("40", now=NOW).tolist()


def test_a_segment_takes_the_place_of_what_who_began_later_has_made_of_its_end() -> None:
    made, others = Made(), Made()
    grow(ConversationIndex(), numbered(list(range(SMALL + 1, 4 * SMALL + 1))), COUNTER, others, begun=SMALL + 1)
    assert Segment(3 * SMALL + 1, 4 * SMALL).name in others.add
    grow(ConversationIndex(), numbered(list(range(1, 4 * SMALL + 1))), COUNTER, made)
    assert made.remove == [Segment(3 * SMALL + 1, 4 * SMALL).name]


def test_a_segment_takes_the_place_of_its_parts() -> None:
    made = Made()
    made.take(Segment(1, 32), b"never stored")
    made.take(Segment(1, 128), b"whole", [Segment(1, 32), Segment(33, 64)])
    assert made == Made({"index/1-128": b"whole"}, ["index/33-64"])


@given(st.sets(st.integers(1, 40).map(lambda number: 16 * number)))
def test_a_segment_is_filled_by_those_that_begin_and_end_where_it_does(cuts: set[int]) -> None:
    bounds = [0, *sorted(cuts)]
    chain = [Segment(first + 1, last) for first, last in pairwise(bounds)]
    whole = filled(chain)
    ends = [whole.last - whole.first + 1] if whole is not None else []
    last = bounds[-1]
    assert ends == [size for size in SIZES if chain and last % size == 0 and last - size in bounds[:-2]][-1:]


def test_segments_of_former_sizes_fill_one() -> None:
    assert filled([Segment(1, 1_024)]) is None
    assert filled([Segment(1, 1_024), Segment(1_025, 2_048)]) == Segment(1, 2_048)
    assert filled([Segment(1, 128), *(Segment.ending(last, 128) for last in (256, 384, 512))]) == Segment(1, 512)


@given(st.lists(segments, max_size=8))
def test_a_segment_lies_beneath_another_that_spans_it(found: list[Segment]) -> None:
    unique = set(found)
    spanned = [one for one in unique if any(s.first <= one.first and one.last <= s.last for s in unique - {one})]
    assert sorted(beneath(found)) == sorted(spanned)


@given(st.sets(numbers, max_size=300).map(sorted))
def test_runs_are_all_there_is_and_lie_in_one_large_segment_without_gaps(seqs: list[int]) -> None:
    cut = [[message.seq or 0 for message in run] for run in runs(numbered(seqs))]
    assert [seq for run in cut for seq in run] == seqs
    for run in cut:
        assert run == list(range(run[0], run[-1] + 1))
        assert end_of(run[0], LARGE) == end_of(run[-1], LARGE)
    for one, other in pairwise(cut):
        assert other[0] != one[-1] + 1 or one[-1] % LARGE == 0


def test_what_stands_in_other_blocks_than_text_is_in_passages_too() -> None:
    rows = tuple({"type": "rows", "rows": [f"zebra {n}"] * LONG} for n in range(3))
    found = list(in_passages([Message(role="tool", content=rows, tool_call_id="c", seq=7)]))
    assert len(found) > 1
    assert {passage.seq for passage in found} == {7}
    assert [any(f"zebra {n}" in passage.text for passage in found) for n in (0, 2)] == [True, True]
