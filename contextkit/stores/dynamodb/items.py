"""Items: a row of plain values, as DynamoDB writes it and reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

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


_TEXTS = (
    *("pk", "sk", "actor_id", "session_id", "life", "holder", "region", "inherited", "saved_under", "nonce"),
    *("base", "object", "parts_base", "handle", "lease", "record_id", "facts", "stamp", "before"),
)
_NUMBERS = (
    *("ttl", "created_at", "updated_at", "expires_at", "kept_until", "active_at", "listed_at", "held_until"),
    *("written_at", "made_at", "last_seq", "pieces", "unborn", "term", "fence", "revision", "seq", "chunks"),
    *("sheet", "parts", "tokens", "place", "number", "indexed", "awaits"),
)
_BYTES = ("body", "chunk", "head", "named", "vector", "digest", "handles", "changed")

_COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_TEXTS, "S"),
    **dict.fromkeys(_NUMBERS, "N"),
    **dict.fromkeys(_BYTES, "B"),
    "embedding": "L",
}
"""DynamoDB's types of the columns that are written, in all tables but for `_OTHERWISE`. Those not named here are parts
of a sheet, or another program's."""

_OTHERWISE: Final[Mapping[tuple[Table, str], str]] = {("prefs", "revision"): "S"}

_TYPES: Final = {"S": "a text", "N": "a whole number", "B": "bytes", "L": "a list of numbers"}


@dataclass(frozen=True, slots=True)
class _Unlike:
    """A value of another type than is written in its column: the names of that type, and of the column's own."""

    found: str
    expected: str


class Columns(dict[str, Any]):
    """A row that was read from a table.

    Asking it for a column of another type than ours, or for one that it lacks and every version of ours
    writes, raises `StoreCorrupt`. It is raised then and not before: others may do without the column.
    """

    _table: str

    def __init__(self, columns: Mapping[str, Any] | Iterable[tuple[str, Any]], table: str = "", **more: Any) -> None:
        super().__init__(columns, **more)
        self._table = columns._table if isinstance(columns, Columns) else table

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if isinstance(value, _Unlike):
            raise self.corrupt(f"has {value.found} in the column {name!r}, and not {value.expected}")
        return value

    def get(self, name: str, default: Any = None) -> Any:
        value = super().get(name, default)
        return self[name] if isinstance(value, _Unlike) else value

    def __missing__(self, name: str) -> Any:
        raise self.corrupt(f"has no column {name!r}")

    @property
    def is_ours(self) -> bool:
        """Whether all columns are of the types that ours have."""
        return not any(isinstance(value, _Unlike) for value in self.values())

    def corrupt(self, what: str) -> StoreCorrupt:
        """The error that says where the item is, and `what` of it is not ours."""
        place = f"{shortened(super().get('sk'))} of {shortened(super().get('pk'))}"
        return StoreCorrupt(
            f"The item {place}{self._table and f' in the table {self._table!r}'} {what}: another version of "
            "contextkit wrote it, or another program.",
            "Use the version that wrote it, restore the item, or delete it.",
        )


def to_row(item: Mapping[str, Mapping[str, Any]], table: Table, name: str) -> Columns:
    """The row that `to_item` wrote into this table, which DynamoDB knows by that `name`."""
    return Columns(((column, _value(table, column, attribute)) for column, attribute in item.items()), name)


def _value(table: Table, column: str, attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    expected = _OTHERWISE.get((table, column)) or _COLUMNS.get(column, kind)
    if kind != expected:
        return _Unlike(_TYPES.get(kind, f"the type {kind}"), _TYPES[expected])
    try:
        if kind == "N":
            return int(value)
        if kind == "L":
            return tuple(float(number["N"]) for number in value)
    except (KeyError, ValueError):
        return _Unlike(shortened(value), _TYPES[kind])
    return bytes(value) if kind == "B" else value
