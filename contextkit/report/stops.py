"""What other budgets would have kept, worked out beforehand for the page's slider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contextkit.errors import BudgetTooSmall, InvalidBudget
from contextkit.report.layout import OUTCOMES, tally

if TYPE_CHECKING:
    from contextkit.report.records import Decision
    from contextkit.report.report import Report

STOPS: Final = 24
"""Budgets tried: close enough together that hardly an item changes unseen between two, on 150 items."""

_SMALLEST, _LARGEST = 0.1, 2.0
"""The range of budgets tried, as fractions of the window."""

_DECISIONS: Final = 120_000
"""The most decisions made for one page, about a second's work; long histories get fewer stops."""

_TOKENS: Final = 1_500_000
"""The most tokens of what is not whole that are shortened anew for one page, about a second's work, too."""

_REASONS, _REASON = 1_000, 160
"""The most reasons a page carries for other budgets, and characters of each: 160 kB at worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One budget: what it would have decided, or the `problem` that leaves it without a prompt."""

    window: int
    decisions: Sequence[Decision] = ()
    problem: str | None = None


def stops(report: Report) -> list[Stop]:
    """The budgets the slider offers, smallest first; the report's own is one of them."""
    own = Stop(window=report.window, decisions=report.decisions)
    if report.refit is None:
        return [own]
    return [own if window == report.window else _try(report, window) for window in windows(report)]


def windows(report: Report) -> list[int]:
    """Windows from 10% to 200% of the report's own, evenly spaced by ratio, rounded to two digits."""
    cut = sum(decision.full_tokens for decision in report.at_hand if decision.outcome != "kept")
    count = min(STOPS, max(4, min(_DECISIONS // max(1, len(report.decisions)), _TOKENS // max(1, cut))))
    ratio: float = (_LARGEST / _SMALLEST) ** (1 / (count - 1))
    tried = {_rounded(int(report.window * _SMALLEST * ratio**step)) for step in range(count)}
    nearest = min(tried, key=lambda window: abs(window - report.window))
    return sorted(tried - {nearest} | {report.window})


def payload(report: Report, listed: Sequence[Decision], tried: Sequence[Stop]) -> dict[str, Any]:
    """What the page's script needs to show each stop: one letter per listed item, and what it cannot guess."""
    encoder = _Encoder(listed, _overhead(report))
    return {
        "own": next(index for index, stop in enumerate(tried) if stop.window == report.window),
        "window": report.window,
        "margin": report.margin,
        "reserve": report.reserve,
        "framing": max(0, report.framing),
        "stops": [encoder.stop(stop) for stop in tried],
        "reasons": [reason[:_REASON] for reason in encoder.reasons],
    }


class _Encoder:
    """Writes stops against the listed items; reasons are numbered as they are met."""

    def __init__(self, listed: Sequence[Decision], overhead: Mapping[str, int]) -> None:
        self.reasons: dict[str, int] = {}
        self._listed = listed
        self._row = {decision.item_id: row for row, decision in enumerate(listed)}
        self._overhead = overhead

    def stop(self, stop: Stop) -> dict[str, Any]:
        if stop.problem:
            return {"w": stop.window, "problem": stop.problem}
        rows = {self._row[d.item_id]: d for d in stop.decisions if d.item_id in self._row}
        return {
            "w": stop.window,
            "rows": "".join(rows[row].outcome[0] if row in rows else "-" for row in range(len(self._listed))),
            "tokens": {row: d.tokens for row, d in rows.items() if d.tokens != _guess(d)},
            "why": self._why(rows),
            "sections": _used(stop.decisions, self._overhead),
            "tally": tally(stop.decisions),
        }

    def _why(self, rows: Mapping[int, Decision]) -> dict[int, int]:
        changed = ((row, d.reason) for row, d in rows.items() if d.outcome != self._listed[row].outcome)
        numbered = ((row, self._number(reason)) for row, reason in changed)
        return {row: number for row, number in numbered if number is not None}

    def _number(self, reason: str) -> int | None:
        if reason not in self.reasons and len(self.reasons) < _REASONS:
            self.reasons[reason] = len(self.reasons)
        return self.reasons.get(reason)


def _guess(decision: Decision) -> int:
    """The tokens the page's script takes a decision to cost where nothing else is said."""
    return decision.full_tokens if decision.outcome in ("kept", "shortened") else 0


def _try(report: Report, window: int) -> Stop:
    try:
        return Stop(window=window, decisions=report.at(window))
    except BudgetTooSmall as error:
        return Stop(window=window, problem=f"too small: the required items alone need {error.needed:,} tokens")
    except InvalidBudget as error:
        return Stop(window=window, problem=f"too small: {error.problem}")


def _rounded(window: int) -> int:
    digits = max(0, len(str(window)) - 2)
    return max(1, round(window, -digits))


def _overhead(report: Report) -> dict[str, int]:
    """What each section used beyond its items: its headings and fences, taken as the same at every stop."""
    extra = {section.name: section.used for section in report.sections}
    for decision in report.decisions:
        if decision.section in extra:
            extra[decision.section] -= decision.tokens
    return extra


def _used(decisions: Sequence[Decision], extra: Mapping[str, int]) -> list[list[int]]:
    """Per section: tokens used, then decisions by outcome."""
    used: dict[str, list[int]] = {name: [0] * (1 + len(OUTCOMES)) for name in extra}
    for decision in decisions:
        if decision.section in used:
            used[decision.section][0] += decision.tokens
            used[decision.section][1 + OUTCOMES.index(decision.outcome)] += 1
    for name, row in used.items():
        row[0] += extra[name] if row[0] else 0
    return list(used.values())
