"""Sizes: about how many tokens messages have, in few bits, for who knows how many terms they have.

Their terms tell most of it; what is left is rounded, and mostly takes a bit or three. The sizes decide how many
messages are looked at, and two tokens more or less decide nothing.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.bits import BitReader, BitWriter, Numbers

STEP: Final = 5
"""Tokens to which what the terms do not tell is rounded: a size is two more or less at the most, none becomes 0, and as
the step is odd, many together are neither more nor less."""

_USUAL: Final = 99
"""Per cent of the sizes, the smallest, by which the others are foretold: a picture has few terms and many tokens."""

_SCALE: Final = 256
_STEEPEST: Final = 1 << 15
_LINE: Final = struct.Struct("<iq")
"""Tokens for each term, and for none, both in 256ths."""


def sizes(tokens: NDArray[Any], lengths: NDArray[Any]) -> bytes:
    """The sizes of messages that have so many terms each."""
    wide, terms = tokens.astype(np.int64), lengths.astype(np.int64)
    line = _line(wide, terms)
    steps = np.floor_divide(wide - _foretold(line, terms) + STEP // 2, STEP)
    writer = BitWriter()
    writer.gamma(np.where(steps < 0, -2 * steps - 1, 2 * steps), np.array([len(steps)]))
    return _LINE.pack(*line) + b"".join(writer.strings())


def sizes_of(data: bytes, lengths: NDArray[Any]) -> Numbers:
    """About what `sizes` was given. Of bytes that were never written, what it raises is open."""
    terms = lengths.astype(np.int64)
    folded = BitReader([data[_LINE.size :]]).gamma(np.array([len(terms)]))
    steps = np.where(folded % 2, -(folded + 1) // 2, folded // 2)
    found: Numbers = np.maximum(_foretold(_LINE.unpack_from(data), terms) + STEP * steps, 1)
    return found


def _line(tokens: Numbers, terms: Numbers) -> tuple[int, int]:
    """By how many terms a usual message has, how many tokens (least squares)."""
    usual = tokens <= np.percentile(tokens, _USUAL) if len(tokens) else tokens > 0
    if not usual.any():
        return 0, 0
    size, length = tokens[usual].astype(np.float64), terms[usual].astype(np.float64)
    apart = length - length.mean()
    slope = float(apart @ size / (apart @ apart)) if apart.any() else 0.0
    slope = min(max(slope, -_STEEPEST / _SCALE), _STEEPEST / _SCALE)
    return round(slope * _SCALE), round((size.mean() - slope * length.mean()) * _SCALE)


def _foretold(line: tuple[int, int], terms: Numbers) -> Numbers:
    return (terms * line[0] + line[1]) // _SCALE
