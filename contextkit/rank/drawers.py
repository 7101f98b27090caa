"""Drawers: the postings of a few terms each, in as few bytes as they take.

A question reads a drawer of each segment for each of its words, and most drawers hold some ten postings: what
tells columns apart, and what a compressor needs before it gains anything, would be half of one. So these are
bits. In how many documents a term stands is in gamma codes, and so is where it does so more than once; the
distances between its documents are in Rice's code, of the width that so many among all documents make likely.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.bits import BitReader, BitWriter, Numbers, bit_lengths, ranges, sums
from contextkit.rank.packed import Packed

_LEVEL: Final = 9


def drawers(terms: Sequence[bytes], postings: Packed, sizes: Numbers, documents: int) -> list[bytes]:
    """Terms, none with a line break, and their postings in so many documents, in drawers of so many terms each."""
    frequencies = postings.frequencies.astype(np.int64)
    held = sums(frequencies, sizes)
    repeated = postings.counts > 1
    several = sums(repeated, held)
    width = max(documents.bit_length() - 1, 0)
    writer = BitWriter()
    writer.gamma(frequencies - 1, sizes)
    writer.rice(_gaps(postings.documents, frequencies), _widths(np.full_like(frequencies, width), frequencies), held)
    writer.gamma(several, np.ones_like(several))
    writer.gamma(_gaps(ranges(np.zeros_like(held), held)[repeated], several), several)
    writer.gamma(postings.counts[repeated].astype(np.int64) - 2, several)
    ends = np.cumsum(sizes)
    names = [_deflated(terms[end - size : end]) for end, size in zip(ends.tolist(), sizes.tolist(), strict=True)]
    return [name + bytes([width]) + bits for name, bits in zip(names, writer.strings(), strict=True)]


def opened_drawers(stored: Sequence[bytes]) -> tuple[list[bytes], Packed]:
    """The terms of all these drawers, in turn, and their postings. Bytes that were never written raise anything."""
    opened = [_inflated(data) for data in stored]
    sizes = np.array([len(names) for names, _ in opened], np.int64)
    widths = np.repeat(np.array([rest[0] for _, rest in opened], np.int64), sizes)
    reader = BitReader([rest[1:] for _, rest in opened])
    frequencies = reader.gamma(sizes) + 1
    held = sums(frequencies, sizes)
    documents = _of_gaps(reader.rice(_widths(widths, frequencies), held), frequencies)
    several = reader.gamma(np.ones_like(sizes))
    places = _of_gaps(reader.gamma(several), several) + np.repeat(np.cumsum(held) - held, several)
    counts = np.ones(len(documents), np.uint32)
    counts[places] = reader.gamma(several) + 2
    starts = np.zeros(len(frequencies) + 1, np.uint32)
    np.cumsum(frequencies, out=starts[1:])
    return [term for names, _ in opened for term in names], Packed(starts, documents.astype(np.uint32), counts)


def _deflated(terms: Sequence[bytes]) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(b"".join(term + b"\n" for term in terms)) + packer.flush()


def _inflated(data: bytes) -> tuple[list[bytes], bytes]:
    """The terms that a drawer begins with, and the rest of it."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    terms = unpacker.decompress(data).split(b"\n")[:-1]
    return terms, unpacker.unused_data


def _widths(most: Numbers, frequencies: Numbers) -> Numbers:
    """About how many bits each posting's distance takes: `most` for a term, less the more documents it stands in."""
    return np.repeat(np.maximum(most - bit_lengths(frequencies), 0), frequencies)


def _gaps(numbers: NDArray[Any], counts: Numbers) -> Numbers:
    """Of ascending numbers, so many that belong together: how many are passed over before each, from 0 or the one
    before on."""
    ascending: Numbers = numbers.astype(np.int64)
    gaps = np.diff(ascending, prepend=-1) - 1
    first = (np.cumsum(counts) - counts)[counts > 0]
    gaps[first] = ascending[first]
    return gaps


def _of_gaps(gaps: Numbers, counts: Numbers) -> Numbers:
    """The numbers that have these gaps."""
    walked = np.cumsum(gaps + 1)
    first = (np.cumsum(counts) - counts)[counts > 0]
    numbers: Numbers = walked - np.repeat(walked[first] - gaps[first], counts[counts > 0])
    return numbers
