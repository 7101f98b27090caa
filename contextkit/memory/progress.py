"""How far a session has been remembered, and what was set aside on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contextkit.stores.codec import from_micros, to_micros


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Messages of a session from seq `first` to `last`, for one memory strategy."""

    strategy: str
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def without(self, other: Range) -> tuple[Range, ...]:
        """What is left of it when another is taken out."""
        if self.strategy != other.strategy:
            return (self,)
        sides = (
            Range(self.strategy, self.first, min(self.last, other.first - 1)),
            Range(self.strategy, max(self.first, other.last + 1), self.last),
        )
        return tuple(side for side in dict.fromkeys(sides) if side.first <= side.last)

    def halves(self) -> list[Range]:
        """Its two halves, for a range of two or more."""
        middle = (self.first + self.last) // 2
        return [Range(self.strategy, self.first, middle), Range(self.strategy, middle + 1, self.last)]

    def after(self, seq: int) -> Range | None:
        """What is left of it behind that message."""
        return None if seq >= self.last else Range(self.strategy, max(self.first, seq + 1), self.last)

    def to_json(self) -> list[Any]:
        """As it stands in a ledger."""
        return [self.strategy, self.first, self.last]

    @classmethod
    def from_json(cls, stored: Sequence[Any]) -> Range:
        """What `to_json` wrote."""
        return cls(*stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one life of a session has been remembered, by strategy.

    `done` is the seq of the last message that is settled: extracted, or set aside. `attempts` counts the
    failures at what follows it. `aside` are ranges that failed too often; they are kept until
    they are tried again.
    """

    life: datetime
    done: Mapping[str, int] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    aside: tuple[Range, ...] = ()

    def settled(self, span: Range, *, again: bool = False) -> Progress:
        """These messages are extracted: the next ones, or `again` some that had been set aside."""
        if again:
            return replace(self, aside=tuple(left for one in self.aside for left in one.without(span)))
        attempts = {name: count for name, count in self.attempts.items() if name != span.strategy}
        done = max(span.last, self.done.get(span.strategy, 0))
        return replace(self, done={**self.done, span.strategy: done}, attempts=attempts)

    def failed(self, strategy: str) -> Progress:
        """One more failure at the messages that come next."""
        return replace(self, attempts={**self.attempts, strategy: self.attempts.get(strategy, 0) + 1})

    def set_aside(self, span: Range) -> Progress:
        """These messages are given up for now; if they come next, those after them do now."""
        ahead = self.settled(span)
        return replace(ahead, aside=_merged((*self.aside, span)))

    def to_json(self) -> dict[str, Any]:
        """As it stands in a ledger."""
        aside = [span.to_json() for span in self.aside]
        return {"life": to_micros(self.life), "done": self.done, "attempts": self.attempts, "aside": aside}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Progress:
        """What `to_json` wrote."""
        return cls(
            life=from_micros(stored["life"]),
            done=stored["done"],
            attempts=stored["attempts"],
            aside=tuple(Range.from_json(span) for span in stored["aside"]),
        )


def _merged(spans: Iterable[Range]) -> tuple[Range, ...]:
    """The same messages in as few ranges as possible."""
    merged: list[Range] = []
    for span in sorted(spans):
        last = merged[-1] if merged else None
        if last is not None and last.strategy == span.strategy and span.first <= last.last + 1:
            merged[-1] = replace(last, last=max(last.last, span.last))
        else:
            merged.append(span)
    return tuple(merged)
