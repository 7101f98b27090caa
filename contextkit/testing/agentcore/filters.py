"""Metadata filters of events and of memory records: which operator takes which operand, and what it matches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from contextkit.testing.agentcore.refusals import invalid
from contextkit.testing.agentcore.wire import Params

CREATED_AT: Final = "x-amz-agentcore-memory-createdAt"
UPDATED_AT: Final = "x-amz-agentcore-memory-updatedAt"
"""The service's own keys of a record, which can be filtered by without being indexed."""

SYSTEM: Final = (CREATED_AT, UPDATED_AT)

_WITHOUT_OPERAND: Final = ("EXISTS", "NOT_EXISTS")


def _contains(held: Sequence[str], wanted: Sequence[str]) -> bool:
    return set(wanted) <= set(held)


_COMPARE: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "EQUALS_TO": ("stringValue", eq),
    "CONTAINS": ("stringListValue", _contains),
    "GREATER_THAN": ("numberValue", gt),
    "GREATER_THAN_OR_EQUALS": ("numberValue", ge),
    "LESS_THAN": ("numberValue", lt),
    "LESS_THAN_OR_EQUALS": ("numberValue", le),
    "BEFORE": ("dateTimeValue", lt),
    "AFTER": ("dateTimeValue", gt),
}
"""Each operator's operand, and how the value that is held compares with it."""

_INDEXED: Final = {"STRING": "stringValue", "STRINGLIST": "stringListValue", "NUMBER": "numberValue"}


def matches_event(metadata: Params, filters: list[Params]) -> bool:
    """Whether an event's metadata passes all filters."""
    return all(_matches(metadata, one) for one in filters)


def matches_record(metadata: Params, created: datetime, updated: datetime, filters: list[Params]) -> bool:
    """Whether a record passes all filters, by its own metadata and its times."""
    seen = {CREATED_AT: {"dateTimeValue": created}, UPDATED_AT: {"dateTimeValue": updated}, **metadata}
    return all(_matches(seen, one) for one in filters)


def check_event_filters(filters: list[Params], where: str) -> None:
    """Raise `Refused` where an operator lacks its operand."""
    for index, one in enumerate(filters):
        _check_operand(one, f"{where}.{index}")


def check_record_filters(filters: list[Params], indexed: Mapping[str, str], where: str) -> None:
    """Raise `Refused` where a key is not indexed, or an operator's operand is missing or of another type."""
    for index, one in enumerate(filters):
        key = one["left"]["metadataKey"]
        if key not in indexed and key not in SYSTEM:
            raise invalid(f"{where}.{index}.left.metadataKey", f"{key} is not an indexed key of this memory")
        _check_operand(one, f"{where}.{index}")


def type_mismatch(metadata: Params, indexed: Mapping[str, str]) -> str | None:
    """The first key whose value is not of the type that it is indexed as, or None."""
    for key, value in metadata.items():
        if key in indexed and _INDEXED[indexed[key]] not in value:
            return f"Metadata {key} is indexed as {indexed[key]}"
    return None


def _check_operand(one: Params, where: str) -> None:
    operator, right = one["operator"], one.get("right")
    if operator in _WITHOUT_OPERAND:
        return
    if right is None:
        raise invalid(f"{where}.right", f"Member must not be null for {operator}")
    wanted = _COMPARE[operator][0]
    if wanted not in right["metadataValue"]:
        raise invalid(f"{where}.right.metadataValue", f"{operator} compares with a {wanted}")


def _matches(metadata: Params, one: Params) -> bool:
    held: Params | None = metadata.get(one["left"]["metadataKey"])
    operator: str = one["operator"]
    if operator in _WITHOUT_OPERAND:
        return (held is None) == (operator == "NOT_EXISTS")
    member, compare = _COMPARE[operator]
    if held is None or member not in held:
        return False
    return compare(held[member], one["right"]["metadataValue"][member])
