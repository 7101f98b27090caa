"""Records: AgentCore's long-term memory, as typed calls; what a batch refuses is reported one by one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from contextkit.errors import InvalidInput, RecordFailure, RecordsRefused
from contextkit.stores.agentcore.failures import NotThere
from contextkit.stores.agentcore.payloads import pieces
from contextkit.stores.agentcore.record import (
    Namespace,
    NewRecord,
    Record,
    RecordFilter,
    from_answer,
    score_of,
    to_creation,
    to_filter,
    to_update,
)
from contextkit.stores.agentcore.service import Service

T = TypeVar("T")

BATCH: Final = 100
"""Records of one batch call, and the most that one search gives, by botocore's model of the service."""

MAX_QUERY: Final = 10_000
"""Characters of one search, by the same model."""

MIN_EXPIRY_DAYS: Final = 31
"""The shortest expiry that a record can have, by the same model."""

NOT_FOUND: Final = 404
"""The error code in a batch's answer for a record that is not there (any more)."""


class Records:
    """Records of one memory. Raises `InvalidInput` before a call that the service would refuse, and `StoreError`."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def get(self, record_id: str) -> Record | None:
        """The record, or None where there is none (any more)."""
        try:
            answer = self._service.call("GetMemoryRecord", {"memoryRecordId": record_id}, missing="record")
        except NotThere:
            return None
        return from_answer(answer["memoryRecord"])

    def all(
        self, within: Namespace, *, strategy_id: str | None = None, filters: Sequence[RecordFilter] = ()
    ) -> Iterator[Record]:
        """Every record there, a page at a time."""
        request = {**within.request, **_narrowed(strategy_id, filters)}
        for page in self._service.pages("ListMemoryRecords", request):
            yield from map(from_answer, page["memoryRecordSummaries"])

    def search(
        self,
        within: Namespace,
        query: str,
        *,
        limit: int = BATCH,
        min_score: float = 0.0,
        strategy_id: str | None = None,
        filters: Sequence[RecordFilter] = (),
    ) -> list[Record]:
        """The records nearest to the query, best first, at most 100; only those with a score above `min_score`.

        The service has no threshold of its own. A query longer than 10,000 characters is asked
        in pieces, and a record's score is its best.
        """
        criteria = {"topK": max(1, min(limit, BATCH)), **_narrowed(strategy_id, filters)}
        found: dict[str, Record] = {}
        for piece in pieces(query, MAX_QUERY):
            request = {**within.request, "searchCriteria": {**criteria, "searchQuery": piece}}
            for page in self._service.pages("RetrieveMemoryRecords", request):
                for record in map(from_answer, page["memoryRecordSummaries"]):
                    known = found.get(record.id)
                    if score_of(record) > (min_score if known is None else score_of(known)):
                        found[record.id] = record
        return sorted(found.values(), key=score_of, reverse=True)[: max(0, limit)]

    def create(self, records: Sequence[NewRecord], *, expiry_days: int | None = None) -> dict[str, str]:
        """Write new records, in batches; the service's ids of them, by their place in the list as text.

        Raises `RecordsRefused` once all batches have been sent, with each record that was refused.
        `expiry_days` (31 or more) is when the service forgets them.
        """
        named = {str(number): record for number, record in enumerate(records)}
        token = uuid.uuid4().hex
        outcome = _Outcome()
        requests = [self._creation(batch, token, expiry_days) for batch in _batches(list(named.items()))]
        for request in requests:
            self._service.check("BatchCreateMemoryRecords", request)
        for request in requests:
            answer = self._service.call("BatchCreateMemoryRecords", request)
            outcome.note(answer, {key: named[key].id for key in _keys(request)}, "requestIdentifier")
        outcome.settle()
        return outcome.written

    def update(self, records: Sequence[NewRecord], *, expiry_days: int | None = None) -> None:
        """Replace records by their `record_id`; without `expiry_days` they expire no more. Raises as `create` does."""
        outcome = _Outcome()
        expiry = {"action": "REMOVE"} if expiry_days is None else {"recordExpiryDurationDays": _days(expiry_days)}
        requests = [
            {"records": [to_update(record) for record in batch], "recordExpirySpecification": expiry}
            for batch in _batches(records)
        ]
        for request in requests:
            self._service.check("BatchUpdateMemoryRecords", request)
        names = {str(record.record_id): record.id for record in records}
        for request in requests:
            outcome.note(self._service.call("BatchUpdateMemoryRecords", request), names, "memoryRecordId")
        outcome.settle()

    def delete(self, record_ids: Iterable[str]) -> None:
        """Delete records by the service's ids; what is not there is no error. Raises as `create` does."""
        outcome = _Outcome()
        requests = [{"records": [{"memoryRecordId": name} for name in batch]} for batch in _batches(list(record_ids))]
        for request in requests:
            self._service.check("BatchDeleteMemoryRecords", request)
        for request in requests:
            answer = self._service.call("BatchDeleteMemoryRecords", request)
            names = {each["memoryRecordId"]: each["memoryRecordId"] for each in request["records"]}
            outcome.note(answer, names, "memoryRecordId", forgive=NOT_FOUND)
        outcome.settle()

    def check(self, records: Sequence[NewRecord]) -> None:
        """Raise `InvalidInput` where the service would refuse one of these records."""
        for batch in _batches([(str(number), record) for number, record in enumerate(records)]):
            self._service.check("BatchCreateMemoryRecords", self._creation(batch, "x", None))

    def _creation(self, batch: Sequence[tuple[str, NewRecord]], token: str, days: int | None) -> dict[str, Any]:
        request: dict[str, Any] = {
            "records": [to_creation(key, record) for key, record in batch],
            "clientToken": f"{token}-{batch[0][0]}",
        }
        if days is not None:
            request["recordExpirySpecification"] = {"recordExpiryDurationDays": _days(days)}
        return request


