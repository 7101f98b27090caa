"""Item sizes: what a client reads of DynamoDB, as the server counts it.

An item's size is that of its columns, names and values: a text's is that of its UTF-8, bytes' their own, whatever
they take in JSON. `sent` are the columns that came, `stored` the whole items they are of, which is what is billed:
naming columns, or a condition, leaves out what is sent alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contextkit.stores.dynamodb.database import MAX_GETS

Attribute = Mapping[str, Any]


@dataclass(slots=True)
class Read:
    """What was read: the bytes of the columns that were `sent`, and of all that is `stored` of their items."""

    sent: int = 0
    stored: int = 0


class ItemSizes:
    """Counts what clients that are `watched` read. Items are read again as they stand then, by another client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._read = Read()
        self._lock = threading.Lock()

    def watch(self, client: Any) -> Any:
        """The same client, counted from now on."""
        events = client.meta.events
        events.register("before-call.dynamodb", _note)
        events.register("after-call.dynamodb.GetItem", self._got)
        events.register("after-call.dynamodb.Query", self._queried)
        events.register("after-call.dynamodb.BatchGetItem", self._gathered)
        return client

    @contextmanager
    def counted(self) -> Iterator[Read]:
        """What is read within a `with` block, complete at its end."""
        self._read = Read()
        yield self._read

    def _got(self, parsed: Attribute, context: Mapping[str, Any], **_: object) -> None:
        if "Item" in parsed:
            asked = context["asked"]
            self._add(asked["TableName"], [parsed["Item"]], asked["Key"]["pk"])

    def _queried(self, parsed: Attribute, context: Mapping[str, Any], **_: object) -> None:
        asked = context["asked"]
        self._add(asked["TableName"], parsed.get("Items", ()), asked["ExpressionAttributeValues"][":pk"])

    def _gathered(self, parsed: Attribute, context: Mapping[str, Any], **_: object) -> None:
        for table, items in parsed.get("Responses", {}).items():
            self._add(table, items, context["asked"]["RequestItems"][table]["Keys"][0]["pk"])

    def _add(self, table: str, items: Sequence[Mapping[str, Attribute]], pk: Attribute) -> None:
        """Count items of a table, of the partition `pk` unless they say so themselves."""
        keys = [{"pk": item.get("pk", pk), "sk": item["sk"]} for item in items]
        starts = range(0, len(keys), MAX_GETS)
        stored = sum(size_of(item) for start in starts for item in self._whole(table, keys[start : start + MAX_GETS]))
        with self._lock:
            self._read.sent += sum(map(size_of, items))
            self._read.stored += stored

    def _whole(self, table: str, keys: Sequence[Attribute]) -> Iterator[Mapping[str, Attribute]]:
        asked: Any = {table: {"Keys": keys, "ConsistentRead": True}}
        while asked:
            answer = self._client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"][table]
            asked = answer.get("UnprocessedKeys")


def _note(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
    """Have what was asked at hand once it is answered."""
    context["asked"] = json.loads(params["body"])


def size_of(item: Mapping[str, Attribute]) -> int:
    """The bytes of an item, or of some of its columns."""
    return sum(len(name.encode()) + _size(attribute) for name, attribute in item.items())


def _size(attribute: Attribute) -> int:
    ((kind, value),) = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "B":
        return len(value)
    if kind == "N":
        return _size_of_number(value)
    if kind == "L":
        return 3 + sum(1 + _size(part) for part in value)
    raise ValueError(f"contextkit writes no columns of the type {kind}.")


def _size_of_number(value: str) -> int:
    """A byte for each two of its digits, but for zeros at either end, and one more."""
    digits = len("".join(map(str, Decimal(value).normalize().as_tuple().digits)).strip("0"))
    return 1 + (digits + 1) // 2
