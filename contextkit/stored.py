"""StoredPieces: what is known to lie in the overflow, so that a prompt like the last one writes nothing again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from contextkit.ladder import handle_of
from contextkit.recent import Recent
from contextkit.stores import Session
from contextkit.types import Item

REMEMBERED: Final = 500_000
"""Handles kept of all sessions, fifty megabytes; those of the session used least recently go first."""

SESSION: Final = 8
"""What a session counts for besides its handles."""

MOST: Final = 10_000
"""Handles kept of one session, about a megabyte. Beyond, all of them are forgotten, and written once more."""


class StoredPieces:
    """The handles of the pieces that this process has stored, by session. Shared by threads.

    A piece that ends by itself is written again once half of its time is over, which puts its end off.
    Threads that note pieces of one session at the same moment may forget some: they are written once more.
    """

    def __init__(self) -> None:
        self._until = Recent[tuple[object, ...], _Until](REMEMBERED, lambda until: SESSION + len(until))

    def lacking(self, session: Session | None, moved: Iterable[Item], now: datetime) -> list[Item]:
        """Those of the items that are not known to be stored, or not for long enough."""
        until = self._known(session)
        return [item for item in moved if not _holds(until, handle_of(item), now)]

    def add(self, session: Session | None, moved: Sequence[Item], now: datetime, ends: datetime | None) -> None:
        """Take note of items whose write was acknowledged, the first of which ends then (None: with the session)."""
        if session is None:
            return
        half = None if ends is None else now + (ends - now) / 2
        until = self._known(session)
        kept = until if len(until) + len(moved) <= MOST else {}
        self._until.put(_key(session), {**kept, **dict.fromkeys(map(handle_of, moved), half)})

    def _known(self, session: Session | None) -> Mapping[str, datetime | None]:
        return (session and self._until.get(_key(session))) or {}


_Until: TypeAlias = Mapping[str, datetime | None]


def _key(session: Session) -> tuple[object, ...]:
    """One life of a session: what was stored in another has ended with it."""
    return session.actor_id, session.session_id, session.created_at


def _holds(until: Mapping[str, datetime | None], handle: str, now: datetime) -> bool:
    half = until.get(handle, now)
    return half is None or now < half
