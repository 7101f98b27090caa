"""Short-term memory: creating, reading, listing and deleting events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from contextkit.testing.agentcore.filters import check_event_filters, matches_event
from contextkit.testing.agentcore.pages import page, paged
from contextkit.testing.agentcore.refusals import Refused, invalid, not_found
from contextkit.testing.agentcore.sessions import MAIN, Event, Session, Sessions
from contextkit.testing.agentcore.shapes import EPOCH, compiled
from contextkit.testing.agentcore.wire import Params
from contextkit.testing.agentcore.world import World

MAX_JSON_BYTES: Final = 100_000
"""Of one `json` payload, from the service's documentation; the model has no bound for documents."""


@dataclass(frozen=True, slots=True)
class EventCalls:
    """The operations on events, and what they need of a memory."""

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
