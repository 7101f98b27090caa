"""The tables: their names, keys, expiry and vector index, told once.

`create_tables` makes them on a local server, `contextkit provision` writes them as CloudFormation;
both read what stands here, and nothing else knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from contextkit.aws.failures import code_of
from contextkit.stores.dynamodb.items import Table

KEYS = (("pk", "HASH"), ("sk", "RANGE"))
"""The keys of every table, both texts."""

EXPIRY = "ttl"
"""The attribute by which DynamoDB deletes what has expired: seconds since 1970."""

VECTORS = "by-meaning"
"""The vector index of the memories, where one is wanted."""

EMBEDDING = "embedding"
"""What that index reads: a list of numbers. The vectors that are ranked in-process stand as bytes under
another name, since an indexed attribute of any other type makes DynamoDB refuse the whole item."""

MAX_DIMENSIONS = 4_096
"""DynamoDB's limit for a vector."""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table. `expires` is true where items carry their expiry, `vectors` where there may be a vector index."""

    table: Table
    expires: bool
    vectors: bool = False

    def name(self, prefix: str) -> str:
        """Its name in DynamoDB."""
        return table_name(prefix, self.table)

    def definition(self, prefix: str, dimensions: int | None = None) -> dict[str, Any]:
        """What CreateTable and CloudFormation both call it; with `dimensions`, the vector index too."""
        return {
            "TableName": self.name(prefix),
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name, _ in KEYS],
            "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in KEYS],
            **({"VectorIndexes": [_vector_index(dimensions)]} if dimensions is not None and self.vectors else {}),
        }


SCHEMAS = (
    TableSchema("sessions", expires=True),
    TableSchema("tool-cache", expires=True),
    TableSchema("prefs", expires=False),
    TableSchema("memories", expires=True, vectors=True),
)


def table_name(prefix: str, table: Table) -> str:
    """The table's name in DynamoDB."""
    return f"{prefix}agent-{table}"


def create_tables(client: Any, prefix: str, *, dimensions: int | None = None) -> list[str]:
    """Create what is missing of the tables, with their expiry, and wait until they can be used. Returns their names.

    Raises what boto3 raises.
    """
    for schema in SCHEMAS:
        _create(client, schema.definition(prefix, dimensions))
    for schema in SCHEMAS:
        client.get_waiter("table_exists").wait(
            TableName=schema.name(prefix), WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        if schema.expires:
            _expire(client, schema.name(prefix))
    return [schema.name(prefix) for schema in SCHEMAS]


def _create(client: Any, definition: dict[str, Any]) -> None:
    try:
        client.create_table(**definition)
    except ClientError as error:
        if code_of(error) != "ResourceInUseException":
            raise


def _expire(client: Any, name: str) -> None:
    try:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY})
    except ClientError as error:
        if code_of(error) == "UnknownOperationException":
            return  # of a server that knows no TTL
        if code_of(error) != "ValidationException" or _expiry_of(client, name) != EXPIRY:
            raise  # or else it is on already


def _expiry_of(client: Any, name: str) -> str | None:
    """The attribute that a table's TTL goes by; None where it has none."""
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return None if ttl.get("TimeToLiveStatus") == "DISABLED" else ttl.get("AttributeName")


def _vector_index(dimensions: int) -> dict[str, Any]:
    """Within one actor's partition, by the angle between vectors; only keys are copied into it."""
    return {
        "IndexName": VECTORS,
        "VectorAttribute": {"AttributeName": EMBEDDING},
        "SearchSchema": [{"AttributeName": KEYS[0][0], "SearchSchemaElementType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "Dimensions": dimensions,
        "DistanceFunction": "COSINE",
    }
