"""Report: the answers to "what is in this prompt, what is not, and why?"."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from contextkit.charges import Charge
from contextkit.errors import InvalidInput, UnknownItem, shortened
from contextkit.report.diff import Diff, changes, find_break, regions_of, shared_prefix
from contextkit.report.page import to_page
from contextkit.report.records import Decision, Notice, Part, SectionUse, SourceRun
from contextkit.report.terminal import to_rich
from contextkit.report.text import explain, to_text
from contextkit.steps import Step
from contextkit.types import Provenance

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_NAMED: Final = 3
"""Ids that are told where several items have the name that was asked for."""

_COMPARED: Final = 5_000
"""How many ids are compared with one that is unknown; difflib takes about 0.1 s for so many."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Report:
    """Exactly one decision per item, and everything that led to them.

    `tokens` is the whole prompt as counted, framing included; with `reserve` (kept free for the
    answer) and `margin` (against miscounting) it never exceeds `window`. `exact` is False where
    `counter` estimates. `cost` is what the prompt costs in US dollars if nothing of it is cached, where the
    budget has a price; `seconds` is the wall-clock time of the whole build, and `steps` are what took it:
    open, gather, fit and, where it came to that, summarise, offload and keep view.

    `charges` are what storage billed for during the build, by table, where a store says so.

    `sections` has every section that a decision names, in the order of the prompt.
    `decisions`, `at_hand`, `sections` and `parts` may be `Lazy`: a build only pays for them when somebody looks.
    `at_hand` are the decisions on what the build had read. `decisions` has those too on what was left where it is,
    older messages above all, which are then read in order to name them.
    `refit(window)` makes the decisions of another budget; `preview(item_id)` gives the text of an
    item and `origin(item_id)` where it came from, while it is at hand. A report that was pickled or copied has none of
    these any more.
    """

    decisions: Sequence[Decision]
    sections: Sequence[SectionUse]
    at_hand: Sequence[Decision] = ()
    sources: tuple[SourceRun, ...] = ()
    notices: tuple[Notice, ...] = ()
    parts: Sequence[Part] = ()
    tokens: int
    window: int
    reserve: int = 0
    margin: int = 0
    exact: bool
    counter: str
    strategy: str
    cost: float | None = None
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()
    charges: tuple[Charge, ...] = ()
    refit: Callable[[int], Sequence[Decision]] | None = None
    preview: Callable[[str], str | None] | None = None
    origin: Callable[[str], Provenance | None] | None = None

    @property
    def free(self) -> int:
        """Tokens that nothing claimed."""
        return self.window - self.reserve - self.margin - self.tokens

    @property
    def framing(self) -> int:
        """Tokens of the prompt that belong to no section: what the request itself adds."""
        return self.tokens - sum(section.used for section in self.sections)

    def decision(self, item_id: str) -> Decision:
        """The one decision about this item, by its id; or by its title or URI, where that is one item's alone.

        Raises `UnknownItem`, which names the nearest ids.
        """
        for decision in self.decisions:
            if decision.item_id == item_id:
                return decision
        named = self._named(item_id)
        if len(named) == 1:
            return named[0]
        raise UnknownItem(item_id, [one.item_id for one in named[:_NAMED]] or self._nearest(item_id))

    def why(self, item_id: str) -> str:
        """What became of the item and why, as a paragraph to read. Names it as `decision` does."""
        return explain(self, self.decision(item_id))

    def diff(self, previous: Report) -> Diff:
        """This prompt against the one before it: what came and went, and what broke the cached prefix."""
        if not isinstance(previous, Report):
            raise InvalidInput(
                f"{shortened(previous)} is not a report.",
                "Pass the `report` of the context that was built before this one.",
                value=previous,
            )
        alike, shared = shared_prefix(previous.parts, self.parts)
        regions = regions_of((*previous.sections, *self.sections))
        moves = tuple(changes(previous.decisions, self.decisions))
        return Diff(
            tokens=self.tokens,
            previous_tokens=previous.tokens,
            shared_tokens=shared,
            broken=find_break(previous.parts, self.parts, alike, regions),
            entered=tuple(move for move in moves if move.before is None),
            left=tuple(move for move in moves if move.after is None),
            changed=tuple(move for move in moves if move.before and move.after),
        )

    def at(self, window: int) -> tuple[Decision, ...]:
        """What a budget of `window` tokens would have decided, with the same reserve and items.

        Raises `BudgetTooSmall` or `InvalidBudget` where no prompt fits, and `InvalidInput` where
        the report was made without `refit`.
        """
        if self.refit is None:
            raise InvalidInput(
                f"This report cannot say what a window of {window} would keep: it does not have the items any more.",
                "Ask the report that `build` returned.",
                value=window,
            )
        return tuple(self.refit(window))

    def to_text(self, *, items: int = 12) -> str:
        """The report as plain text; `items` is how many of those not kept whole it names."""
        return to_text(self, items)

    def to_html(self, *, standalone: bool = False) -> str:
        """The report as one self-contained element, or as a whole page. It requests nothing from anywhere."""
        return to_page(self, standalone=standalone)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the texts, as JSON values; parts by the SHA-256 of theirs."""
        return {
            "strategy": self.strategy,
            "counter": self.counter,
            "exact": self.exact,
            "window": self.window,
            "reserve": self.reserve,
            "margin": self.margin,
            "tokens": self.tokens,
            "free": self.free,
            "cost": self.cost,
            "seconds": self.seconds,
            "steps": [_plain(step) for step in self.steps],
            "charges": [_plain(charge) for charge in self.charges],
            "sections": [_plain(section) for section in self.sections],
            "sources": [_plain(source) for source in self.sources],
            "notices": [_plain(notice) for notice in self.notices],
            "decisions": [_plain(decision) for decision in self.decisions],
            "parts": [_fingerprint(part) for part in self.parts],
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickles and copies: all but what holds on to stores and embedders.

        Not `__getstate__`, in whose place Python 3.11.2 and older put one of their own where there are slots.
        """
        names = [field.name for field in fields(self) if field.name not in ("refit", "preview", "origin")]
        return _again, ({name: getattr(self, name) for name in names},)

    def _named(self, name: str) -> list[Decision]:
        """The decisions about items of this title or URI, while it is known where items are from."""
        if self.origin is None or not name:
            return []
        origins = ((one, self.origin(one.item_id)) for one in self.decisions)
        return [one for one, whence in origins if whence is not None and name in (whence.title, whence.uri)]

    def _nearest(self, item_id: str) -> list[str]:
        ids = [decision.item_id for decision in self.decisions]
        if not isinstance(item_id, str) or not item_id:
            return []
        within = [known for known in ids if item_id.lower() in known.lower()]
        return within[:3] or difflib.get_close_matches(item_id, ids[-_COMPARED:], n=3)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from to_rich(self, options.max_width)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Report: {self.tokens:,} of {self.window:,} tokens, strategy {self.strategy!r}>"


def _again(values: dict[str, Any]) -> Report:
    return Report(**values)


def _plain(record: Charge | Decision | SectionUse | SourceRun | Notice | Step) -> dict[str, Any]:
    return {field.name: _finite(getattr(record, field.name)) for field in fields(record)}


def _finite(value: Any) -> Any:
    """JSON has no infinities; a score that is one is written as its name."""
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _fingerprint(part: Part) -> dict[str, Any]:
    digest = hashlib.sha256(part.text.encode("utf-8", "surrogatepass")).hexdigest()
    return {"section": part.section, "label": part.label, "tokens": part.tokens, "sha256": digest}
