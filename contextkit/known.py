"""Known: sessions as this process last saw them, for when their store does not answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contextkit.deadline import patiently
from contextkit.errors import StoreUnavailable
from contextkit.recent import Recent
from contextkit.stores import Session, SessionOpener, SessionStore
from contextkit.types import Notice

REMEMBERED: Final = 256
"""Sessions whose facts are kept, some 30 KB each in a large window; the one used least recently goes first."""


class KnownSessions:
    """The facts of sessions: read from a store, or as they were when it last answered."""

    def __init__(self) -> None:
        self._seen = Recent[tuple[str, str], Session](REMEMBERED)

    def read(
        self, store: SessionStore, actor_id: str, session_id: str, seconds: float, derived: bool = False
    ) -> tuple[Session | None, Notice | None]:
        """The session, None where there is none; with a notice where the store did not say so within `seconds`.

        One that is read for the first time comes with more of its newest messages, and with what is
        `derived` from them if that will be needed, if its store can do that. Raises whatever the
        store raises but `StoreUnavailable`.
        """
        key = (actor_id, session_id)
        opener = store if isinstance(store, SessionOpener) and self._seen.get(key) is None else None
        try:
            session = patiently(lambda: _read(store, opener, key, derived), seconds)
        except StoreUnavailable as error:
            return _as_seen(self._seen.get(key), error)
        if session is None:
            self._seen.pop(key)
        else:
            self._keep(session)
        return session, None

    def saw(self, session: Session | None, view: str) -> None:
        """Take note of the view that was saved last for a session that had been read."""
        if session is not None:
            self._keep(replace(session, view=view))

    def _keep(self, session: Session) -> None:
        self._seen.put((session.actor_id, session.session_id), replace(session, derived=None))


def _as_seen(session: Session | None, error: StoreUnavailable) -> tuple[Session | None, Notice]:
    if session is None:
        return None, Notice("session not read", f"This prompt knows nothing of its session: {error}")
    return session, Notice(
        "session not read",
        f"This prompt goes on from the session as it was when last read, at message {session.last_seq}: {error}",
    )


def _read(store: SessionStore, opener: SessionOpener | None, key: tuple[str, str], derived: bool) -> Session | None:
    return store.session(*key) if opener is None else opener.open_session(*key, derived=derived)
