"""Overflow: what was moved out of a prompt, compressed, and proven on the way back."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from contextkit.errors import HandleNotFound, InvalidId, StoreCorrupt
from contextkit.stores import Overflow, check_id
from contextkit.stores.codec import after, from_bytes, from_micros, to_bytes, to_micros
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
        return from_micros(min((piece.expires_at for piece in packed if piece.expires_at is not None), default=None))

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        key = self._lifetimes.key(actor_id, session_id)
        with self._database.read() as connection:
            row = connection.execute(f"{_PIECES} AND o.handle = ?", (*key.live, key.now, _known(handle))).fetchone()
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
        ends = to_micros(piece.expires_at)
        if ends is None and self._ttl is not None:
            ends = after(now, self._ttl)
        created_at = now if piece.created_at is None else to_micros(piece.created_at)
        facts = (to_bytes(piece.item_id), to_bytes(piece.title), piece.tokens, created_at)
        return _Packed(
            check_id("handle", piece.handle), facts, ends, sha256(text).digest(), zlib.compress(text, _LEVEL)
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
        raise StoreCorrupt(
            f"Another text is already stored under the handle {piece.handle!r}.",
            "Derive handles from the whole content, so that each content has its own.",
        )
    later = None if ends is None or piece.expires_at is None else max(ends, piece.expires_at)
    connection.execute("UPDATE overflow SET expires_at = ? WHERE id = ?", (later, row))


def _unpacked(row: tuple[Any, ...]) -> Overflow:
    handle, item_id, title, tokens, created_at, own_end, session_end, number, checksum, content = row
    ends = [end for end in (own_end, session_end) if end is not None]
    return Overflow(
        handle=handle,
        text=_text(handle, checksum, content),
        item_id=from_bytes(item_id),
        title=from_bytes(title),
        tokens=tokens,
        created_at=from_micros(created_at),
        expires_at=from_micros(min(ends, default=None)),
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


def _known(handle: str) -> str:
    """The handle if it could be one. A model may pass anything: what cannot be a handle is simply not found."""
    try:
        return check_id("handle", handle)
    except InvalidId:
        raise HandleNotFound(str(handle)[:80]) from None
