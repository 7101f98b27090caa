"""The vectors of a session's messages, as far as they were read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from contextkit.stores import SessionStore


class Vectors:
    """The vectors of a session's messages, read as they are added."""

    def __init__(self) -> None:
        self._seqs: list[int] = []
        self._matrices: list[NDArray[np.float32]] = []

    @property
    def last(self) -> int:
        """The number of the last message of which there is one; 0 where there is none."""
        return self._seqs[-1] if self._seqs else 0

    def read(self, store: SessionStore, actor_id: str, session_id: str) -> None:
        """Read those that were added since."""
        seqs, matrix = store.vectors(actor_id, session_id, after=self.last)
        if seqs:
            self._seqs += seqs
            self._matrices = [np.concatenate([*self._matrices, matrix])]

    def similarity(self, query: Sequence[float], seqs: NDArray[np.int64]) -> NDArray[np.float32]:
        """How like the query each of these messages is; not a number for one without a vector."""
        values = np.full(len(seqs), np.nan, np.float32)
        if self._seqs:
            vector = np.asarray(query, np.float32)
            scores = self._matrices[0] @ (vector / max(float(np.linalg.norm(vector)), 1e-12))
            rows = np.searchsorted(seqs, self._seqs)
            inside = rows < len(seqs)
            values[rows[inside]] = scores[inside]
        return values
