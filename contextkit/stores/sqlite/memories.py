"""Long-term memories: records in namespaces, searched by an index that is kept, and follows what changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from contextkit.errors import InvalidInput
from contextkit.recent import Recent
from contextkit.stores import MemoryRecord, ScoredMemory, check_id
from contextkit.stores.codec import from_bytes
from contextkit.stores.embedding import BATCH, Attempts, Embedder
from contextkit.stores.metadata import with_metadata
from contextkit.stores.sqlite.connection import Database
from contextkit.stores.sqlite.expiry import purge_rows
from contextkit.stores.sqlite.memory_rows import COLUMNS, IN_NAMESPACE, PUT, range_of, record_of, row_of
from contextkit.stores.sqlite.sessions import Lifetimes

if TYPE_CHECKING:
    from contextkit.stores.ranking import MemoryIndex
    from contextkit.stores.sqlite.memory_index import Kept, Within

INDEXED: Final = 250_000
"""Records in all indexes kept in memory, one for each actor and namespace searched; the least used goes first."""

INDEX: Final = 8
"""What an index counts for besides its records."""

_AWAITED: Final = """
SELECT id, text FROM memories INDEXED BY memories_awaiting_vectors WHERE actor_id = ? AND awaits_vector LIMIT ?
"""
_UNEXPIRED: Final = "(expires_at IS NULL OR expires_at > ?)"
_ACTIVE: Final = "(valid_from IS NULL OR valid_from <= ?) AND (valid_to IS NULL OR valid_to > ?)"


class Memories:
    """`MemoryStore`."""

    def __init__(self, database: Database, lifetimes: Lifetimes, embedder: Embedder | None) -> None:
        self._database = database
        self._lifetimes = lifetimes
        self._embedder = embedder
        self._attempts = Attempts(embedder)
        self._indexes: Recent[Within, Kept] = Recent(INDEXED, lambda kept: INDEX + len(kept.index))

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        actor_id, now = check_id("actor id", actor_id), self._lifetimes.now()
        rows = [row_of(actor_id, record) for record in records]
        if not rows:
            return
        with self._database.write() as connection:
            connection.executemany(PUT, rows)
            _mark_changed(connection, actor_id)
            purge_rows(connection, now, "memories")
        self._attempts.make(lambda: self.embed_missing(actor_id))

    def memories(
        self,
        actor_id: str,
        *,
        namespace: str | None = None,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[MemoryRecord]:
        within, now = (check_id("actor id", actor_id), *range_of(namespace)), self._lifetimes.now()
        wanted = with_metadata(metadata)
        statement, times = f"SELECT {COLUMNS} FROM memories WHERE {IN_NAMESPACE} AND {_UNEXPIRED}", [now]
        if active:
            statement, times = f"{statement} AND {_ACTIVE}", [now, now, now]
        with self._database.snapshot() as connection:
            kept = self._indexes.get(within)
            if kept is not None and kept.stamp == _stamp(connection, actor_id):
                return [*filter(wanted, kept.index.listed(kept.index.shown(now, active)))]
            rows = connection.execute(f"{statement} ORDER BY created_at, record_id", (*within, *times)).fetchall()
        return [*filter(wanted, map(record_of, rows))]

    def search_memories(
        self,
        actor_id: str,
        query: str,
        *,
        namespace: str | None = None,
        limit: int = 20,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[ScoredMemory]:
        actor_id = check_id("actor id", actor_id)
        if limit < 0:
            raise InvalidInput(f"limit is {limit}.", "Pass how many records to return: 0 or more.", value=limit)
        self._attempts.make(lambda: self.embed_missing(actor_id))
        index = self._index((actor_id, *range_of(namespace)))
        vector = None if self._embedder is None or not query.strip() else self._embedder.query(query)
        now = self._lifetimes.now()
        shown = index.shown(now, active) & index.having(metadata)
        return index.search(query, vector, limit, shown, index.shown(now, True))

    def delete_memories(self, actor_id: str, ids: Iterable[str]) -> None:
        actor_id = check_id("actor id", actor_id)
        rows = [(actor_id, check_id("memory id", record_id)) for record_id in ids]
        with self._database.write() as connection:
            connection.executemany("DELETE FROM memories WHERE actor_id = ? AND record_id = ?", rows)
            _mark_changed(connection, actor_id)

    def embed_missing(self, actor_id: str) -> int:
        """Embed every record that should have a vector and has none. Returns how many still have none."""
        actor_id = check_id("actor id", actor_id)
        while (rows := self._awaited(actor_id)) and self._embed(actor_id, rows):
            pass
        return len(rows)

    def _awaited(self, actor_id: str) -> list[tuple[int, bytes]]:
        with self._database.read() as connection:
            return connection.execute(_AWAITED, (actor_id, BATCH)).fetchall()

    def _embed(self, actor_id: str, rows: list[tuple[int, bytes]]) -> bool:
        vectors = self._embedder and self._embedder.documents([from_bytes(text) for _, text in rows])
        if not vectors:
            return False
        done = [(vector, row, text) for (row, text), vector in zip(rows, vectors, strict=True)]
        with self._database.write() as connection:
            # Where the text was replaced meanwhile, the vector is not its own.
            connection.executemany("UPDATE memories SET vector = ?, awaits_vector = 0 WHERE id = ? AND text = ?", done)
            _mark_changed(connection, actor_id)
        return True

    def _index(self, within: Within) -> MemoryIndex:
        """The index of the records as they are now: the one in memory, one that goes on from it, or one made anew."""
        kept = self._kept(within)
        self._indexes.put(within, kept)
        return kept.index

    def _kept(self, within: Within) -> Kept:
        from contextkit.stores.sqlite.memory_index import Kept, Read

        with self._database.snapshot() as connection:
            stamp, former = _stamp(connection, within[0]), self._indexes.get(within)
            if former is not None:
                now = former if former.stamp == stamp else former.followed(connection, within, stamp)
                if now is not None:
                    return now
            read = Read.of(connection, within)
        return Kept.of(read, stamp, former)


def _stamp(connection: sqlite3.Connection, actor_id: str) -> int | None:
    row = connection.execute("SELECT stamp FROM memory_changes WHERE actor_id = ?", (actor_id,)).fetchone()
    return None if row is None else int(row[0])


def _mark_changed(connection: sqlite3.Connection, actor_id: str) -> None:
    """Give the actor's records a new stamp, or none where there are no records left."""
    connection.execute("INSERT OR REPLACE INTO memory_changes (actor_id, stamp) VALUES (?, random())", (actor_id,))
    connection.execute(
        "DELETE FROM memory_changes WHERE actor_id = ?1 AND NOT EXISTS (SELECT 1 FROM memories WHERE actor_id = ?1)",
        (actor_id,),
    )
