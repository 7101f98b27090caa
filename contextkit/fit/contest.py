"""Contest: what the room of a section is for where long texts stand in parts.

Every stretch of them competes by its own score, whichever text it is of. Text by text, the best one would take the room
for what hardly matches, and leave others too little for what matches as well as its best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from contextkit.blocks import GAP, heading
from contextkit.dedup import SeenTexts
from contextkit.fit.repeats import Repeats
from contextkit.ladder import LEAST_EXTRACT, Ladder
from contextkit.types import Item, Stretch

SHORTENED: Final = 2
"""One part in so many of the room that is left is the most that a shortened item takes while others could use the
rest: much of what it says goes anyway. Stretches that compete one by one take what they need.

Chosen on questions about one or two sentences of long pages (`tests/benchmarks/pages.py`), when extracts were made of
single sentences: within 24,000 tokens under `agent` 78 and 79% of the sentences stood in the prompt, of 73 and 63 where
the best takes what it can. A third of the section's room gained half as much."""


class Won(NamedTuple):
    """Tokens that an item may take, and the stretches of it that they are for, best first: none of an item that does
    not compete in parts."""

    tokens: int
    stretches: tuple[Stretch, ...] = ()


class Contested(NamedTuple):
    """What each item has `won`, by its id; and of items of which all that would stand is `said` elsewhere, by which."""

    won: Mapping[str, Won]
    said: Mapping[str, str]


def contest(
    units: Sequence[Sequence[Item]], room: int, *, ceiling: int, least: float, ladder: Ladder, repeats: Repeats | None
) -> Contested:
    """What each item wins of the room; the units stand best first.

    No item wins more than `ceiling` tokens, no stretch anything that scores below `least` or says what stands already,
    here or where `repeats` knows of it. Where not even the best stretch fits, it wins all there is.
    """
    held = _Contest(room, ceiling, ladder, repeats)
    for entry in sorted(_entries(units), key=lambda entry: entry.place):
        if held.room < LEAST_EXTRACT or entry.score < least:
            break
        if entry.stretch is None:
            held.take(entry.unit)
        else:
            held.try_stretch(entry.unit[0], entry.stretch)
    alone = (unit[0] for unit in units if len(unit) == 1)
    return Contested(held.won, {item.id: by for item in alone if (by := held.says_all_of(item, least)) is not None})


class _Entry(NamedTuple):
    score: float
    rank: int
    unit: Sequence[Item]
    stretch: Stretch | None

    @property
    def place(self) -> tuple[float, int, int]:
        return (-self.score, self.rank, self.stretch.start if self.stretch else 0)


def _entries(units: Sequence[Sequence[Item]]) -> Iterator[_Entry]:
    for rank, unit in enumerate(units):
        if len(unit) == 1 and unit[0].best:
            yield from (_Entry(stretch.score, rank, unit, stretch) for stretch in unit[0].best)
        else:
            yield _Entry(unit[0].score, rank, unit, None)


@dataclass(slots=True)
class _Contest:
    """A contest under way: the room that is left, and what was won so far."""

    room: int
    ceiling: int
    ladder: Ladder
    repeats: Repeats | None
    won: dict[str, Won] = field(default_factory=dict)
    headings: set[str] = field(default_factory=set)
    said: SeenTexts[str] = field(default_factory=SeenTexts)
    repeated: dict[str, list[str]] = field(default_factory=dict)
    """By whom stretches of an item are said that would repeat it."""

    def take(self, unit: Sequence[Item]) -> None:
        """Let items that do not compete in parts have what they need; a single one that is too long, some of it."""
        needed = sum(item.tokens + self._heading(item) for item in unit)
        if needed > self.room or any(item.tokens > self.ceiling for item in unit):
            needed = min(self.ceiling, self.room // SHORTENED) if len(unit) == 1 else 0
        self._give(unit[0], Won(needed), needed)

    def try_stretch(self, item: Item, stretch: Stretch) -> None:
        """Let a stretch have what it needs, if there is as much. The first of an item may be cut, to half at the least,
        and the best of all to anything."""
        taken, stretches = self.won.get(item.id, Won(0))
        room = min(self.room, self.ceiling - taken)
        if taken >= item.tokens or (self.won and _share(item, stretch) > 2 * room):
            return
        text = item.text[stretch.start : stretch.end]
        frame = 0 if taken else self.ladder.frame(item) + self._heading(item)
        needed = frame + self.ladder.counter.text(text) + self.ladder.counter.text(GAP)
        if needed > room and self.won and (taken or needed > 2 * room):
            return
        by = self._says(text)
        if by is not None:
            self.repeated.setdefault(item.id, []).append(by)
            return
        self.said.add(item.id, text)
        self._give(item, Won(taken + min(needed, room), (*stretches, stretch)), min(needed, room))

    def says_all_of(self, item: Item, least: float) -> str | None:
        """Who says the best of an item, if each of its stretches that score enough is said; None otherwise."""
        by = self.repeated.get(item.id, [])
        return by[0] if by and len(by) == sum(stretch.score >= least for stretch in item.best) else None

    def _says(self, text: str) -> str | None:
        return self.said.match(text) or (self.repeats.says(text) if self.repeats is not None else None)

    def _give(self, item: Item, won: Won, tokens: int) -> None:
        self.won[item.id] = won
        self.headings.add(heading(item))
        self.room -= tokens

    def _heading(self, item: Item) -> int:
        line = heading(item)
        return 0 if line in self.headings else self.ladder.counter.text(line)


def _share(item: Item, stretch: Stretch) -> float:
    """About how many tokens a stretch has."""
    return item.tokens * (stretch.end - stretch.start) / len(item.text)
