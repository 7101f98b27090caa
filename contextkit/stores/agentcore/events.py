"""Events: AgentCore's short-term memory, as typed calls over actors and sessions under any ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from contextkit.clock import utc_now
from contextkit.errors import InvalidInput
from contextkit.stores.agentcore.failures import NotThere
from contextkit.stores.agentcore.ids import ACTORS, SESSIONS
from contextkit.stores.agentcore.service import Service

MAIN: Final = "main"
"""The branch of events that name none."""

Payload: TypeAlias = Sequence[Mapping[str, Any]]
"""The parts of an event, as the service shapes them: `conversational`, `blob` or `json`."""

EventOperator: TypeAlias = Literal["EQUALS_TO", "EXISTS", "NOT_EXISTS"]


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a session: its name, and the event it starts from (needed for its first event)."""

    name: str
    root: str | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Events whose metadata under `key` equals a value, exists, or does not exist."""

    key: str
    operator: EventOperator
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `at` is its time, in milliseconds; `metadata` are texts."""

    id: str
    at: datetime
    payload: tuple[Mapping[str, Any], ...]
    branch: Branch = Branch(MAIN)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session as AgentCore lists it. `session_id` is None where only the hash of a long id was kept."""

    session_id: str | None
    key: str
    created_at: datetime


class Events:
    """Events of one memory. Raises `InvalidInput` before a call that the service would refuse, and `StoreError`.

    `variables` are the namespace variables that each new event carries for the memory's strategies.
    """

    def __init__(self, service: Service, variables: Mapping[str, str]) -> None:
        self._service = service
        self._variables = dict(variables)

    def create(
        self,
        actor_id: str,
        session_id: str,
        payload: Payload,
        *,
        at: datetime,
        token: str,
        metadata: Mapping[str, str] | None = None,
        branch: Branch | None = None,
        extract: bool = True,
        patient: bool = True,
    ) -> Event:
        """Write one event; again under the same `token` is no second one.

        `at` is cut to milliseconds, which the service orders by. Without `extract` no strategy
        reads the event.
        """
        request = self._request(actor_id, session_id, payload, at, token, metadata or {}, branch, extract)
        return _event(self._service.call("CreateEvent", request, patient=patient)["event"])

    def get(self, actor_id: str, session_id: str, event_id: str) -> Event | None:
        """The event, or None where there is none (any more)."""
        request = {**_place(actor_id, session_id), "eventId": event_id}
        try:
            return _event(self._service.call("GetEvent", request, missing="event")["event"])
        except NotThere:
            return None

    def all(
        self,
        actor_id: str,
        session_id: str,
        *,
        filters: Sequence[EventFilter] = (),
        branch: str | None = None,
        parents: bool = False,
        patient: bool = True,
    ) -> list[Event]:
        """The session's events with their payloads, oldest first; with `filters` or a `branch`, only those.

        A list that is filtered lags behind: build no history from one (`history.line` picks a
        branch out of the whole). `parents` adds what came before the branch began.
        """
        request = {**_place(actor_id, session_id), "includePayloads": True, **_filter(filters, branch, parents)}
        pages = self._service.pages("ListEvents", request, patient=patient)
        found = (_event(each) for page in pages for each in page["events"])
        return sorted(found, key=lambda event: (event.at, event.id))

    def headers(self, actor_id: str, session_id: str) -> Iterator[Event]:
        """The session's events without their payloads, newest first, a page at a time."""
        return self._headers(_place(actor_id, session_id))

    def delete(self, actor_id: str, session_id: str, event_id: str) -> None:
        """Delete the event. Deleting what is not there is no error."""
        self._delete(_place(actor_id, session_id), event_id)

    def sessions(self, actor_id: str) -> list[SessionSummary]:
        """The actor's sessions that hold events, newest first, whoever wrote them."""
        request = {"actorId": ACTORS.encode(actor_id), "filter": {"eventFilter": "HAS_EVENTS"}}
        found = [
            SessionSummary(SESSIONS.decode(each["sessionId"]), each["sessionId"], each["createdAt"].astimezone(UTC))
            for page in self._service.pages("ListSessions", request)
            for each in page["sessionSummaries"]
        ]
        return sorted(found, key=lambda each: (each.created_at, each.key), reverse=True)

    def count(self, actor_id: str, key: str) -> int:
        """How many events a session has; `key` is AgentCore's own id of it, as `sessions` gives it."""
        return sum(1 for _ in self._headers({"actorId": ACTORS.encode(actor_id), "sessionId": key}))

    def delete_all(self, actor_id: str, key: str) -> None:
        """Delete every event of a session, at the pace that AgentCore allows; `key` as for `count`."""
        place = {"actorId": ACTORS.encode(actor_id), "sessionId": key}
        while found := list(self._headers(place)):
            for event in found:
                self._delete(place, event.id)

    def _headers(self, place: Mapping[str, Any]) -> Iterator[Event]:
        for page in self._service.pages("ListEvents", {**place, "includePayloads": False}):
            yield from map(_event, page["events"])

    def _delete(self, place: Mapping[str, Any], event_id: str) -> None:
        try:
            self._service.call("DeleteEvent", {**place, "eventId": event_id}, missing="event")
        except NotThere:
            return

    def check_metadata(self, metadata: Mapping[str, str]) -> None:
        """Raise `InvalidInput` where the service would refuse these metadata, or this object's variables."""
        request = self._request("actor", "session", [], utc_now(), "token", metadata, None, True)
        self._service.check("CreateEvent", request)

    def _request(
        self,
        actor_id: str,
        session_id: str,
        payload: Payload,
        at: datetime,
        token: str,
        metadata: Mapping[str, str],
        branch: Branch | None,
        extract: bool,
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            **_place(actor_id, session_id),
            "eventTimestamp": floored(at),
            "payload": list(payload),
            "clientToken": token,
        }
        if metadata:
            request["metadata"] = {key: {"stringValue": value} for key, value in metadata.items()}
        if branch is not None:
            request["branch"] = {"name": branch.name} | ({"rootEventId": branch.root} if branch.root else {})
        if not extract:
            request["extractionMode"] = "SKIP"
        elif self._variables:
            request["extractionConfig"] = {"namespaceVariables": self._variables}
        return request


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


