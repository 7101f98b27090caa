"""A report on a terminal, in colour. Imports rich only when rich is already drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from contextkit.report.causes import TOLD, Cause, causes_at_hand
from contextkit.report.layout import MARKS, OUTCOMES, nothing_offered, offered, printable
from contextkit.report.text import COLUMNS, bar, heading, section_row, source_lines

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from contextkit.report.report import Report

_COLOURS: Final = ("blue", "green", "magenta", "cyan", "yellow", "red", "bright_blue", "bright_green", "bright_magenta")

_OUTCOME_COLOURS: Final = {"kept": "green", "shortened": "yellow", "moved": "blue", "dropped": "bright_black"}

_NARROW: Final = 64
"""Columns below which an outcome is headed by its sign alone."""

_STATUS_COLOURS: Final = {"ok": "green", "late": "yellow", "failed": "red", "skipped": "bright_black"}


def to_rich(report: Report, width: int) -> Iterator[RenderableType]:
    """The report as things rich can print, `width` columns wide."""
    from rich.text import Text

    yield Text.assemble((heading(report), "bold"), "\n")
    yield _bar(report, width)
    yield _sections(report, width)
    if nothing := nothing_offered(report):
        yield Text(printable(nothing), style="dim")
    if causes := causes_at_hand(report):
        yield Text("\nnot whole, and why", style="bold")
        yield _reasons(causes[:TOLD])
        yield Text()
    for source, line in zip(report.sources, source_lines(report.sources), strict=True):
        yield Text(printable(line), style=_STATUS_COLOURS[source.status])
    for notice in report.notices:
        yield Text.assemble(("! ", "yellow"), (f"{notice.kind}: ", "bold"), printable(notice.text))


def _bar(report: Report, width: int) -> Text:
    from rich.text import Text

    drawn, legend = Text(), Text()
    for index, (segment, sign, count) in enumerate(bar(report, width)):
        colour = _COLOURS[index % len(_COLOURS)] if segment.kind == "section" else "bright_black"
        drawn.append(sign * count, style=colour)
        if segment.tokens:
            legend.append(f"{sign} ", style=colour).append(f"{printable(segment.name)} {segment.tokens:,}   ")
    return Text("\n").join([drawn, legend, Text()])


def _reasons(causes: Sequence[Cause]) -> Table:
    from rich.table import Table
    from rich.text import Text

    lines = Table.grid(padding=(0, 1))
    for cause in causes:
        lines.add_row(Text(MARKS[cause.outcome], _OUTCOME_COLOURS[cause.outcome]), Text(printable(str(cause))))
    return lines


def _sections(report: Report, width: int) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("section", overflow="fold")
    for name in COLUMNS[1:]:
        title = MARKS[name] if name in OUTCOMES and width < _NARROW else name
        table.add_column(title, justify="right", style=_OUTCOME_COLOURS.get(name), no_wrap=True)
    for section in offered(report):
        table.add_row(*section_row(section))
    return table
