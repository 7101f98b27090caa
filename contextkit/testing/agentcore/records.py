"""Long-term memory: records in namespaces, written in batches, listed and searched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from contextkit.stores import MemoryRecord
from contextkit.testing.agentcore.filters import check_record_filters, matches_record, type_mismatch
from contextkit.testing.agentcore.pages import page, paged
from contextkit.testing.agentcore.refusals import invalid, not_found
from contextkit.testing.agentcore.retrieval import best
from contextkit.testing.agentcore.wire import Params
from contextkit.testing.agentcore.world import Handler, World
from contextkit.types import Embeddings

UNMANAGED: Final = "DEFAULT"
"""The strategy id of records that were created without one; the model requires some id in every answer."""

TOP_K: Final = 10
"""Records of a search whose caller does not say; the service's documentation has 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record. `behind` is the engine's own record where extraction made it."""

    id: str
    text: str
    namespaces: tuple[str, ...]
    strategy_id: str
    created_at: datetime
    updated_at: datetime
    timestamp: datetime
    metadata: Params = field(default_factory=dict)
    expiry_days: int | None = None
    deleted_at: datetime | None = None
    behind: MemoryRecord | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the record ends by itself."""
        return None if self.expiry_days is None else self.updated_at + timedelta(days=self.expiry_days)

    def view(self) -> Params:
        """The record as GetMemoryRecord says it."""
        return self.summary() | ({"expiresAt": self.expires_at} if self.expires_at else {})

    def summary(self, score: float | None = None) -> Params:
        """The record as lists say it."""
        seen: Params = {
            "memoryRecordId": self.id,
            "content": {"text": self.text},
            "memoryStrategyId": self.strategy_id,
            "namespaces": list(self.namespaces),
            "createdAt": self.created_at,
            "timestamp": self.timestamp,
        }
        if self.metadata:
            seen["metadata"] = self.metadata
        return seen if score is None else seen | {"score": score}

    def is_live(self, now: datetime) -> bool:
        """Neither deleted, nor expired, nor superseded by a later one."""
        ends = self.behind.valid_to if self.behind else None
        expired = self.expires_at is not None and now >= self.expires_at
        return self.deleted_at is None and not expired and (ends is None or now < ends)

    def is_seen(self, now: datetime, linger: timedelta) -> bool:
        """Live, or deleted so lately that lists still show it."""
        return self.is_live(now) or (self.deleted_at is not None and now < self.deleted_at + linger)


