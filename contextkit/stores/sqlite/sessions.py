"""Sessions: their facts, the agent's state document, contextkit's view, and derived data."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from contextkit.clock import Clock
from contextkit.errors import SessionEnded, VersionConflict
from contextkit.recent import Recent
from contextkit.stores import Session, SessionEntry, SomeParts, check_id
from contextkit.stores.codec import after, from_bytes, from_json, from_micros, state_document, to_bytes, to_micros
from contextkit.stores.sqlite.connection import Database

LIVE: Final = "s.actor_id = ? AND s.session_id = ? AND (s.expires_at IS NULL OR s.expires_at > ?)"
"""The one session of that actor and id, unless it has expired by the given time."""

_FACTS: Final = """
SELECT s.actor_id, s.session_id, s.created_at, s.updated_at, s.expires_at, s.last_seq, s.pieces,
       states.version, states.state, views.view
FROM sessions AS s
LEFT JOIN states ON states.session = s.id
LEFT JOIN views ON views.session = s.id
"""
_RECENT: Final = """
SELECT session_id, created_at, updated_at, last_seq FROM sessions
WHERE actor_id = ? AND (expires_at IS NULL OR expires_at > ?) AND updated_at > ? AND last_seq > 0
ORDER BY updated_at DESC, id DESC LIMIT ?
"""
_NEW: Final = """
INSERT INTO sessions (actor_id, session_id, created_at, updated_at, expires_at) VALUES (?, ?, ?, ?, ?)
"""
_PARTS: Final = f"""
SELECT p.number, p.data FROM derived_parts AS p JOIN sessions AS s ON p.session = s.id
WHERE p.name = ? AND p.number IN (SELECT value FROM json_each(?)) AND {LIVE}
"""
_SAVED: Final = f"""
SELECT states.version, states.saved_under FROM states JOIN sessions AS s ON states.session = s.id WHERE {LIVE}
"""


_REMEMBERED: Final = 1_000
"""Sessions that were deleted last: a clock that stands still so long is a test's."""


@dataclass(frozen=True, slots=True)
class Key:
    """One actor's session, as every statement binds it: checked ids, and the time of the call."""

    actor_id: str
    session_id: str
    now: int

    @property
    def live(self) -> tuple[str, str, int]:
        """The parameters of `LIVE`."""
        return self.actor_id, self.session_id, self.now


class Lifetimes:
    """When it is, and how long sessions live: what turns ids into keys and keys into rows."""

    def __init__(self, clock: Clock, ttl: timedelta | None) -> None:
        self._clock = clock
        self._ttl = ttl
        self._ended = Recent[tuple[str, str], int](_REMEMBERED)

    def now(self) -> int:
        """The time, in microseconds since 1970."""
        return to_micros(self._clock())

    def key(self, actor_id: str, session_id: str) -> Key:
        """The key of a session now. Raises `InvalidId`."""
        return Key(check_id("actor id", actor_id), check_id("session id", session_id), self.now())

    def expiry(self, now: int) -> int | None:
        """When a session that is written to now will expire."""
        return None if self._ttl is None else after(now, self._ttl)

    def open(self, connection: sqlite3.Connection, key: Key, life: datetime | None = None) -> int:
        """The row of the session, which is made where there is none, and made anew where it has expired.

        With `life` it is that of the session which was created then, or `SessionEnded` is raised.
        """
        row = find(connection, key)
        if life is not None and not _is_of(connection, row, life):
            raise SessionEnded(key.session_id)
        if row is not None:
            return row
        self.end(connection, key)
        created_at = max(key.now, 1 + (self._ended.get((key.actor_id, key.session_id)) or 0))
        connection.execute(_NEW, (key.actor_id, key.session_id, created_at, key.now, self.expiry(key.now)))
        return int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])

    def end(self, connection: sqlite3.Connection, key: Key, life: datetime | None = None) -> None:
        """Delete the session, or only that which was created then. When it had begun is remembered: its next life
        begins later, in the same tick too."""
        where, ids = "WHERE actor_id = ? AND session_id = ?", (key.actor_id, key.session_id)
        row = connection.execute(f"SELECT created_at FROM sessions {where}", ids).fetchone()
        if row is not None and life in (None, from_micros(row[0])):
            self._ended.put(ids, row[0])
            connection.execute(f"DELETE FROM sessions {where}", ids)


def find(connection: sqlite3.Connection, key: Key) -> int | None:
    """The row of the live session, or None."""
    row = connection.execute(f"SELECT s.id FROM sessions AS s WHERE {LIVE}", key.live).fetchone()
    return None if row is None else int(row[0])


def _is_of(connection: sqlite3.Connection, row: int | None, life: datetime) -> bool:
    created = connection.execute("SELECT created_at FROM sessions WHERE id = ?", (row,)).fetchone()
    return created is not None and created[0] == to_micros(life)


