"""Finding the richest draft that fits, with few counts.

Counting tokens is what shortening costs, so drafts are compared by their size in bytes, which
is cheap, and only the one that should just fit is counted. Its count says how many bytes a
token takes in this text, which makes the next guess a good one. What is returned was counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contextkit.types import TokenCounter

_BYTES_PER_TOKEN: Final = 4.0
"""The first guess; in o200k_base English takes 4.4, JSON 3.1 to 3.4, Chinese 3.4."""

_PROBES: Final = 12
"""Counts before settling for the best so far; three or four do for most texts."""

_CLOSE: Final = 0.97
"""A draft that uses this share of the limit is not improved on."""


def byte_size(text: str) -> int:
    """Bytes in UTF-8 (a lone surrogate takes three)."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def fits(text: str, limit: int, counter: TokenCounter) -> bool:
    """Whether a text counts at most `limit` tokens, found without counting much more than that."""
    part = max(_LEAST_SLICE, min(_SLICE, limit * _LONG_TOKEN))
    if len(text) <= part:
        return counter.text(text) <= limit
    enough = limit + limit // 20 + 64
    counted = 0
    for start in range(0, len(text), part):
        counted += counter.text(text[start : start + part])
        if counted > enough:
            return False
    return counter.text(text) <= limit


_SLICE: Final = 65_536
_LEAST_SLICE: Final = 4_096
"""Characters counted at a time while it is not known whether a text fits. A cut adds a token or two per slice."""

_LONG_TOKEN: Final = 8
"""Characters of a token that is longer than nearly all: a text of as many for each token of the limit hardly fits."""


def richest(
    draft: Callable[[int], str],
    size: Callable[[int], int],
    last: int,
    limit: int,
    counter: TokenCounter,
) -> tuple[int, str] | None:
    """The largest n in 0..last whose `draft(n)` counts at most `limit`, and that draft; None where none fits.

    `size(n)` is about the bytes of `draft(n)`. Both should grow with n; where they do not, the
    result still fits but a later draft might have fitted too.
    """
    low, high = -1, last + 1
    best: tuple[int, str] | None = None
    per_token = _BYTES_PER_TOKEN
    for probe in range(_PROBES):
        if high - low <= 1:
            break
        n = _guess(size, low, high, limit * per_token) if probe < _PROBES // 2 else (low + high) // 2
        text = draft(n)
        tokens = counter.text(text)
        if tokens:
            per_token = size(n) / tokens
        if tokens > limit:
            high = n
            continue
        low, best = n, (n, text)
        if tokens >= limit * _CLOSE:
            break
    return best


def _guess(size: Callable[[int], int], low: int, high: int, room: float) -> int:
    """The largest n strictly between whose size is within `room`, or the smallest there is."""
    step = 1
    while low + step < high and size(low + step) <= room:
        step *= 2
    fitting, failing = low + step // 2, min(low + step, high)
    while failing - fitting > 1 and (fitting <= low or size(fitting) < room * _CLOSE):
        middle = (fitting + failing) // 2
        if size(middle) <= room:
            fitting = middle
        else:
            failing = middle
    return max(fitting, low + 1)
