"""Indexing: the segments of sessions' indexes, made of messages behind their append.

A segment is made by whoever appends the last of its messages, so that nobody who waits for a prompt
has to: of the messages before it, as far as they are not at hand, what is stored is read. What is
missing all the same (a writer died in between) is made by the build that comes upon it, and stored
behind the next append. A process that wrote all of a session has all of its index, and does not read
that either when it builds from it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from contextkit.errors import StoreCorrupt, StoreError
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import DIVISIONS, IN_DRAWERS, Parts, divided, in_drawers, loaded
from contextkit.rank.segments import (
    LARGE,
    SMALL,
    Made,
    Segment,
    completing,
    end_of,
    in_passages,
    larger_than_large,
    runs,
    segments_named,
    united,
)
from contextkit.recent import Recent
from contextkit.stores import Session, SomeParts
from contextkit.stores.codec import from_micros
from contextkit.stores.dynamodb.derived import DerivedData
from contextkit.stores.dynamodb.growing import Growing, Whole, one_of
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import Log
from contextkit.stores.dynamodb.sessions import FIRST, NEWEST, Sessions
from contextkit.stores.dynamodb.sheets import MOST, SHEETS, sheets
from contextkit.tokens import get_counter
from contextkit.types import Message, TokenCounter

_log = logging.getLogger("contextkit.stores")

OPEN: Final = 32
"""Sessions whose last segment is kept open, 1.2 MB each at the most; the one written to least recently goes."""

AT_ONCE: Final = 512
"""Messages of missing segments that are stored at once by the build that made them: reading them took it several calls
anyway. And as many are read again at the most to make a larger segment of which a part is missing."""


class Indexing:
    """Makes segments of what this process appends. Shared by threads."""

    def __init__(
        self, lives: Lives, log: Log, sessions: Sessions, derived: DerivedData, counter: str | TokenCounter
    ) -> None:
        self._lives = lives
        self._log = log
        self._sessions = sessions
        self._derived = derived
        self._counter = counter
        self._open = Recent[str, Growing](OPEN)
        self._owed = Recent[str, _Owed](OPEN)

    def follow(self, life: Life, numbers: range, at_hand: dict[int, Message]) -> None:
        """Store the segments that messages of this life with these numbers complete, and what is owed.

        A failure is never the caller's: it leaves them to the next append.
        """
        owed, made = self._owed_to(life), Made()
        try:
            self._grow(life, numbers, at_hand, made)
            owed = self._settled(life, owed.beside(made), made)
        except StoreError as error:
            _log.info("Segments of an index are left to the next append: %s", error)
            owed = owed.beside(made)
        if owed.add or owed.remove:
            self._owed.put(life.pk, owed)

    def owed(self, life: Life) -> list[int]:
        """The numbers of the last messages of segments that are to be stored, of which nothing else may be made."""
        owed = self._owed.get(life.pk)
        return [] if owed is None or owed.life != life.life else [one.last for one in segments_named(owed.add)]

    def keep_segments(
        self, actor_id: str, session_id: str, add: Mapping[str, bytes], remove: Iterable[str], begun: datetime | None
    ) -> None:
        """What `SegmentKeeper.keep_segments` does."""
        life = self._lives.known(self._lives.clock.at(actor_id, session_id))
        if life is None:
            return
        life.goes_on_from(begun)
        made = Made(dict(add), list(remove))
        if sum(segment.size for segment in segments_named(add)) < AT_ONCE:
            self._owed.put(life.pk, self._owed_to(life).beside(made))
        else:
            self._save(life, _Owed(life.life).beside(made))

    def save_derived(
        self,
        actor_id: str,
        session_id: str,
        add: Mapping[str, bytes],
        remove: Iterable[str] = (),
        begun: datetime | None = None,
        parts: Mapping[str, Sequence[bytes]] = MappingProxyType({}),
    ) -> None:
        """What `DerivedData.save_derived` does, in drawers."""
        lying, pieces = _stored({name: data for name, data in add.items() if name not in parts})
        self._derived.save_derived(actor_id, session_id, {**add, **lying}, remove, begun, {**parts, **pieces})

    def open_session(
        self, actor_id: str, session_id: str, *, derived: bool, drawers: Collection[int] = ()
    ) -> Session | None:
        """What `Sessions.open_session` gives; segments that this process has all made are not read again."""
        at = self._lives.clock.at(actor_id, session_id)
        whole = self._whole(at.pk) if derived else None
        if whole is not None:
            newest = max(1, whole.last % SMALL)  # which are in no pack
            session = self._sessions.open_session(actor_id, session_id, derived=False, newest=newest)
            if session is None:
                return None
            life = self._lives.known(at)
            if life and life.life == whole.life and session.last_seq - whole.last < SMALL:
                return replace(session, derived=whole.segments)
        newest = FIRST if derived or not drawers else NEWEST
        return self._sessions.open_session(actor_id, session_id, derived=derived, drawers=drawers, newest=newest)

    def _owed_to(self, life: Life) -> _Owed:
        owed = self._owed.pop(life.pk)
        return _Owed(life.life) if owed is None or owed.life != life.life else owed

    def _settled(self, life: Life, owed: _Owed, made: Made) -> _Owed:
        """What is still owed once all segments are stored: that those go which have just been made one.

        They stay until the next is stored, if a question is answered from parts of them, by processes which do not
        know yet that they are one.
        """
        if not owed.add:
            return owed
        later = [name for name in made.remove if _lies_in_drawers(name, made.add)]
        self._save(life, replace(owed, remove=[name for name in owed.remove if name not in later]))
        return _Owed(life.life, remove=later)

    def _save(self, life: Life, owed: _Owed) -> None:
        stored, parts = _stored(owed.add)
        begun = from_micros(life.created_at)
        self._derived.save_derived(life.actor_id, life.session_id, stored, owed.remove, begun, parts)

    def _grow(self, life: Life, numbers: range, at_hand: dict[int, Message], made: Made) -> None:
        """Take in these messages, and note the segments that they complete."""
        growing = self._open.pop(life.pk)  # nobody else's until it is put back
        if growing is not None and growing.life > life.life:  # the session has ended since, and begun anew
            self._open.put(life.pk, growing)
            return
        begun = end_of(numbers[0], SMALL) - SMALL
        if growing is None or growing.life < life.life or growing.last < begun:
            growing = Growing.behind(life.life, begun)
        for run in runs(self._following(life, growing.last, numbers[-1], at_hand)):
            growing = growing.next() if growing.is_full else growing
            last = run[-1].seq or 0
            self._lead(life, growing, last)
            growing.add(run, get_counter(self._counter), made)
            if growing.whole is None:
                self._unite(life, last, made)
        growing.keep(made)
        self._open.put(life.pk, growing)

    def _following(self, life: Life, done: int, last: int, at_hand: dict[int, Message]) -> list[Message]:
        """The messages behind number `done`; those not at hand are read where a segment ends. None if not all are
        there."""
        wanted = range(done + 1, last + 1)
        lacking = [seq for seq in wanted if seq not in at_hand]
        if lacking and last // SMALL * SMALL > done:
            read = self._log.singles(life, lacking[0], lacking[-1])
            at_hand |= {message.seq or 0: message for message in read}
        found = [at_hand[seq] for seq in wanted if seq in at_hand]
        return found if len(found) == len(wanted) else []

    def _lead(self, life: Life, growing: Growing, last: int) -> None:
        """Have all of a segment which a message up to number `last` ends, where only its end is there."""
        segment = next((one for one in completing(1, growing.last, last) if one.first < growing.first), None)
        if segment is not None:
            before = self._stored_before(life, segment, growing.first - 1)
            if before is not None:
                growing.lead(segment.first, before)

    def _unite(self, life: Life, last: int, made: Made) -> None:
        """Make the segment of large ones which ends with this number, where one of these has just been made."""
        larger, ended = larger_than_large(last), Segment.ending(last, LARGE)
        if larger is not None and ended.name in made.add:
            before = self._stored_before(life, larger, ended.first - 1)
            if before is not None:
                data = one_of([*before, ConversationIndex.from_bytes(made.add[ended.name])])
                made.take(larger, data, [*united(larger.first, ended.first - 1), ended])

    def _stored_before(self, life: Life, segment: Segment, last: int) -> list[ConversationIndex] | None:
        """The segment up to that message, as it is stored; None where that is not at hand in a few calls.

        What is missing, or damaged, is made of its messages.
        """
        pieces = united(segment.first, last)
        found, parts = self._derived.named(life, [piece.name for piece in pieces])
        stored = [self._opened(life, piece, found.get(piece.name, b""), parts) for piece in pieces]
        missing = [piece for piece, index in zip(pieces, stored, strict=True) if index is None]
        if sum(piece.size for piece in missing) > AT_ONCE:
            return None
        indexes = [index or self._analysed(life, piece) for piece, index in zip(pieces, stored, strict=True)]
        there = [index for index in indexes if index is not None]
        return there if len(there) == len(pieces) else None

    def _opened(self, life: Life, segment: Segment, data: bytes, parts: Parts) -> ConversationIndex | None:
        """The index of a segment with all its parts; None where it is not there, or damaged."""
        try:
            index, inside = loaded(segment, data)
            if inside is not None:
                lacking = SomeParts(inside.parts, inside.unread - inside.among(parts))
                wanted = {segment.name: lacking} if lacking.numbers else {}
                read = self._derived.derived_parts(life.actor_id, life.session_id, wanted) if wanted else {}
                index.fill((0, part) for part in inside.opened(inside.unread, {**parts, **read}))
        except StoreCorrupt:
            return None
        return index

    def _analysed(self, life: Life, segment: Segment) -> ConversationIndex | None:
        messages = self._log.numbered(life, range(segment.first, segment.last + 1))
        if len(messages) < segment.size:
            return None
        index = ConversationIndex()
        index.add(in_passages(messages), get_counter(self._counter))
        return index

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
class _Owed:
    """What is stored of a life's index with the next segment, and what is deleted then."""

    life: str
    add: Mapping[str, bytes] = field(default_factory=dict)
    remove: Sequence[str] = ()

    def beside(self, made: Made) -> _Owed:
        """The same with what was made since, which may span it."""
        former = {name: data for name, data in self.add.items() if name not in made.remove}
        return replace(self, add=former | made.add, remove=[*self.remove, *made.remove])


