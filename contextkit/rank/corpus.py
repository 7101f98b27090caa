"""TextIndex: a set of texts that stays, ranked for any query by words and, with an embedder, by meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contextkit.rank.dense import unit
from contextkit.rank.fuse import fuse
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.terms import terms
from contextkit.types import Embeddings


class TextIndex:
    """BM25 over the texts, fused with cosines where there are `embeddings` (one call when it is built)."""

    def __init__(self, texts: Sequence[str], embeddings: Embeddings | None = None) -> None:
        self._embeddings = embeddings
        self._vectors = unit(embeddings.embed_documents(list(texts))) if embeddings and texts else None
        self._words = LexicalIndex()
        for text in texts:
            self._words.add(terms(text))

    def __len__(self) -> int:
        """Texts in the index."""
        return len(self._words)

    def scores(self, query: str) -> Scores:
        """How well each text matches the query, in the order of the texts; higher is better, none below 0."""
        if self._vectors is None or self._embeddings is None:
            return self.lexical(query)
        dense = self._vectors @ unit(np.asarray(self._embeddings.embed_query(query)))
        return fuse(self.lexical(query), dense)

    def lexical(self, query: str) -> Scores:
        """The same by words alone."""
        return self._words.scores(dict.fromkeys(terms(query), 1.0))
