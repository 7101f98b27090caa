"""What a write is made of: puts, updates, deletes and checks, each on one item, under a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from contextkit.stores.dynamodb.items import Row, Table, Value, to_attribute, to_item


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the item as it is, in DynamoDB's words.

    `values` are its placeholders, without colon; `names` stand for columns whose names are reserved words.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


ABSENT = Condition("attribute_not_exists(pk)")


@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item."""

    table: Table
    row: Mapping[str, Value | None]
    condition: Condition | None = None

    @property
    def size(self) -> int:
        return sum(len(value) for value in self.row.values() if isinstance(value, bytes)) + 1_000


@dataclass(frozen=True, slots=True)
class Update:
    """Change columns of an item; those that are None are removed."""

    table: Table
    pk: str
    sk: str
    columns: Mapping[str, Value | None]
    condition: Condition | None = None
    size = 1_000


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the item."""

    table: Table
    pk: str
    sk: str
    condition: Condition | None = None
    size = 1_000


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but only write the rest if this holds."""

    table: Table
    pk: str
    sk: str
    condition: Condition
    size = 1_000


Write: TypeAlias = Put | Update | Delete | Check


class Refused(Exception):
    """A condition did not hold. `rows` are the items as they are, one for each write that was refused."""

    def __init__(self, rows: Mapping[int, Row | None]) -> None:
        super().__init__(f"refused: {sorted(rows)}")
        self.rows = rows


def request(write: Write, table: str) -> tuple[str, dict[str, Any]]:
    """The name of DynamoDB's operation on one item, and its parameters."""
    if isinstance(write, Put):
        return "Put", {"TableName": table, "Item": to_item(write.row), **_condition(write.condition)}
    place = {"TableName": table, "Key": to_item({"pk": write.pk, "sk": write.sk})}
    if isinstance(write, Delete):
        return "Delete", {**place, **_condition(write.condition)}
    if isinstance(write, Check):
        return "ConditionCheck", {**place, **_condition(write.condition)}
    return "Update", {**place, **_update(write)}


def _condition(condition: Condition | None) -> dict[str, Any]:
    if condition is None:
        return {}
    values = {f":{name}": to_attribute(value) for name, value in condition.values.items()}
    return {
        "ConditionExpression": condition.text,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **({"ExpressionAttributeNames": dict(condition.names)} if condition.names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _update(write: Update) -> dict[str, Any]:
    """Every column by an alias: some of their names (`ttl`) are reserved words."""
    names = {f"#{name}": name for name in write.columns}
    kept = {name: value for name, value in write.columns.items() if value is not None}
    gone = [name for name in write.columns if name not in kept]
    text = " ".join(
        [
            *(["SET " + ", ".join(f"#{name} = :new_{name}" for name in kept)] if kept else []),
            *(["REMOVE " + ", ".join(f"#{name}" for name in gone)] if gone else []),
        ]
    )
    condition = _condition(write.condition)
    values = {f":new_{name}": to_attribute(value) for name, value in kept.items()}
    values |= condition.pop("ExpressionAttributeValues", {})
    return {
        **condition,
        "UpdateExpression": text,
        "ExpressionAttributeNames": names,
        **({"ExpressionAttributeValues": values} if values else {}),
    }
