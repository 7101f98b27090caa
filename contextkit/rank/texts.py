"""Scores of a small set of texts for a query, by BM25 over the set itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.subwords import index_terms, scores

LONGEST = 20_000
"""Characters of a text that are analysed: more no longer changes what it is about."""


def text_scores(query: str, texts: Sequence[str]) -> list[float]:
    """The BM25 score of each text, in order; 0.0 for one that shares no word with the query."""
    index = LexicalIndex()
    for text in texts:
        index.add(_terms(text[:LONGEST]))
    return [float(score) for score in scores(index, query)] if texts else []


@lru_cache(maxsize=4096)
def _terms(text: str) -> tuple[str, ...]:
    return tuple(index_terms(text))
