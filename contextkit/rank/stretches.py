"""Stretches: where a long text may be cut, so that each part of it is found, and stands, by itself."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from contextkit.rank.passages import INDEXED, MOST_PASSAGES
from contextkit.types import Span

STRETCH: Final = 400
"""Bytes of a stretch in UTF-8. It has up to twice as many, which are a paragraph or two: about 110 tokens.

Bytes, since a character of Chinese, Japanese or Korean is as many tokens as three of English.

Chosen on single sentences of manuals, asked for by their words, in other forms of these or by their headings, and on
turns of LoCoMo, all asked for in whole pages, six sets of 100 questions. With 300, 400, 500 and 800, 73, 73, 70 and
64% of them stand within 8,000 tokens under `agent`, 86, 87, 86 and 84% within 24,000, and 93, 94, 93 and 93% within
8,000 under `rag`, measured while a stretch was counted in characters and what stands already was not yet left out.
Of 400 and 300 the longer ones read better. No set was kept aside, so the gain is likely smaller on other texts.
"""

LONG: Final = 2_000
"""Bytes above which a text is cut."""

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
    cutter = _Cutter(text)
    if cutter.bytes_of(0, LONG + 1) <= LONG:
        return [(0, len(text))]
    if len(text) <= INDEXED:
        return list(cutter.cut(0, len(text), MOST_PASSAGES))
    half = INDEXED // 2
    ends = ((0, half), (len(text) - half, len(text)))
    return [span for start, stop in ends for span in cutter.cut(start, stop, MOST_PASSAGES // 2)]


class _Cutter:
    """Cuts a text, and no block of code in two where it can end elsewhere."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._fences = [match.start() for match in _FENCE.finditer(text)]

    def bytes_of(self, start: int, stop: int) -> int:
        """The bytes between two positions."""
        return len(_encoded(self._text[start:stop]))

    def cut(self, start: int, stop: int, most: int) -> Iterator[Span]:
        """Stretches of about as many bytes, none of more than twice as many, and the last none of few; so many at the
        most."""
        size = max(STRETCH, -(-self.bytes_of(start, stop) // most))
        while start < stop:
            first, last = self._after(start, size), self._after(start, 2 * size)
            end = stop if last >= stop else self._end(first, last)
            yield start, end
            start = end

    def _after(self, start: int, size: int) -> int:
        """The position behind so many bytes: one character at the least."""
        some = _encoded(self._text[start : start + size])
        return start + max(1, len(some[:size].decode("utf-8", "ignore")))

    def _end(self, first: int, last: int) -> int:
        """Where a stretch best ends between two positions; at the first where nothing ends."""
        ends = [match.end() for pattern in _ENDS for match in pattern.finditer(self._text, first, last)]
        return next((end for end in ends if not self._in_code(end)), ends[0] if ends else first)

    def _in_code(self, position: int) -> bool:
        return bisect_left(self._fences, position) % 2 == 1


def _encoded(text: str) -> bytes:
    """The text in UTF-8, with a mark of one byte for what cannot be written so."""
    return text.encode("utf-8", "replace")