class Records:
    """All records of one memory."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def put(self, record: Record) -> None:
        """Create or replace."""
        self._records[record.id] = record

    def drop(self, record_id: str) -> None:
        """Let go of a record at once, if there is one of this id."""
        self._records.pop(record_id, None)

    def find(self, record_id: str, now: datetime) -> Record | None:
        """One live record."""
        record = self._records.get(record_id)
        return record if record and record.is_live(now) else None

    def listed(self, now: datetime, linger: timedelta) -> list[Record]:
        """What lists and searches see, newest first: what is live, and for a while what was deleted."""
        return sorted((record for record in self if record.is_seen(now, linger)), key=_age, reverse=True)

    def forget(self, now: datetime, linger: timedelta) -> None:
        """Let go of what is over and does not linger."""
        self._records = {record.id: record for record in self if record.is_seen(now, linger)}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())


@dataclass(frozen=True, slots=True)
class RecordCalls:
    """The operations on records, and what they need of a memory."""

    records: Records
    strategies: Mapping[str, object]
    indexed: Mapping[str, str]
    embeddings: Embeddings | None = None

    def create(self, params: Params, world: World) -> Params:
        """BatchCreateMemoryRecords."""
        days = params.get("recordExpirySpecification", {}).get("recordExpiryDurationDays")
        seen: set[str] = set()

        def create_one(given: Params) -> Params:
            record_id = f"mem-{world.ids.uuid()}"
            asked = given["requestIdentifier"]
            problem = self._problem(given) or ("requestIdentifier is not unique" if asked in seen else None)
            seen.add(asked)
            if problem:
                return _failed(record_id, 400, problem) | {"requestIdentifier": asked}
            self.records.put(_new_record(record_id, given, days, world))
            return {"memoryRecordId": record_id, "status": "SUCCEEDED", "requestIdentifier": asked}

        return _each(params["records"], create_one)

    def update(self, params: Params, world: World) -> Params:
        """BatchUpdateMemoryRecords."""
        expiry = params.get("recordExpirySpecification")

        def update_one(given: Params) -> Params:
            record_id = given["memoryRecordId"]
            record = self.records.find(record_id, world.now)
            sources = given.get("sourceNamespaces")
            if record is None or (sources and tuple(sources) != record.namespaces):
                return _failed(record_id, 404, "Memory record not found")
            if problem := self._problem(given):
                return _failed(record_id, 400, problem)
            self.records.put(_updated(record, given, expiry, world))
            return {"memoryRecordId": record_id, "status": "SUCCEEDED"}

        return _each(params["records"], update_one)

    def delete_batch(self, params: Params, world: World) -> Params:
        """BatchDeleteMemoryRecords."""

        def delete_one(given: Params) -> Params:
            record_id = given["memoryRecordId"]
            if not self._delete(given, world):
                return _failed(record_id, 404, "Memory record not found")
            return {"memoryRecordId": record_id, "status": "SUCCEEDED"}

        return _each(params["records"], delete_one)

    def get(self, params: Params, world: World) -> Params:
        """GetMemoryRecord."""
        record = self._find(params, world.now)
        if record is None:
            raise not_found("Memory record", params["memoryRecordId"])
        return {"memoryRecord": record.view()}

    def delete(self, params: Params, world: World) -> Params:
        """DeleteMemoryRecord."""
        if not self._delete(params, world):
            raise not_found("Memory record", params["memoryRecordId"])
        return {"memoryRecordId": params["memoryRecordId"]}

    def list_records(self, params: Params, world: World) -> Params:
        """ListMemoryRecords."""
        check_record_filters(params.get("metadataFilters", []), self.indexed, "metadataFilters")
        found = self._candidates(params, params, world)
        records, token = page(((_age(record), record) for record in found), params, reverse=True)
        return paged("memoryRecordSummaries", [record.summary() for record in records], token)

    def retrieve(self, params: Params, world: World) -> Params:
        """RetrieveMemoryRecords: the `topK` nearest, however far they are; the service knows no threshold."""
        criteria = params["searchCriteria"]
        check_record_filters(criteria.get("metadataFilters", []), self.indexed, "searchCriteria.metadataFilters")
        found = self._candidates(params, criteria, world)
        ranked = best({each.id: each.text for each in found}, criteria["searchQuery"], self.embeddings)
        by_id = {record.id: record for record in found}
        rows = (
            (f"{place:03d}", by_id[record_id].summary(score))
            for place, (record_id, score) in enumerate(ranked[: criteria.get("topK", TOP_K)])
        )
        return paged("memoryRecordSummaries", *page(rows, params))

    def _candidates(self, params: Params, criteria: Params, world: World) -> list[Record]:
        """The records that the namespace, the strategy and the filters leave, newest first."""
        within = _namespace_test(params)
        strategy, filters = criteria.get("memoryStrategyId"), criteria.get("metadataFilters", [])
        return [
            record
            for record in self.records.listed(world.now, world.behaviour.linger)
            if any(map(within, record.namespaces))
            and strategy in (None, record.strategy_id)
            and matches_record(record.metadata, record.created_at, record.updated_at, filters)
        ]

    def _find(self, params: Params, now: datetime) -> Record | None:
        record = self.records.find(params["memoryRecordId"], now)
        namespace = params.get("namespace")
        return record if record and namespace in (None, *record.namespaces) else None

    def _delete(self, params: Params, world: World) -> bool:
        record = self._find(params, world.now)
        if record is None:
            return False
        self.records.put(replace(record, deleted_at=world.now))
        self.records.forget(world.now, world.behaviour.linger)
        return True

    def _problem(self, given: Params) -> str | None:
        strategy = given.get("memoryStrategyId")
        if strategy is not None and strategy not in self.strategies:
            return f"Memory strategy not found: {strategy}"
        return type_mismatch(given.get("metadata", {}), self.indexed)


def every_second_fails(do: Handler) -> Handler:
    """A batch operation in which every second record fails on the way."""

    def half(params: Params, world: World) -> Params:
        done = do({**params, "records": params["records"][::2]}, world)
        for given in params["records"][1::2]:
            failed = _failed(given.get("memoryRecordId") or f"mem-{world.ids.uuid()}", 500, "Internal server error")
            asked = {name: given[name] for name in ("requestIdentifier",) if name in given}
            done["failedRecords"].append(failed | asked)
        return done

    return half


def _new_record(record_id: str, given: Params, days: int | None, world: World) -> Record:
    return Record(
        id=record_id,
        text=given["content"]["text"],
        namespaces=tuple(given["namespaces"]),
        strategy_id=given.get("memoryStrategyId", UNMANAGED),
        created_at=world.now,
        updated_at=world.now,
        timestamp=given["timestamp"],
        metadata=given.get("metadata", {}),
        expiry_days=days,
    )


def _updated(record: Record, given: Params, expiry: Params | None, world: World) -> Record:
    """The record with what was given. An expiry that it has starts again unless another is given."""
    return replace(
        record,
        text=given.get("content", {"text": record.text})["text"],
        namespaces=tuple(given.get("namespaces", record.namespaces)),
        strategy_id=given.get("memoryStrategyId", record.strategy_id),
        metadata=given.get("metadata", record.metadata),
        timestamp=given["timestamp"],
        updated_at=world.now,
        expiry_days=record.expiry_days if expiry is None else expiry.get("recordExpiryDurationDays"),
        behind=None,
    )


def _namespace_test(params: Params) -> Callable[[str], bool]:
    """Which namespaces are meant: `namespace` is that one alone, `namespacePath` is it and all below it."""
    exact, path = params.get("namespace"), params.get("namespacePath")
    if (exact is None) == (path is None):
        raise invalid("namespace", "Exactly one of namespace and namespacePath is required")
    if path is None:
        return lambda namespace: namespace == exact
    root = path.rstrip("/")
    return lambda namespace: namespace.rstrip("/") == root or namespace.startswith(f"{root}/")


def _each(records: list[Params], do: Callable[[Params], Params]) -> Params:
    """A batch's answer: what each record came to, the failed apart from the others."""
    done = [do(record) for record in records]
    return {
        "successfulRecords": [each for each in done if each["status"] == "SUCCEEDED"],
        "failedRecords": [each for each in done if each["status"] == "FAILED"],
    }


def _failed(record_id: str, code: int, message: str) -> Params:
    return {"memoryRecordId": record_id, "status": "FAILED", "errorCode": code, "errorMessage": message}


def _age(record: Record) -> str:
    return f"{record.created_at.timestamp():020.6f} {record.id}"
