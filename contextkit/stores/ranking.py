"""Ranking memory records in process: what a store does that has no search of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.lexical import LexicalIndex
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
        """The records that match best, best first; of equals the newer. Those that share nothing are left out."""
        scores = _scaled(self._words.scores(terms(query)))
        if vector is not None and self._vectors.shape[1] == len(vector):
            scores[self._rows] += _scaled(self._vectors @ vector)
        best = sorted(range(len(scores)), key=lambda row: (-scores[row], -row))[:limit]
        return [ScoredMemory(self._records[row], float(scores[row])) for row in best if scores[row] > 0]


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores with the best at 1; what is no match at all stays at 0."""
    positive = np.maximum(scores, 0)
    best = positive.max(initial=0)
    return positive / best if best else positive