class Sessions:
    """The part of `SessionStore` that is not about messages."""

    def __init__(self, database: Database, lifetimes: Lifetimes) -> None:
        self._database = database
        self._lifetimes = lifetimes

    def session(self, actor_id: str, session_id: str) -> Session | None:
        key = self._lifetimes.key(actor_id, session_id)
        with self._database.read() as connection:
            return _facts(connection, key)

    def sessions(self, actor_id: str, *, since: datetime | None = None) -> list[Session]:
        actor_id, now = check_id("actor id", actor_id), self._lifetimes.now()
        after = -1 if since is None else to_micros(since)
        with self._database.read() as connection:
            rows = connection.execute(
                f"{_FACTS} WHERE s.actor_id = ? AND (s.expires_at IS NULL OR s.expires_at > ?) AND s.updated_at > ?"
                " ORDER BY s.updated_at DESC, s.id DESC",
                (actor_id, now, after),
            )
            return [_session(row) for row in rows]

    def recent(self, actor_id: str, last: int, since: datetime | None) -> list[SessionEntry]:
        """What `SessionLister.recent_sessions` does."""
        actor_id, now = check_id("actor id", actor_id), self._lifetimes.now()
        after = -1 if since is None else to_micros(since)
        with self._database.read() as connection:
            rows = connection.execute(_RECENT, (actor_id, now, after, last))
            return [SessionEntry(name, from_micros(began), from_micros(used), seq) for name, began, used, seq in rows]

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        at = self._lifetimes.key(actor_id, session_id)
        document = state_document(state)
        saved_under = None if key is None else check_id("idempotency key", key)
        with self._database.write() as connection:
            found = _saved(connection, at)
            if found.repeats(expected, saved_under) and (current := _facts(connection, at)):
                return current
            if found.version != expected:
                raise VersionConflict(expected, _facts(connection, at) or _unwritten(at))
            row = self._lifetimes.open(connection, at)
            connection.execute(
                "INSERT OR REPLACE INTO states (session, version, saved_under, state) VALUES (?, ?, ?, ?)",
                (row, expected + 1, saved_under, document),
            )
            connection.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", (at.now, row))
            return _facts(connection, at) or _unwritten(at)

    def save_view(self, actor_id: str, session_id: str, view: str, life: datetime | None) -> None:
        key = self._lifetimes.key(actor_id, session_id)
        with self._database.write() as connection:
            row = self._lifetimes.open(connection, key, life)
            connection.execute("INSERT OR REPLACE INTO views (session, view) VALUES (?, ?)", (row, to_bytes(view)))

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        key = self._lifetimes.key(actor_id, session_id)
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT d.name, d.data FROM derived AS d JOIN sessions AS s ON d.session = s.id"
                f" WHERE {LIVE} ORDER BY d.rowid",
                key.live,
            )
            return {from_bytes(name): data for name, data in rows}

    def save_derived(
        self,
        actor_id: str,
        session_id: str,
        add: Mapping[str, bytes],
        remove: Iterable[str],
        life: datetime | None,
        parts: Mapping[str, Sequence[bytes]],
    ) -> None:
        key = self._lifetimes.key(actor_id, session_id)
        dropped = [to_bytes(name) for name in remove]
        with self._database.write() as connection:
            begins = bool(add) or life is not None
            row = self._lifetimes.open(connection, key, life) if begins else find(connection, key)
            connection.executemany(
                "DELETE FROM derived WHERE session = ? AND name = ?", [(row, name) for name in dropped]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO derived (session, name, data) VALUES (?, ?, ?)",
                [(row, to_bytes(name), data) for name, data in add.items()],
            )
            connection.executemany(
                "INSERT INTO derived_parts (session, name, number, data) VALUES (?, ?, ?, ?)",
                [(row, to_bytes(name), *part) for name, pieces in parts.items() for part in enumerate(pieces)],
            )

    def derived_parts(
        self, actor_id: str, session_id: str, wanted: Mapping[str, SomeParts]
    ) -> dict[tuple[str, int], bytes]:
        key = self._lifetimes.key(actor_id, session_id)
        with self._database.read() as connection:
            return {
                (name, number): data
                for name, some in wanted.items()
                for number, data in connection.execute(_PARTS, (to_bytes(name), json.dumps([*some.numbers]), *key.live))
            }

    def delete_session(self, actor_id: str, session_id: str, life: datetime | None) -> None:
        key = self._lifetimes.key(actor_id, session_id)
        with self._database.write() as connection:
            self._lifetimes.end(connection, key, life)


@dataclass(frozen=True, slots=True)
class _Saved:
    """The last save of a session's state: its version, and the idempotency key it came with."""

    version: int = 0
    saved_under: str | None = None

    def repeats(self, expected: int, saved_under: str | None) -> bool:
        """True if a save with this key, from this version, is the one that was acknowledged last."""
        return saved_under is not None and self == _Saved(expected + 1, saved_under)


def _saved(connection: sqlite3.Connection, key: Key) -> _Saved:
    row = connection.execute(_SAVED, key.live).fetchone()
    return _Saved() if row is None else _Saved(*row)


def _facts(connection: sqlite3.Connection, key: Key) -> Session | None:
    row = connection.execute(f"{_FACTS} WHERE {LIVE}", key.live).fetchone()
    return None if row is None else _session(row)


def _session(row: tuple[Any, ...]) -> Session:
    actor_id, session_id, created_at, updated_at, expires_at, last_seq, pieces, version, state, view = row
    return Session(
        actor_id=actor_id,
        session_id=session_id,
        created_at=from_micros(created_at),
        updated_at=from_micros(updated_at),
        version=version or 0,
        state={} if state is None else from_json(state),
        last_seq=last_seq,
        pieces=pieces,
        view=None if view is None else from_bytes(view),
        expires_at=from_micros(expires_at),
    )


def _unwritten(key: Key) -> Session:
    """What a caller finds where there is no session: nothing, at version 0."""
    now = from_micros(key.now)
    return Session(actor_id=key.actor_id, session_id=key.session_id, created_at=now, updated_at=now)
