"""A session's events put in order: one branch of them, and the messages they hold.

The service lists newest first, and filtered lists lag behind. So the whole list is read, and the
branch and the order are ours: our own messages by their sequence numbers, those of other clients
by time, and the two merged by time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contextkit.stores.agentcore.events import MAIN, Event
from contextkit.stores.agentcore.foreign import foreign_messages
from contextkit.stores.agentcore.payloads import KEY, from_payload
from contextkit.stores.codec import from_micros
from contextkit.types import Message

LINE: Final = f"{KEY}.line"
LAST: Final = f"{KEY}.last"
EXPIRES: Final = f"{KEY}.expires"
"""Metadata of our events: which life of a session they belong to, their last sequence number, and when it ends."""

OURS: Final = {LINE: "", LAST: "", EXPIRES: ""}
"""The keys that every event may carry beside a user's own."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a session's events say: `messages` in order, and the `line` (life) that our own ones belong to, if any."""

    line: str | None
    messages: list[Message]


def line(events: Iterable[Event], branch: str = MAIN) -> list[Event]:
    """The events of one branch with what came before it began, oldest first."""
    ordered = sorted(events, key=lambda event: (event.at, event.id))
    roots = {event.branch.name: event.branch.root for event in ordered if event.branch.root}
    by_id = {event.id: event for event in ordered}
    ends: dict[str, str | None] = {branch: None}
    while (root := roots.get(branch)) in by_id:
        branch = by_id[str(root)].branch.name
        if branch in ends:
            break
        ends[branch] = root
    return [event for event in ordered if _within(event, ends, by_id)]


def _within(event: Event, ends: dict[str, str | None], by_id: dict[str, Event]) -> bool:
    if event.branch.name not in ends:
        return False
    end = ends[event.branch.name]
    return end is None or (event.at, event.id) <= (by_id[end].at, end)


def past(events: Sequence[Event], now: datetime) -> Past:
    """What a session's events say at a time. Our own events of a life that has ended say nothing any more."""
    own = [event for event in events if LINE in event.metadata]
    lines = _lines(own, now)
    chosen = max(lines, default=None)
    ours = sorted(
        (message for event in own if event.metadata[LINE] == chosen for message in _own(event)),
        key=lambda message: message.seq or 0,
    )
    theirs = [
        message
        for event in sorted(events, key=lambda event: (event.at, event.id))
        if LINE not in event.metadata
        for message in foreign_messages(event)
    ]
    return Past(chosen, _merged(_distinct(ours), theirs))


def last_delivered(events: Iterable[Event], life: str) -> int:
    """The highest sequence number that the events of a life hold; 0 where there are none."""
    return max((int(event.metadata[LAST]) for event in events if event.metadata.get(LINE) == life), default=0)


def _lines(own: Sequence[Event], now: datetime) -> set[str]:
    """The lives that last still: those of which at least one event names no end, or one to come."""
    return {event.metadata[LINE] for event in own if _lasts(event, now)}


def _lasts(event: Event, now: datetime) -> bool:
    expires = event.metadata.get(EXPIRES)
    return expires is None or from_micros(int(expires)) > now


def _own(event: Event) -> list[Message]:
    return from_payload(event.payload) or []


def _distinct(messages: Sequence[Message]) -> list[Message]:
    return list({message.id: message for message in messages}.values())


def _merged(ours: list[Message], theirs: list[Message]) -> list[Message]:
    """Both in their own order; one of theirs goes before the first of ours that is younger."""
    merged: list[Message] = []
    rest = list(reversed(theirs))
    for message in ours:
        while rest and _time(rest[-1]) < _time(message):
            merged.append(rest.pop())
        merged.append(message)
    return merged + rest[::-1]


def _time(message: Message) -> float:
    return message.created_at.timestamp() if message.created_at else 0.0
