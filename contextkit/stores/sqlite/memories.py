"""Long-term memories: records in namespaces, searched by an index that is kept while nothing changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contextkit.errors import InvalidInput
from contextkit.recent import Recent
from contextkit.stores import MemoryRecord, ScoredMemory, check_id
from contextkit.stores.codec import (
    check_record,
    from_bytes,
    from_json,
    from_micros,
    to_bytes,
    to_json,
    to_micros,
)
from contextkit.stores.embedding import BATCH, Attempts, Embedder, matrix
from contextkit.stores.metadata import with_metadata
from contextkit.stores.sqlite.connection import Database
from contextkit.stores.sqlite.expiry import purge_rows
from contextkit.stores.sqlite.sessions import Lifetimes

if TYPE_CHECKING:
    from contextkit.stores.ranking import MemoryIndex

INDEXED: Final = 250_000
"""Records in all indexes kept in memory, one for each actor and namespace searched; the least used goes first."""

INDEX: Final = 8
"""What an index counts for besides its records."""

_COLUMNS: Final = """
record_id, namespace, strategy, importance, created_at, valid_from, valid_to, expires_at, sources, metadata, text
"""
_PUT: Final = f"""
INSERT INTO memories (actor_id, {_COLUMNS}, awaits_vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (actor_id, record_id) DO UPDATE SET
    namespace = excluded.namespace, strategy = excluded.strategy, importance = excluded.importance,
    created_at = excluded.created_at, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
    expires_at = excluded.expires_at, sources = excluded.sources, metadata = excluded.metadata,
    text = excluded.text,
    awaits_vector = CASE WHEN text = excluded.text THEN awaits_vector ELSE excluded.awaits_vector END,
    vector = CASE WHEN text = excluded.text THEN vector END
"""
_IN_NAMESPACE: Final = "actor_id = ? AND namespace >= ? AND namespace < ?"
_UNEXPIRED: Final = "(expires_at IS NULL OR expires_at > ?)"
_ACTIVE: Final = "(valid_from IS NULL OR valid_from <= ?) AND (valid_to IS NULL OR valid_to > ?)"


class Memories:
    """`MemoryStore`."""

    def __init__(self, database: Database, lifetimes: Lifetimes, embedder: Embedder | None) -> None:
        self._database = database
        self._lifetimes = lifetimes
        self._embedder = embedder
        self._attempts = Attempts(embedder)
        self._indexes = Recent[tuple[str, str, str | bytes], _Kept](INDEXED, lambda kept: INDEX + len(kept.index))

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        actor_id, now = check_id("actor id", actor_id), self._lifetimes.now()
        rows = [_row(actor_id, record) for record in records]
        if not rows:
            return
        with self._database.write() as connection:
            connection.executemany(_PUT, rows)
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
        within, now = (check_id("actor id", actor_id), *_range(namespace)), self._lifetimes.now()
        wanted = with_metadata(metadata)
        statement, times = f"SELECT {_COLUMNS} FROM memories WHERE {_IN_NAMESPACE} AND {_UNEXPIRED}", [now]
        if active:
            statement, times = f"{statement} AND {_ACTIVE}", [now, now, now]
        with self._database.snapshot() as connection:
            kept = self._indexes.get(within)
            if kept is not None and kept.stamp == _stamp(connection, actor_id):
                return [*filter(wanted, kept.index.listed(kept.index.shown(now, active)))]
            rows = connection.execute(f"{statement} ORDER BY created_at, record_id", (*within, *times)).fetchall()
        return [*filter(wanted, map(_record, rows))]

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
        index = self._index(actor_id, _range(namespace))
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
            return connection.execute(
                "SELECT id, text FROM memories WHERE actor_id = ? AND awaits_vector LIMIT ?", (actor_id, BATCH)
            ).fetchall()

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

    def _index(self, actor_id: str, namespace: tuple[str, str | bytes]) -> MemoryIndex:
        within = (actor_id, *namespace)
        with self._database.snapshot() as connection:
            stamp, former = _stamp(connection, actor_id), self._indexes.get(within)
            if former is not None and former.stamp == stamp:
                return former.index
            rows = connection.execute(
                f"SELECT {_COLUMNS}, vector FROM memories WHERE {_IN_NAMESPACE} ORDER BY created_at, record_id", within
            ).fetchall()
        kept = _Kept(_built(rows, None if former is None else former.index), stamp)
        self._indexes.put(within, kept)
        return kept.index


@dataclass(frozen=True, slots=True)
class _Kept:
    """An index of the records of all times, and the stamp of those it was built from: another process's change shows
    in it."""

    index: MemoryIndex
    stamp: int | None


def _built(rows: list[tuple[Any, ...]], former: MemoryIndex | None) -> MemoryIndex:
    from contextkit.stores.ranking import MemoryIndex

    numbers, vectors = matrix((number, row[-1]) for number, row in enumerate(rows) if row[-1] is not None)
    return MemoryIndex([_record(row[:-1]) for row in rows], numbers, vectors, former)


def _row(actor_id: str, record: MemoryRecord) -> tuple[Any, ...]:
    check_record(record)
    return (
        actor_id,
        record.id,
        record.namespace,
        record.strategy,
        record.importance,
        to_micros(record.created_at),
        to_micros(record.valid_from),
        to_micros(record.valid_to),
        to_micros(record.expires_at),
        to_json(list(record.sources), "sources"),
        to_json(dict(record.metadata), f"metadata of the memory {record.id!r}"),
        to_bytes(record.text),
        bool(record.text.strip()),
    )


def _record(row: tuple[Any, ...]) -> MemoryRecord:
    (
        record_id,
        namespace,
        strategy,
        importance,
        created_at,
        valid_from,
        valid_to,
        expires_at,
        sources,
        metadata,
        text,
    ) = row
    return MemoryRecord(
        id=record_id,
        text=from_bytes(text),
        namespace=namespace,
        strategy=strategy,
        importance=importance,
        created_at=from_micros(created_at),
        valid_from=from_micros(valid_from),
        valid_to=from_micros(valid_to),
        expires_at=from_micros(expires_at),
        sources=tuple(from_json(sources)),
        metadata=from_json(metadata),
    )


def _range(namespace: str | None) -> tuple[str, str | bytes]:
    """The half-open range of namespaces that is meant: one, a subtree (a final `/`), or all of them."""
    if namespace is None:
        return "", b""  # SQLite orders every text below every blob
    check_id("namespace", namespace)
    if namespace.endswith("/"):
        return namespace, namespace[:-1] + chr(ord("/") + 1)
    return namespace, namespace + "\0"


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
