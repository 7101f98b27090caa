"""Tables in Markdown, CSV or TSV, shortened by choosing rows: the header, what bears on the query, what failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from contextkit.compress.asked import Asked, weights
from contextkit.compress.lines import lines, lines_left_out
from contextkit.compress.pieces import Outline, Piece
from contextkit.compress.sample import Span
from contextkit.compress.structured import FAILED

_RULE: Final = re.compile(r"(?=[\s:|+]*?[-=])[\s:|+=-]++$")

_HEADER_WORTH: Final = 50.0
_FIRST_ROW: Final = 0.8
_LAST_ROW: Final = 0.6
_ROW: Final = 0.2
_FAILED_ROW: Final = 1.5
"""A row that tells of a failure, among rows most of which tell of none."""


def is_rule(line: str) -> bool:
    """Whether a line is the one under the header of a table in Markdown, or as databases draw it."""
    return ("|" in line or "+" in line) and _RULE.match(line) is not None


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The rows of the spans and what they are worth; everything down to the rule is header."""
    found = list(lines(text, spans, longest))
    wanted = Asked(query)
    about = [wanted.found(text[start:end]) for start, end in found]
    asked = weights(about)
    header = _header_rows([text[start:end] for start, end in found[:_LOOKED_AT]])
    failed = [n >= header and FAILED.search(text[start:end]) is not None for n, (start, end) in enumerate(found)]
    rare = 1 - sum(failed) / len(found) if found else 0.0
    pieces = [
        Piece(start, end, about[n], _place(n, len(found), header) + _FAILED_ROW * rare * failed[n])
        for n, (start, end) in enumerate(found)
    ]
    return Outline(text, pieces, asked, partial(lines_left_out, unit="row"))


_LOOKED_AT: Final = 20
"""Lines at the start among which the rule under a header is looked for."""


def _header_rows(first: Sequence[str]) -> int:
    """How many rows at the start are header: down to the rule, or the second where one stands above."""
    ruled = [n for n, line in enumerate(first) if is_rule(line)]
    if not ruled:
        return 1
    return ruled[1] + 1 if ruled[0] == 0 and len(ruled) > 1 else ruled[0] + 1


def _place(n: int, count: int, header: int) -> float:
    if n < header:
        return _HEADER_WORTH
    if n == header:
        return _FIRST_ROW
    return _LAST_ROW if n == count - 1 else _ROW
