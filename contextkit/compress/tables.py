"""Tables in Markdown, CSV or TSV, shortened by choosing rows: the header, and what bears on the query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from contextkit.compress.asked import Asked, weights
from contextkit.compress.lines import lines, lines_left_out
from contextkit.compress.pieces import Outline, Piece
from contextkit.compress.sample import Span

RULE: Final = re.compile(r"\s*\|?[\s:|-]*-{2,}[\s:|-]*\n?$")
"""The line under the header of a Markdown table."""

_HEADER_WORTH: Final = 50.0
_FIRST_ROW: Final = 0.8
_LAST_ROW: Final = 0.6
_ROW: Final = 0.2


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The rows of the spans and what they are worth; everything down to the rule is header."""
    found = list(lines(text, spans, longest))
    wanted = Asked(query)
    about = [wanted.found(text[start:end]) for start, end in found]
    asked = weights(about)
    header = _header_rows([text[start:end] for start, end in found[:_LOOKED_AT]])
    pieces = [Piece(start, end, about[n], _place(n, len(found), header)) for n, (start, end) in enumerate(found)]
    return Outline(text, pieces, asked, partial(lines_left_out, unit="row"))


_LOOKED_AT: Final = 20
"""Lines at the start among which the rule under a header is looked for."""


def _header_rows(first: Sequence[str]) -> int:
    ruled = [n for n, line in enumerate(first) if RULE.match(line) and "|" in line]
    return ruled[0] + 1 if ruled else 1


def _place(n: int, count: int, header: int) -> float:
    if n < header:
        return _HEADER_WORTH
    if n == header:
        return _FIRST_ROW
    return _LAST_ROW if n == count - 1 else _ROW
