"""A clock for tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from contextkit.clock import utc_now


class ManualClock:
    """A clock that stands until it is moved, for tests of expiry, delays and quotas."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or utc_now()

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by
