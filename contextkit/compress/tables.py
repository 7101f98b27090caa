"""Tables in Markdown, CSV or TSV, or aligned by spaces as programs print them, shortened by choosing rows.

The header stays, and of the rows those that bear on the query, those that tell of a failure, and
those with a value that is rare in a column whose values mostly repeat: of a hundred pods the one
that is not running.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from contextkit.compress.asked import Asked, weights
from contextkit.compress.failures import tells_of_failure
from contextkit.compress.lines import lines, lines_left_out
from contextkit.compress.pieces import GapMark, Outline, Piece
from contextkit.compress.rare import rare_values
from contextkit.types import Span

_RULE: Final = re.compile(r"(?=[\s:|+]*?[-=])[\s:|+=-]++$")

_HEADER_WORTH: Final = 50.0
_FIRST_ROW: Final = 0.8
_LAST_ROW: Final = 0.6
_ROW: Final = (0.2, 0.1)
"""Any other row, from the first to the last: those that fill what room there is stand together then."""

_FAILED_ROW: Final = 1.5
"""A row that tells of a failure, among rows most of which tell of none."""

_ODD_CELL: Final = 1.0
"""A value that few rows have, where most have one of a few others."""

_MOST: Final = 0.6
_NEARLY_ALL: Final = 0.9
_ALIGNED: Final = 0.8

_SAYS: Final = re.compile(r"[^\W_]|-{3}")
"""What a row has that says something, or rules off what does."""

_BAR: Final = re.compile(r"\|")
GAP: Final = re.compile(r"(?<=[^\s.!?:;,])(?: {2,}|\s*\t\s*)(?=\S)")
"""What stands between columns that are aligned: not what follows a sentence or a label."""

_EVEN: Final = ((re.compile(r"\t"), 1), (re.compile(";"), 2), (re.compile(","), 2))
"""Separators, and how often each stands in a row at the least."""


def is_rule(line: str) -> bool:
    """Whether a line is the one under the header of a table in Markdown, or as databases draw it."""
    return ("|" in line or "+" in line) and _RULE.match(line) is not None


def separated(some: Sequence[str]) -> re.Pattern[str] | None:
    """What separates the cells of these rows, each of which has it as often; None where they are no such table."""
    if any(map(is_rule, some[:_LOOKED_AT])):
        return _BAR if sum(1 for line in some if "|" in line) >= _MOST * len(some) else None
    return next((mark for mark, least in _EVEN if _are_even(some, mark, least)), None)


def aligned(some: Sequence[str]) -> bool:
    """Whether nearly all lines have gaps in them, as columns have that are aligned."""
    return sum(1 for line in some if GAP.search(line)) >= _ALIGNED * len(some)


def _are_even(some: Sequence[str], mark: re.Pattern[str], least: int) -> bool:
    """Whether nearly all lines have the separator as often as the first; quoted cells may hide a few."""
    columns = len(mark.findall(some[0]))
    same = sum(1 for line in some if len(mark.findall(line)) == columns)
    return columns >= least and same >= _NEARLY_ALL * len(some)


def outline(text: str, spans: Sequence[Span], query: str, longest: int, *, mark: re.Pattern[str]) -> Outline:
    """The rows of the spans, whose cells the mark separates, and what they are worth. To the rule, all is header."""
    found = list(lines(text, spans, longest))
    bodies = [text[start:end] for start, end in found]
    rows = Rows(found, bodies, [mark.split(body.strip()) for body in bodies], _header_rows(bodies[:_LOOKED_AT]))
    return rows.outline(text, query, partial(lines_left_out, unit="row"))


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of any kind: where each stands, what it reads, and its cells; the first `header` tell what these are."""

    spans: Sequence[Span]
    bodies: Sequence[str]
    cells: Sequence[Sequence[str]]
    header: int

    def outline(self, text: str, query: str, gap: GapMark) -> Outline:
        """The rows and what they are worth."""
        count, wanted = len(self.spans), Asked(query)
        about = [wanted.found(body) for body in self.bodies]
        failed = [n >= self.header and tells_of_failure(body) for n, body in enumerate(self.bodies)]
        rare = 1 - sum(failed) / count if count else 0.0
        odd = self._odd_cells()
        pieces = [
            Piece(start, end, (*about[n], *odd[n]), self._place(n) + _FAILED_ROW * rare * failed[n])
            if _SAYS.search(self.bodies[n])
            else Piece(start, end)
            for n, (start, end) in enumerate(self.spans)
        ]
        worth = weights(about) | dict.fromkeys((term for terms in odd for term in terms), _ODD_CELL)
        return Outline(text, pieces, worth, gap)

    def _odd_cells(self) -> list[list[str]]:
        """For each row its cells that are unlike those of others, marked so that no word is mistaken for one."""
        cells = [[cell.strip() for cell in row] if n >= self.header else [] for n, row in enumerate(self.cells)]
        width = max(Counter(map(len, cells)).items(), key=lambda item: item[1], default=(0, 0))[0]
        rare = [rare_values(column) for column in zip(*(row for row in cells if len(row) == width), strict=True)]
        return [
            [f"\n{n} {cell}" for n, cell in enumerate(row) if cell in rare[n]] if len(row) == width else []
            for row in cells
        ]

    def _place(self, n: int) -> float:
        if n < self.header:
            return _HEADER_WORTH
        if n == self.header:
            return _FIRST_ROW
        last = len(self.spans) - 1
        return _LAST_ROW if n == last else _ROW[0] + (_ROW[1] - _ROW[0]) * n / last


_LOOKED_AT: Final = 20
"""Lines at the start among which the rule under a header is looked for."""


def _header_rows(first: Sequence[str]) -> int:
    """How many rows at the start are header: down to the rule, or the second where one stands above."""
    ruled = [n for n, line in enumerate(first) if is_rule(line)]
    if not ruled:
        return 1
    return ruled[1] + 1 if ruled[0] == 0 and len(ruled) > 1 else ruled[0] + 1
