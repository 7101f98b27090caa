"""Clock: what says what time it is. Whatever writes down times takes one, so that a test can pass its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives the time, timezone-aware."""


def utc_now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


def zone_in(when: datetime) -> tzinfo:
    """The zone that a time is told in."""
    return when.tzinfo or UTC
