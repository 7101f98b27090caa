"""Known: sessions as this process last saw them, for when their store does not answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from contextkit.deadline import patiently
from contextkit.errors import StoreUnavailable
from contextkit.stores import Session, SessionStore
from contextkit.types import Notice

REMEMBERED: Final = 256
"""Sessions whose facts are kept, some 30 KB each in a large window; the one used least recently goes first."""


class KnownSessions:
    """The facts of sessions: read from a store, or as they were when it last answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], Session] = OrderedDict()

    def read(
        self, store: SessionStore, actor_id: str, session_id: str, seconds: float
    ) -> tuple[Session | None, Notice | None]:
        """The session, None where there is none; with a notice where the store did not say so within `seconds`.

        Raises whatever the store raises but `StoreUnavailable`.
        """
        try:
            session = patiently(lambda: store.session(actor_id, session_id), seconds)
        except StoreUnavailable as error:
            return self._remembered(actor_id, session_id, error)
        with self._lock:
            self._seen.pop((actor_id, session_id), None)
            if session is not None:
                self._keep(session)
        return session, None

    def saw(self, session: Session | None, view: str) -> None:
        """Take note of the view that was saved last for a session that had been read."""
        if session is not None:
            with self._lock:
                self._keep(replace(session, view=view))

    def _keep(self, session: Session) -> None:
        key = (session.actor_id, session.session_id)
        self._seen[key] = session
        self._seen.move_to_end(key)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _remembered(self, actor_id: str, session_id: str, error: StoreUnavailable) -> tuple[Session | None, Notice]:
        with self._lock:
            session = self._seen.get((actor_id, session_id))
        if session is None:
            return None, Notice("session not read", f"This prompt knows nothing of its session: {error}")
        return session, Notice(
            "session not read",
            f"This prompt goes on from the session as it was when last read, at message {session.last_seq}: {error}",
        )
