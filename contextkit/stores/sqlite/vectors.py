"""Vectors of messages: made after the messages are safe, and made up for when that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contextkit.messages import loads
from contextkit.readable import readable
from contextkit.stores.codec import bounded
from contextkit.stores.embedding import BATCH, Attempts, Embedder, matrix
from contextkit.stores.sqlite.connection import Database
from contextkit.stores.sqlite.sessions import LIVE, Key, Lifetimes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AWAITED: Final = f"""
SELECT m.id, m.message FROM messages AS m JOIN sessions AS s ON m.session = s.id
WHERE {LIVE} AND m.awaits_vector ORDER BY m.seq LIMIT ?
"""
_VECTORS: Final = f"""
SELECT m.seq, v.vector FROM message_vectors AS v JOIN messages AS m ON v.message = m.id
JOIN sessions AS s ON m.session = s.id WHERE {LIVE} AND m.seq > ? ORDER BY m.seq
"""
_KEEP: Final = "INSERT OR REPLACE INTO message_vectors (message, vector) SELECT id, ? FROM messages WHERE id = ?"


class MessageVectors:
    """The vectors of a session's messages."""

    def __init__(self, database: Database, lifetimes: Lifetimes, embedder: Embedder | None) -> None:
        self._database = database
        self._lifetimes = lifetimes
        self._embedder = embedder
        self._attempts = Attempts(embedder)

    def vectors(self, actor_id: str, session_id: str, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        self.catch_up(actor_id, session_id)
        key = self._lifetimes.key(actor_id, session_id)
        with self._database.read() as connection:
            rows = connection.execute(_VECTORS, (*key.live, bounded(after))).fetchall()
        return matrix(rows)

    def catch_up(self, actor_id: str, session_id: str) -> None:
        """Embed what still has no vector, as far as it can be done now: a read-only file is read without."""
        self._attempts.make(lambda: self.embed_missing(actor_id, session_id))

    def embed_missing(self, actor_id: str, session_id: str) -> int:
        """Embed every message that should have a vector and has none. Returns how many still have none."""
        key = self._lifetimes.key(actor_id, session_id)
        while (rows := self._awaited(key)) and self._embed(rows):
            pass
        return len(rows)

    def _awaited(self, key: Key) -> list[tuple[int, str]]:
        with self._database.read() as connection:
            return connection.execute(_AWAITED, (*key.live, BATCH)).fetchall()

    def _embed(self, rows: list[tuple[int, str]]) -> bool:
        vectors = self._embedder and self._embedder.documents([readable(loads(text)) for _, text in rows])
        if not vectors:
            return False
        with self._database.write() as connection:
            for (message, _), vector in zip(rows, vectors, strict=True):
                if vector is not None:
                    connection.execute(_KEEP, (vector, message))
                connection.execute("UPDATE messages SET awaits_vector = 0 WHERE id = ?", (message,))
        return True
