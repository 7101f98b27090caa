"""Zones: in which time zone somebody lives, so that their yesterday ends at their midnight.

Times are kept in UTC. At seven in the morning it is still the day before there in Hanoi and in Shanghai:
"yesterday" and "today" would mean the wrong days, and messages stand under the wrong dates.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias
from zoneinfo import ZoneInfo

from contextkit.clock import Clock
from contextkit.errors import InvalidInput, shortened
from contextkit.types import Message

Zone: TypeAlias = tzinfo | str
"""A time zone, or its IANA name: `Asia/Ho_Chi_Minh`."""

Zones: TypeAlias = Zone | Callable[[str], Zone]
"""The zone of all actors, or a function that gives an actor's by their id."""


def zones_of(given: Zones) -> Callable[[str], tzinfo]:
    """What gives an actor's zone. Raises `InvalidInput` for what is none, where a function gives it when it does."""
    if callable(given):
        return lambda actor_id: _zone(given(actor_id))
    zone = _zone(given)
    return lambda _: zone


def clock_in(zones: Zones, clock: Clock) -> Callable[[str], datetime]:
    """What gives the time where an actor lives, by their id. Raises `InvalidInput` as `zones_of` does."""
    zone = zones_of(zones)
    return lambda actor_id: clock().astimezone(zone(actor_id))


def local(message: Message, zone: tzinfo) -> Message:
    """The message with its time told in this zone."""
    if zone is UTC or message.created_at is None:
        return message
    return replace(message, created_at=message.created_at.astimezone(zone))


def _zone(given: object) -> tzinfo:
    if isinstance(given, tzinfo):
        return given
    if isinstance(given, str):
        with suppress(ValueError, OSError, KeyError):  # zoneinfo's own: no such name, or one that cannot be a path
            return ZoneInfo(given)
    raise InvalidInput(
        f"The time zone is {shortened(given)}.",
        "Pass an IANA name, like 'Asia/Ho_Chi_Minh', or a tzinfo. Where the system has no time zones, install tzdata.",
        value=given,
    )
