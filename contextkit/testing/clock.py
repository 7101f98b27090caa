"""What time it is: the machine's, or a test's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Says what time it is, timezone-aware."""


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that stands until it is moved, for tests of expiry, delays and quotas."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or system_clock()

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by
