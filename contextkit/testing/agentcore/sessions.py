"""Sessions and the events in them: their order, their branches and their expiry."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from contextkit.testing.agentcore.wire import Params

MAIN: Final = "main"
"""The branch of events that name none, as the service was seen to list them."""

EMPTY_FOR: Final = timedelta(days=1)
"""How long a session without events stays listed, by ListSessions' description in the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it was stored. `wanted`: to be extracted from. `variables` are its namespace variables."""

    id: str
    memory_id: str
    actor_id: str
    session_id: str
    at: datetime
    received: datetime
    payload: list[Params]
    branch: str = MAIN
    root: str | None = None
    metadata: Params = field(default_factory=dict)
    wanted: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)

    def view(self, payloads: bool = True) -> Params:
        """The event as GetEvent says it."""
        return {
            "memoryId": self.memory_id,
            "actorId": self.actor_id,
            "sessionId": self.session_id,
            "eventId": self.id,
            "eventTimestamp": self.at,
            "payload": self.payload if payloads else [],
            "branch": {"name": self.branch} | ({"rootEventId": self.root} if self.root else {}),
        } | ({"metadata": self.metadata} if self.metadata else {})


@dataclass(slots=True)
class Session:
    """One session: its events by id, their ids in order, and of each branch its root and the branch that is on.

    Branches outlive their events.
    """

    id: str
    actor_id: str
    created_at: datetime
    events: dict[str, Event] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    branches: dict[str, tuple[str, str]] = field(default_factory=dict)
    emptied_at: datetime | None = None

    def add(self, event: Event) -> None:
        """Store a new event."""
        self.events[event.id] = event
        insort(self.order, event.id)
        if event.root:
            self.branches.setdefault(event.branch, (event.root, self.branch_of(event.root)))
        self.emptied_at = None

    def remove(self, event_id: str, at: datetime) -> None:
        """Forget an event."""
        del self.events[event_id]
        del self.order[bisect_left(self.order, event_id)]
        self.emptied_at = None if self.events else at

    def expire(self, now: datetime, lifetime: timedelta) -> None:
        """Forget the events whose time is over."""
        for event in list(takewhile(lambda event: now >= event.received + lifetime, self.events.values())):
            self.remove(event.id, event.received + lifetime)

    def newest_first(self) -> Iterator[Event]:
        """All events. Those of one millisecond come in no particular order, as from the service."""
        return (self.events[event_id] for event_id in reversed(self.order))

    def lineage(self, branch: str) -> dict[str, str | None]:
        """A branch and those it came from, each with the last event that belongs to it; None: all of its events."""
        found: dict[str, str | None] = {branch: None}
        while branch in self.branches:
            root, branch = self.branches[branch]
            found[branch] = root
        return found

    def branch_of(self, event_id: str) -> str:
        """The branch that an event is on; that of one which is gone counts as the main one."""
        event = self.events.get(event_id)
        return event.branch if event else MAIN


class Sessions:
    """All sessions of one memory, and every actor that ever had one: neither can be deleted by any call."""

    def __init__(self) -> None:
        self._sessions: dict[str, dict[str, Session]] = {}

    def of(self, actor_id: str, now: datetime, lifetime: timedelta) -> dict[str, Session]:
        """The actor's sessions, those that have long been empty left out."""
        sessions = self._sessions.get(actor_id, {})
        for session in list(sessions.values()):
            session.expire(now, lifetime)
            if session.emptied_at is not None and now >= session.emptied_at + EMPTY_FOR:
                del sessions[session.id]
        return sessions

    def find(self, actor_id: str, session_id: str, now: datetime, lifetime: timedelta) -> Session | None:
        """One session."""
        return self.of(actor_id, now, lifetime).get(session_id)

    def open(self, actor_id: str, session_id: str, now: datetime, lifetime: timedelta) -> Session:
        """One session, made if need be."""
        self.of(actor_id, now, lifetime)
        sessions = self._sessions.setdefault(actor_id, {})
        return sessions.setdefault(session_id, Session(session_id, actor_id, now))

    def actors(self) -> list[str]:
        """Every actor that ever had an event."""
        return sorted(self._sessions)

    def has(self, event: Event) -> bool:
        """Whether this very event is still stored."""
        session = self._sessions.get(event.actor_id, {}).get(event.session_id)
        return session is not None and session.events.get(event.id) is event

    def events_of(self, actor_id: str, session_id: str) -> Iterable[Event]:
        """The events of one session, as they came in."""
        session = self._sessions.get(actor_id, {}).get(session_id)
        return session.events.values() if session else ()

    def __iter__(self) -> Iterator[Event]:
        return (
            event for sessions in self._sessions.values() for one in sessions.values() for event in one.events.values()
        )
