"""Packing: a pack is stored by whoever appends the last of its messages, whoever appended the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from contextkit.errors import StoreError
from contextkit.stores.codec import from_micros
from contextkit.stores.dynamodb.database import batches
from contextkit.stores.dynamodb.life import At, Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import Log
from contextkit.stores.dynamodb.packs import SMALL, Pack, ended_by, packed
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.writes import Put, Write
from contextkit.types import Message

_log = logging.getLogger("contextkit.stores")


class Packing:
    """Follows what this process appends."""

    def __init__(self, lives: Lives, log: Log, payloads: Payloads) -> None:
        self._lives = lives
        self._log = log
        self._payloads = payloads

    def follow(self, actor_id: str, session_id: str, appended: Sequence[Message]) -> None:
        """Store the packs that these messages, which an append has returned, complete.

        The messages are stored already: a failure here is never the caller's, and costs readers
        no more than what the pack would have spared them.
        """
        try:
            at = self._lives.clock.at(actor_id, session_id)
            life = self._lives.known(at)
            if life is not None:
                self._store(at, life, self._made(life, appended))
        except StoreError as error:
            _log.info("Messages are not packed: %s", error)

    def _made(self, life: Life, appended: Sequence[Message]) -> list[Write]:
        """The packs of this life that end with one of the messages, but for those too large for an item."""
        at_hand = {message.seq or 0: message for message in appended}
        packs = [pack for pack in ended_by(list(at_hand)) if pack.first > life.lineage.size]
        return [put for pack in packs if (put := self._put(life, pack, at_hand)) is not None]

    def _put(self, life: Life, pack: Pack, at_hand: dict[int, Message]) -> Write | None:
        lacking = [seq for seq in pack.seqs if seq not in at_hand]
        if lacking:
            read = self._log.singles if pack.size == SMALL else self._log.between
            at_hand |= {message.seq or 0: message for message in read(life, lacking[0], lacking[-1])}
        messages = [at_hand[seq] for seq in pack.seqs if seq in at_hand]
        columns = self._payloads.inline(packed(messages)) if len(messages) == pack.size else None
        if columns is None:
            return None
        return Put("sessions", {"pk": life.pk, "sk": pack.sk(life.life), "ttl": life.ttl, **columns})

    def _store(self, at: At, life: Life, puts: Sequence[Write]) -> None:
        """All of them, unless the session has ended meanwhile."""
        for group in batches(puts):
            self._lives.change(at, partial(_written_in, from_micros(life.created_at), group))


def _written_in(begun: datetime, puts: Sequence[Write], life: Life) -> Sequence[Write]:
    """The writes themselves, if this life is, or goes on from, that which began then. Raises `SessionEnded`."""
    life.goes_on_from(begun)
    return puts
