"""TextIndex: a set of texts that stays, ranked for any query by words and, with an embedder, by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from contextkit.rank.fuse import fuse
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.meaning import Meaning
from contextkit.rank.terms import terms
from contextkit.types import Embeddings


class TextIndex:
    """BM25 over the texts, fused with cosines where there are `embeddings` (see `Meaning`)."""

    def __init__(self, texts: Sequence[str], embeddings: Embeddings | None = None) -> None:
        self._meaning = Meaning(texts, embeddings) if embeddings and texts else None
        self._words = LexicalIndex()
        for text in texts:
            self._words.add(terms(text))

    def __len__(self) -> int:
        """Texts in the index."""
        return len(self._words)

    def scores(self, query: str, seconds: float = inf) -> Scores:
        """How well each text matches the query, in the order of the texts; higher is better, none below 0.

        A query without a text has no meaning, and is not embedded. Raises what the embedder raises, and
        `TimeoutError` where it takes longer than `seconds`.
        """
        if self._meaning is None or not query:
            return self.lexical(query)
        return fuse(self.lexical(query), self._meaning.likeness(query, seconds=seconds))

    def lexical(self, query: str) -> Scores:
        """The same by words alone."""
        return self._words.scores(dict.fromkeys(terms(query), 1.0))