_LAST: Final = datetime(9999, 12, 30, tzinfo=UTC)
"""The last day that the calendar has in every time zone: boto3 reads times in the machine's own."""


def floored(at: datetime) -> datetime:
    """The time in whole milliseconds, never later; those before 1970, which no event can have, become its first."""
    if at.tzinfo is None:
        raise InvalidInput(f"The time {at} has no time zone.", "Pass an aware datetime in UTC.", value=at)
    aware = min(max(at.astimezone(UTC), _EPOCH), _LAST)
    return aware - timedelta(microseconds=aware.microsecond % 1000)


def _place(actor_id: str, session_id: str) -> dict[str, Any]:
    return {"actorId": ACTORS.encode(actor_id), "sessionId": SESSIONS.encode(session_id)}


def _filter(filters: Sequence[EventFilter], branch: str | None, parents: bool) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if branch is not None:
        wanted["branch"] = {"name": branch, "includeParentBranches": parents}
    if filters:
        wanted["eventMetadata"] = [_expression(each) for each in filters]
    return {"filter": wanted} if wanted else {}


def _expression(wanted: EventFilter) -> dict[str, Any]:
    expression: dict[str, Any] = {"left": {"metadataKey": wanted.key}, "operator": wanted.operator}
    if wanted.value is not None:
        expression["right"] = {"metadataValue": {"stringValue": wanted.value}}
    return expression


def _event(given: Mapping[str, Any]) -> Event:
    branch = given.get("branch") or {"name": MAIN}
    return Event(
        id=given["eventId"],
        at=given["eventTimestamp"].astimezone(UTC),
        payload=tuple(given.get("payload", ())),
        branch=Branch(branch["name"], branch.get("rootEventId")),
        metadata={key: value.get("stringValue", "") for key, value in given.get("metadata", {}).items()},
    )
