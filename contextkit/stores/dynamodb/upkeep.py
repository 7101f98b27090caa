"""Upkeep: what writers that died have left behind, and what has expired where DynamoDB does not delete it.

Both read all of the tables once: run them from a job, never where somebody waits for an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import get_args

from contextkit.stores.dynamodb.bucket import Bucket
from contextkit.stores.dynamodb.database import Database, Key
from contextkit.stores.dynamodb.items import Row, Table
from contextkit.stores.dynamodb.payloads import base_of

_BASES = ("base", "parts_base")

SHOWN = ("pk", "sk", "ttl", *_BASES, "object", "written_at")
"""The columns that tell what points to a payload, what is a part of one, and when it may go."""


class Upkeep:
    """Deletes what nobody can see any more."""

    def __init__(self, database: Database, bucket: Bucket | None) -> None:
        self._database = database
        self._bucket = bucket

    def sweep(self, now: datetime, grace: timedelta, others: Sequence[Upkeep] = ()) -> int:
        """Delete payloads older than `grace` that nothing points to; how many chunks and objects that was.

        A writer stores the payload first and then what points to it, seconds later: a payload that
        is younger may still get its pointer. One of the `others`, in other regions, may have a pointer that is
        still on its way, and would lose the payload too.
        """
        before = now - grace
        pointed: set[str] = set()
        swept = 0
        for table in get_args(Table):
            rows = list(self._rows(table))
            bases: set[Key] = set()
            for row in chain(rows, *(other._rows(table) for other in others)):
                bases.update((row["pk"], row[column]) for column in _BASES if column in row)
                if "object" in row:
                    pointed.add(str(row["object"]))
            orphans = [
                (row["pk"], row["sk"])
                for row in rows
                if row.get("written_at", before.timestamp()) < before.timestamp()
                and (row["pk"], base_of(row["sk"])) not in bases
            ]
            self._database.delete_many(table, orphans)
            swept += len(orphans)
        return swept + (0 if self._bucket is None else self._bucket.sweep(pointed, before))

    def reap(self, now: datetime) -> int:
        """Delete the items whose time is over, as DynamoDB's own TTL would; how many they were."""
        reaped = 0
        for table in get_args(Table):
            over: list[Key] = [
                (row["pk"], row["sk"]) for row in self._rows(table) if row.get("ttl", now.timestamp()) < now.timestamp()
            ]
            self._database.delete_expired(table, over, int(now.timestamp()))
            reaped += len(over)
        return reaped

    def _rows(self, table: Table) -> Iterator[Row]:
        return self._database.scan(table, SHOWN)
