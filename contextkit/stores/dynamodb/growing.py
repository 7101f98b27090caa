"""Growing: the end of a session's index, in the process that makes it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.segments import LARGE, SMALL, Made, Segment, filled, grow, segments_named
from contextkit.types import Message, TokenCounter

WHOLE: Final = 2 << 20
"""Bytes, compressed, of the segments kept of a session that this process wrote from its beginning: those of some
50,000 short messages. Of a longer one they are read."""

_LEVEL: Final = 1
"""zlib's effort for what is kept in memory: a fifth of the size in a millisecond for 100 messages."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole index of one life of a session, up to message number `last`, by the names of its segments."""

    life: str
    last: int
    segments: Mapping[str, bytes]


@dataclass(slots=True)
class Growing:
    """The messages of one life of a session from number `first` on, up to `last`.

    `whole` has every segment since its beginning, compressed, if this process made them all.
    """

    life: str
    first: int
    last: int
    whole: dict[str, bytes] | None
    index: ConversationIndex = field(default_factory=ConversationIndex)

    @classmethod
    def behind(cls, life: str, last: int) -> Growing:
        """What begins behind message number `last`, with which a segment ends."""
        return cls(life, last + 1, last, None if last else {})

    def add(self, run: Sequence[Message], counter: TokenCounter, made: Made) -> None:
        """Take in the messages that follow, and note the segments that they complete."""
        grow(self.index, run, counter, made, self.first)
        self.last = run[-1].seq or 0

    def lead(self, first: int, indexes: Iterable[ConversationIndex]) -> None:
        """Have what stands before it too, from message number `first` on."""
        index = ConversationIndex()
        index.extend([*indexes, self.index])
        self.first, self.index = first, index

    def next(self) -> Growing:
        """What goes on behind it, with a large segment of its own."""
        return Growing(self.life, self.last + 1, self.last, self.whole)

    def keep(self, made: Made) -> None:
        """Remember the segments that were made of what was added, those that fill a larger one as that."""
        if self.whole is None:
            return
        compressed = {name: zlib.compress(data, _LEVEL) for name, data in made.add.items()}
        whole = {name: data for name, data in self.whole.items() if name not in made.remove} | compressed
        chain: list[Segment] = []
        for segment in segments_named(whole):
            chain.append(segment)
            larger = filled(chain)
            if larger is not None:
                parts = [part for part in chain if part.first >= larger.first]
                data = one_of(ConversationIndex.from_bytes(zlib.decompress(whole.pop(part.name))) for part in parts)
                made.take(larger, data, parts)
                whole[larger.name] = zlib.compress(data, _LEVEL)
                chain = [*chain[: -len(parts)], larger]
        self.whole = whole if sum(map(len, whole.values())) <= WHOLE else None

    @property
    def is_full(self) -> bool:
        """Whether what follows belongs to the next large segment."""
        return self.last >= self.first and self.last % LARGE == 0

    def copied(self) -> Whole | None:
        """All of the session's index, if this process made all of it."""
        if self.whole is None:
            return None
        segments = {name: zlib.decompress(data) for name, data in self.whole.items()}
        first = self.last // SMALL * SMALL + 1
        if first <= self.last:  # the last one is not complete, and stored nowhere yet
            start = int(np.searchsorted(self.index.seqs, first))
            segments[Segment(first, self.last).name] = self.index.to_bytes(start)
        return Whole(self.life, self.last, segments)


def one_of(indexes: Iterable[ConversationIndex]) -> bytes:
    """One segment of several that follow each other."""
    index = ConversationIndex()
    index.extend(indexes)
    return index.to_bytes()
