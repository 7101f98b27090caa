"""Indexing: the segments of sessions' indexes, made of messages while they are appended.

Here they are at hand: a process that opens a session which was imported, or which it only writes
to, need not read all of it again. What is not made here (several processes write to one session,
one begins in the middle of a segment) is made by the next build. A process that wrote all of a
session has all of its index, and does not read that either when it builds from it.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

import numpy as np

from contextkit.errors import StoreError
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import divided, in_drawers
from contextkit.rank.segments import LARGE, SMALL, Made, Segment, end_of, filled, grow, runs, segments_named
from contextkit.recent import Recent
from contextkit.stores import Session
from contextkit.stores.codec import from_micros
from contextkit.stores.dynamodb.derived import DerivedData
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.sessions import NEWEST, Sessions
from contextkit.tokens import get_counter
from contextkit.types import Message, TokenCounter

_log = logging.getLogger("contextkit.stores")

OPEN: Final = 32
"""Sessions whose last segment is kept open, 1.2 MB each at the most; the one written to least recently goes."""

STORED: Final = 4_096
"""Segments of which it is known that this process has stored them, by life and name."""

WHOLE: Final = 2 << 20
"""Bytes, compressed, of the segments kept of a session that this process wrote from its beginning: those of some
50,000 short messages. Of a longer one they are read."""

_LEVEL: Final = 1
"""zlib's effort for what is kept in memory: a fifth of the size in a millisecond for 100 messages."""


