"""Known: sessions as this process last saw them, for when their store does not answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from contextkit.deadline import patiently
from contextkit.errors import StoreUnavailable
from contextkit.stores import Session, SessionOpener, SessionStore
from contextkit.types import Notice

REMEMBERED: Final = 256
"""Sessions whose facts are kept, some 30 KB each in a large window; the one used least recently goes first."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a build will read of its session: so many `tokens` of its newest messages, and what is `derived` or not."""

    tokens: int
    derived: bool


class KnownSessions:
    """The facts of sessions: read from a store, or as they were when it last answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], Session] = OrderedDict()

    def read(
        self, store: SessionStore, actor_id: str, session_id: str, seconds: float, need: Need | None = None
    ) -> tuple[Session | None, Notice | None]:
        """The session, None where there is none; with a notice where the store did not say so within `seconds`.

        One that is read for the first time comes with what the build will `need` of it, if its
        store can do that. Raises whatever the store raises but `StoreUnavailable`.
        """
        with self._lock:
            needed = need if (actor_id, session_id) not in self._seen else None
        try:
            session = patiently(lambda: _read(store, actor_id, session_id, needed), seconds)
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
        self._seen[key] = replace(session, derived=None)
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


def _read(store: SessionStore, actor_id: str, session_id: str, need: Need | None) -> Session | None:
    if need is not None and isinstance(store, SessionOpener):
        return store.open_session(actor_id, session_id, tokens=need.tokens, derived=need.derived)
    return store.session(actor_id, session_id)
