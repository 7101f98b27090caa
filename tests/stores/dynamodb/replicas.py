"""Two regions of a global table: two servers, and what replicates between them as DynamoDB does.

A replicator copies each item that has changed on one side to the other, after a while and in no
particular order, and where both sides have changed the same item keeps one of the two at random.
That is what eventually consistent global tables promise, and not more. Replication can be
interrupted, as it is where a region is down.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb.schema import SCHEMAS

Place = tuple[str, str, str]
"""Table, partition key and sort key."""

Items = Mapping[Place, Mapping[str, Any]]


class Replication:
    """Replicates the tables of one prefix between the endpoints of two regions, for a `with` block.

    While `held` is a text, items whose sort keys begin with it stay where they are.
    """

    def __init__(self, prefix: str, endpoints: Mapping[str, str], seed: int = 0) -> None:
        self.held: str | None = None
        self._tables = [schema.name(prefix) for schema in SCHEMAS]
        self._sides = [
            new_client("dynamodb", region=region, endpoint=endpoint, connect_timeout=1, read_timeout=1, attempts=1)
            for region, endpoint in endpoints.items()
        ]
        self._known: list[dict[Place, Mapping[str, Any]]] = [{} for _ in endpoints]
        self._random = random.Random(seed)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Replication:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        for side in self._sides:
            side.close()

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """Nothing is replicated in a `with` block."""
        with self._lock:
            yield

    def catch_up(self) -> None:
        """Replicate everything now."""
        with self._lock:
            self._replicate(share=1.0)

    def _run(self) -> None:
        while not self._stopping.wait(0.1):
            if self._lock.acquire(timeout=0.05):
                try:
                    self._replicate(share=0.7)
                except (ClientError, BotoCoreError):
                    continue  # a side is down: what was not copied stays due
                finally:
                    self._lock.release()

    def _replicate(self, share: float) -> None:
        """Copy this share of what has changed since the last time."""
        now = [self._read(side) for side in self._sides]
        due = {
            (place, number)
            for number, items in enumerate(now)
            for place in {*items, *self._known[number]}
            if items.get(place) != self._known[number].get(place)
            if self.held is None or not place[2].startswith(self.held)
        }
        for place in self._random.sample(sorted({place for place, _ in due}), k=len({place for place, _ in due})):
            sources = [number for number in (0, 1) if (place, number) in due]
            if self._random.random() < share:
                source = self._random.choice(sources)
                self._copy(place, now[source].get(place), 1 - source)

    def _copy(self, place: Place, item: Mapping[str, Any] | None, target: int) -> None:
        table, pk, sk = place
        if item is None:
            self._sides[target].delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        else:
            self._sides[target].put_item(TableName=table, Item=item)
        for known in self._known:
            known.pop(place, None)
            if item is not None:
                known[place] = item

    def _read(self, side: Any) -> Items:
        pages = side.get_paginator("scan")
        return {
            (table, item["pk"]["S"], item["sk"]["S"]): item
            for table in self._tables
            for page in pages.paginate(TableName=table)
            for item in page["Items"]
        }
