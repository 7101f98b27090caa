"""Clock: when it is, and how long sessions live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from contextkit.stores import check_id
from contextkit.stores.codec import after, to_micros
from contextkit.stores.dynamodb.life import At


class Clock:
    """The time of one store, and the lifetime of its sessions (None: for ever)."""

    def __init__(self, clock: Callable[[], datetime], ttl: timedelta | None) -> None:
        self._clock = clock
        self._ttl = ttl

    def now(self) -> int:
        """The time, in microseconds since 1970."""
        return to_micros(self._clock())

    def at(self, actor_id: str, session_id: str) -> At:
        """The session now. Raises `InvalidId`."""
        return At(check_id("actor id", actor_id), check_id("session id", session_id), self.now())

    def later(self, at: At) -> At:
        """The same session as it is now: what another holds is free after a while, for those who wait too."""
        return replace(at, now=self.now())

    def expiry(self, now: int) -> int | None:
        """When a session that is appended to now will expire."""
        return None if self._ttl is None else after(now, self._ttl)
