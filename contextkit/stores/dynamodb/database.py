"""The four tables behind one client: reads that go on to the end, writes that take place whole or not at all."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from contextkit.aws.failures import code_of
from contextkit.errors import StoreUnavailable
from contextkit.stores.dynamodb import consumption
from contextkit.stores.dynamodb.dax import Cache
from contextkit.stores.dynamodb.failures import translated
from contextkit.stores.dynamodb.items import Columns, Row, Table, to_attribute, to_item, to_row
from contextkit.stores.dynamodb.schema import table_name
from contextkit.stores.dynamodb.writes import Check, Condition, Delete, Put, Refused, Write, request

_log = logging.getLogger("contextkit.stores")

MAX_WRITES = 100
"""Items in one transaction, by DynamoDB's limit."""

MAX_BYTES = 3_500_000
"""Bytes in one transaction, with room below DynamoDB's 4 MB for keys and names."""

MAX_GETS = 100
"""Items that one call gets, by DynamoDB's limit."""

EXPRESSION = 4_096
"""Bytes of an expression, by DynamoDB's limit: some 830 columns can be named."""

_RACED = ("ReplicatedWriteConflictException", "TransactionConflictException")
"""What refuses a write to one item that another region, or a transaction, is just writing: boto3 tries only the first
again by itself, and not for long."""

_WRITE_BATCH = 25
_WRITE_BATCH_BYTES = 12_000_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.25

_PLACES: Mapping[str, Any] = {
    "ProjectionExpression": "pk, sk, #object",
    "ExpressionAttributeNames": {"#object": "object"},
    "ConsistentRead": True,
}

Key = tuple[str, str]

T = TypeVar("T")


