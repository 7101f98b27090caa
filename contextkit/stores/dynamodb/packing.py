"""Packing: a pack is stored by whoever appends the last of its messages, whoever appended the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contextkit.errors import StoreError
from contextkit.recent import Recent
from contextkit.stores.dynamodb.items import Value
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import Log
from contextkit.stores.dynamodb.packs import MOST_BYTES, SMALL, Pack, ended_by, packed
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.types import Message

_log = logging.getLogger("contextkit.stores")

OPEN: Final = 64
"""Sessions whose last messages are kept, if this process appended them and no pack has them yet. The one written to
least recently goes, and costs a query when its pack is full."""

MOST: Final = 16_000
"""Tokens of messages so kept. More, of whatever text, are too large for a small pack as a rule: it is not made then."""


class Packing:
    """Follows what this process appends."""

    def __init__(self, lives: Lives, log: Log, payloads: Payloads) -> None:
        self._lives = lives
        self._database = lives.database
        self._log = log
        self._payloads = payloads
        self._tails = Recent[str, _Tail](OPEN)

    def follow(self, life: Life, appended: Sequence[Message]) -> None:
        """Store the packs that these messages, which were appended to this life, complete.

        The messages are stored already: a failure here is never the caller's, and costs readers
        no more than what the pack would have spared them.
        """
        try:
            made = self._made(life, appended)
            if made:
                self._store(life, made)
        except StoreError as error:
            _log.info("Messages are not packed: %s", error)

    def _made(self, life: Life, appended: Sequence[Message]) -> list[Mapping[str, Value | None]]:
        """The packs of this life that end with one of the messages, but for those too large for an item."""
        tail = self._tails.pop(life.life) or _Tail()
        at_hand = {message.seq or 0: message for message in (*tail.messages, *appended)}
        ended = [pack for message in appended for pack in ended_by(message.seq or 0)]
        ours = [pack for pack in ended if pack.first > life.lineage.size and pack != tail.too_large]
        made = [row for pack in ours if (row := self._row(life, pack, at_hand)) is not None]
        self._tails.put(life.life, tail.followed_by(at_hand))
        return made

    def _row(self, life: Life, pack: Pack, at_hand: dict[int, Message]) -> Mapping[str, Value | None] | None:
        lacking = [seq for seq in pack.seqs if seq not in at_hand]
        if lacking:
            read = self._log.singles if pack.size == SMALL else self._log.packed
            at_hand |= {message.seq or 0: message for message in read(life, lacking[0], lacking[-1])}
        messages = [at_hand[seq] for seq in pack.seqs if seq in at_hand]
        most = MOST_BYTES[pack.size]
        if len(messages) < pack.size or sum(map(_size, messages)) * MOST_BYTES[SMALL] > MOST * most:
            return None
        columns = self._payloads.inline(packed(messages), most)
        if columns is None:
            return None
        return {"pk": life.pk, "sk": pack.sk(life.life), "ttl": life.ttl, **columns}

    def _store(self, life: Life, packs: Sequence[Mapping[str, Value | None]]) -> None:
        """All of them, unless the session ends meanwhile: outside a transaction, in which they would cost double."""
        self._database.put_many("sessions", packs)
        now = self._lives.find(self._lives.clock.at(life.actor_id, life.session_id))
        if now is None or life.life not in now.lives:
            self._database.delete_many("sessions", [(str(pack["pk"]), str(pack["sk"])) for pack in packs])


@dataclass(frozen=True, slots=True)
class _Tail:
    """The last messages of a life, in no pack yet; or, where they are too much for one, the pack that will not be."""

    messages: Sequence[Message] = ()
    too_large: Pack | None = None

    def followed_by(self, at_hand: Mapping[int, Message]) -> _Tail:
        """The tail of what is at hand, this one included."""
        last = max(at_hand, default=0)
        if self.too_large is not None and last < self.too_large.last:
            return self
        last_pack = last // SMALL * SMALL
        messages = [at_hand[seq] for seq in sorted(at_hand) if seq > last_pack]
        if sum(map(_size, messages)) > MOST:
            return _Tail(too_large=Pack(last_pack + 1, SMALL))
        return _Tail(messages)


def _size(message: Message) -> int:
    """About how many tokens a message would be if all of it were text: a picture counts for few, and has many bytes."""
    beside = (message.metadata, None if isinstance(message.content, str) else message.content)
    return max(message.tokens or 0, len(repr(beside)) // 4)
