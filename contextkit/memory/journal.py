"""The journal: the records that were decided on for one range of messages, as a ledger holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contextkit.memory.progress import Range
from contextkit.stores import MemoryRecord
from contextkit.stores.codec import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class Journal:
    """Records to be put, in one session's namespace, and the messages they follow from."""

    session_id: str
    span: Range
    records: tuple[MemoryRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """As it stands in a ledger."""
        records = [record_to_json(record) for record in self.records]
        return {"session_id": self.session_id, "span": self.span.to_json(), "records": records}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Journal:
        """What `to_json` wrote."""
        records = tuple(record_from_json(record) for record in stored["records"])
        return cls(stored["session_id"], Range.from_json(stored["span"]), records)


def record_to_json(record: MemoryRecord) -> dict[str, Any]:
    """A record as JSON values, times in microseconds since 1970."""
    return {
        "id": record.id,
        "text": record.text,
        "namespace": record.namespace,
        "strategy": record.strategy,
        "importance": record.importance,
        "created_at": to_micros(record.created_at),
        "valid_from": to_micros(record.valid_from),
        "valid_to": to_micros(record.valid_to),
        "expires_at": to_micros(record.expires_at),
        "sources": list(record.sources),
        "metadata": dict(record.metadata),
    }


def record_from_json(stored: Mapping[str, Any]) -> MemoryRecord:
    """What `record_to_json` wrote."""
    return MemoryRecord(
        id=stored["id"],
        text=stored["text"],
        namespace=stored["namespace"],
        strategy=stored["strategy"],
        importance=stored["importance"],
        created_at=from_micros(stored["created_at"]),
        valid_from=from_micros(stored["valid_from"]),
        valid_to=from_micros(stored["valid_to"]),
        expires_at=from_micros(stored["expires_at"]),
        sources=tuple(stored["sources"]),
        metadata=stored["metadata"],
    )
