"""A message as one line of ASCII JSON, and back: how stores keep it.

Only fields that differ from their default are written. What a store may have columns of its own for
is part of the text only where that is asked for (`tokens`, `counter`), or never (`seq`). Any `str`
survives, NUL and lone surrogates included: JSON's `\\u` escapes carry them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from contextkit.errors import StoreCorrupt, shortened
from contextkit.types import Message, ToolCall

_ascii = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_unicode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode
_decode = json.JSONDecoder().raw_decode

# A high and a low surrogate that stand side by side as two characters. Escaped, they would read
# as the one character that such a pair stands for in JSON, so something must keep them apart.
_PAIR = re.compile("[\ud800-\udbff](?=[\udc00-\udfff])")
GIVEN_ID: Final = 16
"""Characters of the ids, in hexadecimal digits, that stores give to messages which come without one."""

_MICROSECOND = timedelta(microseconds=1)
_GIVEN = re.compile(rf"[0-9a-f]{{{GIVEN_ID}}}", re.ASCII)
_WEDGES = "".join(map(chr, range(0xE000, 0xF900)))


def dumps(message: Message, *, counted: bool = False) -> str:
    """The message as compact ASCII JSON; `loads` gives back an equal one, but for the store's own fields.

    If it is `counted`, what the store has counted of it is written too.
    """
    fields = _fields(message) | (_counts(message) if counted else {})
    text = _ascii(fields)
    if "\\ud" in text and _PAIR.search(_unicode(fields)):
        return _ascii(_wedged(fields))
    return text


def loads(text: str, *, seq: int | None = None, tokens: int | None = None, counter: str | None = None) -> Message:
    """The message that `dumps` wrote, with the store's own fields that it did not. Raises `StoreCorrupt` for any other
    text."""
    try:
        fields, end = _decode(text)
        if end != len(text):
            raise ValueError("trailing text")
        return _message({"tokens": tokens, "counter": counter, **fields, "seq": seq})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StoreCorrupt(
            f"The text {shortened(text)} is not a message that was stored here ({error}).",
            "Restore the store from a copy, or delete this session.",
        ) from error


def dump_columns(messages: Sequence[Message]) -> list[str]:
    """Several messages as one line of ASCII JSON, in a piece for each field: what is alike stands together, and
    compresses well.

    What the store has counted of them is written too, but not their numbers.
    """
    rows = [json.loads(dumps(message, counted=True)) for message in messages]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    if "created_at" in columns:
        columns["created_at"] = _as_gaps(columns["created_at"])
    pieces = [f"{_ascii(name)}:{_ascii(_side_by_side(name, values))}" for name, values in columns.items()]
    return ["{", *(piece + "," for piece in pieces[:-1]), *pieces[-1:], "}"]


def load_columns(text: str, first: int) -> list[Message]:
    """The messages that `dump_columns` wrote, numbered from `first` on. Raises `StoreCorrupt` for any other text."""
    try:
        columns = json.loads(text)
        if "created_at" in columns:
            columns["created_at"] = _as_times(columns["created_at"])
        if isinstance(columns.get("id"), str):
            columns["id"] = _apart(columns["id"])
        rows = zip(*columns.values(), strict=True)
        written = [{name: value for name, value in zip(columns, row, strict=True) if value is not None} for row in rows]
        return [_message({**fields, "seq": seq}) for seq, fields in enumerate(written, first)]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise StoreCorrupt(
            f"The text {shortened(text)} is not messages that were stored here ({error}).",
            "Restore the store from a copy, or delete this session.",
        ) from error


def _side_by_side(name: str, values: Sequence[Any]) -> Any:
    """A column as it is written: ids that stores have given are one text."""
    return "".join(values) if name == "id" and all(map(_is_given, values)) else values


def _is_given(name: object) -> bool:
    return isinstance(name, str) and _GIVEN.fullmatch(name) is not None


def _apart(ids: str) -> list[str]:
    """The ids that `_side_by_side` was given."""
    return [ids[start : start + GIVEN_ID] for start in range(0, len(ids), GIVEN_ID)]


def _as_gaps(times: Sequence[str | None]) -> list[str | int | None]:
    """Times as they are written; one in UTC behind another such as the microseconds between them."""
    gaps: list[str | int | None] = []
    last: datetime | None = None
    for time in times:
        moment = _in_utc(time)
        gaps.append(time if moment is None or last is None else (moment - last) // _MICROSECOND)
        last = moment or last
    return gaps


def _as_times(gaps: Sequence[str | int | None]) -> list[str | None]:
    """The times that `_as_gaps` was given. Raises whatever others raise."""
    times: list[str | None] = []
    last: datetime | None = None
    for gap in gaps:
        if isinstance(gap, int):
            last = cast("datetime", last) + gap * _MICROSECOND
            times.append(last.isoformat())
        else:
            last = _in_utc(gap) or last
            times.append(gap)
    return times


def _in_utc(time: str | None) -> datetime | None:
    return datetime.fromisoformat(time) if time is not None and time.endswith("+00:00") else None


def _message(fields: dict[str, Any]) -> Message:
    """The message of these fields, as JSON has them. Raises whatever a wrong one of them raises."""
    if "wedge" in fields:
        fields = _unwedged(fields)
    if "tool_calls" in fields:
        fields["tool_calls"] = tuple([ToolCall(*call) for call in fields["tool_calls"]])
    if "created_at" in fields:
        fields["created_at"] = datetime.fromisoformat(fields["created_at"])
    if fields["content"].__class__ is list:
        fields["content"] = tuple(fields["content"])
    return Message(**fields)


def _fields(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.id is not None:
        fields["id"] = message.id
    if message.name is not None:
        fields["name"] = message.name
    if message.tool_calls:
        fields["tool_calls"] = [(call.id, call.name, call.arguments) for call in message.tool_calls]
    if message.tool_call_id is not None:
        fields["tool_call_id"] = message.tool_call_id
    if message.created_at is not None:
        fields["created_at"] = message.created_at.isoformat()
    if message.metadata:
        fields["metadata"] = message.metadata
    return fields


def _counts(message: Message) -> dict[str, Any]:
    counts = {"tokens": message.tokens, "counter": message.counter}
    return {name: count for name, count in counts.items() if count is not None}


def _wedged(fields: dict[str, Any]) -> dict[str, Any]:
    """The same fields with a private character, used nowhere in them, inside each surrogate pair."""
    text = _unicode(fields)
    used = set(text)
    wedge = next(char for char in _WEDGES if char not in used)
    wedged = json.loads(_PAIR.sub(rf"\g<0>{wedge}", text))
    return {**cast("dict[str, Any]", wedged), "wedge": wedge}


def _unwedged(fields: dict[str, Any]) -> dict[str, Any]:
    wedge = fields.pop("wedge")
    return cast("dict[str, Any]", json.loads(_unicode(fields).replace(wedge, "")))
