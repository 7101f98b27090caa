"""Which parts of a huge text are read at all.

Shortening reads a few hundred thousand characters however long the text is: its beginning, its
end, and the places in between where a word of the query or a failure stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from contextkit.rank.terms import terms
from contextkit.types import Span

_READ: Final = 400_000
"""Characters read in any case: about 100,000 tokens, more than most shortened forms may have."""

_READ_PER_TOKEN: Final = 12
"""Characters read for each token that may be kept, where that is more."""

_WINDOW: Final = 4_000
"""Characters read around one find."""

_FINDS: Final = 4
"""Finds read from the front, and as many from the back, for each thing looked for."""

_NEEDLES: Final = 12
"""Query terms looked for, the longest (which tend to be the rarest) first."""

_FAILURES: Final = ("traceback", "error", "exception", "fatal", "panic", "错误", "失败", "异常", "エラー", "lỗi")

_REACH: Final = 2_000
"""How far a part may be widened to begin and end with a line."""


def parts(text: str, limit: int, query: str = "") -> list[Span]:
    """Non-overlapping spans of the text that are worth reading, in order; the whole where it is not huge."""
    most = max(_READ, limit * _READ_PER_TOKEN)
    if len(text) <= most:
        return [(0, len(text))]
    third = most // 3
    found = [(at - _WINDOW // 2, at + _WINDOW // 2) for at in _finds(text, query)]
    wanted = [(0, third), *found[: max(third // _WINDOW, 1)], (len(text) - third, len(text))]
    return _merged(_whole_lines(text, span) for span in wanted)


def _finds(text: str, query: str) -> Iterator[int]:
    """Positions of the query's terms and of failures, those of each thing looked for in turn."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text  # a few letters have a longer lower case; positions matter more than they do
    sought = sorted(dict.fromkeys(terms(query)), key=len, reverse=True)[:_NEEDLES]
    for needle in (*sought, *_FAILURES):
        yield from _ends(lowered, needle)


def _ends(text: str, needle: str) -> list[int]:
    """The first and the last few places where the needle stands, at least a window apart."""
    front: list[int] = []
    at = text.find(needle)
    while at >= 0 and len(front) < _FINDS:
        front.append(at)
        at = text.find(needle, at + _WINDOW)
    back: list[int] = []
    while at >= 0 and len(back) < _FINDS:
        at = text.rfind(needle, front[-1] + _WINDOW, back[-1] - _WINDOW if back else len(text))
        back += [at] if at >= 0 else []
    return front + back


_LINE_END: Final = re.compile(r"\n")


def _whole_lines(text: str, span: Span) -> Span:
    start, end = max(span[0], 0), min(span[1], len(text))
    if start:
        before = text.rfind("\n", max(start - _REACH, 0), start)
        start = before + 1 if before >= 0 else start
    if end < len(text):
        after = _LINE_END.search(text, end - 1, min(end + _REACH, len(text)))
        end = after.end() if after else end
    return start, end


def _merged(spans: Iterator[Span]) -> list[Span]:
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        elif start < end:
            out.append((start, end))
    return out
