"""Statements about the tables: the calls that the store makes, on the keys of those it serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.scope import LEDGER, MODELS, SHARED_TOOLS, Scope
from contextkit.stores.dynamodb.items import Table

Statement = dict[str, Any]

RUNTIME: Final[Mapping[Table, tuple[str, ...]]] = {
    "sessions": (
        "BatchGetItem",
        "BatchWriteItem",  # chunks of what is large, and vectors
        "ConditionCheckItem",
        "DeleteItem",  # derived data that is made anew
        "GetItem",
        "PutItem",
        "Query",
        "UpdateItem",
    ),
    "tool-cache": ("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem"),
    "prefs": ("BatchGetItem", "BatchWriteItem", "GetItem", "PutItem"),
    "memories": ("BatchGetItem", "BatchWriteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
}
"""What the store does for an agent at work. A transaction needs the rights to each of its writes."""

ERASER: Final[Mapping[Table, tuple[str, ...]]] = {
    "sessions": ("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "Query"),
    "tool-cache": ("BatchWriteItem", "Query"),
    "prefs": ("BatchWriteItem", "Query"),
    "memories": ("BatchGetItem", "BatchWriteItem", "DeleteItem", "Query", "UpdateItem"),
}
"""What it does to list what is there and delete it; `UpdateItem` tells other processes that memories have changed."""

UPKEEP: Final[Mapping[Table, tuple[str, ...]]] = {
    **ERASER,
    "tool-cache": (*ERASER["tool-cache"], "DeleteItem"),
}
"""What an eraser does who also sweeps and reaps, for all actors."""

NOTED: Final[Mapping[Table, tuple[str, ...]]] = {"sessions": ("ConditionCheckItem", "PutItem", "UpdateItem")}
"""What an eraser writes beside AgentCore: the notes by which no other process delivers what is being erased."""

ADMIN: Final[Mapping[Table, tuple[str, ...]]] = {
    "sessions": ("BatchGetItem", "GetItem", "Query"),
    "tool-cache": ("BatchGetItem", "GetItem", "Query"),
    "prefs": ("BatchGetItem", "GetItem", "Query"),
    "memories": ("BatchGetItem", "GetItem", "Query"),
}
"""What it does to show what is there."""

SCANNED: Final[tuple[Table, ...]] = ("sessions", "tool-cache")
"""The tables whose keys an erasure looks through."""

KEYS: Final = ("pk", "sk", "object")
"""All that an erasure sees of them: where things are, in the table and in the bucket."""

ALL: Final[tuple[Table, ...]] = ("sessions", "tool-cache", "prefs", "memories")


def keyed(
    what: str, calls: Mapping[Table, tuple[str, ...]], estate: Estate, scope: Scope, extra: Mapping[Table, list[str]]
) -> list[Statement]:
    """One statement for each table: these calls, on the partitions of the scope and `extra` ones."""
    return [_on(what, table, calls[table], estate, [*scope.keys(table), *extra.get(table, [])]) for table in calls]


def noting(estate: Estate) -> Iterator[Statement]:
    """The right to write `AgentCoreStore`'s ledger, where there is a memory. It is one for all actors."""
    if estate.memory is not None:
        for table, calls in NOTED.items():
            yield _on("Note", table, calls, estate, LEDGER)


def _on(what: str, table: Table, calls: Iterable[str], estate: Estate, partitions: Sequence[str]) -> Statement:
    """These calls on partitions of a table.

    `Null` closes the gap that IAM leaves: without a key, "all keys are ours" would be true.
    """
    return {
        "Sid": f"{what}{_title(table)}",
        "Effect": "Allow",
        "Action": _actions(calls),
        "Resource": estate.tables(table),
        "Condition": {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(partitions)},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    }


def beside_actors(shared_tools: bool) -> dict[Table, list[str]]:
    """Partitions that belong to no actor: what was learnt of models, and results that all share."""
    return {"prefs": [MODELS], **({"tool-cache": [SHARED_TOOLS]} if shared_tools else {})}


def scanning(estate: Estate, tables: Sequence[Table] = SCANNED, columns: Sequence[str] = KEYS) -> Statement:
    """The right to look through these columns of whole tables, and through no others."""
    return {
        "Sid": "FindKeys",
        "Effect": "Allow",
        "Action": _actions(["Scan"]),
        "Resource": estate.tables(*tables),
        "Condition": {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": list(columns)},
            "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        },
    }


def searching(estate: Estate) -> Iterator[Statement]:
    """The right to search the memories' vector index, where there is one. A search knows no keys."""
    if estate.vectors:
        yield {
            "Sid": "SearchMemories",
            "Effect": "Allow",
            "Action": _actions(["SearchVectors"]),
            "Resource": estate.vector_indexes,
        }


def describing(estate: Estate) -> Statement:
    """The right to see how the tables are set up."""
    calls = ("DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive")
    return {
        "Sid": "SeeTables",
        "Effect": "Allow",
        "Action": _actions(calls),
        "Resource": estate.tables(*ALL),
    }


def _actions(calls: Iterable[str]) -> list[str]:
    return [f"dynamodb:{call}" for call in sorted(calls)]


def _title(table: Table) -> str:
    return "".join(word.capitalize() for word in table.split("-"))
