"""Items: a row of plain values, as DynamoDB writes it and reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from contextkit.errors import StoreCorrupt, shortened

Value: TypeAlias = str | int | bytes | tuple[float, ...]
Row: TypeAlias = Mapping[str, Any]
"""A row's columns: texts, whole numbers, bytes, and vectors to be searched. A column that is None is not stored."""

Table: TypeAlias = Literal["sessions", "tool-cache", "prefs", "memories"]


def to_item(row: Mapping[str, Value | None]) -> dict[str, dict[str, Any]]:
    """The row with DynamoDB's type names."""
    return {name: to_attribute(value) for name, value in row.items() if value is not None}


def to_attribute(value: Value) -> dict[str, Any]:
    """One value with its type name."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, tuple):
        return {"L": [{"N": repr(float(number))} for number in value]}
    return {"B": value} if isinstance(value, bytes) else {"N": str(value)}


class Columns(dict[str, Any]):
    """A row that was read. Asking it for a column that every version of ours writes, and it lacks, raises."""

    def __missing__(self, name: str) -> Any:
        raise StoreCorrupt(
            f"The item {shortened(self.get('sk'))} of {shortened(self.get('pk'))} has no column {name!r}: "
            "another version of contextkit wrote it, or another program.",
            "Use the version that wrote it, or delete the item.",
        )


def to_row(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The row that `to_item` wrote."""
    return Columns((name, _value(attribute)) for name, attribute in item.items())


def _value(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "N":
        return int(value)
    if kind == "L":
        return tuple(float(number["N"]) for number in value)
    return bytes(value) if kind == "B" else value
