"""The messages of a session: appended once, counted once, read in ranges."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contextkit.errors import InvalidInput
from contextkit.messages import as_messages, dumps, loads
from contextkit.readable import readable
from contextkit.stores.codec import MAX_INTEGER, bounded, check_size, from_micros
from contextkit.stores.sqlite.connection import Database
from contextkit.stores.sqlite.expiry import purge_sessions
from contextkit.stores.sqlite.sessions import LIVE, Key, Lifetimes, find
from contextkit.tokens import get_counter
from contextkit.types import Message, TokenCounter

_COLUMNS: Final = "SELECT m.seq, m.tokens, m.counter, m.message FROM messages AS m"
_BETWEEN: Final = (
    f"{_COLUMNS} JOIN sessions AS s ON m.session = s.id WHERE {LIVE} AND m.seq > ? AND m.seq < ? ORDER BY m.seq"
)
_BY_SEQ: Final = f"{_COLUMNS} WHERE m.session = ? AND m.seq IN (SELECT value FROM json_each(?)) ORDER BY m.seq"
_BY_ID: Final = f"{_COLUMNS} WHERE m.session = ? AND m.message_id = ?"
_INSERT: Final = """
INSERT INTO messages (session, seq, message_id, tokens, counter, awaits_vector, message) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


class Messages:
    """The part of `SessionStore` that is about messages."""

    def __init__(
        self, database: Database, lifetimes: Lifetimes, counter: str | TokenCounter, max_message_bytes: int
    ) -> None:
        self._database = database
        self._lifetimes = lifetimes
        self._counter = counter
        self._max_bytes = max_message_bytes

    def append(self, actor_id: str, session_id: str, messages: Iterable[object]) -> list[Message]:
        key = self._lifetimes.key(actor_id, session_id)
        given = [(message.id or uuid.uuid4().hex, message) for message in as_messages(messages)]
        stored = self._stored(key, [message.id for _, message in given if message.id])
        # Counting a long list takes seconds: it is done before the turn to write begins. Of two
        # messages with one id the first is written, hence the order.
        drafts = {name: self._draft(name, message, key) for name, message in reversed(given) if name not in stored}
        if not drafts:
            return [stored[name] for name, _ in given]
        with self._database.write() as connection:
            session = self._lifetimes.open(connection, key)
            log = _Log(connection, session)
            written = [
                log.find(name) or log.add(drafts.get(name) or self._draft(name, message, key))
                for name, message in given
            ]
            log.close(key.now, self._lifetimes.expiry(key.now))
            purge_sessions(connection, key.now)
        return written

    def messages(
        self, actor_id: str, session_id: str, *, after: int = 0, before: int | None = None, last: int | None = None
    ) -> list[Message]:
        key = self._lifetimes.key(actor_id, session_id)
        within = (*key.live, bounded(after), MAX_INTEGER if before is None else bounded(before))
        with self._database.read() as connection:
            if last is None:
                rows = connection.execute(_BETWEEN, within).fetchall()
            else:
                rows = connection.execute(f"{_BETWEEN} DESC LIMIT ?", (*within, _count(last))).fetchall()[::-1]
        return [_message(*row) for row in rows]

    def pick(self, actor_id: str, session_id: str, seqs: Sequence[int]) -> list[Message]:
        key = self._lifetimes.key(actor_id, session_id)
        wanted = json.dumps([seq for seq in seqs if 0 < seq <= MAX_INTEGER])
        with self._database.snapshot() as connection:
            session = find(connection, key)
            rows = connection.execute(_BY_SEQ, (session, wanted)).fetchall()
        return [_message(*row) for row in rows]

    def _stored(self, key: Key, ids: list[str]) -> dict[str, Message]:
        """Those of the messages that the session has already, by id."""
        if not ids:
            return {}
        with self._database.snapshot() as connection:
            session = find(connection, key)
            rows = {name: connection.execute(_BY_ID, (session, name)).fetchone() for name in ids}
        return {name: _message(*row) for name, row in rows.items() if row is not None}

    def _draft(self, name: str, message: Message, key: Key) -> _Draft:
        complete = replace(message, id=name, created_at=message.created_at or from_micros(key.now))
        text = dumps(complete)
        check_size(name, len(text), self._max_bytes)
        counter = get_counter(self._counter)
        return _Draft(name, complete, text, counter.message(complete), counter.name)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message that is ready to be written but for its sequence number."""

    name: str
    message: Message
    text: str
    tokens: int
    counter: str


class _Log:
    """The end of one session's messages, inside one write."""

    def __init__(self, connection: sqlite3.Connection, session: int) -> None:
        self._connection = connection
        self._session = session
        (self._last,) = connection.execute("SELECT last_seq FROM sessions WHERE id = ?", (session,)).fetchone()

    def find(self, name: str) -> Message | None:
        """The message that was stored under this id before."""
        row = self._connection.execute(_BY_ID, (self._session, name)).fetchone()
        return None if row is None else _message(*row)

    def add(self, draft: _Draft) -> Message:
        """Write the message, and give it as stored."""
        self._last += 1
        values = (draft.name, draft.tokens, draft.counter, _has_meaning(draft.message), draft.text)
        self._connection.execute(_INSERT, (self._session, self._last, *values))
        return replace(draft.message, seq=self._last, tokens=draft.tokens, counter=draft.counter)

    def close(self, now: int, expires_at: int | None) -> None:
        """Note in the session where its messages end now, and when it was."""
        self._connection.execute(
            "UPDATE sessions SET last_seq = ?, updated_at = ?, expires_at = ? WHERE id = ?",
            (self._last, now, expires_at, self._session),
        )


def _message(seq: int, tokens: int, counter: str, text: str) -> Message:
    return loads(text, seq=seq, tokens=tokens, counter=counter)


def _has_meaning(message: Message) -> bool:
    """True for a message worth a vector: something was said in it, by anyone but the system."""
    return message.role != "system" and bool(readable(message).strip())


def _count(last: int) -> int:
    if last < 0:
        raise InvalidInput(f"last is {last}.", "Pass how many messages to read: 0 or more.", value=last)
    return bounded(last)
