"""How values stand in columns: times as integers, texts and JSON as bytes.

Texts that are not ids are kept as bytes, since no database's own text type takes lone surrogates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, Final, overload

from contextkit.errors import InvalidInput, InvalidMessage, StoreCorrupt, shortened
from contextkit.stores import MemoryRecord, check_id

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND

SECOND: Final = 1_000_000
"""Microseconds, in which times are kept."""

MAX_INTEGER: Final = 2**63 - 1
"""SQLite's largest integer: above any sequence number."""


@overload
def to_micros(time: datetime) -> int: ...
@overload
def to_micros(time: None) -> None: ...
def to_micros(time: datetime | None) -> int | None:
    """Microseconds since 1970, exactly. Raises `InvalidInput` for a time without a zone, or that UTC cannot say."""
    if time is None:
        return None
    if time.tzinfo is None:
        raise InvalidInput(f"The time {time} has no time zone.", "Pass an aware datetime in UTC.", value=time)
    micros = (time - _EPOCH) // _MICROSECOND
    if _FIRST <= micros <= _LAST:
        return micros
    raise InvalidInput(
        f"The time {time} is none in UTC, whose years are 1 to 9999.", "Pass an aware datetime in UTC.", value=time
    )


@overload
def from_micros(micros: int) -> datetime: ...
@overload
def from_micros(micros: None) -> None: ...
def from_micros(micros: int | None) -> datetime | None:
    """The time in UTC that `to_micros` wrote."""
    try:
        return None if micros is None else _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        raise StoreCorrupt(
            f"A stored time, {micros} µs since 1970, is none.", "Restore the store from a copy."
        ) from None


def after(now: int, wait: timedelta) -> int:
    """The time that much later, or the last one there is."""
    return min(now + wait // _MICROSECOND, _LAST)


def lifetime(name: str, value: timedelta | None) -> timedelta | None:
    """How long something is kept; None for ever. Raises `InvalidInput` for what is no time above 0."""
    if value is None or (isinstance(value, timedelta) and value > timedelta()):
        return value
    raise InvalidInput(
        f"{name} is {shortened(value)}.", "Pass a timedelta above 0, such as timedelta(days=30), or None.", value=value
    )


def to_bytes(text: str) -> bytes:
    """Any text as UTF-8, with lone surrogates let through."""
    return text.encode("utf-8", "surrogatepass")


def from_bytes(data: bytes) -> str:
    """The text that `to_bytes` wrote."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise StoreCorrupt(f"A stored text is damaged ({error}).", "Restore the store from a copy.") from error


def to_json(value: object, what: str) -> bytes:
    """A JSON value as bytes. Raises `InvalidInput`, naming `what`, for anything else."""
    try:
        return to_bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"The {what} {shortened(value)} is not made of JSON values ({error}).",
            "Pass dicts with text keys, lists, texts, finite numbers, booleans and None.",
            value=value,
        ) from error


_EMPTY: Mapping[bytes, Callable[[], Any]] = {b"{}": dict, b"[]": list}


def from_json(data: bytes) -> Any:
    """The value that `to_json` wrote."""
    if data in _EMPTY:  # most of what is optional
        return _EMPTY[data]()
    try:
        return json.loads(from_bytes(data))
    except (ValueError, RecursionError) as error:
        raise StoreCorrupt(f"A stored JSON document is damaged ({error}).", "Restore the store from a copy.") from error


def state_document(state: Mapping[str, Any]) -> bytes:
    """An agent's state as bytes. Raises `InvalidInput` for what would not come back equal."""
    if not isinstance(state, Mapping):
        raise InvalidInput(f"The state is {shortened(state)}.", "Pass a dict of JSON values.", value=state)
    document = to_json(dict(state), "state")
    _check_keys(state)
    return document


def _check_keys(value: object) -> None:
    """JSON makes texts of numbers that are keys, of which two may then be one."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise InvalidInput(
                    f"The state has the key {shortened(key)}, which is not text.",
                    "Name every value by a text.",
                    value=key,
                )
            _check_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_keys(inner)


_TIME: Final = "Pass an aware datetime in UTC; `datetime.fromisoformat` reads one from text."
_FIELDS: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "text": ((str,), "Pass a text."),
    "importance": ((int, float), "Use a number from 0 to 1."),
    "created_at": ((datetime,), _TIME),
    **dict.fromkeys(("valid_from", "valid_to", "expires_at"), ((datetime, NoneType), _TIME)),
    "sources": ((tuple, list), "Pass the ids of messages, or leave it out."),
    "metadata": ((Mapping,), "Pass a dict, or leave it out."),
}
"""What a record's fields may be: records are read from other systems' JSON, where times are texts and much is null."""


def check_record(record: MemoryRecord) -> MemoryRecord:
    """The record itself, if a store can keep it. Raises `InvalidInput` otherwise."""
    if not isinstance(record, MemoryRecord):
        raise InvalidInput(
            f"{shortened(record)} is no memory.", "Pass MemoryRecord(id=…, text=…, created_at=…).", value=record
        )
    check_id("memory id", record.id)
    check_id(f"namespace (of the memory {record.id!r})", record.namespace)
    check_id(f"strategy (of the memory {record.id!r})", record.strategy)
    for field, (kinds, remedy) in _FIELDS.items():
        if not isinstance(getattr(record, field), kinds):
            raise InvalidInput(
                f"The `{field}` of the memory {record.id!r} is {shortened(getattr(record, field))}.",
                remedy,
                value=getattr(record, field),
            )
    for field in ("created_at", "valid_from", "valid_to", "expires_at"):
        if (time := getattr(record, field)) is not None and time.tzinfo is None:
            raise InvalidInput(
                f"The `{field}` of the memory {record.id!r}, {time}, has no time zone.",
                "Pass an aware datetime in UTC: `time.replace(tzinfo=UTC)` for one that means it.",
                value=time,
            )
    if not 0 <= record.importance <= 1:
        raise InvalidInput(
            f"The importance of the memory {record.id!r} is {record.importance}.",
            "Use a number from 0 to 1.",
            value=record.importance,
        )
    return record


def check_size(message_id: str, size: int, most: int) -> None:
    """Raise `InvalidMessage` for a message that takes more bytes, as stored, than its store accepts."""
    if size > most:
        raise InvalidMessage(
            f"The message {message_id!r} takes {size} bytes; this store accepts {most}.",
            "Send its content as a reference, or open the store with a larger `max_message_bytes`.",
            value=message_id,
        )


def bounded(number: int) -> int:
    """The number, or the nearest one that SQLite can hold."""
    return max(-MAX_INTEGER, min(number, MAX_INTEGER))


def preference_changes(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The changes to an actor's preferences, each a text or None. Raises `InvalidInput` for anything else."""
    if not isinstance(values, Mapping):
        raise InvalidInput(
            f"The preferences are {shortened(values)}.", "Pass a dict of texts by name; None deletes one.", value=values
        )
    for name, value in values.items():
        check_id("preference name", name)
        if value is not None and not isinstance(value, str):
            raise InvalidInput(
                f"The preference {name!r} is {shortened(value)}, which is not text.",
                "Write it as text, as it shall stand in a prompt; None deletes it.",
                value=value,
            )
    return dict(values)
