"""A record of AgentCore's long-term memory, where it stands, and how both read in calls and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from contextkit.stores.agentcore.events import floored

MetadataValue: TypeAlias = str | float | datetime | tuple[str, ...]
"""What a record's metadata hold: a text, a number, a time, or up to five texts."""

RecordOperator: TypeAlias = Literal[
    "EQUALS_TO",
    "EXISTS",
    "NOT_EXISTS",
    "BEFORE",
    "AFTER",
    "CONTAINS",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUALS",
    "LESS_THAN",
    "LESS_THAN_OR_EQUALS",
]


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Records whose metadata under `key` pass a test. The key must be one that the memory indexes."""

    key: str
    operator: RecordOperator
    value: MetadataValue | None = None


@dataclass(frozen=True, slots=True)
class Namespace:
    """Where to look: the namespace `name` alone, or with `below` itself and all that lies under it."""

    name: str
    below: bool = False

    @property
    def request(self) -> dict[str, str]:
        """As the service takes it."""
        return {"namespacePath" if self.below else "namespace": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as the service has it. `score` is its relevance, in the answer of a search.

    `strategy_id` is "" where the service names none, and `timestamp` the time that the record itself
    names, cut to milliseconds.
    """

    id: str
    text: str
    namespace: str | None
    strategy_id: str
    created_at: datetime
    timestamp: datetime | None = None
    expires_at: datetime | None = None
    score: float | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)


def score_of(record: Record) -> float:
    """A record's relevance; 0 where the service names none."""
    return record.score or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """One record to be written. `id` is the caller's own name for it, for the report of what was refused.

    `record_id` is the service's id of the record to be updated; None makes a new one.
    """

    id: str
    text: str
    namespace: str | None
    timestamp: datetime
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    strategy_id: str | None = None
    record_id: str | None = None


def to_creation(key: str, record: NewRecord) -> dict[str, Any]:
    """A new record as the service takes it; `key` tells it in the answer."""
    return {"requestIdentifier": key, **_fields(record)}


def to_update(record: NewRecord) -> dict[str, Any]:
    """A record that is replaced, as the service takes it."""
    return {"memoryRecordId": record.record_id, **_fields(record)}


def to_filter(wanted: RecordFilter) -> dict[str, Any]:
    """A filter as the service takes it."""
    expression: dict[str, Any] = {"left": {"metadataKey": wanted.key}, "operator": wanted.operator}
    if wanted.value is not None:
        expression["right"] = {"metadataValue": _to_value(wanted.value)}
    return expression


def from_answer(given: Mapping[str, Any]) -> Record:
    """A record from an answer of the service."""
    timestamp, expires_at = given.get("timestamp"), given.get("expiresAt")
    return Record(
        id=given["memoryRecordId"],
        text=given["content"]["text"],
        namespace=next(iter(given.get("namespaces", ())), None),
        strategy_id=given.get("memoryStrategyId", ""),
        created_at=given["createdAt"].astimezone(UTC),
        timestamp=None if timestamp is None else timestamp.astimezone(UTC),
        expires_at=None if expires_at is None else expires_at.astimezone(UTC),
        score=given.get("score"),
        metadata={key: _from_value(value) for key, value in given.get("metadata", {}).items()},
    )


def _fields(record: NewRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "content": {"text": record.text},
        "timestamp": floored(record.timestamp),
        "namespaces": [] if record.namespace is None else [record.namespace],
    }
    if record.metadata:
        fields["metadata"] = {key: _to_value(value) for key, value in record.metadata.items()}
    if record.strategy_id is not None:
        fields["memoryStrategyId"] = record.strategy_id
    return fields


def _to_value(value: MetadataValue) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, datetime):
        return {"dateTimeValue": floored(value)}
    if isinstance(value, tuple):
        return {"stringListValue": list(value)}
    return {"numberValue": float(value)}


def _from_value(value: Mapping[str, Any]) -> MetadataValue:
    ((kind, held),) = value.items()
    found: MetadataValue = held
    if kind == "stringListValue":
        found = tuple(held)
    elif kind == "dateTimeValue":
        found = held.astimezone(UTC)
    return found
