"""Marks: no text that says what another does lacks one of its marks."""

from __future__ import annotations

from itertools import islice
from pydoc_data.topics import topics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import dedup
from contextkit.dedup import SeenTexts
from contextkit.dedup.marks import marks_needed
from contextkit.dedup.sentence import marks_of, marks_sought, sentences
from contextkit.rank.irregular import IRREGULAR

WORDS = sorted({word.strip(".,;:()'\"`*") for text in topics.values() for word in text.split()})
OTHERS = "école naïve Straße İstanbul ﬁnd o'clock don't can't I'll CamelCase snake_case 5pm 東京に行った 커피를 Йорк"


def needed(text: str) -> set[str]:
    return {mark for sentence in sentences(text) for mark in marks_needed(sentence.words)}.union(marks_sought(text))


@pytest.mark.parametrize("some", range(8))
def test_a_word_has_the_marks_that_its_like_are_sought_by(some: int) -> None:
    words = [*islice(WORDS, some, None, 8), *OTHERS.split()]
    by_stem: dict[tuple[str, ...], list[str]] = {}
    for word in words:
        for sentence in sentences(word):
            by_stem.setdefault(sentence.words, []).append(word)
    for words in by_stem.values():
        sought = set().union(*map(needed, words))
        assert all(sought <= marks_of(f"They say {word}.") for word in words)


@pytest.mark.parametrize(("form", "base"), [*IRREGULAR.items(), ("dying", "die"), ("won't", "will not")])
def test_forms_that_begin_otherwise_are_found_all_the_same(form: str, base: str) -> None:
    for text, other in ((form, base), (base, form)):
        if [one.words for one in sentences(text)] == [one.words for one in sentences(other)]:
            assert needed(text) <= marks_of(other)


@given(st.text(max_size=60))
def test_any_text_has_the_marks_that_it_is_sought_by(text: str) -> None:
    assert needed(text) <= marks_of(text)


@pytest.mark.parametrize("word", ["İstanbul", "ﬁnding", "École", "カフェ", "ｶﾌｪ", "각하", "Ǆungla", "naïve"])
def test_spellings_that_are_compared_as_one_have_the_same_marks(word: str) -> None:
    assert needed(f"I like {word} tea.") <= marks_of(f"I like {word.lower()} tea.")


def test_only_texts_that_have_the_marks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: SeenTexts[int] = SeenTexts()
    for number in range(500):
        seen.add(number, f"Order {number} left the warehouse in Ghent.")
    seen.add(500, "Ines prefers window seats on long flights.")
    read: list[str] = []
    monkeypatch.setattr(dedup, "sentences", lambda text: read.append(text) or sentences(text))
    assert seen.match("Ines prefers window seats.") == 500
    assert len(read) == 2
    assert seen.match("Marek prefers window seats.") is None
    assert len(read) == 2
    assert seen.match("Order 77 left the warehouse in Ghent.") == 77
    assert seen.match("Order 12 left the warehouse in Ghent.") == 12


def test_a_text_repeats_one_that_was_added_lately_and_one_of_long_ago_alike() -> None:
    seen: SeenTexts[int] = SeenTexts()
    for number in range(200):
        seen.add(number, f"Parcel {number} stays in Antwerp overnight.")
        assert seen.match(f"Parcel {number} stays in Antwerp overnight.") == number
    assert seen.match("Parcel 3 stays in Antwerp overnight.", among={3}) == 3
    assert seen.match("Parcel 3 stays in Antwerp overnight.", among={199}) is None
