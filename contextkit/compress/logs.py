"""Logs and tool output, shortened by choosing lines.

Kept first: errors with what stands around them, lines that bear on the query, the beginning and
(more so) the end. Lines that differ only in their numbers, ids and times are one kind of line;
after the first of a kind the others are worth less and less, and a gap of nothing but more of
the same says so.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Final

from contextkit.compress.asked import bearing
from contextkit.compress.failures import FOREIGN_SIGNS, FOREIGN_WORDS, failed_status, is_likely
from contextkit.compress.lines import lines, lines_left_out, spread
from contextkit.compress.pieces import Outline, Piece
from contextkit.types import Span

_ERROR: Final = re.compile(
    r"\b(?:errors?|fatal|panic(?:ked)?|critical|exceptions?|fail(?:ed|ure|ures|s)?|abort(?:ed)?|traceback|segfault"
    rf"|denied|refused|unauthori[sz]ed|killed|oom|crash(?:ed)?|caused by|assert\w*|{FOREIGN_WORDS})\b"
    rf"|\w(?:Error|Exception)\b|✗|❌|{FOREIGN_SIGNS}",
    re.IGNORECASE,
)
_MAY_ERR: Final = re.compile(
    "error|fatal|panic|critical|exception|fail|abort|traceback|segfault|denied|refused|unauthori|killed|oom|crash"
    f"|caused by|assert|{FOREIGN_WORDS}"
)
_MAY_WARN: Final = re.compile("warn|timed? ?out|retry|deprecat|slow")
"""Quicker looks that find in ASCII text all that `_ERROR` and `_WARNING` do, and more."""

_HARMLESS: Final = re.compile(
    r"\b(?:0|no|without|zero)\s+(?:errors?|fail\w*|exceptions?)|errors?\s*[=:]\s*0\b", re.IGNORECASE
)
_WARNING: Final = re.compile(
    r"\b(?:warn(?:ing|ings)?|timed? ?out|timeout|retry(?:ing)?|deprecat\w+|slow)\b", re.IGNORECASE
)
_FRAME: Final = re.compile(r"\s+(?:File \"|at [\w.$<]+|\.\.\. \d+ more|[~^]+\s*$)")
_RAISED: Final = re.compile(r"[\w.]*(?:Error|Exception|Interrupt|Exit)\b(?::|\s*$)|Caused by:")

_ERROR_WORTH: Final = 4.0
_RAISED_WORTH: Final = 5.0
_WARNING_WORTH: Final = 1.5
_KIND_WORTH: Final = 1.0
_HEAD: Final = (2.2, 4)
_TAIL: Final = (2.4, 12)
"""Worth of the first and last line, and over how many lines it fades. The end of an output says how it ended."""

_AROUND: Final = (2, 3, 0.3)
"""Lines before and after an error or a find, and the share of its worth they get."""

_VARIABLE: Final = re.compile(r"\b[^\W\d]*\d\w*")
"""A word with a digit in it: a number, an id, a time."""

_SIGNED: Final = 240
"""Characters of a line that decide its kind."""


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The lines of the spans and what they are worth; one of more than `longest` characters is in parts."""
    found = list(lines(text, spans, longest))
    bodies = [text[start:end] for start, end in found]
    failed = [failed_status(body[:_SIGNED]) for body in bodies]
    kinds = [_kind(body[:_SIGNED], status) for body, status in zip(bodies, failed, strict=True)]
    asked = bearing(bodies, query)
    levels = _levels(bodies, kinds, failed)
    lent = spread(list(map(max, asked.direct, levels)), *_AROUND)
    pieces: list[Piece] = []
    for n, (start, end) in enumerate(found):
        if (n and bodies[n] == bodies[n - 1]) or not bodies[n].strip():
            pieces.append(Piece(start, end))
        else:
            pieces.append(Piece(start, end, (*asked.about[n], kinds[n]), _place(n, len(found)) + lent[n]))
    return Outline(text, pieces, _worth_of_kinds(kinds, levels) | asked.weights, partial(_left_out, found, kinds))


def kind_of_line(line: str) -> str:
    """The line with its numbers, ids and times blanked; marked so that no word is mistaken for it."""
    return "\n" + _VARIABLE.sub("#", line.strip())


def _kind(line: str, status: str) -> str:
    """The same, with what tells a request that failed from one like it, whose status is another number."""
    return f"{kind_of_line(line)}\n{status}" if status else kind_of_line(line)


def _levels(found: Sequence[str], kinds: Sequence[str], failed: Sequence[str]) -> list[float]:
    """What each line is worth for the failure it tells of; lines of one kind tell of the same, or of none."""
    known: dict[str, float] = {}
    for line, kind, status in zip(found, kinds, failed, strict=True):
        if kind not in known:
            known[kind] = _level(line, status)
    return [
        0.0 if known[kind] and _HARMLESS.search(line) else known[kind] for line, kind in zip(found, kinds, strict=True)
    ]


def _level(line: str, status: str) -> float:
    if _FRAME.match(line):
        return 0.0
    if _RAISED.match(line):
        return _RAISED_WORTH
    if (is_likely(_MAY_ERR, line) and _ERROR.search(line)) or status.startswith("5"):
        return _ERROR_WORTH
    return _WARNING_WORTH if status or (is_likely(_MAY_WARN, line) and _WARNING.search(line)) else 0.0


def _worth_of_kinds(kinds: Sequence[str], levels: Sequence[float]) -> dict[str, float]:
    """A kind of line is worth its level, and more the rarer it is."""
    common = Counter(kinds)
    worth: dict[str, float] = {}
    for kind, level in zip(kinds, levels, strict=True):
        own = _KIND_WORTH / common[kind] ** 0.5 + level if len(kind) > 1 else 0.0
        worth[kind] = max(worth.get(kind, 0.0), own)
    return worth


def _place(n: int, count: int) -> float:
    head = _HEAD[0] * max(0.0, 1 - n / _HEAD[1])
    tail = _TAIL[0] * max(0.0, 1 - (count - 1 - n) / _TAIL[1])
    return head + tail


def _left_out(found: Sequence[Span], kinds: Sequence[str], text: str, start: int, end: int) -> str:
    """The mark for lines left out, which says so where they are the line above again, or like it."""
    mark = lines_left_out(text, start, end)
    first, last = bisect_left(found, (start,)), bisect_left(found, (end,))
    if first == 0 or last == first or found[last - 1][1] != end or found[first - 1][1] != start:
        return mark
    above = kinds[first - 1]
    if len(above) == 1 or any(kind != above for kind in kinds[first:last]):
        return mark
    if all(text[slice(*found[n])].strip() == text[slice(*found[first - 1])].strip() for n in range(first, last)):
        return mark.replace("lines left out", "more times the same line").replace(
            "line left out", "more time the same line"
        )
    return mark.replace(" left out", " like it left out")
