"""Stretches: where a long text may be cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.passages import INDEXED, LONG, MOST_PASSAGES
from contextkit.rank.stretches import STRETCH, stretches


@given(st.text(st.sampled_from("ab. \n。"), max_size=3 * LONG))
def test_they_hold_the_whole_text(text: str) -> None:
    found = stretches(text)
    assert (found[0][0], found[-1][1]) == (0, len(text))
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    assert len(found) == 1 or all(STRETCH <= end - start <= 2 * STRETCH for start, end in found)


def test_a_short_text_is_not_cut() -> None:
    assert stretches("One.\n\nTwo.\n\n" * 10) == [(0, 120)]


def test_they_end_with_paragraphs_else_with_lines_sentences_and_words() -> None:
    words = "many words and no end " * 15  # of 330 characters
    for end in ("\n\n", "\n", ". ", " "):
        text = f"{words}or{end}" * 20
        assert all(text[:stop].endswith(end) for _, stop in stretches(text))


def test_a_section_begins_a_stretch_and_no_block_of_code_is_cut() -> None:
    paragraph = "A paragraph of some words.\n\n" * 12
    code = "```py\n" + "sail(to='Vik')\n\n" * 40 + "```\n\n"
    text = (f"## Fares\n\n{paragraph}{paragraph}{paragraph}" + f"{paragraph}{code}") * 9
    found = [text[start:end] for start, end in stretches(text)]
    assert all(part.count("```") % 2 == 0 for part in found)
    assert sum(part.startswith("## ") for part in found) == 9


def test_a_block_of_code_that_never_ends_is_cut() -> None:
    text = "```\n" + "sail(to='Vik')\n" * 900
    assert all(end - start <= 2 * STRETCH for start, end in stretches(text))


def test_the_indentation_of_a_paragraph_stays_with_it() -> None:
    text = "    An indented paragraph of some words.\n  \n" * 60
    assert all(text[start : start + 6] == "    An" for start, _ in stretches(text))


def test_of_a_huge_text_the_ends_are_read() -> None:
    text = "a" * INDEXED + "b" * INDEXED
    found = stretches(text)
    assert len(found) <= MOST_PASSAGES
    assert sum(end - start for start, end in found) == INDEXED
    assert (found[0][0], found[-1][1]) == (0, len(text))
