"""Reading JSON by a botocore shape, strictly: what botocore checks before it sends, and what it leaves to the service.

botocore checks required members, minimums, types and unions; maximums, patterns and enums it does
not. Here all of them are, in requests and in answers alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from math import isfinite
from typing import Any, Final, TypeAlias

from botocore.model import Shape  # type: ignore[import-untyped]

from contextkit.testing.agentcore.refusals import Problem

Read: TypeAlias = Callable[["Reading", Shape, Any, str], Any]


class Reading:
    """One JSON value being read. `problems` fills with all that is wrong, not only with the first.

    `strict` refuses members that the model does not know: an answer may have none, while a request's are ignored,
    as Smithy has it.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.problems: list[Problem] = []

    def read(self, shape: Shape, value: Any, where: str = "") -> Any:
        """The value as boto3 would have it, with times as aware datetimes in UTC, cut to milliseconds."""
        if getattr(shape, "is_document_type", False):
            return value
        return _READERS[shape.type_name](self, shape, value, where)

    def wrong(self, where: str, what: str) -> None:
        """Note a value of the right type that breaks a constraint."""
        self.problems.append(Problem(where, what))

    def unreadable(self, where: str, wanted: str) -> None:
        """Note a value of another type."""
        self.problems.append(Problem(where, f"Member must be {wanted}", "CannotParse"))


def _structure(reading: Reading, shape: Shape, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        reading.unreadable(where, "an object")
        return {}
    given = {name: part for name, part in value.items() if part is not None}
    for name in shape.required_members:
        if name not in given:
            reading.wrong(_at(where, name), "Member must not be null")
    if shape.is_tagged_union:
        _check_union(reading, shape, given, where)
    if reading.strict:
        for name in given.keys() - shape.members.keys():
            reading.wrong(_at(where, name), "Member is not modelled")
    return {
        name: reading.read(member, given[name], _at(where, name))
        for name, member in shape.members.items()
        if name in given
    }


def _check_union(reading: Reading, shape: Shape, given: dict[str, Any], where: str) -> None:
    chosen = [name for name in given if name != "__type"]
    if len(chosen) != 1 or chosen[0] not in shape.members:
        names = ", ".join(shape.members)
        reading.wrong(where, f"Member must have exactly one of the following set: [{names}]")


def _list(reading: Reading, shape: Shape, value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        reading.unreadable(where, "a list")
        return []
    _check_size(reading, shape, len(value), where, "length")
    return [reading.read(shape.member, part, _at(where, index)) for index, part in enumerate(value)]


def _map(reading: Reading, shape: Shape, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        reading.unreadable(where, "an object")
        return {}
    _check_size(reading, shape, len(value), where, "length")
    for key in value:
        reading.read(shape.key, key, f"{_at(where, key)} (key)")
    return {key: reading.read(shape.value, part, _at(where, key)) for key, part in value.items() if part is not None}


def _string(reading: Reading, shape: Shape, value: Any, where: str) -> Any:
    if not isinstance(value, str):
        reading.unreadable(where, "a string")
        return value
    _check_size(reading, shape, len(value), where, "length")
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        reading.wrong(where, f"Member must satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        reading.wrong(where, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    return value


def _integer(reading: Reading, shape: Shape, value: Any, where: str) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        reading.unreadable(where, "an integer")
    else:
        _check_size(reading, shape, value, where, "value")
    return value


def _double(reading: Reading, shape: Shape, value: Any, where: str) -> Any:
    if not _is_number(value):
        reading.unreadable(where, "a number")
    else:
        _check_size(reading, shape, value, where, "value")
    return value


def _boolean(reading: Reading, _: Shape, value: Any, where: str) -> Any:
    if not isinstance(value, bool):
        reading.unreadable(where, "true or false")
    return value


def _timestamp(reading: Reading, _: Shape, value: Any, where: str) -> Any:
    if _is_number(value) and _FIRST <= value < _END:
        milliseconds = (Decimal(repr(value)) * 1000).to_integral_value(ROUND_FLOOR)  # as it was written: 1.001 is 1001
        return EPOCH + timedelta(milliseconds=int(milliseconds))
    reading.unreadable(where, "a time in seconds since 1970")
    return EPOCH


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _END = -62_135_596_800, 253_402_300_800
"""The years 1 and 10,000 in seconds since 1970: what lies between them is a date that Python can hold."""

_READERS: dict[str, Read] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "double": _double,
    "float": _double,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the model, to be matched against the whole of a value. Its `\\s` means ASCII, as in Java."""
    return re.compile(pattern, re.ASCII)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _check_size(reading: Reading, shape: Shape, size: float, where: str, what: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        reading.wrong(where, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        reading.wrong(where, f"Member must have {what} less than or equal to {most}")


def _at(where: str, name: object) -> str:
    return f"{where}.{name}" if where else str(name)
