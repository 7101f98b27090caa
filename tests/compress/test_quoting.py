"""The best stretches of a long text instead of all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.compress import quoted
from contextkit.tokens import get_counter

COUNTER = get_counter()
PARAGRAPHS = [
    f"Paragraph {n} is about the number {n} and what follows from it, which is not much.\n\n" for n in range(9)
]
TEXT = "".join(PARAGRAPHS)
SPANS = [(len("".join(PARAGRAPHS[:n])), len("".join(PARAGRAPHS[: n + 1]))) for n in range(9)]


def of(best: list[int], limit: int, query: str = "number") -> str:
    return quoted(TEXT, [SPANS[n] for n in best], limit, COUNTER, query=query)


def test_the_best_stand_in_the_order_of_the_text_and_every_gap_is_marked() -> None:
    assert of([7, 2, 3, 5], 73) == (f"[…]\n{PARAGRAPHS[2]}{PARAGRAPHS[3]}[…]\n{PARAGRAPHS[7]}[…]")


@given(st.permutations(range(9)).flatmap(lambda order: st.integers(1, 9).map(lambda n: order[:n])), st.integers(0, 300))
def test_they_count_no_more_than_the_limit_and_more_of_them_stand_in_more_room(best: list[int], limit: int) -> None:
    text = of(best, limit)
    assert COUNTER.text(text) <= limit
    standing = [PARAGRAPHS[n].strip() in text for n in best]
    assert standing == sorted(standing, reverse=True)
    assert sum(standing) <= sum(PARAGRAPHS[n].strip() in of(best, limit + 60) for n in best)


def test_of_a_passage_that_does_not_fit_what_bears_on_the_query_stands() -> None:
    long = "Nothing of note was said about it that day. " * 30
    text = f"{long}{long}The depot in Ghent burnt down. {long}"
    shown = quoted(text, [(len(long), len(text)), (0, len(long))], 60, COUNTER, query="Ghent")
    assert "The depot in Ghent burnt down." in shown
    assert shown.startswith("[…")
    assert COUNTER.text(shown) <= 60


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_without_room_there_is_nothing(limit: int) -> None:
    assert of([4], limit) == ""
