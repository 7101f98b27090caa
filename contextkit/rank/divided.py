"""Divided segments: the index of many messages in parts, of which a question needs those with its words.

Nearly all of a segment is about words that nobody asks for. So it may be stored as a head, which knows
the messages, and in parts, each with the terms that fall into it. A process that opens the session
reads the heads, and of the parts a few.

One of long messages, or of very many, takes megabytes, and is always divided: its parts are read by
their numbers. A smaller one is divided by stores that can read a few of its parts along with the
session: into drawers, so called since all of these are divided alike. Who knows the question's drawers
knows which parts to ask for, whatever segments there are.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final, TypeAlias

from contextkit.errors import StoreCorrupt
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.lexical import LexicalIndex, part_of
from contextkit.rank.segments import SIZES, Segment
from contextkit.rank.subwords import needed_terms

Parts: TypeAlias = Mapping[tuple[str, int], bytes]
"""Parts as they are stored, by the names of their segments and their numbers."""

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

PART: Final = 1 << 12
"""Bytes, not compressed, of a part at about the most, a quarter of that once it is compressed: so much is written for
one unit of DynamoDB's, and as many smaller parts would be as many units more."""

DRAWERS: Final = 2_560
"""Into how many drawers terms fall."""

DIVISIONS: Final[Mapping[int, int]] = {DRAWERS: 480_000, DRAWERS // 4: 40_960, DRAWERS // 16: 10_240}
"""Into how many parts a segment may be divided that lies in drawers, one for each or for several of them, and how many
bytes, not compressed, it then has at the least; one with less stays whole.

So 128 messages of a chat lie in 160 parts, 512 in 640, and 8,192 in 2,560. These take 1.4 to 1.9 times what they do as
a whole, of which a question of 15 words needs an eighth to a twentieth, heads included. Of 8,192 it reads a third less
than of 640 parts, which would take a sixth less themselves.
"""

IN_DRAWERS: Final = tuple(DIVISIONS)
"""No other segment is divided into so many parts: those are powers of two."""

_STAMP: Final = struct.Struct("<II")
"""What a stored part begins with: of how many it is one, and which."""

_SUM: Final = struct.Struct("<I")
"""What a drawer begins with: the checksum of what that would be, and of what follows."""


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

    def opened(self, numbers: Collection[int], found: Parts) -> list[LexicalIndex]:
        """What the parts with these numbers hold. Raises `StoreCorrupt` where one is gone, of another division, or
        damaged."""
        contents = [self._content(number, found.get((self.segment.name, number), b"")) for number in numbers]
        if self.parts in IN_DRAWERS:
            return [LexicalIndex.from_drawers(contents)]
        return [LexicalIndex.from_bytes(content) for content in contents]

    def among(self, found: Parts) -> set[int]:
        """The numbers of its parts that were found and have not been read; those of another division are not its."""
        ours = [(number, data) for (name, number), data in found.items() if name == self.segment.name]
        return {number for number, data in ours if _unmarked(self.parts, number, data) is not None} - self.read

    def _content(self, number: int, data: bytes) -> bytes:
        content = _unmarked(self.parts, number, data)
        if content is None:
            raise StoreCorrupt(
                f"Part {number} of the index of the messages {self.segment.first} to {self.segment.last} is gone.",
                "Nothing has to be done: it is read again, or made again.",
            )
        return content


def divided(segments: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, Sequence[bytes]]]:
    """Segments as they are stored, by name: small ones whole, of large ones the heads; and the parts of these."""
    stored = dict(segments)
    parts: dict[str, Sequence[bytes]] = {}
    for name, data in segments.items():
        if len(data) > _largest_whole(Segment.named(name)):
            count = 1 << (len(data) // PART).bit_length()
            stored[name], pieces = ConversationIndex.from_bytes(data).to_parts(count)
            parts[name] = [_mark(count, number, piece) + piece for number, piece in enumerate(pieces)]
    return stored, parts


def in_drawers(name: str, data: bytes, most: int = DRAWERS) -> tuple[bytes, list[bytes]] | None:
    """The head and the drawers, of which there are so many at the `most`, of a segment that is stored whole elsewhere;
    None of one that is small, or of anything else."""
    count = next((count for count, least in DIVISIONS.items() if count <= most and len(data) >= least), None)
    if count is None or Segment.named(name) is None or ConversationIndex.is_head(data):
        return None
    head, pieces = ConversationIndex.from_bytes(data).to_drawers(count)
    return head, [_mark(count, number, piece) + piece for number, piece in enumerate(pieces)]


def drawers_of(text: str) -> frozenset[int]:
    """The drawers that have the terms which a text may ask for."""
    return frozenset(part_of(term, DRAWERS) for term in needed_terms(text))


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


def _mark(count: int, number: int, content: bytes) -> bytes:
    """What this part, of so many, begins with where it is stored."""
    stamp = _STAMP.pack(count, number)
    return _SUM.pack(zlib.crc32(content, zlib.crc32(stamp))) if count in IN_DRAWERS else stamp


def _unmarked(count: int, number: int, data: bytes) -> bytes | None:
    """What is stored of this part, of so many; None where `data` is something else."""
    mark = (_SUM if count in IN_DRAWERS else _STAMP).size
    content = data[mark:]
    return content if data[:mark] == _mark(count, number, content) else None
