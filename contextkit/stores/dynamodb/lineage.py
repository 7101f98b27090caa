"""Lineages: what a life has taken over from lives before it, in its own region or in others.

Where a region fails in the middle of a conversation, the next one goes on in a life of its own, so
that no two regions ever write the same item and no write of one can undo another's. Nothing is
copied: the new life's messages begin behind those it found, and its lineage says where these are.
What the failed region had acknowledged and not yet replicated arrives later, and then gets its
place in the lineage of a life that follows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contextkit.errors import StoreCorrupt, shortened


@dataclass(frozen=True, slots=True)
class Stretch:
    """The messages `first` to `last` of one life, as they are numbered there."""

    life: str
    first: int
    last: int

    @property
    def size(self) -> int:
        """How many they are."""
        return max(0, self.last - self.first + 1)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch, and by how much its messages' numbers have grown since they were written."""

    stretch: Stretch
    shift: int

    @property
    def end(self) -> int:
        """The number that its last message has now."""
        return self.stretch.last + self.shift


@dataclass(frozen=True, slots=True)
class Lineage:
    """Stretches of former lives, in the order of the conversation.

    `reached` says of each life up to which message it has been taken over, those left out because
    they were there already included.
    """

    stretches: tuple[Stretch, ...] = ()
    reached: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str | None) -> Lineage:
        """The lineage that `text` wrote."""
        if text is None:
            return cls()
        try:
            stretches, reached = json.loads(text)
            return cls(tuple(Stretch(*one) for one in stretches), dict(reached))
        except (TypeError, ValueError) as error:
            raise StoreCorrupt(
                f"What a session says it has taken over is damaged ({error}): {shortened(text)}.",
                "Restore the table from a backup, or delete the session.",
            ) from error

    @property
    def text(self) -> str | None:
        """The lineage as it stands in a column; None for none."""
        if not self.stretches and not self.reached:
            return None
        stretches = [[one.life, one.first, one.last] for one in self.stretches]
        return json.dumps([stretches, dict(self.reached)], separators=(",", ":"))

    @property
    def size(self) -> int:
        """How many messages they are."""
        return sum(stretch.size for stretch in self.stretches)

    @property
    def lives(self) -> list[str]:
        """The former lives, oldest first, as their names begin with when they began; also those without a message."""
        return sorted(self.reached)

    def spans(self) -> Iterator[Span]:
        """The stretches as they are numbered now."""
        before = 0
        for stretch in self.stretches:
            yield Span(stretch, before + 1 - stretch.first)
            before += stretch.size

    def followed_by(self, stretch: Stretch) -> Lineage:
        """This lineage and what came after it."""
        stretches = (*self.stretches, stretch) if stretch.size else self.stretches
        return Lineage(stretches, {**self.reached, stretch.life: stretch.last})

    def late(self, stretches: Sequence[Stretch]) -> list[Stretch]:
        """What of another life's stretches is not in this lineage."""
        beyond = [Stretch(one.life, max(one.first, self.reached.get(one.life, 0) + 1), one.last) for one in stretches]
        return [one for one in beyond if one.size]

    def lacks(self, other: Lineage) -> bool:
        """Whether the other has messages that this lineage has not, or lives that may have something else."""
        return bool(self.late(other.stretches)) or not other.reached.keys() <= self.reached.keys()

    def with_lives(self, other: Lineage) -> Lineage:
        """This lineage with the lives that it lacks of another: without a message they may have overflow or a state."""
        return Lineage(self.stretches, {**other.reached, **self.reached})

    def with_late(self, stretches: Sequence[Stretch], left_out: Mapping[str, Sequence[int]]) -> Lineage:
        """This lineage with what it lacks of another life's `stretches`, but for what is `left_out` of each life.

        What is late stands behind the last stretch of its own life, so where that one was broken
        off; that of a life which is not here, behind what came before it in the other life.
        """
        merged, place = list(self.stretches), 0
        for one in stretches:
            own = [number for number, known in enumerate(merged, 1) if known.life == one.life]
            place = own[-1] if own else place
            for late in self.late([one]):
                pieces = _without(late, left_out.get(late.life, ()))
                merged[place:place] = pieces
                place += len(pieces)
        reached = {one.life: max(one.last, self.reached.get(one.life, 0)) for one in stretches}
        return Lineage(_joined(merged), {**self.reached, **reached})


def _joined(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The stretches, with each that goes on where the one before it ends made one with it."""
    made: list[Stretch] = []
    for one in stretches:
        if made and made[-1].life == one.life and made[-1].last + 1 == one.first:
            made[-1] = Stretch(one.life, made[-1].first, one.last)
        else:
            made.append(one)
    return tuple(made)


def _without(stretch: Stretch, left_out: Sequence[int]) -> list[Stretch]:
    """The stretch in pieces, without these of its messages."""
    pieces, first = [], stretch.first
    for number in sorted(n for n in left_out if stretch.first <= n <= stretch.last):
        pieces.append(Stretch(stretch.life, first, number - 1))
        first = number + 1
    pieces.append(Stretch(stretch.life, first, stretch.last))
    return [piece for piece in pieces if piece.size]
