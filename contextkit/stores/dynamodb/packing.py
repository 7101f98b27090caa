"""Packing: a pack is stored by whoever appends the last of its messages, whoever appended the others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from contextkit.errors import StoreError
from contextkit.stores.dynamodb.items import Value
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import Log
from contextkit.stores.dynamodb.packs import MOST_BYTES, SMALL, Pack, ended_by, packed
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.types import Message

_log = logging.getLogger("contextkit.stores")

MOST: Final = 16_000
"""Tokens of messages, of whatever text, that are too large for a small pack as a rule: it is not made then."""


class Packing:
    """Makes packs of what this process appends."""

    def __init__(self, lives: Lives, log: Log, payloads: Payloads) -> None:
        self._lives = lives
        self._database = lives.database
        self._log = log
        self._payloads = payloads

    def follow(self, life: Life, numbers: Iterable[int], at_hand: dict[int, Message], too_large: Pack | None) -> None:
        """Store the packs that messages of this life with these numbers complete, but for one that is `too_large`.

        Messages that are not `at_hand` are read, and are at hand then. A failure costs readers no more than what the
        pack would have spared them.
        """
        try:
            made = self._made(life, numbers, at_hand, too_large)
            if made:
                self._store(life, made)
        except StoreError as error:
            _log.info("Messages are not packed: %s", error)

    def _made(
        self, life: Life, numbers: Iterable[int], at_hand: dict[int, Message], too_large: Pack | None
    ) -> list[Mapping[str, Value | None]]:
        """The packs of this life that end with one of the messages, but for those too large for an item."""
        ended = [pack for seq in numbers for pack in ended_by(seq)]
        ours = [pack for pack in ended if pack.first > life.lineage.size and pack != too_large]
        return [row for pack in ours if (row := self._row(life, pack, at_hand)) is not None]

    def _row(self, life: Life, pack: Pack, at_hand: dict[int, Message]) -> Mapping[str, Value | None] | None:
        lacking = [seq for seq in pack.seqs if seq not in at_hand]
        if lacking:
            read = self._log.singles if pack.size == SMALL else self._log.packed
            at_hand |= {message.seq or 0: message for message in read(life, lacking[0], lacking[-1])}
        messages = [at_hand[seq] for seq in pack.seqs if seq in at_hand]
        most = MOST_BYTES[pack.size]
        if len(messages) < pack.size or sum(map(bulk, messages)) * MOST_BYTES[SMALL] > MOST * most:
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


def bulk(message: Message) -> int:
    """About how many tokens a message would be if all of it were text: a picture counts for few, and has many bytes."""
    beside = (message.metadata, None if isinstance(message.content, str) else message.content)
    return max(message.tokens or 0, len(repr(beside)) // 4)