class Database:
    """Reads and writes of rows, with AWS's errors translated. Shared by all threads.

    `where` is how errors name them, `wait` how many seconds a call goes on trying while others are in its way.
    Without `transactions`, writes that belong together are made in turn, the first of them last. Each
    write is billed once more in each of so many `replicas`. A `cache` is asked first for what never changes.
    """

    def __init__(
        self,
        client: Any,
        prefix: str,
        where: str,
        wait: float,
        transactions: bool = True,
        replicas: int = 0,
        cache: Cache | None = None,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self.where = where
        self.transactions = transactions
        self.cache = cache
        self._wait = wait
        self.replicas = replicas

    def name(self, table: Table) -> str:
        """The table's name in DynamoDB."""
        return table_name(self._prefix, table)

    def get(self, table: Table, pk: str, sk: str) -> Row | None:
        """The row, as it is now."""
        with translated(self.where):
            asked = {"TableName": self.name(table), "Key": to_item({"pk": pk, "sk": sk}), "ConsistentRead": True}
            answer = self._call("get_item", asked)
        return to_row(answer["Item"], table, self.name(table)) if "Item" in answer else None

    def get_many(self, table: Table, keys: Iterable[Key], columns: Sequence[str] = ()) -> dict[Key, Row]:
        """The rows that exist, by their keys, in as few calls as they take; of them these columns, or all (`_only`).

        The partition's key need not be among them if it is the same for all.
        """
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Row] = {}
        for start in range(0, len(wanted), MAX_GETS):
            found |= self._get_batch(table, wanted[start : start + MAX_GETS], columns)
        return found

    def get_settled(self, table: Table, keys: Iterable[Key], columns: Sequence[str] = ()) -> dict[Key, Row]:
        """The same for rows that never change once they are there, and that may therefore come from the cache."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Row] = {}
        for start in range(0, len(wanted) if self.cache else 0, MAX_GETS):
            found |= self._cached_batch(table, wanted[start : start + MAX_GETS])
        missing = [key for key in wanted if key not in found]
        return found | self.get_many(table, missing, columns)

    def query(
        self,
        table: Table,
        pk: str,
        between: Key,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        where: Condition | None = None,
        columns: Sequence[str] = (),
    ) -> Iterator[Row]:
        """The rows of a partition with sort keys in a closed range, page by page as they are asked for.

        Those for which `where` does not hold are read by the server, and billed for, but not sent; nor are columns,
        where some are named, but these. The partition's key need not be among them: it is known.
        """
        asked: dict[str, Any] = {
            "TableName": self.name(table),
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "ExpressionAttributeValues": {
                ":pk": to_attribute(pk),
                ":low": to_attribute(between[0]),
                ":high": to_attribute(between[1]),
            },
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
        }
        if limit is not None:
            asked["Limit"] = max(1, limit)
        if where is not None:
            asked["FilterExpression"] = where.text
            asked["ExpressionAttributeValues"] |= {f":{name}": to_attribute(v) for name, v in where.values.items()}
        rows = self._pages(table, asked | _only(columns))
        return (Columns(row, pk=pk) for row in rows) if columns else rows

    def nearest(
        self, table: Table, index: str, pk: str, vector: Sequence[float], limit: int
    ) -> list[tuple[str, float]] | None:
        """The sort keys of the nearest vectors of a partition and their distances; None without such an index.

        A boto3 before 1.43.64 knows of none.
        """
        if not hasattr(self._client, "search_vectors"):
            _log.info("Vectors are searched in this process, since boto3 is older than DynamoDB's indexes for them.")
            return None
        asked: dict[str, Any] = {
            "TableName": self.name(table),
            "IndexName": index,
            "SearchVector": to_attribute(tuple(vector))["L"],
            "SearchConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": to_attribute(pk)},
            "TopK": limit,
        }
        with translated(self.where):
            try:
                answer = self._call("search_vectors", asked)
            except ClientError as error:
                if code_of(error) not in ("ValidationException", "UnknownOperationException", "AccessDeniedException"):
                    raise
                _log.info("Vectors are searched in this process, since %s has no index for them: %s", self.where, error)
                return None
        found = [(to_row(one["Item"], table, self.name(table)), float(one["Score"])) for one in answer["SearchResults"]]
        return [(row["sk"], score) for row, score in found]

    def keys(self, table: Table, pk: str) -> list[Key]:
        """The keys of everything in a partition."""
        return [(row["pk"], row["sk"]) for row in self.places(table, pk)]

    def places(self, table: Table, pk: str) -> Iterator[Row]:
        """The key of everything in a partition, with the object of a bucket that it stands for, if any."""
        asked: dict[str, Any] = {
            "TableName": self.name(table),
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": to_attribute(pk)},
            **_PLACES,
        }
        return self._pages(table, asked)

    def places_under(self, table: Table, beginning: str) -> Iterator[Row]:
        """`places` of all the partitions whose keys begin so. Reads the whole table."""
        asked: dict[str, Any] = {
            "TableName": self.name(table),
            "FilterExpression": "begins_with(pk, :beginning)",
            "ExpressionAttributeValues": {":beginning": to_attribute(beginning)},
            **_PLACES,
        }
        return self._pages(table, asked, "scan")

    def scan(self, table: Table, columns: Sequence[str]) -> Iterator[Row]:
        """These columns of every row of a table. Reads, and is billed for, the whole table."""
        asked: dict[str, Any] = {"TableName": self.name(table), "ConsistentRead": True}
        return self._pages(table, asked | _only(columns), "scan")

    def delete_expired(self, table: Table, keys: Iterable[Key], now: int) -> None:
        """Delete rows whose TTL is before `now`, unless it has been put off meanwhile."""
        over = Condition("attribute_not_exists(pk) OR #ttl < :now", {"now": now}, {"#ttl": "ttl"})
        for pk, sk in keys:
            try:
                self._write_one(Delete(table, pk, sk, over))
            except Refused:
                continue

    def write(self, writes: Sequence[Write]) -> None:
        """All of these writes or none. Raises `Refused` where a condition does not hold.

        Without transactions, a call that fails on its way may leave some of them. What must hold
        is then looked at first, and the first write, which makes the others count, comes last.
        """
        if not self.transactions:
            self._write_in_turn(writes)
        elif len(writes) == 1:
            self._write_one(writes[0])
        elif writes:
            self._transact(writes)

    def put_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows that no one reads before another write points to them: each by itself."""
        self._batches(table, [({"PutRequest": {"Item": to_item(row)}}, Put(table, row).size) for row in rows])

    def delete_many(self, table: Table, keys: Iterable[Key]) -> None:
        """Delete rows, each by itself."""
        asked = [{"DeleteRequest": {"Key": to_item({"pk": pk, "sk": sk})}} for pk, sk in dict.fromkeys(keys)]
        self._batches(table, [(one, 1_000) for one in asked])

    def attempts(self, doing: str) -> Iterator[int]:
        """Numbers of tries with growing random pauses between them, until time is up."""
        until = time.monotonic() + self._wait
        pause, number = _FIRST_PAUSE, 0
        while True:
            yield number
            if time.monotonic() > until:
                raise StoreUnavailable(
                    f"{self.where} could not {doing} within {self._wait:g} s: too many others write there.",
                    "Try again with the same ids; write in fewer and larger calls.",
                )
            time.sleep(random.uniform(0, pause))
            pause, number = min(pause * 2, _LONGEST_PAUSE), number + 1

    def _call(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """One call of the client, and a note of what it took."""
        answer: dict[str, Any] = getattr(self._client, operation)(**asked, **consumption.ASKED)
        consumption.note(operation, answer, self._client.meta.region_name, self.replicas)
        return answer

    def _pages(self, table: Table, asked: dict[str, Any], operation: str = "query") -> Iterator[Row]:
        while True:
            with translated(self.where):
                answer = self._call(operation, asked)
            for item in answer.get("Items", ()):
                yield to_row(item, table, self.name(table))
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _get_batch(self, table: Table, keys: Sequence[Key], columns: Sequence[str]) -> dict[Key, Row]:
        name = self.name(table)
        places = [to_item({"pk": pk, "sk": sk}) for pk, sk in keys]
        asked = {name: {"Keys": places, "ConsistentRead": True, **_only(columns)}}
        shared = {"pk": keys[0][0]} if len({pk for pk, _ in keys}) == 1 else {}
        rows: list[Row] = []
        for _ in self.attempts("read"):
            with translated(self.where):
                answer = self._call("batch_get_item", {"RequestItems": asked})
            items = answer.get("Responses", {}).get(name, ())
            rows += [Columns(to_row(item, table, name), **shared) for item in items]
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                break
        return {(row["pk"], row["sk"]): row for row in rows}

    def _cached_batch(self, table: Table, keys: Sequence[Key]) -> dict[Key, Row]:
        """What the cache has of these rows."""
        name = self.name(table)
        asked = {"RequestItems": {name: {"Keys": [to_item({"pk": pk, "sk": sk}) for pk, sk in keys]}}}
        answer = self.cache.call("batch_get_item", asked) if self.cache else None
        rows = [to_row(item, table, name) for item in (answer or {}).get("Responses", {}).get(name, ())]
        return {(row["pk"], row["sk"]): row for row in rows}

    def _batches(self, table: Table, asked: list[tuple[dict[str, Any], int]]) -> None:
        for batch in _grouped(asked, _WRITE_BATCH, _WRITE_BATCH_BYTES):
            self._write_batch(table, batch)

    def _write_batch(self, table: Table, batch: list[dict[str, Any]]) -> None:
        asked = {self.name(table): batch}
        for _ in self.attempts("write"):
            with translated(self.where):
                answer = self._unless_raced("batch_write_item", {"RequestItems": asked})
            if answer is not None:
                asked = answer.get("UnprocessedItems") or {}
                if not asked:
                    return

    def _write_in_turn(self, writes: Sequence[Write]) -> None:
        turns = list(enumerate(writes))
        checks = [turn for turn in turns if isinstance(turn[1], Check)]
        for number, write in [*checks, *(turn for turn in reversed(turns) if turn not in checks)]:
            try:
                self._write_one(write)
            except Refused as refused:
                raise Refused({number: refused.rows[0]}) from refused

    def _write_one(self, write: Write) -> None:
        operation, asked = request(write, self.name(write.table))
        if operation == "ConditionCheck" and self.transactions:
            self._transact([write])
            return
        name = "update" if operation == "ConditionCheck" else operation.lower()  # one that changes nothing
        for _ in self.attempts("write"):
            with translated(self.where):
                try:
                    if self._unless_raced(f"{name}_item", asked) is not None:
                        return
                except ClientError as error:
                    if code_of(error) != "ConditionalCheckFailedException":
                        raise
                    item = error.response.get("Item")
                    row = to_row(item, write.table, self.name(write.table)) if item else None
                    raise Refused({0: row}) from error

    def _unless_raced(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer of a write, or None where somebody else was writing the same item."""
        try:
            return self._call(operation, asked)
        except ClientError as error:
            if code_of(error) not in _RACED:
                raise
            return None

    def _transact(self, writes: Sequence[Write]) -> None:
        asked = [dict([request(write, self.name(write.table))]) for write in writes]
        token = uuid.uuid4().hex
        for _ in self.attempts("write"):
            with translated(self.where):
                try:
                    self._call("transact_write_items", {"TransactItems": asked, "ClientRequestToken": token})
                    return
                except ClientError as error:
                    if code_of(error) == "TransactionInProgressException":
                        continue  # our own, whose answer came too late: its token gets that
                    if code_of(error) != "TransactionCanceledException":
                        raise
                    reasons = error.response.get("CancellationReasons", [])
                    self._raise_refused(writes, reasons, error)
                    if not _passing(reasons):
                        raise
                    token = uuid.uuid4().hex  # a cancelled transaction answers its own token with the same again

    def _raise_refused(self, writes: Sequence[Write], reasons: Sequence[Mapping[str, Any]], error: ClientError) -> None:
        refused = {
            number: to_row(reason["Item"], write.table, self.name(write.table)) if reason.get("Item") else None
            for number, (write, reason) in enumerate(zip(writes, reasons, strict=False))
            if reason.get("Code") == "ConditionalCheckFailed"
        }
        if refused:
            raise Refused(refused) from error


def _passing(reasons: Sequence[Mapping[str, Any]]) -> bool:
    """True if nothing but other writers and momentary limits stood in the way."""
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    return bool(codes) and codes <= {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _only(columns: Sequence[str]) -> dict[str, Any]:
    """What a call is asked with to give these columns alone; nothing, so that it gives all, where none are named, or
    more than an expression has room for."""
    names = {f"#{number}": name for number, name in enumerate(columns)}
    expression = ",".join(names)
    if not 0 < len(expression) <= EXPRESSION:
        return {}
    return {"ProjectionExpression": expression, "ExpressionAttributeNames": names}


def batches(writes: Iterable[Write], reserved: int = 1) -> Iterator[list[Write]]:
    """The writes in groups that fit one transaction beside `reserved` others."""
    return _grouped(((write, write.size) for write in writes), MAX_WRITES - reserved, MAX_BYTES)


def _grouped(sized: Iterable[tuple[T, int]], most: int, most_bytes: int) -> Iterator[list[T]]:
    """Things with their bytes in groups, in order; one that is larger than a group may be is a group alone."""
    group: list[T] = []
    size = 0
    for one, bytes_ in sized:
        if group and (len(group) == most or size + bytes_ > most_bytes):
            yield group
            group, size = [], 0
        group.append(one)
        size += bytes_
    if group:
        yield group
