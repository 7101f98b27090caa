"""TextIndex: a set of texts that stays, ranked for any query by words and, with an embedder, by meaning.

Each text is as good as its best passage: a chapter that answers the question in one of its paragraphs is as
good as that paragraph alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from contextkit.rank.fuse import fuse
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.meaning import Meaning
from contextkit.rank.terms import terms
from contextkit.types import Embeddings


class TextIndex:
    """BM25 over the passages of texts, fused with cosines where there are `embeddings` (see `Meaning`)."""

    def __init__(self, texts: Sequence[Sequence[str]], embeddings: Embeddings | None = None) -> None:
        passages = [passage for text in texts for passage in text]
        self._starts = np.cumsum([0, *map(len, texts)])[:-1]
        self._meaning = Meaning(passages, embeddings) if embeddings and texts else None
        self._words = LexicalIndex()
        for passage in passages:
            self._words.add(terms(passage))

    def __len__(self) -> int:
        """Texts in the index."""
        return len(self._starts)

    def scores(self, query: str, seconds: float = inf) -> Scores:
        """How well each text matches the query, in the order of the texts; higher is better, none below 0.

        A query without a text has no meaning, and is not embedded. Raises what the embedder raises, and
        `TimeoutError` where it takes longer than `seconds`.
        """
        if self._meaning is None or not query:
            return self.lexical(query)
        return self._best(fuse(self._lexical(query), self._meaning.likeness(query, seconds=seconds)))

    def lexical(self, query: str) -> Scores:
        """The same by words alone."""
        return self._best(self._lexical(query))

    def _lexical(self, query: str) -> Scores:
        return self._words.scores(dict.fromkeys(terms(query), 1.0))

    def _best(self, scores: Scores) -> Scores:
        """Of each text, the score of its best passage."""
        best: Scores = np.maximum.reduceat(scores, self._starts) if len(self) else scores
        return best
