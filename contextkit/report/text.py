"""A report as plain text, and one item's story as a paragraph."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from contextkit.report.causes import TOLD, Cause, causes_at_hand
from contextkit.report.layout import (
    MARKS,
    OUTCOMES,
    Segment,
    billed,
    cells,
    dollars,
    duration,
    items_in_words,
    nothing_offered,
    offered,
    percent,
    printable,
    segments,
    spent,
    trouble,
)

if TYPE_CHECKING:
    from contextkit.report.records import Decision, SectionUse, SourceRun
    from contextkit.report.report import Report

_PLAIN_WIDTH: Final = 72

_SIGNS: Final = {"section": "█▓", "framing": "▒", "free": "·", "margin": "╱", "reserve": "╱"}

COLUMNS: Final = ("section", "used", "share", *OUTCOMES)


def explain(report: Report, decision: Decision) -> str:
    """What became of one item and why, as a paragraph."""
    return " ".join(sentence for sentence in _sentences(report, decision) if sentence)


def to_text(report: Report, items: int) -> str:
    """The report as plain text, at most 72 columns wide where names allow."""
    blocks = (
        heading(report),
        _plain_bar(report),
        "\n".join(_columns([COLUMNS, *map(section_row, offered(report))], "<>>>>>>")),
        nothing_offered(report),
        "\n".join(source_lines(report.sources)),
        "\n".join(f"! {notice.kind}: {notice.text}" for notice in report.notices),
        "\n".join(_less_than_whole(report, items)),
    )
    return printable("\n\n".join(block for block in blocks if block))


def _sentences(report: Report, decision: Decision) -> Iterator[str]:
    where = f"section {decision.section!r}" + (f", from {decision.source}" if decision.source else "")
    yield f"Item {decision.item_id!r} ({where}) was {decision.outcome}: {decision.reason.rstrip('. ')}."
    yield _cost(decision)
    yield _standing(report, decision)
    if decision.handle:
        yield f"Its full text can be read back under the handle {decision.handle}."


def _cost(decision: Decision) -> str:
    if not decision.shown:
        return f"Nothing of its {decision.full_tokens:,} tokens stands in the prompt."
    if decision.rung == "full":
        return f"It stands in the prompt in full, for {decision.tokens:,} tokens."
    form = "only its handle" if decision.rung == "handle" else "an extract of it"
    return f"In the prompt stands {form}, for {decision.tokens:,} of {decision.full_tokens:,} tokens."


def _standing(report: Report, decision: Decision) -> str:
    if decision.score is None:
        return ""
    peers = [other.score for other in report.decisions if other.section == decision.section and other.score is not None]
    rank = 1 + sum(score > decision.score for score in peers)
    return f"Its relevance of {decision.score:.3g} ranks {rank:,} of {len(peers):,} in its section."


def heading(report: Report) -> str:
    """The totals, in two lines, and in a third what took the time."""
    counting = "counted exactly" if report.exact else "estimated"
    facts = [
        f"strategy {report.strategy}",
        f"{counting} with {report.counter}",
        f"built in {duration(report.seconds)}",
        *([f"prompt {dollars(report.cost)}"] if report.cost is not None else []),
        *([f"storage {billed(report.charges)}"] if report.charges else []),
    ]
    totals = (
        f"{report.tokens:,} of {report.window:,} tokens ({percent(report.tokens, report.window)}); "
        f"{report.reserve:,} reserved for the answer, {report.free:,} free"
    )
    return "\n".join([totals, " · ".join(facts), *([f"of which {spent(report.steps)}"] if report.steps else [])])


def _plain_bar(report: Report) -> str:
    drawn = [stretch for stretch in bar(report, _PLAIN_WIDTH) if stretch[-1]]
    legend = textwrap.wrap("  ".join(f"{sign}\xa0{part.name}" for part, sign, _ in drawn), _PLAIN_WIDTH)
    return "\n".join(["".join(sign * count for _, sign, count in drawn), *legend]).replace("\xa0", " ")


def bar(report: Report, width: int) -> Iterator[tuple[Segment, str, int]]:
    """The window drawn `width` signs wide: each stretch with its sign, and how often. Neighbours' signs differ."""
    drawn, parts = 0, segments(report)
    for part, count in zip(parts, cells(parts, width), strict=True):
        signs = _SIGNS[part.kind]
        yield part, signs[drawn % len(signs)], count
        drawn += count > 0


def section_row(section: SectionUse) -> tuple[str, ...]:
    """The cells of one section, in the order of `COLUMNS`."""
    counts = (section.kept, section.shortened, section.moved, section.dropped)
    return (
        section.name,
        f"{section.used:,}",
        f"{section.share:,}",
        *(f"{count:,}" if count else "·" for count in counts),
    )


def source_lines(sources: Sequence[SourceRun]) -> list[str]:
    """A line for each source: its name, latency, items and status, and what went wrong with it."""
    return _columns([_source_row(source) for source in sources], "<>><")


def _source_row(source: SourceRun) -> tuple[str, ...]:
    return (
        source.name,
        duration(source.seconds),
        items_in_words(source.items),
        source.status,
        *([trouble(source)] if source.error else []),
    )


def _columns(rows: Sequence[Sequence[str]], align: str) -> list[str]:
    """Rows as columns, each aligned by its sign in `align` (`<` left, `>` right); longer rows end in free text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
    form = tuple(zip(align, widths, strict=False))
    return ["  ".join(_aligned(row, form)).rstrip() for row in rows]


def _aligned(row: Sequence[str], form: Sequence[tuple[str, int]]) -> list[str]:
    cells = [f"{cell:{sign}{width}}" for cell, (sign, width) in zip(row, form, strict=False)]
    return [*cells, *row[len(form) :]]


def _less_than_whole(report: Report, limit: int) -> Iterator[str]:
    """Why items are not in the prompt whole, and some of those that were read: shortened and moved first, by score."""
    less = sorted((d for d in report.at_hand or report.decisions if d.outcome != "kept"), key=_interest)
    count = max(len(less), sum(section.shortened + section.moved + section.dropped for section in report.sections))
    if limit <= 0 or not count:
        return
    yield f"not whole ({items_in_words(count)}), and why:"
    yield from _reasons(causes_at_hand(report))
    if not less:
        return
    yield "first among them:"
    yield from map(_item_line, islice(less, limit))
    if count > (named := min(limit, len(less))):
        yield f"  … and {count - named:,} more; report.why(id) tells about each"


def _reasons(causes: Sequence[Cause]) -> Iterator[str]:
    yield from (f"  {MARKS[cause.outcome]} {cause}" for cause in causes[:TOLD])
    if len(causes) > TOLD:
        yield f"  … and {len(causes) - TOLD:,} more reasons"


def _interest(decision: Decision) -> tuple[int, float]:
    return ("shortened", "moved", "dropped").index(decision.outcome), -(decision.score or 0.0)


def _item_line(decision: Decision) -> str:
    cost = f"{decision.tokens:,} of {decision.full_tokens:,}"
    handle = f" [{decision.handle}]" if decision.handle else ""
    mark = MARKS[decision.outcome]
    return f"  {mark} {decision.outcome:<9} {decision.item_id} ({decision.section}, {cost}){handle}"
