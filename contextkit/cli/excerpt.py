"""Excerpt: a long text as a few lines, with marks that say exactly how much is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

SLACK: Final = 24
"""Characters by which a line may be longer than asked, and a cut may come earlier: a mark is about as long."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an excerpt: text of the original, and what is said about it (`mark`), which is ours."""

    text: str
    mark: str = ""


def excerpt(text: str, lines: int, width: int) -> list[Line]:
    """At most `lines` lines of about `width` characters each: the beginning and the end, with marks between."""
    found = text.split("\n")
    if len(found) <= lines:
        return [_clipped(line, width) for line in found]
    tail = max(1, lines // 3) if lines > 2 else 0
    head = lines - tail
    left_out = found[head : len(found) - tail]
    size = sum(map(len, left_out)) + len(left_out)
    mark = Line("", f"⋯ {len(left_out):,} more lines, {size:,} characters ⋯")
    return [
        *(_clipped(line, width) for line in found[:head]),
        mark,
        *(_clipped(line, width) for line in found[len(found) - tail :]),
    ]


def block_excerpt(text: str, lines: int, width: int) -> list[Line]:
    """An excerpt of a block: every fenced section of it, `lines` lines of each between its fences."""
    return [line for section in _sections(text) for line in _section_excerpt(section, lines, width)]


def _section_excerpt(section: Sequence[str], lines: int, width: int) -> list[Line]:
    opening, *inside, closing = section
    return [Line(opening), *excerpt("\n".join(inside), lines, width), Line(closing)]


def _sections(text: str) -> Iterator[list[str]]:
    """The lines of each fenced section; inside one its fence cannot be forged, so the first closing one ends it."""
    section: list[str] = []
    for line in text.split("\n"):
        section.append(line)
        if len(section) > 1 and line == f"</{section[0].strip('<>')}>":
            yield section
            section = []


def _clipped(line: str, width: int) -> Line:
    if len(line) <= width + SLACK:
        return Line(line)
    cut = line.rfind(" ", width - SLACK, width)
    shown = line[: cut if cut > 0 else width]
    return Line(shown, f" … {len(line) - len(shown):,} more characters")
