"""What changed from one prompt to the next, and what that did to the provider's prompt cache.

A provider reuses a cached prompt as far as the new one starts with the same bytes. So the first
part that differs decides what every later token costs, and that part is what a `Diff` names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, Literal, Protocol, TypeAlias

from contextkit.report.layout import printable
from contextkit.report.records import Decision, Part, SectionUse
from contextkit.strategy.section import REGIONS, Region
from contextkit.types import Rung

BreakKind: TypeAlias = Literal["changed", "added", "removed", "replaced", "cursor"]

_NAMED: Final = 6
"""How many items of each kind `str(diff)` names before it counts the rest; about a screen in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first part of the prompt that differs from the last one.

    `kind` says how: the part `changed`, was `added` or `removed` there, was `replaced` by
    another, or the history `cursor` moved on past it. `region` is where the last prompt stood
    at that point; a break in `volatile` or `turn` is what every new turn brings.
    """

    section: str
    label: str
    kind: BreakKind
    region: Region | None

    @property
    def expected(self) -> bool:
        return self.region in ("volatile", "turn")

    def __str__(self) -> str:
        what = f"{self.label!r} in section {self.section!r}"
        return {
            "changed": f"{what} changed",
            "added": f"{what} was added",
            "removed": f"{what} was removed",
            "replaced": f"{what} took another part's place",
            "cursor": f"the history cursor moved past {what}",
        }[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An item whose form in the prompt is not what it was; None stands for not being there.

    `tokens` is the difference it makes to the prompt.
    """

    item_id: str
    section: str
    before: Rung | None
    after: Rung | None
    tokens: int

    def __str__(self) -> str:
        form = f", {self.before} → {self.after}" if self.before and self.after else ""
        return f"{self.item_id} ({self.section}{form}, {self.tokens:+,})"


class _Printer(Protocol):
    """IPython's pretty printer."""

    def text(self, text: str) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """One prompt against the one before it.

    `shared_tokens` is how many of this prompt's leading tokens the last one began with too:
    exact over whole parts, and within the first part that differs in proportion to the
    characters shared. `broken` is that part; None where this prompt only extends the last one,
    or is a prefix of it.
    """

    tokens: int
    previous_tokens: int
    shared_tokens: int
    broken: Break | None
    entered: tuple[Change, ...]
    left: tuple[Change, ...]
    changed: tuple[Change, ...]

    @property
    def prefix_held(self) -> bool:
        """Whether everything that should be the same from turn to turn was the same."""
        return self.broken is None or self.broken.expected

    def __str__(self) -> str:
        lines = [
            f"{self.tokens:,} tokens ({self.tokens - self.previous_tokens:+,}).",
            f"The first {self.shared_tokens:,} are those of the last prompt.",
            self._verdict(),
            *_listing("entered", self.entered),
            *_listing("left", self.left),
            *_listing("changed form", self.changed),
        ]
        return printable("\n".join(lines))

    def _repr_pretty_(self, printer: _Printer, _cycle: bool) -> None:
        """What IPython shows of it."""
        printer.text(str(self))

    def _verdict(self) -> str:
        if self.broken is None:
            return "The cached prefix held: this prompt only adds to the last one, or ends earlier."
        if self.broken.expected:
            return f"The stable prefix held. What changes each turn starts where {self.broken}."
        return f"The cached prefix broke where {self.broken}."


def leading(before: Sequence[Part], after: Sequence[Part]) -> int:
    """How many leading parts are the same bytes, whatever they are called."""
    return sum(1 for _ in takewhile(lambda pair: pair[0].text == pair[1].text, zip(before, after, strict=False)))


def shared_prefix(before: Sequence[Part], after: Sequence[Part]) -> tuple[int, int]:
    """How many leading parts are the same, and how many leading tokens of `after` that makes."""
    alike = leading(before, after)
    tokens = sum(part.tokens for part in after[:alike])
    if alike < len(before) and alike < len(after):
        tokens += _shared_within(before[alike], after[alike])
    return alike, tokens


def find_break(
    before: Sequence[Part], after: Sequence[Part], alike: int, regions: Mapping[str, Region]
) -> Break | None:
    """The part that ends the common prefix of `alike` parts, with what happened to it."""
    if alike == len(before) or alike == len(after):
        return None
    old, new = before[alike], after[alike]
    region = regions.get(old.section)
    kind = _kind_of_break(before, after, alike)
    if region == "history" and kind in ("removed", "replaced") and _leads_section(before, alike):
        kind = "cursor"
    named = old if kind in ("removed", "cursor") else new
    return Break(section=named.section, label=named.label, kind=kind, region=region)


def regions_of(sections: Iterable[SectionUse]) -> Mapping[str, Region]:
    """The region that each section's parts stand in, and each block, which is called by its region."""
    blocks: dict[str, Region] = {region: region for region in REGIONS}
    return blocks | {section.name: section.region for section in sections}


def changes(before: Iterable[Decision], after: Iterable[Decision]) -> Iterable[Change]:
    """Every item whose form in the prompt differs, in this prompt's order, then those that left."""
    old = {decision.item_id: decision for decision in before if decision.shown}
    for decision in after:
        earlier = old.pop(decision.item_id, None)
        if decision.rung != (earlier.rung if earlier else None):
            yield _change(earlier, decision)
    for gone in old.values():
        yield Change(item_id=gone.item_id, section=gone.section, before=gone.rung, after=None, tokens=-gone.tokens)


def _change(earlier: Decision | None, now: Decision) -> Change:
    before, spent = (earlier.rung, earlier.tokens) if earlier else (None, 0)
    return Change(item_id=now.item_id, section=now.section, before=before, after=now.rung, tokens=now.tokens - spent)


def _kind_of_break(before: Sequence[Part], after: Sequence[Part], at: int) -> BreakKind:
    old, new = _key(before[at]), _key(after[at])
    if old == new:
        return "changed"
    if new in map(_key, before[at:]):
        return "removed"
    if old in map(_key, after[at:]):
        return "added"
    return "replaced"


def _leads_section(parts: Sequence[Part], at: int) -> bool:
    return at == 0 or parts[at - 1].section != parts[at].section


def _key(part: Part) -> tuple[str, str]:
    return part.section, part.label


def _shared_within(old: Part, new: Part) -> int:
    if _key(old) != _key(new) or not new.text:
        return 0
    shortest = min(len(old.text), len(new.text))
    shared = bisect_left(range(shortest), True, key=lambda at: old.text[: at + 1] != new.text[: at + 1])
    return new.tokens * shared // len(new.text)


def _listing(title: str, found: Sequence[Change]) -> list[str]:
    if not found:
        return []
    more = [f"  … and {len(found) - _NAMED:,} more"] if len(found) > _NAMED else []
    return [f"{len(found):,} {title}:", *(f"  {change}" for change in found[:_NAMED]), *more]
