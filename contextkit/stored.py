"""StoredPieces: what is known to lie in the overflow, so that a prompt like the last one writes nothing again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from contextkit.ladder import handle_of
from contextkit.stores import Session
from contextkit.types import Item

REMEMBERED: Final = 256
"""Sessions whose handles are kept; the one used least recently goes first."""

MOST: Final = 10_000
"""Handles kept of one session, about a megabyte. Beyond, all of them are forgotten, and written once more."""


class StoredPieces:
    """The handles of the pieces that this process has stored, by session. Shared by threads.

    A piece that ends by itself is written again once half of its time is over, which puts its end off.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: OrderedDict[tuple[object, ...], dict[str, datetime | None]] = OrderedDict()

    def lacking(self, session: Session | None, moved: Iterable[Item], now: datetime) -> list[Item]:
        """Those of the items that are not known to be stored, or not for long enough."""
        with self._lock:
            until = {} if session is None else self._until.get(_key(session), {})
            return [item for item in moved if not _holds(until, handle_of(item), now)]

    def add(self, session: Session | None, moved: Sequence[Item], now: datetime, ends: datetime | None) -> None:
        """Take note of items whose write was acknowledged, the first of which ends then (None: with the session)."""
        if session is None:
            return
        half = None if ends is None else now + (ends - now) / 2
        with self._lock:
            until = self._until.setdefault(_key(session), {})
            self._until.move_to_end(_key(session))
            if len(until) + len(moved) > MOST:
                until.clear()
            until |= dict.fromkeys(map(handle_of, moved), half)
            if len(self._until) > REMEMBERED:
                self._until.popitem(last=False)


def _key(session: Session) -> tuple[object, ...]:
    """One life of a session: what was stored in another has ended with it."""
    return session.actor_id, session.session_id, session.created_at


def _holds(until: dict[str, datetime | None], handle: str, now: datetime) -> bool:
    half = until.get(handle, now)
    return half is None or now < half
