"""Bits: whole numbers one after another, each in as many bits as it needs, in many strings of bytes at once.

A number is a step, so many zeros and a one (unary), and a field of bits. How wide the field is, either the
reader knows (Rice's code) or the step tells (Elias's gamma code). The steps of several numbers stand before
their fields, so that no number has to be read before where the next one stands is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.int64]
"""Whole numbers; where they go into several strings, those of the first string come first."""

_Bits: TypeAlias = NDArray[np.uint8]


class BitWriter:
    """Writes numbers from 0 to 2³² into strings, of which each call names how many of them each one gets."""

    def __init__(self) -> None:
        self._written: list[tuple[_Bits, Numbers]] = []

    def gamma(self, numbers: Numbers, counts: Numbers) -> None:
        """Numbers of any size, of which most are small: 0 takes one bit, 1 and 2 three, 1,000 takes 19."""
        sizes = bit_lengths(numbers + 1) - 1
        self._steps(sizes, counts)
        self._fields(numbers + 1, sizes, counts)

    def rice(self, numbers: Numbers, widths: Numbers, counts: Numbers) -> None:
        """Numbers of which it is known how large they are about: each takes its width, and two bits on average."""
        self._steps(numbers >> widths, counts)
        self._fields(numbers, widths, counts)

    def strings(self) -> list[bytes]:
        """All that was written, each string of whole bytes."""
        lengths = np.array([length for _, length in self._written])
        sizes = -(-lengths.sum(axis=0) // 8)
        ends = np.cumsum(sizes)
        places = 8 * (ends - sizes) + np.cumsum(lengths, axis=0) - lengths
        bits = np.zeros(8 * sizes.sum(), np.uint8)
        for (written, length), begun in zip(self._written, places, strict=True):
            bits[ranges(begun, length)] = written
        data = np.packbits(bits).tobytes()
        return [data[end - size : end] for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]

    def _steps(self, sizes: Numbers, counts: Numbers) -> None:
        ends = np.cumsum(sizes + 1)
        bits = np.zeros((sizes + 1).sum(), np.uint8)
        bits[ends - 1] = 1
        self._written.append((bits, sums(sizes + 1, counts)))

    def _fields(self, numbers: Numbers, widths: Numbers, counts: Numbers) -> None:
        bits = np.repeat(numbers, widths) >> _digits(widths) & 1
        self._written.append((bits.astype(np.uint8), sums(widths, counts)))


class BitReader:
    """Reads from strings what was written into them, by the same calls in the same order."""

    def __init__(self, strings: Sequence[bytes]) -> None:
        sizes = np.array([len(string) for string in strings], np.int64)
        self._bits = np.unpackbits(np.frombuffer(b"".join(strings), np.uint8))
        self._ones = np.flatnonzero(self._bits)
        self._at = 8 * (np.cumsum(sizes) - sizes)

    def gamma(self, counts: Numbers) -> Numbers:
        """The next numbers that `BitWriter.gamma` wrote, so many of each string."""
        sizes = self._steps(counts)
        return np.left_shift(1, sizes) + self._fields(sizes, counts) - 1

    def rice(self, widths: Numbers, counts: Numbers) -> Numbers:
        """The next numbers that `BitWriter.rice` wrote, of these widths, so many of each string."""
        return (self._steps(counts) << widths) + self._fields(widths, counts)

    def _steps(self, counts: Numbers) -> Numbers:
        ends = self._ones[ranges(np.searchsorted(self._ones, self._at), counts)]
        sizes = np.diff(ends, prepend=0) - 1
        some, last = counts > 0, np.cumsum(counts) - 1
        first = (last - counts + 1)[some]
        sizes[first] = ends[first] - self._at[some]
        self._at[some] = ends[last[some]] + 1
        return sizes

    def _fields(self, widths: Numbers, counts: Numbers) -> Numbers:
        lengths = sums(widths, counts)
        bits = self._bits[ranges(self._at, lengths)].astype(np.int64)
        self._at += lengths
        return sums(bits << _digits(widths), widths)


def bit_lengths(numbers: Numbers) -> Numbers:
    """How many binary digits each has; 0 has none."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)


def _digits(widths: Numbers) -> Numbers:
    """What each bit of fields of these widths stands for, as a power of two: of each field the highest comes first."""
    ends = np.cumsum(widths)
    return np.repeat(ends, widths) - np.arange(1, widths.sum() + 1)


def ranges(begun: Numbers, lengths: Numbers) -> Numbers:
    """So many numbers from each of these on."""
    ends = np.cumsum(lengths)
    return np.repeat(begun - ends + lengths, lengths) + np.arange(lengths.sum())


def sums(numbers: NDArray[Any], counts: Numbers) -> Numbers:
    """The sum of the first so many numbers, of the next so many, and so on."""
    total = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(numbers, out=total[1:])
    ends = np.cumsum(counts)
    summed: Numbers = total[ends] - total[ends - counts]
    return summed
