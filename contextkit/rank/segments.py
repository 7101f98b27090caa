"""Segments: the index of a conversation in pieces, stored with it and each written once.

A process that opens a long conversation reads its segments instead of its messages. Small ones
come soon, so that little is left to analyse. Four of them make a larger one, which takes their
place: so there are few, and as words repeat, a large one needs fewer bytes for each message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.passages import LONG, passages
from contextkit.readable import readable
from contextkit.types import Message, TokenCounter

SIZES: Final = (32, 128, 512, 2_048, 8_192, 32_768)
"""Messages of the segments. One of a size begins where a multiple of it ends.

Compressed as `DynamoDBStore` does it, LoCoMo's take 51, 39, 31 and 25 bytes a message in the first four.
"""

SMALL: Final = SIZES[0]
"""Messages of the smallest, which no window is too small for: what a process analyses itself is fewer."""

LARGE: Final = SIZES[3]
"""Messages of the largest that is made of messages. Larger ones are made of segments, by who has them at hand."""

_PREFIX: Final = "index/"


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """The messages with the numbers from `first` to `last`."""

    first: int
    last: int

    @classmethod
    def named(cls, name: str) -> Segment | None:
        """The segment that is stored under this name, if it is one's."""
        first, _, last = name.removeprefix(_PREFIX).partition("-")
        if not name.startswith(_PREFIX) or not (first.isdecimal() and last.isdecimal()) or int(first) > int(last):
            return None
        return cls(int(first), int(last))

    @classmethod
    def ending(cls, last: int, size: int) -> Segment:
        """So many messages, the last of which has this number."""
        return cls(last - size + 1, last)

    @property
    def name(self) -> str:
        """What it is stored under."""
        return f"{_PREFIX}{self.first}-{self.last}"

    @property
    def size(self) -> int:
        """How many messages it has."""
        return self.last - self.first + 1

    @property
    def ends(self) -> list[Segment]:
        """The smaller ones that end where it does: who began in the middle of it has made one of them."""
        return [Segment.ending(self.last, size) for size in SIZES if size <= self.last - self.first]


@dataclass(frozen=True, slots=True)
class Made:
    """Segments to be stored, by name, and the names of those that they span and that may go."""

    add: dict[str, bytes] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)

    def take(self, segment: Segment, data: bytes, parts: Iterable[Segment] = ()) -> None:
        """Have a segment stored, in the place of those parts of it that are stored or were to be."""
        self.remove.extend(part.name for part in parts if self.add.pop(part.name, None) is None)
        self.add[segment.name] = data


def grow(
    index: ConversationIndex, messages: Sequence[Message], counter: TokenCounter, made: Made, begun: int = 1
) -> None:
    """Append messages to an index that begins with number `begun`, and take in the segments that they complete."""
    done = (messages[0].seq or 0) - 1
    index.add(in_passages(messages), counter)
    for segment in completing(begun, done, messages[-1].seq or 0):
        data = index.to_bytes(*np.searchsorted(index.seqs, (segment.first, segment.last + 1)).tolist())
        made.take(segment, data, completed(segment.first, done) + segment.ends)


def completed(begun: int, last: int) -> list[Segment]:
    """The fewest segments made of messages that the ones from `begun` to `last` complete, in order.

    So of each size three are stored at the most, before a larger one ends with the fourth.
    """
    return _chain(begun, last, LARGE)


def completing(begun: int, done: int, last: int) -> list[Segment]:
    """The segments of `completed` that messages behind number `done` complete, in order."""
    return [segment for segment in completed(begun, last) if segment.last > done]


def united(begun: int, last: int) -> list[Segment]:
    """What `completed` gives once larger ones have been made of those."""
    return _chain(begun, last, SIZES[-1])


def is_united(segment: Segment, last: int) -> bool:
    """Whether a larger segment takes its place where messages up to number `last` are there."""
    sizes = (size for size in SIZES if size > segment.size)
    return next((end_of(segment.last, size) <= last for size in sizes), False)


def larger_than_large(last: int) -> Segment | None:
    """The largest segment made of segments that ends with this number."""
    sizes = [size for size in SIZES if size > LARGE and last and last % size == 0]
    return Segment.ending(last, sizes[-1]) if sizes else None


def _chain(begun: int, last: int, most: int) -> list[Segment]:
    """The fewest segments of up to so many messages that follow each other from `begun` to `last`."""
    found = []
    ended = ended_by(last // SMALL * SMALL, begun, most)
    while ended is not None:
        found.append(ended)
        ended = ended_by(ended.first - 1, begun, most)
    return found[::-1]


def ended_by(seq: int, begun: int, most: int) -> Segment | None:
    """The largest segment that ends with number `seq`, and begins with `begun` or later."""
    sizes = [size for size in SIZES if size <= most and seq % size == 0 and begun + size <= seq + 1]
    return Segment.ending(seq, sizes[-1]) if sizes else None


def segments_named(names: Iterable[str]) -> list[Segment]:
    """The segments that are stored under these names, in order; other names are passed over."""
    return sorted(segment for name in names if (segment := Segment.named(name)) is not None)


def filled(chain: Sequence[Segment]) -> Segment | None:
    """The largest segment that the last of these and some before it fill, of segments that follow each other."""
    last = chain[-1].last if chain else 0
    found = [Segment.ending(last, size) for size in SIZES if last % size == 0]
    begun = {segment.first for segment in chain[:-1]}
    return next((segment for segment in reversed(found) if segment.first in begun), None)


def beneath(segments: Iterable[Segment]) -> list[Segment]:
    """Those that lie within another: what has been left behind by a writer that did not know of it."""
    found, reached = [], 0
    for segment in sorted(set(segments), key=lambda one: (one.first, -one.last)):
        if segment.last <= reached:
            found.append(segment)
        reached = max(reached, segment.last)
    return found


def end_of(seq: int, size: int) -> int:
    """The last message of the segment of that size to which message `seq` belongs."""
    return -(-seq // size) * size


def runs(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Messages in the order of their numbers, cut at the ends of large segments and where numbers are missing."""
    run: list[Message] = []
    for message in messages:
        last = run[-1].seq or 0 if run else 0
        if run and (message.seq != last + 1 or last % LARGE == 0):
            yield run
            run = []
        run.append(message)
    if run:
        yield run


def in_passages(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages as the index takes them: a long one in passages."""
    for message in messages:
        text = readable(message)
        if len(text) <= LONG:
            yield message
        else:
            yield from (replace(message, content=passage, tokens=None) for passage in passages(text))
