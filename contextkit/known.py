"""Known: sessions as this process last saw them, for when their store does not answer."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Final

from contextkit.deadline import patiently
from contextkit.errors import StoreUnavailable
from contextkit.rank.segments import Segment, is_united, segments_named
from contextkit.recent import Recent
from contextkit.stores import Session, SessionOpener, SessionStore
from contextkit.types import Notice
from contextkit.view import View
from contextkit.views import Views

REMEMBERED: Final = 32_000_000
"""Characters of sessions' views that are kept, up to 30,000 of each in a large window; the session used least recently
goes first."""

WRITTEN: Final = 256
"""Sessions whose views are not read back from their text, as they were written here: those that are talked in now."""

BRANCHES: Final = 256
"""Branches whose views are kept: those of agents that work beside each other now. A view that is forgotten costs the
branch its place in the provider's cache."""

FACTS: Final = 1_000
"""What a session counts for besides its view."""


class KnownSessions:
    """The facts of sessions: read from a store, or as they were when it last answered.

    `remembered` tells whether what was read of a session is still at hand, for those who need it.
    """

    def __init__(self, remembered: Callable[[Session], bool] = lambda _: True) -> None:
        self._remembered = remembered
        self._seen = Recent[tuple[str, str], _Seen](REMEMBERED, _weight)
        self._written = Recent[tuple[str, str], tuple[str, Views]](WRITTEN)
        self._branches = Recent[tuple[object, ...], View](BRANCHES)

    def read(
        self, store: SessionStore, actor_id: str, session_id: str, seconds: float, sought: Set[int] | None = None
    ) -> tuple[Session | None, Notice | None]:
        """The session, None where there is none; with a notice where the store did not say so within `seconds`.

        A store that can do so gives more with a session that is read for the first time, or again once it was
        forgotten: more of its newest messages and, where older turns will be `sought`, its index. Each time it gives
        those drawers of the index that are sought and were not read before; and the index again once segments that
        lie in drawers have been made one. Raises whatever the store raises but `StoreUnavailable`.
        """
        key = (actor_id, session_id)
        seen = self._seen.get(key)
        at_hand = seen if seen is not None and self._remembered(seen.session) else None
        reading = _Reading(store, key, at_hand, frozenset(sought or ()), derived=sought is not None)
        try:
            session = patiently(reading.session, seconds)
        except StoreUnavailable as error:
            return _as_seen(seen, error)
        if session is None:
            self._seen.pop(key)
        else:
            self._seen.put(key, reading.seen_now(session))
        return session, None

    def saw(self, session: Session | None, views: Views, text: str) -> None:
        """Take note of the views that were saved last for a session that had been read, and of their text."""
        if session is not None:
            key = (session.actor_id, session.session_id)
            seen = self._seen.get(key)
            facts = replace(session, view=text, derived=None, parts=None)
            self._seen.put(key, replace(seen, session=facts, saved=text) if seen else _Seen(facts, saved=text))
            self._written.put(key, (text, views))

    def views(self, session: Session | None) -> Views:
        """The views of a session that was read. What was saved here last is among them, also where another build,
        which had not read it, has written over it since."""
        if session is None:
            return Views()
        seen, read = self._life_of(session), self._views(session, session.view)
        if seen is None or seen.saved in (None, session.view):
            return read
        return read.with_later(self._views(session, seen.saved))

    def _views(self, session: Session, text: str | None) -> Views:
        """The views that a text of the session's tells."""
        written = self._written.get((session.actor_id, session.session_id))
        return written[1] if written and written[0] == text else Views.from_json(text)

    def view_of(self, session: Session | None, branch: str) -> View | None:
        """The view of one branch of a session, of which no store knows: it ends when those beside it do."""
        return self._branches.get(_branch(session, branch)) if branch else None

    def saw_branch(self, session: Session | None, branch: str, view: View) -> None:
        """Take note of the view of a branch's last prompt."""
        self._branches.put(_branch(session, branch), view)

    def followed(self, session: Session | None, after: int) -> int:
        """The number of the last message up to which the turn that begins behind number `after` is known to go on."""
        seen = self._life_of(session)
        return seen.turn[1] if seen is not None and seen.turn[0] == after else after

    def follow(self, session: Session | None, after: int) -> None:
        """Take note that the turn that begins behind number `after` goes on up to the session's last message."""
        seen = self._life_of(session)
        if seen is not None and session is not None:
            turn = (after, session.last_seq)
            self._seen.put((session.actor_id, session.session_id), replace(seen, turn=turn))

    def _life_of(self, session: Session | None) -> _Seen | None:
        """What is remembered of this life of a session."""
        seen = None if session is None else self._seen.get((session.actor_id, session.session_id))
        return seen if seen and session and seen.session.created_at == session.created_at else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A session, and of an index that lies in drawers those that were read (None: it does not, or is not known), and
    the segments that lay in them then. `turn` has the number of the message that its turn begins behind, and of the
    last one up to which that turn goes on. `saved` are the views that were saved here last, where they were read
    otherwise since."""

    session: Session
    drawers: frozenset[int] | None = None
    segments: frozenset[Segment] = frozenset()
    turn: tuple[int, int] = (-1, 0)
    saved: str | None = None

    @property
    def outdated(self) -> bool:
        """Whether some of the segments will not be there much longer: they have been made one with others."""
        return any(is_united(segment, self.session.last_seq) for segment in self.segments)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a session that was `seen` before, and has not been forgotten since, or was not."""

    store: SessionStore
    key: tuple[str, str]
    seen: _Seen | None
    sought: frozenset[int]
    derived: bool

    def session(self) -> Session | None:
        """The session, with what is to be read of its index."""
        if isinstance(self.store, SessionOpener) and (self.seen is None or self.anew or self.drawers):
            return self.store.open_session(*self.key, derived=self.anew, drawers=self.drawers)
        return self.store.session(*self.key)

    @property
    def anew(self) -> bool:
        """Whether the index is read that has been made by now."""
        return self.derived and (self.seen is None or self.seen.outdated)

    @property
    def drawers(self) -> frozenset[int]:
        """Those that are sought and were not read before."""
        if self.seen is None or self.anew:
            return self.sought
        return frozenset() if self.seen.drawers is None else self.sought - self.seen.drawers

    def seen_now(self, session: Session) -> _Seen:
        """What is remembered of it: all that was read by now of this life of the session."""
        facts = replace(session, derived=None, parts=None)
        former = self.seen if self.seen and self.seen.session.created_at == session.created_at else None
        saved = None if former is None or former.saved == session.view else former.saved
        if former is not None and not self.anew:
            had = former.drawers
            read = had if had is None or session.parts is None else had | self.drawers
            return replace(former, session=facts, drawers=read, saved=saved)
        if session.parts is None:
            return _Seen(facts, saved=saved)
        segments = segments_named({name for name, _ in session.parts})
        last = session.last_seq
        lasting = frozenset(one for one in segments if not is_united(one, last))
        return _Seen(facts, self.drawers, lasting, saved=saved)


def _branch(session: Session | None, branch: str) -> tuple[object, ...]:
    return (session.actor_id, session.session_id, session.created_at, branch) if session else ("", "", None, branch)


def _weight(seen: _Seen) -> int:
    """The characters that are kept of a session, or as good as that."""
    read = seen.session.view or ""
    return FACTS + len(read) + (0 if seen.saved is read else len(seen.saved or ""))


def _as_seen(seen: _Seen | None, error: StoreUnavailable) -> tuple[Session | None, Notice]:
    if seen is None:
        return None, Notice("session not read", f"This prompt knows nothing of its session: {error}")
    session = seen.session
    return session, Notice(
        "session not read",
        f"This prompt goes on from the session as it was when last read, at message {session.last_seq}: {error}",
    )
