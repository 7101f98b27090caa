"""Reading a session back from AgentCore: one that other clients wrote, or whose state store was lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from contextkit.clock import Clock
from contextkit.errors import StoreError
from contextkit.recent import Recent
from contextkit.stores import Session, SessionStore
from contextkit.stores.agentcore.events import MAIN, Events
from contextkit.stores.agentcore.foreign import foreign_event, foreign_messages
from contextkit.stores.agentcore.history import LINE, line, past
from contextkit.stores.agentcore.ledger import Entry, Ledger, Place
from contextkit.stores.codec import to_micros
from contextkit.types import Message

_log = logging.getLogger("contextkit.stores")

LOOK_AGAIN: Final = 30.0
"""Seconds for which a session that AgentCore does not have is not looked for again; after a failure, none is."""

FEW: Final = 5
"""Events that are asked for one by one; of more, the session's list is read."""

_REMEMBERED: Final = 10_000

_ENDLESS: Final = datetime.max.replace(tzinfo=UTC)


class Adoption:
    """Brings messages from AgentCore into the state store, each once however often it is tried.

    Messages of other clients get ids made of their event's, our own keep theirs; so a second
    append of the same is a no-op. The ledger says beforehand that an adoption has begun: until it
    is finished, nothing of the session is sent, and what came from AgentCore never goes back.
    Unless `wanted`, sessions are adopted only when that is asked for.
    """

    def __init__(self, state: SessionStore, events: Events, ledger: Ledger, clock: Clock, wanted: bool) -> None:
        self._state = state
        self._events = events
        self._ledger = ledger
        self._clock = clock
        self._wanted = wanted
        self._looked = Recent[Place, float](_REMEMBERED)
        self._lives_until = Recent[Place, datetime](_REMEMBERED)
        self._resting_until = 0.0
        self._problem: StoreError | None = None

    @property
    def problem(self) -> StoreError | None:
        """Why no session is looked for in AgentCore at the moment; None while all are."""
        return self._problem if time.monotonic() < self._resting_until else None

    def session(self, place: Place) -> Session | None:
        """The session as the state store has it, after a look into AgentCore where that has none."""
        found = self._state.session(place.actor_id, place.session_id)
        if found is None and self._wanted:
            self.look(place)
            found = self._state.session(place.actor_id, place.session_id)
        if found is not None:
            self._lives_until.put(place, found.expires_at or _ENDLESS)
        return found

    def ensure(self, place: Place) -> bool:
        """Have the session looked for, unless it is known to be in the state store. True if it was not, and now is."""
        until = self._lives_until.get(place)
        if not self._wanted or (until is not None and self._clock() < until):
            return False
        before = self._state.session(place.actor_id, place.session_id)
        if before is not None:
            self._lives_until.put(place, before.expires_at or _ENDLESS)
            return False
        return self.session(place) is not None

    def forget(self, place: Place) -> None:
        """The session is being deleted."""
        self._lives_until.pop(place)

    def look(self, place: Place) -> None:
        """Adopt the session if AgentCore has it. If AgentCore does not answer, that is the `problem`, and all goes on.

        It is asked once, and after a failure for a while not at all: nobody's turn waits for it.
        """
        if self.found_nothing(place) or time.monotonic() < self._resting_until:
            return
        try:
            asked = self.adopt(place, patient=False)
        except StoreError as error:
            self._problem, self._resting_until = error, time.monotonic() + LOOK_AGAIN
            _log.warning("Whether AgentCore has a session that is unknown here cannot be said now: %s", error)
            return
        if asked:
            self._looked.put(place, time.monotonic())

    def found_nothing(self, place: Place) -> bool:
        """Whether AgentCore was asked for this session a moment ago, and had nothing of it that lasts."""
        looked = self._looked.get(place)
        return looked is not None and time.monotonic() < looked + LOOK_AGAIN

    def adopt(self, place: Place, *, patient: bool = True) -> bool:
        """Read the whole session back. False if AgentCore was not asked, since it is being erased there."""
        entry = self._ledger.read(place)
        if entry.erase is not None:
            return False
        events = line(self._events.all(place.actor_id, place.session_id, patient=patient))
        found = past(events, self._clock())
        if not found.messages:
            if entry.adopting:
                self._ledger.save(place, replace(entry, adopting=False))
            return True
        begun = entry if entry.adopting else self._ledger.save(place, replace(entry, adopting=True))
        if begun is None:
            return self.adopt(place, patient=patient)
        stored = self._state.append(place.actor_id, place.session_id, found.messages)
        self._finish(place, begun, found.line, max(message.seq or 0 for message in stored))
        return True

    def pull(self, place: Place, branch: str = MAIN) -> int:
        """Append what other clients have written on this branch since. How many messages that was."""
        events = line(self._events.all(place.actor_id, place.session_id), branch)
        theirs = [message for event in events if LINE not in event.metadata for message in foreign_messages(event)]
        if not theirs:
            return 0
        before = self._state.session(place.actor_id, place.session_id)
        stored = self._state.append(place.actor_id, place.session_id, theirs)
        known = before.last_seq if before is not None else 0
        return len({message.seq for message in stored if (message.seq or 0) > known})

    def is_there(self, place: Place, messages: Sequence[Message]) -> list[bool]:
        """For each message whether AgentCore has it from another client, in the event that its id names."""
        events = [foreign_event(message.id or "") for message in messages]
        named = {event for event in events if event is not None}
        if len(named) > FEW:
            known = {event.id for event in self._events.headers(place.actor_id, place.session_id)}
        else:
            known = {event for event in named if self._events.get(place.actor_id, place.session_id, event)}
        return [event in known for event in events]

    def _finish(self, place: Place, entry: Entry, found: str | None, delivered: int) -> None:
        session = self._state.session(place.actor_id, place.session_id)
        if session is None:
            return
        life = to_micros(session.created_at)
        entry = replace(entry, life=life, line=found or str(life), delivered=delivered, claim=None, adopting=False)
        if self._ledger.save(place, entry, session.expires_at) is None and self._ledger.read(place).adopting:
            self.adopt(place)
