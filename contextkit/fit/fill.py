"""Fill: one ranked section takes its items, best first, each on the richest rung that fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from contextkit.blocks import GAP, Chosen, framing, heading, section_cost
from contextkit.fit.contest import SHORTENED, Contested, Won, contest
from contextkit.fit.overlaps import holds, joined
from contextkit.fit.repeats import Repeats
from contextkit.ladder import Ladder
from contextkit.strategy import Section
from contextkit.types import Form, Item

KEPT_FOR_HANDLES = 8
"""One part in so many of a section's room is kept for one-line handles, where its ladder has them."""


@dataclass(slots=True)
class Shelf:
    """A section being filled: what stands on it, and how much of its room that takes.

    No item takes more than `item_ceiling` tokens while others could use them: where all have room, all stand whole.
    With `repeats`, nothing is taken that would say again what stands already.
    """

    section: Section
    ladder: Ladder
    room: int
    item_ceiling: int
    repeats: Repeats | None = None
    chosen: list[Chosen] = field(default_factory=list)
    used: int = 0
    headings: set[str] = field(default_factory=set)
    contested: Contested | None = None
    """What of the room is for which item, where some compete for it in parts."""
    apart: bool = False
    """Whether passages stand of which is not known yet whether one goes on in another, or says all of it."""

    def fill(self, items: Sequence[Item]) -> None:
        """Take what fits of the items worth their tokens; they stand best first."""
        units = worthwhile(together(items), self.section.relevance)
        with_handles = "handle" in self.section.ladder and self.ladder.handles
        roomy = self._has_room_for(units)
        self.item_ceiling = self.room if roomy else self.item_ceiling
        kept_back = self.room // KEPT_FOR_HANDLES if with_handles and not roomy else 0
        self.contested = self._contest(units, kept_back)
        waiting = [
            unit
            for unit, rest in zip(units, self._rests(units), strict=True)
            if not self._take_unit(unit, kept_back, rest)
        ]
        self._settle()
        if with_handles:
            for item in (item for unit in waiting for item in unit if self._may_take(1)):
                self._take(item, self.ladder.handle(item, self._left(item)))
        self.used = self._cost(self.chosen)

    def _has_room_for(self, units: Sequence[Sequence[Item]]) -> bool:
        """Whether all that may stand has room to stand whole."""
        if "full" not in self.section.ladder:
            return False
        items = [item for unit in units[: self.section.limit or None] for item in unit]
        return demand(items, self.section, self.ladder) <= self.room

    @property
    def said(self) -> Mapping[str, str]:
        """By item id, of long texts of which all that bears on the query stands elsewhere already: where."""
        if self.contested is None:
            return {}
        stand = {one.item.id for one in self.chosen}
        return {one: by for one, by in self.contested.said.items() if by in stand or by not in self.contested.won}

    def _contest(self, units: Sequence[Sequence[Item]], kept_back: int) -> Contested | None:
        """What each item wins of the room; None where none competes in parts."""
        if "extract" not in self.section.ladder or not any(unit[0].best for unit in units if len(unit) == 1):
            return None
        room = self.room - kept_back - section_cost(self.section.name, self.ladder.counter)
        least = units[0][0].score * self.section.relevance
        return contest(units, room, ceiling=self.item_ceiling, least=least, ladder=self.ladder, repeats=self.repeats)

    def _rests(self, units: Sequence[Sequence[Item]]) -> list[int]:
        """Of each unit, the tokens that those after it could use."""
        sizes = [sum(map(self._useful, unit)) for unit in units]
        return [sum(sizes) - taken for taken in accumulate(sizes)]

    def _useful(self, item: Item) -> int:
        """The tokens that an item could use."""
        if self._in_parts(item):
            return self._won.get(item.id, Won(0)).tokens
        return min(item.tokens, self.item_ceiling)

    def _in_parts(self, item: Item) -> bool:
        """Whether an item has only what its stretches won."""
        return self.contested is not None and bool(item.best)

    @property
    def _won(self) -> Mapping[str, Won]:
        return {} if self.contested is None else self.contested.won

    def _take_unit(self, unit: Sequence[Item], kept_back: int, rest: int) -> bool:
        """Take one item on its richest rung, beside what the `rest` could use; several that belong together in full, or
        none of them."""
        if not self._may_take(len(unit)):
            return False
        if len(unit) == 1:
            return self._take(unit[0], self._richest(unit[0], kept_back, rest))
        trial = replace(self, chosen=[*self.chosen], headings={*self.headings}, repeats=None)
        if not all(trial._take(item, self.ladder.full(item, trial._left(item) - kept_back)) for item in unit):
            return False
        self.chosen, self.used, self.headings, self.apart = trial.chosen, trial.used, trial.headings, trial.apart
        if self.repeats is not None:
            for item in unit:
                self.repeats.add(item)
        return True

    def _may_take(self, count: int) -> bool:
        """Whether so many more items may stand, whatever room is left."""
        return not self.section.limit or len(self.chosen) + count <= self.section.limit

    def _richest(self, item: Item, kept_back: int, rest: int) -> Form | None:
        limit = min(self.item_ceiling, self._left(item) - kept_back)
        if limit < item.tokens <= self.item_ceiling and self._settle():
            limit = min(self.item_ceiling, self._left(item) - kept_back)
        left = self._left(item) - kept_back
        in_parts = self._in_parts(item)
        won = self._won.get(item.id, Won(0 if in_parts else left // SHORTENED))
        share = min(limit, max(won.tokens, left - rest))
        full = self.ladder.full(item, share if in_parts else limit) if "full" in self.section.ladder else None
        if full is not None:
            return full
        if "extract" not in self.section.ladder or limit <= 0:
            return None
        if in_parts:
            return self.ladder.extract(replace(item, best=won.stretches), limit) if won.stretches else None
        return self.ladder.extract(item, share)

    def _left(self, item: Item) -> int:
        return self.room - self.used - self._overhead(item)

    def _overhead(self, item: Item) -> int:
        """The most that is paid around the item's own line: the fence for the first, the heading for a new run, and
        what sets a passage apart in one that is there."""
        text = self.ladder.counter.text
        fence = 0 if self.chosen else section_cost(self.section.name, self.ladder.counter)
        line = heading(item)
        if line in self.headings:
            return fence + (text(GAP) if item.passage else 0)
        return fence + (text(line) if line else 0)

    def _settle(self) -> bool:
        """Let pieces that overlap stand as one, and nothing beside a longer text that says it; whether that freed any
        room."""
        if not self.apart:
            return False
        self.apart = False
        overtaken = self._overtaken()
        chosen = joined(_without(overtaken, self.chosen), self.ladder.counter)
        used = self._cost(chosen)
        if used >= self.used:
            return False
        self.chosen, self.used = chosen, used
        self.headings = {line for one in chosen if (line := heading(one.item))}
        if self.repeats is not None:
            self.repeats.reasons |= {one: f"{by!r} says it already" for one, by in overtaken.items()}
        return True

    def _cost(self, chosen: Sequence[Chosen]) -> int:
        alone = [one.item for one in chosen if one.form.within is None]
        return sum(one.form.tokens for one in chosen) + framing(self.section.name, alone, self.ladder.counter)

    def _overtaken(self) -> dict[str, str]:
        """Of the passages that stand whole, those all of which another one says, and which that is.

        What was taken before another is known not to say all of it, unless a sentence is cut in two at its ends.
        """
        if self.repeats is None:
            return {}
        whole = [one.item for one in self.chosen if one.item.passage and one.form.rung == "full"]
        later: set[str] = set()
        found: dict[str, str] = {}
        for item in (item for item in reversed(whole) if item.group is None):
            by = self.repeats.said_by(item, later)
            by = by or next((other.id for other in whole if holds(other, item)), None)
            if by is not None:
                found[item.id] = by
            else:
                later.add(item.id)
        return found

    def _take(self, item: Item, form: Form | None) -> bool:
        if form is None or (self.repeats is not None and self.repeats.has(item, whole=form.rung == "full")):
            return False
        if self.repeats is not None:
            self.repeats.add(item, form)
        self.used += self._overhead(item) + form.tokens
        if line := heading(item):
            self.headings.add(line)
        self.chosen.append(Chosen(item, form))
        self.apart |= item.passage and form.rung == "full"
        return True


def together(items: Iterable[Item]) -> list[list[Item]]:
    """Items that stand best first, those of one group as one unit in the place of their best."""
    units: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        units.setdefault(("group", item.group) if item.group is not None else ("item", item.id), []).append(item)
    return list(units.values())


def worthwhile(units: Sequence[list[Item]], relevance: float) -> list[list[Item]]:
    """Of units that stand best first, those that score at least that part of the best one's score."""
    if not relevance or not units:
        return list(units)
    least = units[0][0].score * relevance
    return [unit for unit in units if unit[0].score >= least and unit[0].score > 0]


def best_first(items: Sequence[Item]) -> list[Item]:
    """By score, then in natural order, then by id: a total order, so that a build is deterministic."""
    return sorted(items, key=lambda item: (-item.score, item.order, item.id))


def demand(items: Sequence[Item], section: Section, ladder: Ladder) -> int:
    """The most tokens a ranked section could use: every item in full, and what stands around them."""
    return sum(item.tokens for item in items) + framing(section.name, items, ladder.counter)


def _without(overtaken: dict[str, str], chosen: Sequence[Chosen]) -> list[Chosen]:
    """What was chosen but for what is overtaken, by what then is as good as that."""
    scores = {one.item.id: one.item.score for one in chosen}
    for small, large in reversed(overtaken.items()):
        scores[large] = max(scores[large], scores[small])
    left = (one for one in chosen if one.item.id not in overtaken)
    return [
        replace(one, item=replace(one.item, score=score)) if (score := scores[one.item.id]) > one.item.score else one
        for one in left
    ]
