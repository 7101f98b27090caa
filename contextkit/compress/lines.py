"""Lines: what logs, code and tables are cut into."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from contextkit.types import Span


def lines(text: str, spans: Sequence[Span], longest: int) -> Iterator[Span]:
    """The lines of the spans with their line ends, long ones in parts of about `longest` characters."""
    for start, end in spans:
        while start < end:
            stop = text.find("\n", start, end) + 1 or end
            yield from in_parts(text, start, stop, longest)
            start = stop


_BREAKS: Final = re.compile(r"[\s,;:，；、(){}\[\]]+")


def in_parts(text: str, start: int, end: int, longest: int) -> Iterator[Span]:
    """A stretch cut where words end, where it is too long to be kept or left out as one."""
    while end - start > longest:
        cut = start + longest
        for match in _BREAKS.finditer(text, start + longest // 2, cut):
            cut = match.end()
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def spread(values: Sequence[float], before: int, after: int, share: float) -> list[float]:
    """What lines lend to so many lines before and after them: the most that any of them lends, less with distance."""
    lent = [0.0] * len(values)
    for n, value in enumerate(values):
        if value <= 0:
            continue
        for step in range(1, before + 1):
            if n - step >= 0:
                lent[n - step] = max(lent[n - step], value * share / step)
        for step in range(1, after + 1):
            if n + step < len(values):
                lent[n + step] = max(lent[n + step], value * share / step)
    return lent


def lines_left_out(text: str, start: int, end: int, unit: str = "line") -> str:
    """The mark for lines left out between two positions, indented as the first of them was.

    Where a line is left out in part, it is characters that are counted.
    """
    if (start and text[start - 1] != "\n") or (end < len(text) and text[end - 1] != "\n"):
        newline = "\n" if text[end - 1] == "\n" else ""
        return f"[… {end - start - len(newline):,} characters left out …]{newline}"
    count = text.count("\n", start, end) + (text[end - 1] != "\n")
    first = text[start : start + _INDENT].split("\n", 1)[0]
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return f"{indent}[… {count:,} {unit}{'s' * (count != 1)} left out …]\n"


_INDENT: Final = 40
"""Characters of indentation that are copied."""
