"""Lines: what an export is made of, one JSON object each, and how values stand in them.

The first line names the actor and the version of the format; the last one says how many stand before
it, so that an export which broke off is known by its lack. Every other says by its `kind` what it
is. Lines are UTF-8; a lone surrogate, which no valid UTF-8 can say, is written as its three bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypeVar

from contextkit.errors import shortened
from contextkit.stores import MemoryRecord, Overflow
from contextkit.stores.codec import MAX_INTEGER

VERSION: Final = 1

Kind: TypeAlias = Literal["actor", "message", "overflow", "session", "memory", "preference", "end"]

Record = TypeVar("Record", MemoryRecord, Overflow)

_TIMES: Final = frozenset({"created_at", "valid_from", "valid_to", "expires_at"})
_SHAPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "importance": (int, float),
    "tokens": int,
    "sources": list,
    "metadata": dict,
}
"""What a field is in JSON; the others are texts."""


def to_plain(record: MemoryRecord | Overflow) -> dict[str, Any]:
    """A record's fields as JSON values, times in ISO 8601, without those that are None, or its store's own."""
    values = {each.name: getattr(record, each.name) for each in fields(record) if each.compare}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def from_plain(kind: type[Record], values: Mapping[str, Any]) -> Record:
    """The record that `to_plain` wrote. Raises `TypeError` or `ValueError` for anything else."""
    for name, value in values.items():
        if not isinstance(value, _SHAPES.get(name, str)):
            raise TypeError(f"{name} is {shortened(value)}")
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise ValueError(f"{name} is {shortened(value)}")
    given: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in _TIMES else value for name, value in values.items()
    }
    if "sources" in given:
        given["sources"] = tuple(given["sources"])
    return kind(**given)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
