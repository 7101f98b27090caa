"""Overflow: what was moved out of a prompt, compressed, and proven on the way back."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from contextkit.errors import HandleNotFound, StoreCorrupt
from contextkit.stores import Overflow, check_id
from contextkit.stores.codec import from_bytes, from_micros, to_bytes
from contextkit.stores.pieces import another_text, created, ending, first_end, known_handle, later_end
from contextkit.stores.sqlite.connection import Database
from contextkit.stores.sqlite.expiry import purge_rows
from contextkit.stores.sqlite.sessions import LIVE, Lifetimes

_LEVEL: Final = 3
"""zlib's effort. On JSON tool results: within a tenth of the size at level 6 in a third of its time."""

_PIECES: Final = f"""
SELECT o.handle, o.item_id, o.title, o.tokens, o.created_at, o.expires_at, s.expires_at, o.number, o.checksum, o.content
FROM overflow AS o JOIN sessions AS s ON o.session = s.id
WHERE {LIVE} AND (o.expires_at IS NULL OR o.expires_at > ?)
"""
_INSERT: Final = """
INSERT INTO overflow (session, number, handle, item_id, title, tokens, created_at, expires_at, checksum, content)
SELECT id, pieces, ?, ?, ?, ?, ?, ?, ?, ? FROM sessions WHERE id = ?
"""


class OverflowPieces:
    """`OverflowStore`. A piece ends with its session, or before that by an expiry of its own."""

    def __init__(self, database: Database, lifetimes: Lifetimes, ttl: timedelta | None) -> None:
        self._database = database
        self._lifetimes = lifetimes
        self._ttl = ttl

    def put_overflow(
        self, actor_id: str, session_id: str, pieces: Sequence[Overflow], life: datetime | None
    ) -> datetime | None:
        key = self._lifetimes.key(actor_id, session_id)
        packed = [self._packed(piece, key.now) for piece in pieces]
        if not packed:
            return None
        with self._database.write() as connection:
            session = self._lifetimes.open(connection, key, life)
            for piece in packed:
                _put(connection, session, piece, key.now)
            purge_rows(connection, key.now, "overflow")
        return first_end(piece.expires_at for piece in packed)

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        key = self._lifetimes.key(actor_id, session_id)
        wanted = (*key.live, key.now, known_handle(handle))
        with self._database.read() as connection:
            row = connection.execute(f"{_PIECES} AND o.handle = ?", wanted).fetchone()
        if row is None:
            raise HandleNotFound(handle)
        return _unpacked(row)

    def overflow(self, actor_id: str, session_id: str, *, after: int = 0) -> list[Overflow]:
        key = self._lifetimes.key(actor_id, session_id)
        asked = f"{_PIECES} AND o.number > ? ORDER BY o.created_at, o.id"
        with self._database.read() as connection:
            rows = connection.execute(asked, (*key.live, key.now, after)).fetchall()
        return [_unpacked(row) for row in rows]

    def _packed(self, piece: Overflow, now: int) -> _Packed:
        text = to_bytes(piece.text)
        facts = (to_bytes(piece.item_id), to_bytes(piece.title), piece.tokens, created(piece, now))
        return _Packed(
            check_id("handle", piece.handle),
            facts,
            ending(piece, now, self._ttl),
            sha256(text).digest(),
            zlib.compress(text, _LEVEL),
        )


@dataclass(frozen=True, slots=True)
class _Packed:
    """A piece as it will stand in its row; compressed before the turn to write begins."""

    handle: str
    facts: tuple[bytes, bytes, int, int]
    expires_at: int | None
    checksum: bytes
    content: bytes


def _put(connection: sqlite3.Connection, session: int, piece: _Packed, now: int) -> None:
    """Insert the piece, or lengthen the life of the same one."""
    connection.execute(
        "DELETE FROM overflow WHERE session = ? AND handle = ? AND expires_at <= ?", (session, piece.handle, now)
    )
    known = connection.execute(
        "SELECT id, checksum, expires_at FROM overflow WHERE session = ? AND handle = ?", (session, piece.handle)
    ).fetchone()
    if known is None:
        connection.execute("UPDATE sessions SET pieces = pieces + 1 WHERE id = ?", (session,))
        values = (piece.handle, *piece.facts, piece.expires_at, piece.checksum, piece.content, session)
        connection.execute(_INSERT, values)
        return
    row, checksum, ends = known
    if checksum != piece.checksum:
        raise another_text(piece.handle)
    connection.execute("UPDATE overflow SET expires_at = ? WHERE id = ?", (later_end(ends, piece.expires_at), row))


def _unpacked(row: tuple[Any, ...]) -> Overflow:
    handle, item_id, title, tokens, created_at, own_end, session_end, number, checksum, content = row
    return Overflow(
        handle=handle,
        text=_text(handle, checksum, content),
        item_id=from_bytes(item_id),
        title=from_bytes(title),
        tokens=tokens,
        created_at=from_micros(created_at),
        expires_at=first_end((own_end, session_end)),
        number=number,
    )


def _text(handle: str, checksum: bytes, content: bytes) -> str:
    try:
        text = zlib.decompress(content)
    except zlib.error:
        text = None
    if text is None or sha256(text).digest() != checksum:
        raise StoreCorrupt(f"What is stored under the handle {handle!r} is damaged.", "Restore the store from a copy.")
    return from_bytes(text)
