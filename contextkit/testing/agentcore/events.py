"""Short-term memory: events in sessions of actors, their branches and their expiry."""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile

from contextkit.testing.agentcore.filters import check_event_filters, matches_event
from contextkit.testing.agentcore.pages import page, paged
from contextkit.testing.agentcore.refusals import Refused, invalid, not_found
from contextkit.testing.agentcore.shapes import EPOCH, compiled
from contextkit.testing.agentcore.wire import Params
from contextkit.testing.agentcore.world import World

MAIN = "main"
"""The branch of events that name none, as the service was seen to list them."""

MAX_JSON_BYTES = 100_000
"""Of one `json` payload, from the service's documentation; the model has no bound for documents."""

EMPTY_FOR = timedelta(days=1)
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


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the operations on events need of a memory."""

    memory_id: str
    sessions: Sessions
    lifetime: timedelta
    namespace_keys: Iterable[Params] = ()

    def create(self, params: Params, world: World) -> Event:
        """CreateEvent: the event, stored."""
        _check_payload(params["payload"], "payload")
        event = self._new_event(params, params["payload"], params["eventTimestamp"], "eventTimestamp", world)
        root = self._root(self._session(event.view(), world.now), params.get("branch"), world.now)
        event = replace(event, root=root)
        self.sessions.open(event.actor_id, event.session_id, world.now, self.lifetime).add(event)
        return event

    def ingest(self, params: Params, world: World) -> Event:
        """IngestData: an event to extract from, which is not stored."""
        payload = params["source"]["inline"]["payload"]
        _check_payload(payload, "source.inline.payload")
        return self._new_event(params, payload, params["contentTimestamp"], "contentTimestamp", world)

    def get(self, params: Params, world: World) -> Params:
        """GetEvent."""
        return {"event": self._event(params, world.now).view()}

    def delete(self, params: Params, world: World) -> Params:
        """DeleteEvent."""
        event = self._event(params, world.now)
        self._session(params, world.now).remove(event.id, world.now)
        return {"eventId": event.id}

    def list_events(self, params: Params, world: World) -> Params:
        """ListEvents."""
        check_event_filters(params.get("filter", {}).get("eventMetadata", []), "filter.eventMetadata")
        session = self._session(params, world.now)
        events = (event for event in session.newest_first() if _wanted(event, session, params, world))
        found, token = page(((event.id, event) for event in events), params, reverse=True)
        payloads = params.get("includePayloads", True)
        return paged("events", [event.view(payloads) for event in found], token)

    def list_sessions(self, params: Params, world: World) -> Params:
        """ListSessions."""
        sessions = self.sessions.of(params["actorId"], world.now, self.lifetime)
        full = "eventFilter" in params.get("filter", {})
        rows = [(each.id, each) for each in sorted(sessions.values(), key=lambda s: s.id) if each.events or not full]
        found, token = page(rows, params)
        views = [{"sessionId": each.id, "actorId": each.actor_id, "createdAt": each.created_at} for each in found]
        return paged("sessionSummaries", views, token)

    def list_actors(self, params: Params, _: World) -> Params:
        """ListActors."""
        found, token = page(((actor, actor) for actor in self.sessions.actors()), params)
        return paged("actorSummaries", [{"actorId": actor} for actor in found], token)

    def _new_event(self, params: Params, payload: list[Params], at: datetime, where: str, world: World) -> Event:
        if at < EPOCH:
            raise invalid(where, "Member must not be before 1970")
        return Event(
            id=f"{(at - EPOCH) // timedelta(milliseconds=1):019d}#{world.ids.hex(8)}",
            memory_id=self.memory_id,
            actor_id=params["actorId"],
            session_id=params.get("sessionId") or world.ids.uuid(),
            at=at,
            received=world.now,
            payload=payload,
            branch=params.get("branch", {}).get("name", MAIN),
            metadata=params.get("metadata", {}),
            wanted="extractionMode" not in params,
            variables=checked_variables(params, self.namespace_keys),
        )

    def _session(self, params: Params, now: datetime) -> Session:
        """The session, or an empty one to look into where there is none."""
        actor_id, session_id = params["actorId"], params["sessionId"]
        found = self.sessions.find(actor_id, session_id, now, self.lifetime)
        return found or Session(session_id, actor_id, now)

    def _event(self, params: Params, now: datetime) -> Event:
        event = self._session(params, now).events.get(params["eventId"])
        if event is None:
            raise not_found("Event", params["eventId"])
        return event

    def _root(self, session: Session, branch: Params | None, now: datetime) -> str | None:
        """The event that the branch starts from; where it is not named, the one that the branch started from."""
        if branch is None or branch["name"] == MAIN:
            return None
        known, _ = session.branches.get(branch["name"], (None, MAIN))
        root = branch.get("rootEventId")
        if known is not None and root in (None, known):
            return known
        if known is not None:
            raise invalid("branch.rootEventId", f"Branch {branch['name']} starts from {known}", "ResourceConflict")
        if root is None:
            raise not_found("Branch", f"{branch['name']}; to start it, name its rootEventId")
        if root not in session.events:
            raise self._no_root(root, session, now)
        return str(root)

    def _no_root(self, root: str, session: Session, now: datetime) -> Refused:
        others = self.sessions.of(session.actor_id, now, self.lifetime).values()
        if any(root in other.events for other in others):
            return invalid("branch.rootEventId", "The event is in another session", "EventInOtherSession")
        return not_found("Event", root)


def checked_variables(params: Params, keys: Iterable[Params]) -> dict[str, str]:
    """The call's namespace variables. Raises `Refused` where one breaks the rule of the memory's key."""
    given: dict[str, str] = params.get("extractionConfig", {}).get("namespaceVariables", {})
    rules = {entry["key"]: entry.get("validation", {}) for entry in keys}
    for name, value in given.items():
        rule = rules.get(name, {})
        allowed, pattern = rule.get("allowedValues"), rule.get("regexPattern")
        where = f"extractionConfig.namespaceVariables.{name}"
        if allowed is not None and value not in allowed:
            raise invalid(where, f"Member must be one of {', '.join(allowed)}")
        if pattern is not None and not compiled(pattern).fullmatch(value):
            raise invalid(where, f"Member must satisfy regular expression pattern: {pattern}")
    return given


def _check_payload(payload: list[Params], where: str) -> None:
    for index, part in enumerate(payload):
        if "json" in part and len(json.dumps(part["json"]["content"]).encode()) > MAX_JSON_BYTES:
            raise invalid(f"{where}.{index}.json.content", f"Member must be at most {MAX_JSON_BYTES} bytes of JSON")


def _wanted(event: Event, session: Session, params: Params, world: World) -> bool:
    """Whether a list shows the event. One with a filter is only eventually consistent."""
    asked = params.get("filter")
    if not asked:
        return True
    if event.received + world.behaviour.filter_lag > world.now:
        return False
    branch, metadata = asked.get("branch"), asked.get("eventMetadata", [])
    return (branch is None or _on_branch(event, session, branch)) and matches_event(event.metadata, metadata)


def _on_branch(event: Event, session: Session, branch: Params) -> bool:
    if not branch.get("includeParentBranches"):
        return event.branch == str(branch["name"])
    lineage = session.lineage(branch["name"])
    if event.branch not in lineage:
        return False
    last = lineage[event.branch]
    return last is None or event.id <= last