class _Outcome:
    """What became of the records of several batches."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self._failures: list[RecordFailure] = []

    def note(self, answer: Mapping[str, Any], names: Mapping[str, str], key: str, forgive: int | None = None) -> None:
        """Take down a batch's answer. `names` are the callers' names by the answer's `key`."""
        for each in answer.get("successfulRecords", ()):
            self.written[each.get(key, each["memoryRecordId"])] = each["memoryRecordId"]
        for each in answer.get("failedRecords", ()):
            if forgive is None or each.get("errorCode") != forgive:
                name = names.get(each.get(key, ""), each["memoryRecordId"])
                self._failures.append(RecordFailure(name, each.get("errorCode"), each.get("errorMessage", "")))

    def settle(self) -> None:
        """Raise `RecordsRefused` if any were refused."""
        if self._failures:
            raise RecordsRefused(self._failures, len(self.written))


def _narrowed(strategy_id: str | None, filters: Sequence[RecordFilter]) -> dict[str, Any]:
    """What of a search or a listing leaves out other records."""
    narrowed: dict[str, Any] = {}
    if strategy_id is not None:
        narrowed["memoryStrategyId"] = strategy_id
    if filters:
        narrowed["metadataFilters"] = [to_filter(each) for each in filters]
    return narrowed


def _days(days: int) -> int:
    if days >= MIN_EXPIRY_DAYS:
        return days
    raise InvalidInput(
        f"expiry_days is {days}; AgentCore keeps a record for {MIN_EXPIRY_DAYS} days at least.",
        "Pass a larger number, or delete the records yourself.",
        value=days,
    )


def _batches(records: Sequence[T]) -> list[Sequence[T]]:
    return [records[start : start + BATCH] for start in range(0, len(records), BATCH)]


def _keys(request: Mapping[str, Any]) -> list[str]:
    return [record["requestIdentifier"] for record in request["records"]]
