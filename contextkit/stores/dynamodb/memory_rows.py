"""Rows of memories: how a record stands in an item, and what an item says without its content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from types import NoneType
from typing import Any

from contextkit.errors import shortened
from contextkit.stores import MemoryRecord, check_id
from contextkit.stores.codec import SECOND, from_json, from_micros, to_json, to_micros
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.items import Columns, Row, Value
from contextkit.stores.dynamodb.payloads import is_chunk

RECORD = "rec"
"""Sort keys of records."""

_FACTS: Mapping[str, tuple[type, ...]] = {
    "created_at": (int,),
    "importance": (float, int),
    **dict.fromkeys(("namespace", "strategy"), (str,)),
    **dict.fromkeys(("valid_from", "valid_to", "expires_at"), (int, NoneType)),
}
"""What is said of a record in one column, as JSON: every name of a column is sent with each item."""

_FORMER_FACTS = ("namespace", "strategy", "importance", "created_at", "valid_from", "valid_to", "expires_at")
"""How these stood in rows that are still read: those begin with a text."""

_DEFAULTS = {field.name: field.default for field in fields(MemoryRecord)}
_UNCHOSEN = [_DEFAULTS[name] for name in _FACTS]
"""What each of them is where nobody has chosen it: it is not said then at the end."""

SHOWN = (
    *("sk", "record_id", "facts"),
    *("body", "base", "chunks", "object", "chunk"),
    *("stamp", "revision"),
)
"""The columns of records and of their last change that are read where nothing is embedded."""

SAYS_NOTHING = "known"
"""Marks a row without its content, which is kept as a record."""


def columns_of(record: MemoryRecord) -> dict[str, Value | None]:
    """The columns of a record, but for its content."""
    expires_at = to_micros(record.expires_at)
    facts = [
        *(to_micros(record.created_at), float(record.importance), record.namespace, record.strategy),
        *(to_micros(record.valid_from), to_micros(record.valid_to), expires_at),
    ]
    while facts[-1] == _UNCHOSEN[len(facts) - 1]:
        facts.pop()
    return {
        "record_id": None if _id_in(sk_of(record.id)) == record.id else record.id,
        "facts": json.dumps(facts, separators=(",", ":")),
        "ttl": None if expires_at is None else expires_at // SECOND + 1,
        "awaits": 1 if record.text.strip() else None,
    }


def told(row: Row) -> Row:
    """A record's row that was read, with what its facts say in columns of their own."""
    columns = Columns(row)
    said = from_json(columns["facts"].encode())
    facts = _facts(said) if isinstance(said, list) else {}
    if "created_at" not in facts or not all(isinstance(fact, _FACTS[name]) for name, fact in facts.items()):
        raise columns.corrupt(f"says {shortened(said)} in the column 'facts', which are none of a memory's")
    del columns["facts"]
    columns.update((name, fact) for name, fact in facts.items() if fact is not None)
    columns.setdefault("record_id", _id_in(row["sk"]))
    return columns


def _facts(said: Sequence[Any]) -> dict[str, Any]:
    """What is said of a record by name, and what goes without saying."""
    names = _FORMER_FACTS if said and isinstance(said[0], str) else tuple(_FACTS)
    known = {name: value for name, value in zip(_FACTS, _UNCHOSEN, strict=True) if value is not MISSING}
    return {**known, **dict(zip(names, said, strict=False))}


def content_of(record: MemoryRecord) -> bytes:
    """What of a record may be long."""
    return to_json([record.text, list(record.sources), dict(record.metadata)], f"memory {record.id!r}")


def record_of(row: Row, content: bytes) -> MemoryRecord:
    """The record of a row that is `told`, and its content."""
    text, sources, metadata = from_json(content)
    return MemoryRecord(
        id=row["record_id"],
        text=text,
        namespace=row["namespace"],
        strategy=row["strategy"],
        importance=float(row["importance"]),
        created_at=from_micros(row["created_at"]),
        valid_from=from_micros(row.get("valid_from")),
        valid_to=from_micros(row.get("valid_to")),
        expires_at=from_micros(row.get("expires_at")),
        sources=tuple(sources),
        metadata=metadata,
    )


def sk_of(record_id: str) -> str:
    """The sort key of a record."""
    return f"{RECORD}#{keys.part(record_id)}"


def _id_in(sk: str) -> str | None:
    return keys.whole(sk.removeprefix(f"{RECORD}#"))


def awaits(row: Row) -> bool:
    """Whether a record should have a vector, and has none."""
    return "awaits" in row and "vector" not in row and "indexed" not in row


def without_content(row: Row) -> Row:
    """The row as it is kept beside its record."""
    columns = {name: value for name, value in row.items() if name not in ("body", "base", "chunks", "object")}
    return {**columns, SAYS_NOTHING: True}


def records_among(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of records among these, as `told`."""
    return (told(row) for row in rows if not is_chunk(row))


def oldest_first(records: Iterable[Row]) -> list[Row]:
    """Rows that are `told`, oldest first; of the same age by their ids, which are not in order as keys."""
    return sorted(records, key=lambda row: (row["created_at"], row["record_id"]))


def in_namespace(namespace: str | None) -> Callable[[str], bool]:
    """Whether a namespace is meant: the one named, those below it (a final `/`), or all."""
    if namespace is None:
        return lambda _: True
    check_id("namespace", namespace)
    return (lambda name: name.startswith(namespace)) if namespace.endswith("/") else (lambda name: name == namespace)


def is_shown(row: Row, within: Callable[[str], bool], now: int, active: bool) -> bool:
    """Whether a record is in the namespace and has not expired, and if only `active` ones are shown, is valid."""
    if not within(row["namespace"]) or row.get("expires_at", now + 1) <= now:
        return False
    return not active or (row.get("valid_from", now) <= now < row.get("valid_to", now + 1))
