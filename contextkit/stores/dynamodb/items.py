"""Items: a row of plain values, as DynamoDB writes it and reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

Value: TypeAlias = str | int | bytes
Row: TypeAlias = Mapping[str, Any]
"""A row's columns: texts, whole numbers and bytes. A column that is None is not stored."""

Table: TypeAlias = Literal["sessions", "tool-cache", "prefs", "memories"]


def to_item(row: Mapping[str, Value | None]) -> dict[str, dict[str, Any]]:
    """The row with DynamoDB's type names."""
    return {name: to_attribute(value) for name, value in row.items() if value is not None}


def to_attribute(value: Value) -> dict[str, Any]:
    """One value with its type name."""
    if isinstance(value, str):
        return {"S": value}
    return {"B": value} if isinstance(value, bytes) else {"N": str(value)}


def to_row(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The row that `to_item` wrote."""
    return {name: _value(attribute) for name, attribute in item.items()}


def _value(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "N":
        return int(value)
    return bytes(value) if kind == "B" else value
