"""Consumption: the capacity that DynamoDB says a call took, as a charge with its price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contextkit.aws.prices import shipped
from contextkit.charges import Charge, charge, listening

ASKED = {"ReturnConsumedCapacity": "TOTAL"}
"""The parameter of every call that makes DynamoDB tell. It costs nothing."""

_READS = ("get_item", "batch_get_item", "query", "scan")


def note(operation: str, answer: Mapping[str, Any], region: str, replicas: int = 0) -> None:
    """Tell whoever listens what a call took.

    `replicas` is how many further regions each write goes on to, at the same price. Calls that
    DynamoDB refuses take capacity too, of which it says nothing.
    """
    if not listening():
        return
    for table, units in _consumed(answer):
        read, write = (units, 0.0) if operation in _READS else (0.0, units)
        prices = shipped()
        cost = prices.units(read, write, replicas) if region in prices.regions else None
        charge(Charge(table, region, read, write, cost))


def _consumed(answer: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Tables and their units; of one table, or of several at once. A vector index counts bytes, which is not this."""
    consumed = answer.get("ConsumedCapacity") or []
    for one in [consumed] if isinstance(consumed, Mapping) else consumed:
        if "CapacityUnits" not in one:
            continue
        yield str(one.get("TableName", "")).rpartition("/")[2], float(one["CapacityUnits"])
