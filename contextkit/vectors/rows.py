"""Rows: which row of the matrix belongs to which id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a search runs on: `matrix` (n × d, C-contiguous), the ids of its rows, and its dead rows.

    Never changes: `ids` may grow past n, and rows past n may be written, but none before.
    """

    matrix: Matrix
    ids: Sequence[str]
    dead: NDArray[np.intp]

    @property
    def alive(self) -> int:
        return len(self.matrix) - len(self.dead)


class Storage(Protocol):
    """Where rows are kept. Every method is called by one thread at a time, except `snapshot`."""

    @property
    def dimension(self) -> int | None:
        """None until the first row fixes it."""
        ...

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest one, None while there are no rows. May be read by any thread."""
        ...

    def has(self, item_id: str) -> bool: ...

    def add(self, ids: Sequence[str], rows: Matrix) -> None:
        """Append rows; a row whose id is there already takes its place."""
        ...

    def delete(self, ids: Iterable[str]) -> int:
        """Mark rows dead and say how many were alive."""
        ...

    def compact(self) -> None:
        """Write the living rows anew and let go of the dead ones."""
        ...

    def close(self) -> None: ...


class Rows:
    """The bookkeeping both storages share: ids by row, rows by id, and the dead."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.dead: list[int] = []
        self._row_of: dict[str, int] = {}

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._row_of

    def add(self, ids: Iterable[str]) -> None:
        for item_id in ids:
            replaced = self._row_of.get(item_id)
            if replaced is not None:
                self.dead.append(replaced)
            self._row_of[item_id] = len(self.ids)
            self.ids.append(item_id)

    def delete(self, ids: Iterable[str]) -> None:
        self.dead += [row for row in (self._row_of.pop(item_id, None) for item_id in ids) if row is not None]

    def living(self) -> tuple[list[str], list[int]]:
        """Ids and rows that are alive, in row order."""
        rows = sorted(self._row_of.values())
        return [self.ids[row] for row in rows], rows

    def snapshot(self, matrix: Matrix) -> Snapshot:
        return Snapshot(matrix, self.ids, np.array(self.dead, dtype=np.intp))
