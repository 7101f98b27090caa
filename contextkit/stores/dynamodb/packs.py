"""Packs: messages side by side in one item, so that a window is read in few items and few bytes.

A message's own item has a key and columns beside its text, and is compressed by itself: a short one
takes three times its text on the wire. In a pack it takes less than its text. A pack says nothing
that its messages' own items do not say, so one that is missing, or damaged, costs its reader no
more than those. Both its ends are known from its number, so none is looked for where none can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contextkit.errors import StoreCorrupt
from contextkit.messages import dump_columns, load_columns
from contextkit.stores.dynamodb import keys
from contextkit.types import Message

LEAST: Final = {256: 192, 32: 11}
"""Messages of a pack, and how many of them must be wanted for it to be read, the larger first. DynamoDB bills a small
pack of a chat like one message, so that it is cheaper from two on, but it is more to send than fewer than eleven."""

FEWEST: Final = {256: 192, 32: 4}
"""The same where more items would be read otherwise than one call reads, which are a hundred: with large packs that is
a window of 200,000 tokens and all that is recalled."""

SMALL: Final = min(LEAST)
"""Messages that are in no pack yet are fewer than these."""

LARGE: Final = max(LEAST)

MOST_BYTES: Final = {LARGE: 48_000, SMALL: 16_000}
"""Bytes of a pack, compressed. Of messages longer than a chat's there are small packs alone: few of them fill a window.
Of those above 500 bytes there are none, since their text is most of what is read of their own items."""

_TOGETHER: Final = 0.8
"""What messages take in a pack, as a part of what they take each by itself: 0.7 to 0.85, measured on chats."""


def largest_of(mean: float) -> int:
    """The size of the largest packs of a session whose messages take so many bytes each by itself; 0 for none."""
    return max((size for size, most in MOST_BYTES.items() if _TOGETHER * mean * size <= most), default=0)


@dataclass(frozen=True, slots=True, order=True)
class Pack:
    """So many messages of one life of a session, as they are numbered there, from number `first` on."""

    first: int
    size: int

    @property
    def last(self) -> int:
        """The number of its last message."""
        return self.first + self.size - 1

    @property
    def seqs(self) -> range:
        """The numbers of all its messages."""
        return range(self.first, self.last + 1)

    def sk(self, life: str) -> str:
        """Its sort key in that life."""
        return keys.numbered(f"pack{self.size}", life, self.first)


def worth_reading(
    seqs: Iterable[int], last: int, largest: int = LARGE, least: Mapping[int, int] = LEAST
) -> tuple[list[Pack], list[int]]:
    """The packs to read for messages with these numbers, and the numbers left, of a life that ends with number `last`.

    No message is in two of the packs, and none of them is larger than `largest`; of each at `least` so many messages
    are wanted, by its size.
    """
    packs: list[Pack] = []
    left = list(seqs)
    for size, enough in ((size, enough) for size, enough in least.items() if size <= largest):
        wanted = Counter((seq - 1) // size for seq in left)
        chosen = {block for block, count in wanted.items() if count >= enough and (block + 1) * size <= last}
        packs += [Pack(block * size + 1, size) for block in sorted(chosen)]
        left = [seq for seq in left if (seq - 1) // size not in chosen]
    return packs, left


def ended_by(seq: int) -> list[Pack]:
    """The packs that message number `seq` is the last of, the smaller first: the larger one has its messages too."""
    return [Pack(seq - size + 1, size) for size in sorted(LEAST) if seq > 0 and seq % size == 0]


def packed(messages: Sequence[Message]) -> list[bytes]:
    """The content of a pack in pieces, from messages as a store has given them."""
    return [piece.encode("ascii") for piece in dump_columns(messages)]


def unpacked(content: bytes, pack: Pack) -> list[Message]:
    """The messages that `packed` wrote. Raises `StoreCorrupt` where they are not the pack's."""
    messages = load_columns(content.decode("ascii", "replace"), pack.first)
    if len(messages) != pack.size:
        raise StoreCorrupt(
            f"The pack of the messages {pack.first} to {pack.last} has {len(messages)} of them.",
            "Delete it: the messages are also stored one by one.",
        )
    return messages
