"""The ledger: how far each session's messages have reached AgentCore, kept in the state store.

The outbox is the message log itself. A message is in it as soon as the state store has
acknowledged the append, in that same atomic write, and leaves it when the ledger says that an
event holds it. So there is no second write that could be lost between the two.

An entry is a state document under compare-and-set, in a session of an actor that no user can
have. Who wants to send first claims: the claim fixes which messages the next event holds, hence
its payload and its client token. Whoever finds a claim that its maker left behind sends the very
same event again, which AgentCore recognises by its token.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from contextkit.errors import InvalidId, VersionConflict
from contextkit.stores import Session, SessionStore, check_id

RESERVED: Final = "contextkit.agentcore/"
"""How the actors begin under which this package keeps its own notes in the state store."""

KEEP: Final = 0.5
"""The share of a session's remaining life by which its entry may go before it; then the entry is made to live longer.

Only appends lengthen a life in the state store, so an entry is lengthened by one: rarely, since each costs a write."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One actor's session, by its own ids."""

    actor_id: str
    session_id: str

    @property
    def key(self) -> str:
        """A name for it that is short and shows nothing of the ids."""
        return sha256(json.dumps([self.actor_id, self.session_id]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claim:
    """The messages up to number `last` go into the next event. `by` whom and when (microseconds) that was said.

    `expires` is the end of the session's life as the event tells it: part of the claim, so that
    the same event is sent again under the same token.
    """

    last: int
    by: str
    at: int
    expires: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the ledger knows of one session.

    `life` is the session's `created_at` in the state store, `line` the name under which AgentCore
    knows that life (another one where it was read back from there). Messages up to `delivered`
    are in events. `sent_at` is when the last event was, or was tried again, or when all were to be
    deleted. `erase`: everything in AgentCore from before that time is to be deleted, and what was
    claimed before when it arrives. `adopting`: messages are just being read back. `born` is when the
    entry itself was made: versions begin anew where the ledger had forgotten the session.
    """

    version: int = 0
    born: datetime | None = None
    life: int | None = None
    line: str = ""
    delivered: int = 0
    claim: Claim | None = None
    sent_at: int = 0
    erase: int | None = None
    adopting: bool = False

    def forgotten(self) -> Entry:
        """The same entry, with nothing known of the session: as if there were none."""
        return Entry(version=self.version, born=self.born)


class Ledger:
    """Entries by place, and the marks of sessions in which there may be something left to do."""

    def __init__(self, state: SessionStore, memory_id: str) -> None:
        self._state = state
        self._entries = f"{RESERVED}{memory_id}/entries"
        self._marks = f"{RESERVED}{memory_id}/marks"

    def read(self, place: Place) -> Entry:
        """The entry; an empty one, at version 0, where there is none."""
        session = self._state.session(self._entries, place.key)
        return Entry() if session is None else _entry(session)

    def save(self, place: Place, entry: Entry, until: datetime | None = None) -> Entry | None:
        """Write the entry over the version that it was made from; None where somebody else was first.

        `until` is when the session itself will expire: its entry must not go long before.
        """
        saved = self._write(place, entry, entry.version)
        if saved is None:
            return None
        if entry.born not in (None, saved.created_at):
            self._write(place, Entry(), saved.version)  # what it was written over is known no more, but can be found
            return None
        if until and saved.expires_at and saved.expires_at < until - (until - saved.updated_at) * KEEP:
            self._state.append(self._entries, place.key, [{"role": "system", "content": "alive"}])
        return replace(entry, version=saved.version, born=saved.created_at)

    def _write(self, place: Place, entry: Entry, expected: int) -> Session | None:
        document = {name: value for name, value in asdict(entry).items() if name not in _NOT_KEPT}
        try:
            return self._state.save_state(self._entries, place.key, document, expected=expected)
        except VersionConflict:
            return None

    def clear(self, place: Place, entry: Entry) -> bool:
        """Say that nothing is known of the session. False where somebody else has written to its entry since.

        That is looked for beforehand: an entry takes long to be done with, and a claim in its place must last.
        """
        return self.read(place) == entry and self.save(place, entry.forgotten()) is not None

    def drop(self, place: Place, entry: Entry) -> bool:
        """Forget the session: nothing of its ids stays behind. False as for `clear`."""
        if not self.clear(place, entry):
            return False
        self._state.delete_session(self._entries, place.key)
        return True

    def mark(self, place: Place, owner: str) -> None:
        """Note, before anything else is written, that this session may soon have something to deliver or erase."""
        self._state.save_view(self._marks, f"{place.key}.{owner}", json.dumps([place.actor_id, place.session_id]))

    def unmark(self, place: Place, owner: str) -> None:
        """Take the note back: everything is done."""
        self._state.delete_session(self._marks, f"{place.key}.{owner}")

    def marked(self, now: datetime) -> Iterator[tuple[Place, str, float]]:
        """Every noted session with the owner of the note, and how many seconds old it is."""
        for session in self._state.sessions(self._marks):
            if session.view is not None:
                age = (now - session.created_at).total_seconds()
                yield Place(*json.loads(session.view)), session.session_id.partition(".")[2], age


def check_actor(actor_id: str) -> str:
    """The actor's id, unless it is one that this package needs for itself."""
    if check_id("actor id", actor_id).startswith(RESERVED):
        raise InvalidId(f"Actor ids that begin with {RESERVED!r} are reserved.", "Use another id.", value=actor_id[:80])
    return actor_id


_NOT_KEPT: Final = ("version", "born")
"""What the state store itself knows of an entry."""


def _entry(session: Session) -> Entry:
    document = session.state
    if not document:
        return Entry(version=session.version, born=session.created_at)
    claim = None if document["claim"] is None else Claim(**document["claim"])
    return Entry(**{**document, "version": session.version, "born": session.created_at, "claim": claim})
