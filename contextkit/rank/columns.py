"""Columns: whole numbers as bytes that compress well.

Counts, distances and lengths are small: of their bytes the upper ones are nearly always 0. Set
apart, byte by byte, those cost next to nothing once they are compressed, and where all of them are
0 they are left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray


def column(values: NDArray[Any]) -> bytes:
    """How many bytes the largest number has; then the lowest bytes of all numbers, their second bytes, and so on."""
    size = values.dtype.itemsize
    little = values.astype(values.dtype.newbyteorder("<")).view(f"<u{size}")
    width = (int(little.max(initial=0)).bit_length() + 7) // 8
    return bytes([width]) + little.view(np.uint8).reshape(-1, size)[:, :width].T.tobytes()


_LEVEL: Final = 9


def deflated(columns: Iterable[NDArray[Any]]) -> bytes:
    """Columns, compressed each by itself: what is alike in one is not in another."""
    packed = []
    for values in columns:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed.append(packer.compress(column(values)) + packer.flush())
    return b"".join(packed)


def inflated(data: bytes, count: int, kinds: Iterable[DTypeLike]) -> Iterator[tuple[NDArray[Any], bytes]]:
    """Each column that `deflated` wrote, so many numbers of its kind, and what follows it."""
    for kind in kinds:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        values = Columns(unpacker.decompress(data), 0).next(count, kind)
        data = unpacker.unused_data
        yield values, data


class Columns:
    """Reads one column after another from where they begin."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._start = start

    def next(self, count: int, kind: DTypeLike = np.uint32) -> NDArray[Any]:
        """The next column: so many numbers of that kind."""
        dtype, width = np.dtype(kind), self._data[self._start]
        planes = np.frombuffer(self._data, np.uint8, count * width, self._start + 1)
        self._start += 1 + planes.size
        rows = np.zeros((count, dtype.itemsize), np.uint8)
        rows[:, :width] = planes.reshape(width, count).T
        return rows.view(dtype.newbyteorder("<")).reshape(count).astype(dtype, copy=False)

    @property
    def rest(self) -> bytes:
        """What follows the columns that were read."""
        return self._data[self._start :]
