"""Indexing: the segments of sessions' indexes, made of messages while they are appended.

Here they are at hand: a process that opens a session which was imported, or which it only writes
to, need not read all of it again. What is not made here (several processes write to one session,
one begins in the middle of a segment) is made by the next build.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from contextkit.errors import StoreError
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.segments import LARGE, SMALL, Made, grow, pieces
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.sessions import Sessions
from contextkit.tokens import get_counter
from contextkit.types import Message, TokenCounter

_log = logging.getLogger("contextkit.stores")

OPEN: Final = 32
"""Sessions whose last segment is kept open, some 300 KB each at the most; the one written to least recently goes."""


class Indexing:
    """Follows what this process appends. Shared by threads."""

    def __init__(self, lives: Lives, sessions: Sessions, counter: str | TokenCounter) -> None:
        self._lives = lives
        self._sessions = sessions
        self._counter = counter
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Growing] = OrderedDict()

    def follow(self, actor_id: str, session_id: str, appended: Sequence[Message]) -> None:
        """Take in messages that an append has returned, and store the segments that they complete.

        The messages are stored already: a failure here is never the caller's.
        """
        try:
            life = self._lives.known(self._lives.clock.at(actor_id, session_id))
            made = Made() if life is None else self._grown(life.life, appended)
            if made.add:
                self._sessions.save_derived(actor_id, session_id, made.add, made.remove)
        except StoreError as error:
            _log.info("Segments of an index are left to the next build: %s", error)

    def _grown(self, life: str, appended: Sequence[Message]) -> Made:
        with self._lock:
            growing = self._open.pop(life, None)
        known = 0 if growing is None else growing.last
        new = {message.seq or 0: message for message in appended if (message.seq or 0) > known}
        made = Made()
        for piece in pieces(new[seq] for seq in sorted(new)):
            growing = _continued(growing, piece[0].seq or 0)
            if growing is not None:
                growing.add(piece, get_counter(self._counter), made)
        if growing is not None:
            self._keep_open(life, growing)
        return made

    def _keep_open(self, life: str, growing: _Growing) -> None:
        with self._lock:
            self._open[life] = growing
            if len(self._open) > OPEN:
                self._open.popitem(last=False)


@dataclass(slots=True)
class _Growing:
    """The messages from number `first` on, up to `last`."""

    first: int
    last: int
    index: ConversationIndex = field(default_factory=ConversationIndex)

    def add(self, piece: Sequence[Message], counter: TokenCounter, made: Made) -> None:
        grow(self.index, piece, counter, made, self.first)
        self.last = piece[-1].seq or 0


def _continued(growing: _Growing | None, seq: int) -> _Growing | None:
    """What message number `seq` continues, or begins; None in the middle of a segment that others have begun."""
    if growing is not None and growing.last == seq - 1 and seq % LARGE != 1:
        return growing
    return _Growing(seq, seq - 1) if seq % SMALL == 1 else None