class Indexing:
    """Follows what this process appends. Shared by threads."""

    def __init__(self, lives: Lives, sessions: Sessions, derived: DerivedData, counter: str | TokenCounter) -> None:
        self._lives = lives
        self._sessions = sessions
        self._derived = derived
        self._counter = counter
        self._open = Recent[str, _Growing](OPEN)
        self._stored = Recent[tuple[str, str], bool](STORED)

    def follow(self, life: Life, appended: Sequence[Message]) -> None:
        """Take in messages that were appended to a life, and store the segments that they complete.

        The messages are stored already: a failure here is never the caller's.
        """
        try:
            made = self._grown(life.pk, life.life, appended)
            if made.add:
                begun = from_micros(life.created_at)
                stored, parts = _stored(*divided(made.add))
                self._derived.save_derived(life.actor_id, life.session_id, stored, made.remove, begun, parts)
                for name in made.add:
                    self._stored.put((life.life, name), True)
        except StoreError as error:
            _log.info("Segments of an index are left to the next build: %s", error)

    def save_derived(
        self,
        actor_id: str,
        session_id: str,
        add: Mapping[str, bytes],
        remove: Iterable[str] = (),
        begun: datetime | None = None,
        parts: Mapping[str, Sequence[bytes]] = MappingProxyType({}),
    ) -> None:
        """What `DerivedData.save_derived` does, in drawers, and only of what was not stored when it was appended."""
        life = self._lives.known(self._lives.clock.at(actor_id, session_id))
        new = {name: data for name, data in add.items() if not (life and self._stored.pop((life.life, name)))}
        if new or not add:
            stored, parts = _stored(new, parts)
            self._derived.save_derived(actor_id, session_id, stored, remove, begun, parts)

    def open_session(
        self, actor_id: str, session_id: str, *, derived: bool, drawers: Collection[int] = ()
    ) -> Session | None:
        """What `Sessions.open_session` gives; segments that this process has all made are not read again."""
        at = self._lives.clock.at(actor_id, session_id)
        whole = self._whole(at.pk) if derived else None
        if whole is None:
            newest = SMALL if derived or not drawers else NEWEST
            return self._sessions.open_session(actor_id, session_id, derived=derived, drawers=drawers, newest=newest)
        newest = max(1, whole.last % SMALL)  # which are in no pack
        session = self._sessions.open_session(actor_id, session_id, derived=False, newest=newest)
        if session is None:
            return None
        life = self._lives.known(at)
        reaches = session.last_seq - whole.last < SMALL
        return replace(session, derived=whole.segments) if life and life.life == whole.life and reaches else session

    def _grown(self, pk: str, life: str, appended: Sequence[Message]) -> Made:
        growing = self._open.pop(pk)  # nobody else's until it is put back
        if growing is not None and growing.life > life:  # the session has ended since, and begun anew
            self._open.put(pk, growing)
            return Made()
        if growing is not None and growing.life < life:
            growing = None
        known = 0 if growing is None else growing.last
        new = {message.seq or 0: message for message in appended if (message.seq or 0) > known}
        made = Made()
        for run in runs(new[seq] for seq in sorted(new)):
            growing = _continued(growing, life, run[0].seq or 0)
            growing.add(run, get_counter(self._counter), made)
        if growing is not None:
            growing.keep(made)
            self._open.put(pk, growing)
        return made

    def _whole(self, pk: str) -> Whole | None:
        """All of a session's index, if this process made all of it."""
        growing = self._open.pop(pk)
        if growing is None:
            return None
        try:
            return growing.copied()
        finally:
            self._open.put(pk, growing)


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole index of one life of a session, up to message number `last`, by the names of its segments."""

    life: str
    last: int
    segments: Mapping[str, bytes]


@dataclass(slots=True)
class _Growing:
    """The messages of one life of a session from number `first` on, up to `last`.

    `whole` has every segment since its beginning, compressed, if this process made them all.
    """

    life: str
    first: int
    last: int
    whole: dict[str, bytes] | None
    index: ConversationIndex = field(default_factory=ConversationIndex)

    def add(self, run: Sequence[Message], counter: TokenCounter, made: Made) -> None:
        """Take in messages that follow each other, those of them that continue it."""
        new = [message for message in run if (message.seq or 0) > self.last]
        if new:
            grow(self.index, new, counter, made, self.first)
            self.last = new[-1].seq or 0

    def keep(self, made: Made) -> None:
        """Remember the segments that were made of what was added, those that fill a larger one as that."""
        if self.whole is None:
            return
        compressed = {name: zlib.compress(data, _LEVEL) for name, data in made.add.items()}
        whole = {name: data for name, data in self.whole.items() if name not in made.remove} | compressed
        chain: list[Segment] = []
        for segment in segments_named(whole):
            chain.append(segment)
            larger = filled(chain)
            if larger is not None:
                parts = [part for part in chain if part.first >= larger.first]
                data = _united([whole.pop(part.name) for part in parts])
                made.take(larger, data, parts)
                whole[larger.name] = zlib.compress(data, _LEVEL)
                chain = [*chain[: -len(parts)], larger]
        self.whole = whole if sum(map(len, whole.values())) <= WHOLE else None

    def copied(self) -> Whole | None:
        if self.whole is None:
            return None
        segments = {name: zlib.decompress(data) for name, data in self.whole.items()}
        first = self.last // SMALL * SMALL + 1
        if first <= self.last:  # the last one is not complete, and stored nowhere yet
            start = int(np.searchsorted(self.index.seqs, first))
            segments[Segment(first, self.last).name] = self.index.to_bytes(start)
        return Whole(self.life, self.last, segments)


def _stored(
    segments: Mapping[str, bytes], parts: Mapping[str, Sequence[bytes]]
) -> tuple[Mapping[str, bytes], Mapping[str, Sequence[bytes]]]:
    """The same, with those in drawers that are whole and not small."""
    found = {name: in_drawers(name, data) for name, data in segments.items() if name not in parts}
    lying = {name: one for name, one in found.items() if one is not None}
    heads = {name: head for name, (head, _) in lying.items()}
    return {**segments, **heads}, {**parts, **{name: pieces for name, (_, pieces) in lying.items()}}


def _united(segments: Iterable[bytes]) -> bytes:
    """One segment of several that follow each other, which are compressed."""
    index = ConversationIndex()
    index.extend(ConversationIndex.from_bytes(zlib.decompress(data)) for data in segments)
    return index.to_bytes()


def _continued(growing: _Growing | None, life: str, seq: int) -> _Growing:
    """What message number `seq` continues; or what begins with it, or in the middle of a segment with the next one."""
    before = growing if growing is not None and growing.last == seq - 1 else None
    if before is not None and seq % LARGE != 1:
        return before
    done = end_of(seq - 1, SMALL)
    whole = None if before is None else before.whole
    return _Growing(life, done + 1, done, {} if seq == 1 else whole)
