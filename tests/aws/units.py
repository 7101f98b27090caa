"""Request units by Amazon's published rules, worked out from the calls themselves: local servers count them wrongly."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Item = Mapping[str, Mapping[str, Any]]


class UnitMeter:
    """Counts what a client's calls would take on Amazon's own servers, by table."""

    def __init__(self, client: Any) -> None:
        self.reads: dict[str, float] = defaultdict(float)
        self.writes: dict[str, float] = defaultdict(float)
        client.meta.events.register("before-parameter-build.dynamodb", self._before)
        client.meta.events.register("after-call.dynamodb", self._after)

    def clear(self) -> None:
        self.reads.clear()
        self.writes.clear()

    def _before(self, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["asked"] = params

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: object) -> None:
        if parsed["ResponseMetadata"]["HTTPStatusCode"] == 200:
            getattr(self, f"_{model.name}", lambda *_: None)(context["asked"], parsed)

    def _GetItem(self, asked: Any, answer: Any) -> None:  # noqa: N802 - named for the operation
        self.reads[asked["TableName"]] += read_units([answer.get("Item", {})])

    def _Query(self, asked: Any, answer: Any) -> None:  # noqa: N802
        self.reads[asked["TableName"]] += read_units(answer["Items"])

    def _BatchGetItem(self, asked: Any, answer: Any) -> None:  # noqa: N802
        for table, wanted in asked["RequestItems"].items():
            found = answer["Responses"].get(table, [])
            self.reads[table] += sum(read_units([item]) for item in found) + len(wanted["Keys"]) - len(found)

    def _PutItem(self, asked: Any, _: Any) -> None:  # noqa: N802
        self.writes[asked["TableName"]] += write_units(asked["Item"])

    def _UpdateItem(self, asked: Any, _: Any) -> None:  # noqa: N802
        self.writes[asked["TableName"]] += 1  # what this store updates is below a kilobyte

    _DeleteItem = _UpdateItem

    def _TransactWriteItems(self, asked: Any, _: Any) -> None:  # noqa: N802
        for one in asked["TransactItems"]:
            ((_kind, write),) = one.items()
            self.writes[write["TableName"]] += 2 * write_units(write.get("Item", {}))

    def _BatchWriteItem(self, asked: Any, _: Any) -> None:  # noqa: N802
        for table, writes in asked["RequestItems"].items():
            self.writes[table] += sum(write_units(one.get("PutRequest", {}).get("Item", {})) for one in writes)


def read_units(items: Iterable[Item]) -> int:
    return max(1, math.ceil(sum(map(size, items)) / 4_096))


def write_units(item: Item) -> int:
    return max(1, math.ceil(size(item) / 1_024))


def size(item: Item) -> int:
    return sum(len(name) + len(str(*value.values())) for name, value in item.items() if "B" not in value) + sum(
        len(name) + len(value["B"]) for name, value in item.items() if "B" in value
    )
