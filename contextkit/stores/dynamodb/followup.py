"""Follow-up: what is made of messages once they are appended, by whoever appended the last that it takes.

These are packs and the segments of the index. The messages before may be another process's: as far as they are
not at hand, they are read, once in so many messages. Who only builds finds all of it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contextkit.recent import Recent
from contextkit.stores.dynamodb.indexing import Indexing
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.packing import MOST, Packing, bulk
from contextkit.stores.dynamodb.packs import SMALL, Pack
from contextkit.types import Message

OPEN: Final = 64
"""Sessions whose last messages are kept, if this process appended them and no pack has them yet. The one written to
least recently goes, and costs a query when its pack is full."""


class FollowUp:
    """Follows what this process appends. Shared by threads."""

    def __init__(self, packing: Packing, indexing: Indexing) -> None:
        self._packing = packing
        self._indexing = indexing
        self._tails = Recent[str, _Tail](OPEN)
        self._doubted = Recent[str, bool](OPEN)

    def doubt(self, pk: str) -> None:
        """Know that an append to the session in this partition failed on its way, and may have taken place."""
        self._doubted.put(pk, True)

    def follow(self, life: Life, appended: Sequence[Message]) -> None:
        """Make what these messages complete, which were appended to this life.

        The messages are stored already: a failure here is never the caller's.
        """
        tail = self._tails.pop(life.life) or _Tail()
        first, last = (message.seq or 0 for message in (appended[0], appended[-1]))
        if self._doubted.pop(life.pk):
            first = min(first, tail.last + 1 if tail.last else max(1, (first - 1) // SMALL * SMALL))
        at_hand = {message.seq or 0: message for message in (*tail.messages, *appended)}
        numbers = range(first, last + 1)
        self._packing.follow(life, [*self._indexing.owed(life), *numbers], at_hand, tail.too_large)
        self._indexing.follow(life, numbers, at_hand)
        self._tails.put(life.life, tail.followed_by(at_hand, last))


@dataclass(frozen=True, slots=True)
class _Tail:
    """The last messages of a life, in no pack yet; or, where they are too much for one, the pack that will not be.

    `last` is the number of the last message that this process has appended.
    """

    messages: Sequence[Message] = ()
    too_large: Pack | None = None
    last: int = 0

    def followed_by(self, at_hand: Mapping[int, Message], last: int) -> _Tail:
        """The tail of what is at hand, this one included."""
        if self.too_large is not None and last < self.too_large.last:
            return _Tail(too_large=self.too_large, last=last)
        last_pack = last // SMALL * SMALL
        messages = [at_hand[seq] for seq in sorted(at_hand) if seq > last_pack]
        if sum(map(bulk, messages)) > MOST:
            return _Tail(too_large=Pack(last_pack + 1, SMALL), last=last)
        return _Tail(messages, last=last)
