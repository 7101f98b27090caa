"""What programs say of their options, shortened by choosing options.

An option stands with all that is said of it, under its heading. That it speaks of errors tells of none; what a program
says of a wrong use, beside its options, does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from contextkit.compress.asked import bearing
from contextkit.compress.failures import FAILED
from contextkit.compress.lines import in_parts, lines, lines_left_out
from contextkit.compress.pieces import Outline, Piece
from contextkit.types import Span

_OPTION: Final = re.compile(r"\s*--?[\w?#][\w-]*(?:[\s=,\[<]|$)")
_USAGE: Final = re.compile(r"\s*usage:", re.IGNORECASE)

_LOOKED_AT: Final = 20
"""Lines at the start among which the usage is told."""

_SOME: Final = 0.15
_MOST: Final = 0.5

_USAGE_WORTH: Final = 3.0
_WRONG_USE_WORTH: Final = 4.0
_WORTH: Final = (0.2, 0.1)
"""Any other entry, from the first to the last: those that fill what room there is stand together then."""

_OF_HEADING: Final = 0.3
"""Share of what a heading is worth for the query that each option under it gets."""


def is_usage(some: Sequence[str]) -> bool:
    """Whether these lines, none of them blank, list options; where the usage is told, a few suffice."""
    least = _SOME if any(_USAGE.match(line) for line in some[:_LOOKED_AT]) else _MOST
    return sum(1 for line in some if _OPTION.match(line)) >= least * len(some)


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The entries of the spans and what they are worth."""
    found, above = _under_headings(text, spans, longest)
    bodies = [text[start:end] for start, end in found]
    asked = bearing(bodies, query)
    heads = {index for each in above for index in each}
    pieces: list[Piece] = []
    for n, body in enumerate(bodies):
        own = _own_worth(body, n / len(bodies))
        lent = sum(asked.direct[index] * _OF_HEADING for index in above[n])
        worth = own + lent if body.strip() and n not in heads else 0.0
        pieces.append(Piece(*found[n], asked.about[n], worth, above[n]))
    return Outline(text, pieces, asked.weights, lines_left_out)


def _own_worth(body: str, place: float) -> float:
    if _USAGE.match(body):
        return _USAGE_WORTH
    if not body[0].isspace() and not _OPTION.match(body) and FAILED.search(body):
        return _WRONG_USE_WORTH
    return _WORTH[0] + (_WORTH[1] - _WORTH[0]) * place


def _under_headings(text: str, spans: Sequence[Span], longest: int) -> tuple[list[Span], list[tuple[int, ...]]]:
    """The entries, long ones in parts, and what each is never shown without: its heading, and its first part."""
    found: list[Span] = []
    above: list[tuple[int, ...]] = []
    heading: tuple[int, ...] = ()
    for start, end in (entry for span in spans for entry in _entries(text, span)):
        first = len(found)
        if _is_heading(text[start:end]):
            heading = ()
        for piece in in_parts(text, start, end, longest):
            above.append(heading if len(found) == first else (*heading, first))
            found.append(piece)
        if _is_heading(text[start:end]):
            heading = (first,)
    return found, above


def _is_heading(body: str) -> bool:
    return body.rstrip().endswith(":") and not _OPTION.match(body) and "\n" not in body.strip()


def _entries(text: str, span: Span) -> Iterator[Span]:
    """Each option, and whatever else is said, with the lines that go on further to the right, and blank ones."""
    start, begun = span[0], False
    option, column = False, 0
    for begin, end in lines(text, [span], span[1] - span[0]):
        line = text[begin:end]
        if not line.strip():
            continue
        indent, here = len(line) - len(line.lstrip()), _OPTION.match(line) is not None
        if begun and not (not here and indent > column + _FURTHER * (not option)):
            yield start, begin
            start, begun = begin, False
        if not begun:
            option, column, begun = here or _USAGE.match(line) is not None, indent, True
    if start < span[1]:
        yield start, span[1]


_FURTHER: Final = 8
"""Columns by which what is said of a command goes on to the right of it; commands under a heading stand nearer."""
