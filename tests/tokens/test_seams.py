"""Seams: where counts add up, and how long texts are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contextkit.tokens import get_counter
from contextkit.tokens.seams import PER_HARD_CUT, SLICE, joins, segments, slices

WHITE = ["\n", "\r", "\r\n", " ", "   ", "\t", "\x1c", "\x85", "\u3000", "\u200b", "\x00"]
WORDS = ["a", "Word", "HTML", "\u00e9", "\u0364", "\u02bc", "\u01c5", "漢字", "かな", "123", "\u0663", "\u00bd"]
MARKS = ["/", "//", "'s", "'", "!", ").", "...", "_", "😀", "👩\u200d💻", "<|endoftext|>", "\ud800"]
BITS = st.sampled_from([*WHITE, *WORDS, *MARKS])
TEXT = st.one_of(st.text(max_size=30), st.lists(BITS, max_size=12).map("".join))


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
@settings(max_examples=500, deadline=None)
@given(a=TEXT, b=TEXT)
def test_counts_add_up_where_texts_join(name: str, a: str, b: str) -> None:
    counter = get_counter(name)
    a += "\n"
    assume(joins(a, b))
    assert counter.text(a + b) == counter.text(a) + counter.text(b)


@pytest.mark.parametrize("b", [" x", "\nx", "/x", "\tx"])
def test_texts_do_not_join_where_a_token_may_span_them(b: str) -> None:
    assert not joins("a.\n", b)
    assert not joins("a.", b)


@pytest.mark.parametrize("unit", ["a", " ", "-=", "漢", "x\n /", "\n"])
def test_texts_with_endless_stretches_add_up_as_well(unit: str) -> None:
    counter = get_counter()
    endless = unit * (2 * SLICE // len(unit) + 7) + ".\n"
    for rest in ("one more line\n", "A" * 3 + endless):
        assert joins(endless, rest)
        assert counter.text(endless + rest) == counter.text(endless) + counter.text(rest)


@given(text=TEXT)
def test_segments_are_the_text_cut_at_each_of_its_seams(text: str) -> None:
    parts = list(segments(text))
    assert "".join(parts) == text
    assert all(joins(a, b) for a, b in pairwise(parts))
    assert not any(joins(part[:i], part[i:]) for part in parts for i in range(1, len(part)))


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXT.flatmap(lambda text: st.integers(1, 4_000).map(lambda n: (text * n)[:40_000])), max_size=5))
def test_slices_are_the_text_in_bounded_pieces(texts: list[str]) -> None:
    text = "".join(texts)
    pieces = [piece for piece, _ in slices(text)]
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= SLICE for piece in pieces)


def test_text_with_lines_or_words_is_cut_only_where_nothing_is_hidden() -> None:
    for text in ("word after word " * 9_000, "line\n" * 9_000, '{"a":1,"b":[2,3]},' * 9_000, "漢字、仮名。" * 9_000):
        assert {hidden for _, hidden in slices(text)} == {0}


def test_a_cut_anywhere_is_paid_for() -> None:
    assert [hidden for _, hidden in slices("a" * (2 * SLICE + 1))] == [PER_HARD_CUT, PER_HARD_CUT, 0]
