"""One step of bringing a session's messages to AgentCore: the next event, or the deletion of what is to go."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import islice, takewhile
from typing import Final

from contextkit.stores import Session, SessionStore
from contextkit.stores.agentcore.adoption import Adoption
from contextkit.stores.agentcore.events import Event, Events, floored
from contextkit.stores.agentcore.failures import Repeated
from contextkit.stores.agentcore.history import EXPIRES, LAST, LINE, last_delivered
from contextkit.stores.agentcore.ledger import Claim, Entry, Ledger, Place
from contextkit.stores.agentcore.payloads import MAX_PARTS, fitting, to_payload
from contextkit.stores.codec import SECOND, from_micros, to_micros
from contextkit.types import Message

PACE: Final = 0.2
"""Seconds between the end of one CreateEvent (or DeleteEvent) of a session and the start of the next.

AWS allows 5 a second for each actor and session. Measured from the end of the last call, no second
can hold more than five, however late each of them arrives."""

LEASE: Final = 10.0
"""Seconds after which another's claim counts as left behind: twice the time for which a call is waited for."""

ERASED: Final = 25
"""Events deleted in one step: five seconds' worth, after which other sessions have their turn."""

_BEGINNING: Final = from_micros(0)


class Delivery:
    """Steps that any number of processes may take for one session at once: the ledger keeps them apart.

    `me` names this process in claims, and `metadata` goes with every event. Claims and the pace are told by the time
    that all processes share, whatever the store's own clock.
    """

    def __init__(
        self,
        state: SessionStore,
        events: Events,
        ledger: Ledger,
        adoption: Adoption,
        *,
        memory_id: str,
        me: Callable[[], str],
        metadata: Mapping[str, str],
        lease: float,
    ) -> None:
        self._state = state
        self._events = events
        self._ledger = ledger
        self._adoption = adoption
        self._memory_id = memory_id
        self._me = me
        self._metadata = dict(metadata)
        self._lease = lease

    def step(self, place: Place) -> float | None:
        """Do what is next for the session. After how many seconds there is more to do, or None for nothing more."""
        entry = self._ledger.read(place)
        if entry.erase is not None:
            return self._erase(place, entry, entry.erase)
        if entry.adopting:
            self._adoption.adopt(place)
            return 0.0
        session = self._state.session(place.actor_id, place.session_id)
        if session is None:
            return None if not entry.version or self._ledger.drop(place, entry) else 0.0
        if entry.life != to_micros(session.created_at):
            entry = self._begin(place, entry, session)
        if (pause := entry.sent_at + PACE * SECOND - _now()) > 0:
            return min(pause / SECOND, PACE)
        return self._go_on(place, entry, session)

    def _go_on(self, place: Place, entry: Entry, session: Session) -> float | None:
        if entry.claim is None:
            return self._claim_and_send(place, entry, session)
        left = entry.claim.at + self._lease * SECOND - _now()
        if left > 0 and entry.claim.by != self._me():
            return min(left / SECOND, self._lease)
        messages = self._state.messages(
            place.actor_id, place.session_id, after=entry.delivered, before=entry.claim.last + 1
        )
        # How long AgentCore knows a token nobody says: an older claim is looked for among the events first.
        if left <= 0 and messages and self._arrived(place, entry, _time(messages, entry.claim)) >= entry.claim.last:
            self._settle(place, entry, None)
            return 0.0
        tried = self._ledger.save(place, replace(entry, sent_at=_now()), session.expires_at)
        return 0.0 if tried is None else self._send(place, tried, entry.claim, session, messages)

    def _begin(self, place: Place, entry: Entry, session: Session) -> Entry:
        """The entry of a life that the ledger does not know yet, or has forgotten."""
        life = to_micros(session.created_at)
        fresh = replace(entry.forgotten(), life=life, line=str(life), sent_at=entry.sent_at)
        if entry.line or (not entry.version and self._adoption.found_nothing(place)):
            return fresh
        return replace(fresh, delivered=self._arrived(place, fresh))

    def _arrived(self, place: Place, entry: Entry, since: datetime = _BEGINNING) -> int:
        """The last message of this life that AgentCore has, by its own list; of events from `since` on, if given."""
        newest = self._events.headers(place.actor_id, place.session_id)
        return last_delivered(takewhile(lambda event: event.at >= floored(since), newest), entry.line)

    def _claim_and_send(self, place: Place, entry: Entry, session: Session) -> float | None:
        """Say which messages the next event holds, and send it; None where all have been sent."""
        after = entry.delivered
        waiting = self._state.messages(place.actor_id, place.session_id, after=after, before=after + 1 + MAX_PARTS)
        if not waiting:
            return None
        there = self._adoption.is_there(place, waiting)
        if there[0]:
            come = [*there, False].index(False)
            self._ledger.save(place, replace(entry, delivered=after + come), session.expires_at)
            return 0.0
        ours = waiting[: [*there, True].index(True)]
        ours = ours[: fitting(ours)]
        claim = Claim(after + len(ours), self._me(), _now(), to_micros(session.expires_at))
        claimed = self._ledger.save(place, replace(entry, claim=claim), session.expires_at)
        if claimed is None:
            return 0.0
        if not entry.version and not self._lives(place, entry):
            # It was deleted, and the ledger had forgotten it again, before this claim.
            return None if self._ledger.drop(place, claimed) else 0.0
        return self._send(place, claimed, claim, session, ours)

    def _send(
        self, place: Place, entry: Entry, claim: Claim, session: Session, messages: Sequence[Message]
    ) -> float | None:
        """Write the claimed event, and settle the claim. What is appended meanwhile is its appender's to tell of."""
        if len(messages) != claim.last - entry.delivered:
            return 0.0  # the session has ended meanwhile
        self._settle(place, entry, self._write(place, entry, claim, messages))
        return PACE if session.last_seq > claim.last else None

    def _write(self, place: Place, entry: Entry, claim: Claim, messages: Sequence[Message]) -> Event | None:
        metadata = {**self._metadata, LINE: entry.line, LAST: str(claim.last)}
        if claim.expires is not None:
            metadata[EXPIRES] = str(claim.expires)
        try:
            return self._events.create(
                place.actor_id,
                place.session_id,
                to_payload(messages, (place.actor_id, place.session_id)),
                at=_time(messages, claim),
                token=self._token(place, entry, claim),
                metadata=metadata,
                patient=False,
            )
        except Repeated:
            return None

    def _token(self, place: Place, entry: Entry, claim: Claim) -> str:
        """The same for the same messages of the same life, whoever sends them and however often."""
        named = f"{self._memory_id} {place.key} {entry.line} {entry.delivered + 1} {claim.last}"
        return sha256(named.encode()).hexdigest()

    def _settle(self, place: Place, entry: Entry, event: Event | None) -> None:
        """Say that the claimed messages are delivered, unless the ledger says so already, or the life is over."""
        claim = entry.claim
        while claim is not None:
            done = replace(entry, delivered=claim.last, claim=None, sent_at=_now())
            if self._ledger.save(place, done) is not None:
                return
            now = self._ledger.read(place)
            if not self._lasts(place, entry, now):
                if event is not None:
                    self._events.delete(place.actor_id, place.session_id, event.id)
                    if now.claim == claim:
                        self._ledger.save(place, replace(now, claim=None))
                return
            if now.delivered >= claim.last:
                return
            entry = replace(entry, version=now.version, born=now.born)

    def _lasts(self, place: Place, entry: Entry, now: Entry) -> bool:
        """Whether the life that an entry was of goes on, by the ledger or else, where that forgot it, by the state."""
        if now.line or now.erase is not None:
            return now.line == entry.line and now.erase is None
        return self._lives(place, entry)

    def _lives(self, place: Place, entry: Entry) -> bool:
        """Whether the state store has the session in the life that an entry was of."""
        session = self._state.session(place.actor_id, place.session_id)
        return session is not None and to_micros(session.created_at) == entry.life

    def _erase(self, place: Place, entry: Entry, before: int) -> float | None:
        """Delete what AgentCore has of the session, and look once more until nothing is left."""
        if self._lives(place, entry):
            self._state.delete_session(place.actor_id, place.session_id, life=from_micros(entry.life))
        listed = self._events.headers(place.actor_id, place.session_id)
        found = list(islice((each for each in listed if LINE in each.metadata or to_micros(each.at) <= before), ERASED))
        # Whoever was quicker may have sent events of the next life already, which has begun before they were listed.
        session = self._state.session(place.actor_id, place.session_id)
        life = None if session is None else str(to_micros(session.created_at))
        doomed = [event for event in found if life is None or event.metadata.get(LINE) != life]
        for number, event in enumerate(doomed):
            if number:
                time.sleep(PACE)
            self._events.delete(place.actor_id, place.session_id, event.id)
        if doomed:
            return 0.0
        if (left := self._under_way(entry)) > 0:
            return min(left, self._lease)
        if session is None:
            return None if self._ledger.drop(place, entry) else 0.0
        self._ledger.clear(place, entry)
        return 0.0

    def _under_way(self, entry: Entry) -> float:
        """For how many seconds an event that was claimed before the session was deleted may still arrive."""
        if entry.claim is None:
            return 0.0
        return (max(entry.claim.at, entry.sent_at) - _now()) / SECOND + self._lease


def _now() -> int:
    return int(time.time() * SECOND)


def _time(messages: Sequence[Message], claim: Claim) -> datetime:
    """When the last of the messages was written, though never after it was sent: no event is from the future."""
    sent = from_micros(claim.at)
    return min(sent, max(message.created_at or sent for message in messages))
