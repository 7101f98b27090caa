"""Ranking memory records in process: what a store does that has no search of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.fuse import DENSE
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.terms import terms
from contextkit.stores import MemoryRecord, ScoredMemory


class MemoryIndex:
    """Records with their words and, where they have them, their vectors; built once, searched often.

    `rows` numbers the records that the rows of `vectors` (L2-normalised) belong to.
    """

    def __init__(self, records: Sequence[MemoryRecord], rows: Sequence[int], vectors: NDArray[np.float32]) -> None:
        self._records = records
        self._rows = np.asarray(rows, np.int64)
        self._vectors = vectors
        self._words = LexicalIndex()
        for record in records:
            self._words.add(terms(record.text))

    def search(self, query: str, vector: NDArray[np.float32] | None, limit: int) -> list[ScoredMemory]:
        """The records that match best, best first; of equals the newer. Scores are above 0 and at most 1.

        Records that share nothing with the query are left out.
        """
        if vector is None or self._vectors.shape[1] != len(vector):
            return self.best(self.lexical(query), None, limit)
        cosines = dict(zip(self._rows.tolist(), (self._vectors @ vector).tolist(), strict=True))
        return self.best(self.lexical(query), cosines, limit)

    def lexical(self, query: str) -> Scores:
        """How well each record matches by its words, by its number."""
        return self._words.scores(terms(query))

    def best(self, lexical: Scores, cosines: Mapping[int, float] | None, limit: int) -> list[ScoredMemory]:
        """The same by scores that are known: by words, and by meaning where there are vectors."""
        scores = _scaled(lexical)
        if cosines is not None:
            dense = np.zeros_like(scores)
            dense[list(cosines)] = list(cosines.values())
            scores = (1 - DENSE) * scores + DENSE * _scaled(dense)
        best = np.lexsort((-np.arange(len(scores)), -scores))[:limit]
        return [ScoredMemory(self._records[row], float(scores[row])) for row in best if scores[row] > 0]


def _scaled(scores: Scores) -> Scores:
    """Scores with the best at 1, and no match at 0.

    Standard scores, as `rank.fuse` has them, would say of a single match that it is nothing special.
    """
    matching = np.maximum(scores, 0)
    return np.asarray(matching / max(matching.max(initial=0), np.finfo(np.float32).tiny), np.float32)
