"""Divided segments: the index of many messages in parts, of which a question needs those with its words.

A segment of long messages, or of very many, takes megabytes, and nearly all of it is about words that
nobody asks for. So it is stored as a head, which knows the messages, and in parts, each with the terms
that fall into it. A process that opens the session reads the heads, and of the parts a few.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from contextkit.errors import StoreCorrupt
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.lexical import LexicalIndex, part_of
from contextkit.rank.segments import SIZES, Segment

WHOLE: Final = 1 << 20
"""Bytes, not compressed, of the largest segment that is stored as a whole: 8,192 messages of a chat take 0.7 MB, and a
fifth of that once they are compressed. Of one in parts less is read for a question, but in a call of its own."""

DENSE: Final = 128
"""Bytes for each message above which a segment is divided sooner, if it stands behind one that was: a chat's messages
take 90, those of 1,500 characters 600. The call is made anyway then."""

BEHIND: Final = SIZES[4]
"""Messages before it behind which a segment of long ones stands behind one that was divided."""

LEAST: Final = 1 << 17
"""Bytes of what is stored whole in any case."""

PART: Final = 1 << 13
"""Bytes, not compressed, of a part at about the most, a quarter of that once it is compressed. DynamoDB bills 4 KB for
each that is read, but smaller ones are less to send."""


_STAMP: Final = struct.Struct("<II")
"""What a stored part begins with: of how many it is one, and which."""


@dataclass(slots=True)
class Divided:
    """A segment that is stored in so many `parts`, of which some have been `read`."""

    segment: Segment
    parts: int
    read: set[int] = field(default_factory=set)

    def lacking(self, terms: Iterable[str]) -> set[int]:
        """The numbers of the parts that have these terms and have not been read."""
        return {part_of(term, self.parts) for term in terms} - self.read

    @property
    def unread(self) -> set[int]:
        """The numbers of all parts that have not been read."""
        return set(range(self.parts)) - self.read

    def opened(self, numbers: Collection[int], found: Mapping[tuple[str, int], bytes]) -> list[LexicalIndex]:
        """The parts with these numbers. Raises `StoreCorrupt` where one is gone, of another division, or damaged."""
        return [self._opened(number, found.get((self.segment.name, number), b"")) for number in numbers]

    def _opened(self, number: int, data: bytes) -> LexicalIndex:
        stamp = _STAMP.pack(self.parts, number)
        if not data.startswith(stamp):
            raise StoreCorrupt(
                f"Part {number} of the index of the messages {self.segment.first} to {self.segment.last} is gone.",
                "Nothing has to be done: it is read again, or made again.",
            )
        return LexicalIndex.from_bytes(data[len(stamp) :])


def divided(segments: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, Sequence[bytes]]]:
    """Segments as they are stored, by name: small ones whole, of large ones the heads; and the parts of these."""
    stored = dict(segments)
    parts: dict[str, Sequence[bytes]] = {}
    for name, data in segments.items():
        if len(data) > _largest_whole(Segment.named(name)):
            count = 1 << (len(data) // PART).bit_length()
            stored[name], pieces = ConversationIndex.from_bytes(data).to_parts(count)
            parts[name] = [_STAMP.pack(count, number) + piece for number, piece in enumerate(pieces)]
    return stored, parts


def _largest_whole(segment: Segment | None) -> float:
    """How many bytes a segment has at the most that is stored as a whole; what is none always is."""
    if segment is None:
        return inf
    if segment.first <= BEHIND:
        return WHOLE
    return min(WHOLE, max(LEAST, DENSE * (segment.last - segment.first + 1)))


def loaded(segment: Segment, data: bytes) -> tuple[ConversationIndex, Divided | None]:
    """The index of a segment as it is stored, and if it is in parts, which those are. Raises `StoreCorrupt`."""
    if not ConversationIndex.is_head(data):
        return ConversationIndex.from_bytes(data), None
    index, parts = ConversationIndex.from_head(data)
    return index, Divided(segment, parts)
