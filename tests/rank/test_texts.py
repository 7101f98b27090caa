"""A few texts are scored among each other, and what they are found by is kept as long as there is room."""

from __future__ import annotations

import pytest

from contextkit.rank import texts
from contextkit.rank.subwords import index_terms
from contextkit.rank.texts import LONGEST, REMEMBERED, text_scores

ASKED = "which ferry goes to Ghent"


def test_what_shares_words_with_the_query_scores() -> None:
    ghent, ferry, tea = text_scores(ASKED, ["The ferry to Ghent leaves at nine.", "A ferry.", "Tea is at four."])
    assert ghent > ferry > tea == 0.0
    assert text_scores(ASKED, []) == []


def test_of_a_long_text_the_beginning_is_read() -> None:
    assert text_scores("ferry", ["tea " * LONGEST + "ferry", "coffee"]) == [0.0, 0.0]


def test_texts_are_remembered_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[str] = []

    def noted(text: str) -> list[str]:
        analysed.append(text)
        return index_terms(text)

    monkeypatch.setattr(texts, "index_terms", noted)
    short = [f"Tea is at {hour}." for hour in range(1_000)]
    long = [f"{hour} " + "The ferry leaves. " * LONGEST for hour in range(2 * REMEMBERED // LONGEST)]
    for _ in range(2):
        text_scores(ASKED, short)
    assert analysed == short
    text_scores(ASKED, long)
    analysed.clear()
    text_scores(ASKED, [short[0], long[0], long[-1]])
    assert analysed == [short[0], long[0][:LONGEST]]
