"""Segments: the index of a conversation in pieces, stored with it and each written once.

A process that opens a long conversation reads its segments instead of its messages. Small ones
come soon, so that little is left to analyse; a large one takes the place of the small ones it
spans, so that there are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from contextkit.rank.conversation import ConversationIndex
from contextkit.types import Message, TokenCounter

SMALL: Final = 128
"""Messages of a small segment, which no window is too small for: what a process analyses itself is fewer."""

LARGE: Final = 1_024
"""Messages of a large segment: some 20 KB of a chat, which is small enough for one item of a database."""

LONG: Final = 2_000
"""Characters above which a message is indexed in passages. As one, its few telling words would be
lost among thousands: BM25 holds long texts back."""

PASSAGE: Final = 1_000
"""Characters of a passage: a long turn's length, so that passages and turns compare fairly."""

INDEXED: Final = 1_000_000
"""Characters of one message that are indexed, half of them from its beginning and half from its end."""

MOST_PASSAGES: Final = 512
"""Passages of one message at the most; those of a huge one are longer instead."""

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
        if not name.startswith(_PREFIX) or not (first.isdecimal() and last.isdecimal()):
            return None
        return cls(int(first), int(last))

    @property
    def name(self) -> str:
        """What it is stored under."""
        return f"{_PREFIX}{self.first}-{self.last}"

    @property
    def parts(self) -> list[Segment]:
        """The small segments that it spans, if it is a large one."""
        if self.last - self.first < SMALL:
            return []
        return [Segment(first, first + SMALL - 1) for first in range(self.first, self.last, SMALL)]


@dataclass(frozen=True, slots=True)
class Made:
    """Segments to be stored, by name, and the names of those that they span and that may go."""

    add: dict[str, bytes] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)

    def take(self, segment: Segment, data: bytes) -> None:
        """Have a segment stored, in the place of those that it spans."""
        for part in segment.parts:
            self.add.pop(part.name, None)
            self.remove.append(part.name)
        self.add[segment.name] = data


def grow(index: ConversationIndex, piece: Sequence[Message], counter: TokenCounter, made: Made, begun: int = 1) -> None:
    """Append one of `pieces` to an index that begins with message number `begun`, and take in the segment it completes.

    Of a large one that began before the index does, that is its last small one.
    """
    index.add(passages(piece), counter)
    last = piece[-1].seq or 0
    ended = ended_by(last)
    if ended is not None:
        whole = ended if ended.first >= begun else Segment(last - SMALL + 1, last)
        made.take(whole, index.to_bytes(int(np.searchsorted(index.seqs, whole.first))))


def ended_by(seq: int) -> Segment | None:
    """The segment that message number `seq` is the last of; the large one, where it ends two."""
    size = LARGE if seq % LARGE == 0 else SMALL
    return Segment(seq - size + 1, seq) if seq % size == 0 else None


def end_of(seq: int, size: int) -> int:
    """The last message of the segment of that size to which message `seq` belongs."""
    return -(-seq // size) * size


def pieces(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Messages in the order of their numbers, cut at the ends of small segments and where numbers are missing."""
    piece: list[Message] = []
    for message in messages:
        last = piece[-1].seq or 0 if piece else 0
        if piece and (message.seq != last + 1 or last % SMALL == 0):
            yield piece
            piece = []
        piece.append(message)
    if piece:
        yield piece


def passages(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages as the index takes them: a long one in passages, each found by what it says itself."""
    for message in messages:
        text = message.text
        if len(text) > INDEXED:
            text = text[: INDEXED // 2] + text[-INDEXED // 2 :]
        if len(text) <= LONG:
            yield message
        else:
            size = max(PASSAGE, len(text) // MOST_PASSAGES)
            yield from (replace(message, content=passage, tokens=None) for passage in _cut(text, size))


def _cut(text: str, size: int) -> Iterator[str]:
    """Pieces of about `size` characters, cut at the ends of lines where there are any."""
    start = 0
    while start < len(text):
        line_end = text.find("\n", start + size, start + 2 * size)
        end = line_end + 1 if line_end >= 0 else start + size
        yield text[start:end]
        start = end
