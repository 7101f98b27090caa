"""Scores of a small set of texts for a query, by BM25 over the set itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.subwords import index_terms, scores
from contextkit.recent import Recent

LONGEST: Final = 20_000
"""Characters of a text that are analysed: more no longer changes what it is about."""

REMEMBERED: Final = 2_000_000
"""Characters of the texts whose terms are kept, some 5 MB with these; the same texts come with every question."""


def text_scores(query: str, texts: Sequence[str]) -> list[float]:
    """The BM25 score of each text, in order; 0.0 for one that shares no word with the query."""
    index = LexicalIndex()
    for text in texts:
        index.add(_terms(text[:LONGEST]))
    return [float(score) for score in scores(index, query)] if texts else []


class _Analysed(NamedTuple):
    text: str
    terms: Sequence[str]


_analysed: Final = Recent[str, _Analysed](REMEMBERED, lambda each: len(each.text))


def _terms(text: str) -> Sequence[str]:
    known = _analysed.get(text)
    if known is None:
        known = _Analysed(text, index_terms(text))
        _analysed.put(text, known)
    return known.terms