def _stored(segments: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, Sequence[bytes]]]:
    """Segments as they are stored, by name, and their parts: in drawers if sheets have room for these, or divided."""
    found = {name: _on_sheets(name, data) for name, data in segments.items()}
    lying = {name: one for name, one in found.items() if one is not None}
    stored, parts = divided({name: data for name, data in segments.items() if name not in lying})
    heads = {name: head for name, (head, _) in lying.items()}
    return {**stored, **heads}, {**parts, **{name: pieces for name, (_, pieces) in lying.items()}}


def _on_sheets(name: str, data: bytes) -> tuple[bytes, Sequence[bytes]] | None:
    """The head and the drawers of a segment; None of one that is small, or too large for the sheets it may have."""
    if len(data) > _TRIED:
        return None
    divisions = (in_drawers(name, data, most) for most in IN_DRAWERS)
    return next((one for one in divisions if one is not None and sheets(*one, most=_sheets_of(name)) is not None), None)


def _sheets_of(name: str) -> int:
    """How many sheets a segment may lie on: more than one the first alone, so that all are read in one call."""
    segment = Segment.named(name)
    return SHEETS if segment is not None and segment.first == 1 else 1


def _lies_in_drawers(name: str, larger: Mapping[str, bytes]) -> bool:
    """Whether the segment of this name may be stored in parts, as one of these larger ones tells, which has it.

    For each message that takes fewer bytes, but more than half as many.
    """
    inner = Segment.named(name)
    outer = [(one, larger[one.name]) for one in segments_named(larger)]
    return inner is not None and any(
        one.first <= inner.first and inner.last <= one.last and 2 * len(data) * inner.size >= _PARTED * one.size
        for one, data in outer
    )


_TRIED: Final = 8 * SHEETS * MOST
"""Bytes, not compressed, of the largest segment that sheets may have room for: drawers take a fourth to an eighth."""

_PARTED: Final = min(DIVISIONS.values())
"""Bytes from which on a segment is stored in parts."""
