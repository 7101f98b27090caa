"""VectorIndex: the nearest of many vectors, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contextkit.errors import InvalidId, InvalidInput, InvalidVector, shortened
from contextkit.vectors.folder import FolderRows
from contextkit.vectors.memory import MemoryRows
from contextkit.vectors.rows import Matrix, Snapshot, Storage

_BLOCK: Final = 256
"""Scores per block in `_best`. Any size from 64 to 1,024 measured alike on 100,000 scores."""

_MANY_DEAD: Final = 0.5
"""Compacted when more than this part of the rows is dead: a search then never costs twice what it must."""

_FEW: Final = 1_024
"""Fewer dead rows than this are never worth rewriting the others for."""


_Numbers: TypeAlias = NDArray[np.float32] | NDArray[np.float64]


class VectorIndex:
    """Finds the vectors most like a query by the dot product of directions, with nothing approximated.

    Every vector is divided by its length, so that scores are cosines from -1 to 1. With a `path`
    the vectors are in that folder, shared by all processes that open it; without, in memory.
    `dimension` may be left out: the folder, or the first vector added, then says it.

    One object may be used by many threads. Searches take no lock; they see every addition and
    deletion that had returned when they began, from whichever process. What has returned also
    survives the process being killed.
    """

    def __init__(self, path: str | Path | None = None, *, dimension: int | None = None) -> None:
        if dimension is not None and dimension < 1:
            raise InvalidVector(
                f"A dimension of {dimension} has no vectors.", "Use that of your embedding model.", value=dimension
            )
        self._writing = Lock()
        self._folder = FolderRows(Path(path), dimension) if path is not None else None
        self._storage: Storage = self._folder or MemoryRows(dimension)

    @property
    def dimension(self) -> int | None:
        """Numbers per vector; None while there are none and none was given."""
        return self._storage.dimension

    def add(self, ids: Sequence[str], vectors: ArrayLike) -> None:
        """Add vectors (n × d) under n ids, in one write. A vector under a known id replaces the old one.

        Raises `InvalidVector` for a vector of another dimension, without direction (all zeros) or
        with a number that is not finite, and `InvalidInput` where ids and vectors are not as many.
        """
        for item_id in ids:
            _check_text(item_id)
        if not ids:
            return
        rows = self._directions(_numbers(vectors))
        if len(rows) != len(ids):
            raise InvalidInput(f"There are {len(rows)} vectors for {len(ids)} ids.", "Pass one id for each vector.")
        with self._writing:
            self._storage.add(ids, rows)
            self._compact_if_worthwhile()

    def delete(self, ids: Iterable[str]) -> int:
        """Delete vectors, and say how many of the ids there were. An unknown id is no error."""
        with self._writing:
            deleted = self._storage.delete(ids)
            self._compact_if_worthwhile()
        return deleted

    def top(self, query: ArrayLike, k: int = 10) -> list[tuple[str, float]]:
        """The `k` ids most like the query with their cosines, best first; equals in the order of adding.

        Returns fewer where there are fewer. Raises `InvalidVector` as `add` does.
        """
        snapshot = self._newest()
        (direction,) = self._directions(_numbers(query)[np.newaxis])
        if snapshot is None or not snapshot.alive or k < 1:
            return []
        scores = snapshot.matrix @ direction
        scores[snapshot.dead] = -np.inf
        best = _best(scores, min(k, snapshot.alive))
        return [(snapshot.ids[row], float(scores[row])) for row in best]

    def __len__(self) -> int:
        snapshot = self._newest()
        return snapshot.alive if snapshot else 0

    def __contains__(self, item_id: str) -> bool:
        self._newest()
        return self._storage.has(item_id)

    def close(self) -> None:
        """Let go of the files. Nothing is lost, and searches that are under way still finish."""
        with self._writing:
            self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _newest(self) -> Snapshot | None:
        if self._folder is not None:
            self._folder.refresh()
        return self._storage.snapshot

    def _directions(self, rows: _Numbers) -> Matrix:
        if rows.ndim != 2 or rows.shape[1] != (self.dimension or rows.shape[1]) or not rows.shape[1]:
            raise InvalidVector(
                f"Vectors of the shape {rows.shape} were given; {self.dimension or 'd'} numbers each are needed.",
                "Use the embedding model that the index was made with.",
                value=rows.shape,
            )
        return _directions(rows)

    def _compact_if_worthwhile(self) -> None:
        snapshot = self._storage.snapshot
        if snapshot and len(snapshot.dead) > max(_FEW, _MANY_DEAD * len(snapshot.matrix)):
            self._storage.compact()


def _best(scores: NDArray[np.float32], k: int) -> list[int]:
    """The rows of the `k` highest scores, best first, equals by row.

    The k-th highest of the blocks' maxima is a lower bound for the k-th highest score, since k
    scores reach it; only what reaches it needs sorting. Reading each score once is what makes
    this cheaper than `np.argpartition`.
    """
    blocks = len(scores) // _BLOCK
    maxima = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1) if blocks >= k else scores
    bound = np.partition(maxima, len(maxima) - k)[len(maxima) - k]
    reaching = np.flatnonzero(scores >= bound)
    order = np.argsort(-scores[reaching], kind="stable")
    return [int(row) for row in reaching[order[:k]]]


def _numbers(vectors: ArrayLike) -> _Numbers:
    try:
        rows = np.asarray(vectors)
    except ValueError:  # rows of different lengths
        rows = np.asarray(None)
    if rows.dtype.kind not in "fiu":
        raise InvalidVector(
            f"{shortened(vectors)} is not made of numbers, as many in each vector.",
            "Pass what the embedding model returned.",
            value=shortened(vectors),
        )
    return rows if rows.dtype == np.float32 else rows.astype(np.float64)


def _directions(rows: _Numbers) -> Matrix:
    """Each row divided by its length; by its largest number first, so that no square over- or underflows."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    usable = np.isfinite(largest) & (largest > 0)
    if not usable.all():
        at = int(np.flatnonzero(~usable)[0])
        raise InvalidVector(
            f"Vector {at} has no direction: it is all zeros or holds a number that is not finite.",
            "Embed a text that is not empty, and check the embedding model.",
            value=shortened(rows[at].tolist()),
        )
    scaled = rows / largest
    return np.ascontiguousarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True), dtype=np.float32)


def _check_text(item_id: object) -> None:
    if not isinstance(item_id, str):
        raise InvalidId(f"The id {shortened(item_id)} is not a string.", "Pass ids as text.", value=item_id)
