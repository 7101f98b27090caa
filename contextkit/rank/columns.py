"""Columns: whole numbers as bytes that compress well.

Counts, distances and lengths are small: of their bytes the upper ones are nearly always 0. Set
apart, byte by byte, those cost next to nothing once they are compressed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def column(values: NDArray[Any]) -> bytes:
    """The lowest bytes of all the numbers, then their second bytes, and so on."""
    little = values.astype(values.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, little.itemsize).T.tobytes()


class Columns:
    """Reads one column after another from where they begin."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._start = start

    def next(self, count: int, kind: DTypeLike = np.uint32) -> NDArray[Any]:
        """The next column: so many numbers of that kind."""
        dtype = np.dtype(kind)
        planes = np.frombuffer(self._data, np.uint8, count * dtype.itemsize, self._start)
        self._start += planes.size
        rows = np.ascontiguousarray(planes.reshape(dtype.itemsize, count).T)
        return rows.view(dtype.newbyteorder("<")).reshape(count).astype(dtype, copy=False)
