"""Stretches: where a long text may be cut, so that each part of it is found, and stands, by itself."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from contextkit.rank.passages import INDEXED, LONG, MOST_PASSAGES
from contextkit.types import Span

STRETCH: Final = 800
"""Characters of a stretch, which are about 180 tokens: a few paragraphs.

Chosen on single sentences of manuals and turns of LoCoMo that were asked for in whole pages, six sets of 60 questions.
With 400, 600 and 800, 86, 84 and 85% of them stand within 24,000 tokens under `agent`, and 91, 92 and 93% within 8,000
under `rag`: it hardly matters, and longer ones read better.
"""

_ENDS: Final = (
    re.compile(r"\n(?=#{1,6} )"),
    re.compile(r"\n(?:[^\S\n]*\n)+"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?])\s+|(?<=[。！？])"),
    re.compile(r"\s+"),
)
"""Where a stretch best ends: before a heading, else with a paragraph, a line, a sentence, a word."""

_FENCE: Final = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
"""Begins or ends a block of code."""


def stretches(text: str) -> list[Span]:
    """The stretches of a long text, in order; of a shorter one all of it.

    Of a huge text only its beginning and its end are read.
    """
    if len(text) <= LONG:
        return [(0, len(text))]
    size = max(STRETCH, -(-min(len(text), INDEXED) // MOST_PASSAGES))
    if len(text) <= INDEXED:
        return list(_Cutter(text).cut(0, len(text), size))
    half, cutter = INDEXED // 2, _Cutter(text)
    return [*cutter.cut(0, half, size), *cutter.cut(len(text) - half, len(text), size)]


class _Cutter:
    """Cuts a text, and no block of code in two where it can end elsewhere."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._fences = [match.start() for match in _FENCE.finditer(text)]

    def cut(self, start: int, stop: int, size: int) -> Iterator[Span]:
        """Stretches of about `size` characters, none of more than twice as many, and the last none of few."""
        while start < stop:
            end = stop if stop - start < 2 * size else self._end(start + size, start + 2 * size)
            yield start, end
            start = end

    def _end(self, first: int, last: int) -> int:
        """Where a stretch best ends between two positions; at the first where nothing ends."""
        ends = [match.end() for pattern in _ENDS for match in pattern.finditer(self._text, first, last)]
        return next((end for end in ends if not self._in_code(end)), ends[0] if ends else first)

    def _in_code(self, position: int) -> bool:
        return bisect_left(self._fences, position) % 2 == 1
