"""Drawers: what is put into them is found there, in little room."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidInput
from contextkit.rank.lexical import LexicalIndex, part_of

words = st.sampled_from(["sun", "moon", "star", "sea", "sand", "東京", "\ud800", ""]) | st.text(
    st.characters(exclude_characters="\n"), max_size=5
)
documents = st.lists(st.lists(words, max_size=6), max_size=12)
Postings = dict[str, list[tuple[int, int]]]


def indexed(texts: Sequence[Sequence[str]]) -> LexicalIndex:
    index = LexicalIndex()
    for text in texts:
        index.add(text)
    return index


def stated(texts: Sequence[Sequence[str]]) -> Postings:
    """Where each term stands, and how often."""
    found: Postings = {}
    for number, text in enumerate(texts):
        for term, count in Counter(text).items():
            found.setdefault(term, []).append((number, count))
    return found


def held(index: LexicalIndex, terms: Sequence[str]) -> Postings:
    found = {term: zip(*(column.tolist() for column in index.postings(term)), strict=True) for term in terms}
    return {term: list(pairs) for term, pairs in found.items()}


@given(documents, documents, st.integers(1, 12), st.data())
def test_some_drawers_have_their_terms_and_no_others(
    old: list[list[str]], new: list[list[str]], count: int, data: st.DataObject
) -> None:
    index = LexicalIndex.from_bytes(indexed(old).to_bytes())
    for text in new:
        index.add(text)
    drawers = index.to_drawers(count)
    assert len(drawers) == count
    some = data.draw(st.lists(st.sampled_from(range(count)), unique=True))
    opened = LexicalIndex.from_drawers([drawers[number] for number in some])
    wanted = {term: places for term, places in stated([*old, *new]).items() if part_of(term, count) in some}
    assert held(opened, list(wanted)) == wanted
    assert [term for term in stated([*old, *new]) if term in opened] == list(wanted)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [[]],
        [["sun"]],
        [["sun"] * 1_000_000, ["sun"]],
        [*[[]] * 99_999, ["sun", "sea", "sea"]],
        [["sun"], *[[]] * 99_998, ["sun"] * 70_000],
        [["sun", *["sea"] * (number % 9)] for number in range(100_000)],
        [[f"{number}"] for number in range(10_000)],
    ],
    ids=["empty", "no word", "one posting", "often", "last", "far apart", "everywhere", "all different"],
)
def test_extremes_are_read_back(texts: list[list[str]]) -> None:
    drawers = indexed(texts).to_drawers(7)
    wanted = stated(texts)
    assert held(LexicalIndex.from_drawers(drawers), list(wanted)) == wanted
    assert sum(map(len, drawers)) < 300_000


def test_a_chats_drawers_take_less_room_than_indexes_that_are_compressed() -> None:
    chance = random.Random(1)
    lexicon = ["".join(chance.choices("aeilmnorstu", k=7)) for _ in range(2_000)]
    index = indexed([[lexicon[int(chance.paretovariate(0.6)) % 2_000] for _ in range(12)] for _ in range(512)])
    compressed = [zlib.compress(part, 9) for part in index.to_parts(192)]
    assert 3 * sum(map(len, index.to_drawers(192))) < 2 * sum(map(len, compressed))


def test_a_term_with_a_line_break_is_refused() -> None:
    with pytest.raises(InvalidInput, match="line break"):
        indexed([["sun\nmoon"]]).to_drawers(2)
