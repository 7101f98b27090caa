"""Inspection: whether the tables are as the store needs them, told before the first prompt depends on it."""

from __future__ import annotations

from typing import Any

from contextkit.errors import StoreCorrupt, StoreError
from contextkit.stores.dynamodb.failures import translated
from contextkit.stores.dynamodb.schema import EXPIRY, KEYS, SCHEMAS, VECTORS


def inspect_tables(client: Any, prefix: str, where: str, *, expiry: bool, dimensions: int | None = None) -> None:
    """Raise what is wrong with the first table that is not as it should be.

    `expiry` asks for its TTL too, `dimensions` for a vector index of the memories for vectors of so many.

    Needs the right to describe tables and their TTL, which a role that only serves prompts does not.
    """
    for schema in SCHEMAS:
        name = schema.name(prefix)
        with translated(where):
            described = client.describe_table(TableName=name)["Table"]
        _check_keys(described, where)
        if dimensions is not None and schema.vectors:
            _check_index(described, dimensions, where)
        if expiry and schema.expires:
            with translated(where):
                ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            _check_expiry(name, ttl, where)


def _check_keys(described: dict[str, Any], where: str) -> None:
    types = {one["AttributeName"]: one["AttributeType"] for one in described["AttributeDefinitions"]}
    found = [(key["AttributeName"], key["KeyType"], types[key["AttributeName"]]) for key in described["KeySchema"]]
    if found != [(name, kind, "S") for name, kind in KEYS]:
        shown = ", ".join(f"{name} ({kind}, {type_})" for name, kind, type_ in found)
        raise StoreCorrupt(
            f"The table {described['TableName']!r} of {where} has other keys than this store's: {shown}.",
            "Use tables with the text keys `pk` (hash) and `sk` (range), or another prefix.",
        )


def _check_index(described: dict[str, Any], dimensions: int, where: str) -> None:
    found = {index["IndexName"]: index.get("Dimensions") for index in described.get("VectorIndexes", [])}
    if found.get(VECTORS) != dimensions:
        has = f"one for vectors of {found[VECTORS]}" if VECTORS in found else "none"
        raise StoreError(
            f"The table {described['TableName']!r} of {where} was there already, without a vector index for vectors "
            f"of {dimensions} dimensions: it has {has}.",
            "Delete the table and make it anew, use another prefix, or do without the index.",
        )


def _check_expiry(name: str, ttl: dict[str, Any], where: str) -> None:
    if ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") and ttl.get("AttributeName") == EXPIRY:
        return
    wanted = f"Enabled=true,AttributeName={EXPIRY}"
    raise StoreError(
        f"The table {name!r} of {where} does not delete what has expired "
        f"(TTL {ttl.get('TimeToLiveStatus', 'unknown').lower()}, attribute {ttl.get('AttributeName')}).",
        f"Run: aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification {wanted}",
    )
