"""How a report is laid out, whatever draws it: the bar's segments and how numbers are written."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from contextkit.types import Outcome

if TYPE_CHECKING:
    from contextkit.charges import Charge
    from contextkit.report.records import Decision, SectionUse, SourceRun
    from contextkit.report.report import Report
    from contextkit.steps import Step

SegmentKind: TypeAlias = Literal["section", "framing", "margin", "reserve", "free"]

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

MARKS: dict[Outcome, str] = {"kept": "●", "shortened": "◐", "moved": "↗", "dropped": "○"}
"""A sign for each outcome, so that none is told by its colour alone."""

MEANINGS: dict[Outcome, str] = {
    "kept": "stands in full",
    "shortened": "an extract stands",
    "moved": "reads back by its handle",
    "dropped": "left out",
}
"""What each outcome means, in as few words as a legend has room for."""

_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of the bar that stands for the window."""

    kind: SegmentKind
    name: str
    tokens: int


def printable(text: str) -> str:
    """Text that cannot move the cursor, ring, or turn a line round: such characters become �."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def segments(report: Report) -> list[Segment]:
    """The whole window, in prompt order: sections, framing, then what is free and what is held back."""
    return [
        *(Segment("section", section.name, section.used) for section in report.sections),
        Segment("framing", "framing", max(0, report.framing)),
        Segment("free", "free", max(0, report.free)),
        Segment("margin", "margin", report.margin),
        Segment("reserve", "reserve", report.reserve),
    ]


def offered(report: Report) -> list[SectionUse]:
    """The sections that anything was offered for."""
    return [use for use in report.sections if use.used or use.kept or use.shortened or use.moved or use.dropped]


def nothing_offered(report: Report) -> str:
    """A sentence on the other sections, if there are any."""
    there = offered(report)
    names = [use.name for use in report.sections if use not in there]
    return f"Nothing was offered for: {', '.join(names)}." if names else ""


def cells(segments: Sequence[Segment], width: int) -> list[int]:
    """How many of `width` cells each segment gets: in proportion, and exactly `width` together."""
    total = sum(segment.tokens for segment in segments) or 1
    ends = accumulate((segment.tokens for segment in segments), initial=0)
    return [round(width * end / total) - round(width * start / total) for start, end in pairwise(ends)]


def tally(decisions: Iterable[Decision]) -> list[int]:
    """How many decisions have each outcome, in the order of `OUTCOMES`."""
    counts = Counter(decision.outcome for decision in decisions)
    return [counts[outcome] for outcome in OUTCOMES]


def duration(seconds: float) -> str:
    """Seconds as people say them: 0.42 ms, 12 ms, 1.8 s."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2g} ms"


def spent(steps: Iterable[Step]) -> str:
    """What took a build's time: open 12 ms, gather 1.8 s."""
    return ", ".join(f"{step.name} {duration(step.seconds)}" for step in steps)


def dollars(cost: float) -> str:
    """A cost in US dollars, with as many decimals as a single prompt's needs."""
    if cost >= 1:
        return f"${cost:,.2f}"
    return f"${cost:.4f}" if cost >= 0.0001 or not cost else f"${cost:.{1 - math.floor(math.log10(cost))}f}"


def billed(charges: Sequence[Charge]) -> str:
    """What storage billed for, in units and, where every price is known, in dollars."""
    reads, writes = sum(one.read_units for one in charges), sum(one.write_units for one in charges)
    costs = [one.cost for one in charges if one.cost is not None]
    price = f", {dollars(sum(costs))}" if len(costs) == len(charges) else ""
    return f"{reads:,g} read and {writes:,g} write units{price}"


def items_in_words(count: int) -> str:
    """1 item, 1,200 items."""
    return f"{count:,} item{'' if count == 1 else 's'}"


def trouble(source: SourceRun) -> str:
    """What went wrong with a source, beside its status; nothing where all went well."""
    return (source.error or "").removeprefix(f"{source.status}: ")


def percent(part: int, whole: int) -> str:
    """A share of a whole, without pretending that a little is nothing."""
    share = 100 * part / whole if whole else 0.0
    return "<1%" if 0 < share < 1 else f"{share:.0f}%"
