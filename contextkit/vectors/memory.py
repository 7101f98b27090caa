"""Rows kept in this process alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from contextkit.vectors.rows import Matrix, Rows, Snapshot


class MemoryRows:
    """A matrix whose room doubles when it is full, so that adding a row costs the same on average."""

    def __init__(self, dimension: int | None) -> None:
        self.dimension = dimension
        self.snapshot: Snapshot | None = None
        self._rows = Rows()
        self._room: Matrix = np.empty((0, dimension or 0), dtype=np.float32)

    def has(self, item_id: str) -> bool:
        return item_id in self._rows

    def add(self, ids: Sequence[str], rows: Matrix) -> None:
        self.dimension = rows.shape[1]
        start, end = len(self._rows.ids), len(self._rows.ids) + len(rows)
        if end > len(self._room):
            self._grow(start, end)
        self._room[start:end] = rows
        self._rows.add(ids)
        self._publish()

    def delete(self, ids: Iterable[str]) -> int:
        before = len(self._rows.dead)
        self._rows.delete(ids)
        self._publish()
        return len(self._rows.dead) - before

    def compact(self) -> None:
        ids, living = self._rows.living()
        self._room = self._room[living]
        self._rows = Rows()
        self._rows.add(ids)
        self._publish()

    def close(self) -> None:
        """Nothing to let go of."""

    def _grow(self, used: int, needed: int) -> None:
        room = np.empty((max(needed, 2 * len(self._room)), self.dimension or 0), dtype=np.float32)
        if used:
            room[:used] = self._room[:used]
        self._room = room

    def _publish(self) -> None:
        self.snapshot = self._rows.snapshot(self._room[: len(self._rows.ids)])
