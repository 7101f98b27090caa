"""Segments: where they begin and end, and what they are called."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.segments import (
    LARGE,
    LONG,
    MOST_PASSAGES,
    PASSAGE,
    SMALL,
    Made,
    Segment,
    end_of,
    ended_by,
    passages,
    pieces,
)
from contextkit.types import Message

numbers = st.integers(1, 10 * LARGE)


def numbered(seqs: list[int]) -> list[Message]:
    return [Message(role="user", content=f"{seq}", seq=seq) for seq in seqs]


@given(numbers, st.sampled_from([SMALL, LARGE]))
def test_every_message_is_in_one_segment_of_each_size(seq: int, size: int) -> None:
    last = end_of(seq, size)
    assert last - size < seq <= last
    assert last % size == 0


@given(numbers)
def test_a_segment_ends_with_its_last_message_and_is_found_by_its_name(seq: int) -> None:
    ended = ended_by(seq)
    assert (ended is None) == (seq % SMALL != 0)
    if ended is not None:
        assert ended.last == seq
        assert ended.last - ended.first + 1 == (LARGE if seq % LARGE == 0 else SMALL)
        assert Segment.named(ended.name) == ended


def test_other_names_are_no_segments() -> None:
    assert [Segment.named(name) for name in ("index/0", "index/1-", "index/a-b", "1-2", "", "index/-1-2")] == [None] * 6


def test_a_large_segment_takes_the_place_of_its_parts() -> None:
    made = Made()
    for seq in range(SMALL, LARGE, SMALL):
        made.take(ended_by(seq) or Segment(0, 0), b"part")
    assert len(made.add) == LARGE // SMALL - 1
    made.take(Segment(1, LARGE), b"whole")
    assert made.add == {Segment(1, LARGE).name: b"whole"}
    assert made.remove == [f"index/{first}-{first + SMALL - 1}" for first in range(1, LARGE, SMALL)]


@given(st.sets(numbers, max_size=300).map(sorted))
def test_pieces_are_all_there_is_and_lie_in_one_small_segment_without_gaps(seqs: list[int]) -> None:
    cut = [[message.seq or 0 for message in piece] for piece in pieces(numbered(seqs))]
    assert [seq for piece in cut for seq in piece] == seqs
    for piece in cut:
        assert piece == list(range(piece[0], piece[-1] + 1))
        assert end_of(piece[0], SMALL) == end_of(piece[-1], SMALL)
    for one, other in pairwise(cut):
        assert other[0] != one[-1] + 1 or one[-1] % SMALL == 0


@given(st.text(st.sampled_from("ab \n"), max_size=3 * LONG))
def test_passages_hold_the_whole_text(text: str) -> None:
    found = [message.text for message in passages([Message(role="user", content=text)])]
    assert "".join(found) == text
    assert len(found) <= MOST_PASSAGES
    assert len(found) == 1 or all(len(passage) <= 2 * PASSAGE for passage in found)
