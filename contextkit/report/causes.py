"""Why items are not in the prompt whole: each reason once, for all the items it holds for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from contextkit.report.records import Decision, SectionUse
    from contextkit.report.report import Report
    from contextkit.types import Outcome

TOLD: Final = 6
"""How many reasons are told wherever there may be more: enough for nearly every prompt."""

_PARTICULAR: Final = re.compile(r"('[^']*'|\"[^\"]*\"|\d[\w,.]*)")
"""What is an item's own in a reason: numbers, and ids and names in quotes."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for which `items` of a section are not whole; `tokens` of theirs do not stand in the prompt.

    In the reason stands … for what is not the same for all of them.
    """

    section: str
    outcome: Outcome
    reason: str
    items: int
    tokens: int

    def __str__(self) -> str:
        return f"{self.items:,} {self.outcome} of {self.section}: {self.reason}"


def causes(decisions: Iterable[Decision]) -> list[Cause]:
    """The reasons of all that was not kept, those first that keep most tokens out."""
    alike: dict[tuple[str, ...], list[Decision]] = {}
    for decision in decisions:
        if decision.outcome != "kept":
            common = _PARTICULAR.split(decision.reason)[::2]
            alike.setdefault((decision.section, decision.outcome, *common), []).append(decision)
    return sorted(map(_cause, alike.values()), key=lambda cause: (-cause.tokens, -cause.items))


def causes_at_hand(report: Report) -> list[Cause]:
    """The reasons of what the build had read, and last, by section, how much it left unread."""
    read = report.at_hand or report.decisions
    told = Counter((decision.section, decision.outcome) for decision in read)
    return [*causes(read), *(cause for section in report.sections for cause in _unread(section, told))]


def _unread(section: SectionUse, told: Mapping[tuple[str, Outcome], int]) -> Iterator[Cause]:
    counts: tuple[tuple[Outcome, int], ...] = (("moved", section.moved), ("dropped", section.dropped))
    for outcome, count in counts:
        if (rest := count - told[section.name, outcome]) > 0:
            yield Cause(section.name, outcome, "left unread where it is", rest, 0)


def _cause(alike: Sequence[Decision]) -> Cause:
    return Cause(
        section=alike[0].section,
        outcome=alike[0].outcome,
        reason=_common([decision.reason for decision in alike]),
        items=len(alike),
        tokens=sum(decision.full_tokens - decision.tokens for decision in alike),
    )


def _common(reasons: Sequence[str]) -> str:
    """Reasons that differ in particulars, as one."""
    pieces = zip(*map(_PARTICULAR.split, dict.fromkeys(reasons)), strict=True)
    return "".join(found[0] if len(set(found)) == 1 else "…" for found in pieces)
