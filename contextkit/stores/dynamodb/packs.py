"""Packs: messages side by side in one item, so that a window is read in few items and few bytes.

A message's own item has a key and columns beside its text, and is compressed by itself: a short one
takes three times its text on the wire. In a pack it takes less than its text. A pack says nothing
that its messages' own items do not say, so one that is missing, or damaged, costs its reader no
more than those. Both its ends are known from its number, so none is looked for where none can be.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contextkit.errors import StoreCorrupt
from contextkit.messages import dumps, loads
from contextkit.stores.dynamodb import keys
from contextkit.types import Message

LEAST: Final = {256: 192, 32: 12}
"""Messages of a pack, and how many of them must be wanted for it to be read: below that, smaller packs or the
messages' own items are less to read. A hundred items are read in one call, which are a large window and what is
recalled; a small pack is what little windows end in."""

SMALL: Final = min(LEAST)
"""Messages that are in no pack yet are fewer than these."""


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


def worth_reading(seqs: Iterable[int], last: int) -> tuple[list[Pack], list[int]]:
    """The packs to read for messages with these numbers, and the numbers left, of a life that ends with number `last`.

    No message is in two of the packs.
    """
    packs: list[Pack] = []
    left = list(seqs)
    for size, least in LEAST.items():
        wanted = Counter((seq - 1) // size for seq in left)
        chosen = {block for block, count in wanted.items() if count >= least and (block + 1) * size <= last}
        packs += [Pack(block * size + 1, size) for block in sorted(chosen)]
        left = [seq for seq in left if (seq - 1) // size not in chosen]
    return packs, left


def ended_by(seqs: Sequence[int]) -> list[Pack]:
    """The packs that one of these messages is the last of, small ones before the large ones that have them too."""
    return [Pack(seq - size + 1, size) for size in sorted(LEAST) for seq in seqs if seq % size == 0]


def packed(messages: Sequence[Message]) -> bytes:
    """The messages, as a store has given them, one to a line behind what it has counted of them."""
    facts = [[message.tokens, message.counter] for message in messages]
    lines = [json.dumps(facts, separators=(",", ":")), *map(dumps, messages)]
    return "\n".join(lines).encode("ascii")


def unpacked(content: bytes, pack: Pack) -> list[Message]:
    """The messages that `packed` wrote. Raises `StoreCorrupt` where they are not the pack's."""
    head, *lines = content.decode("ascii", "replace").split("\n")
    try:
        facts = [(int(tokens), str(counter)) for tokens, counter in json.loads(head)]
    except (ValueError, TypeError) as error:
        raise _damaged(pack) from error
    if not len(lines) == len(facts) == pack.size:
        raise _damaged(pack)
    return [
        loads(line, seq=seq, tokens=tokens, counter=counter)
        for seq, line, (tokens, counter) in zip(pack.seqs, lines, facts, strict=True)
    ]


def _damaged(pack: Pack) -> StoreCorrupt:
    return StoreCorrupt(
        f"The pack of the messages {pack.first} to {pack.last} is damaged.",
        "Delete it: the messages are also stored one by one.",
    )
