"""Rows: memory records as the database has them."""

from __future__ import annotations

from typing import Any, Final

from contextkit.stores import MemoryRecord, check_id
from contextkit.stores.codec import (
    check_record,
    from_bytes,
    from_json,
    from_micros,
    to_bytes,
    to_json,
    to_micros,
)

COLUMNS: Final = """
record_id, namespace, strategy, importance, created_at, valid_from, valid_to, expires_at, sources, metadata, text
"""
PUT: Final = f"""
INSERT INTO memories (actor_id, {COLUMNS}, awaits_vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (actor_id, record_id) DO UPDATE SET
    namespace = excluded.namespace, strategy = excluded.strategy, importance = excluded.importance,
    created_at = excluded.created_at, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
    expires_at = excluded.expires_at, sources = excluded.sources, metadata = excluded.metadata,
    text = excluded.text,
    awaits_vector = CASE WHEN text = excluded.text THEN awaits_vector ELSE excluded.awaits_vector END,
    vector = CASE WHEN text = excluded.text THEN vector END
"""
IN_NAMESPACE: Final = "actor_id = ? AND namespace >= ? AND namespace < ?"


def row_of(actor_id: str, record: MemoryRecord) -> tuple[Any, ...]:
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


def record_of(row: tuple[Any, ...]) -> MemoryRecord:
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


def range_of(namespace: str | None) -> tuple[str, str | bytes]:
    """The half-open range of namespaces that is meant: one, a subtree (a final `/`), or all of them."""
    if namespace is None:
        return "", b""  # SQLite orders every text below every blob
    check_id("namespace", namespace)
    if namespace.endswith("/"):
        return namespace, namespace[:-1] + chr(ord("/") + 1)
    return namespace, namespace + "\0"
