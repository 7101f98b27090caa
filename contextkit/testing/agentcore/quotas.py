"""The service's quotas: calls per second, per account and per actor and session, by token buckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from contextkit.testing.agentcore.refusals import Refused

MAX_EVENT_BYTES: Final = 10_000_000
MAX_STRATEGIES: Final = 6
MAX_MEMORIES: Final = 150
"""Sizes that hold whether or not rates are on, from the service's list of quotas (read in 2026-09)."""

OTHERS: Final = 20.0
"""Calls a second of an operation that the list does not name."""

PER_ACCOUNT: Mapping[str, float] = {
    "CreateEvent": 200,
    "ListEvents": 200,
    "DeleteEvent": 20,
    "RetrieveMemoryRecords": 30,
    "ListMemoryRecords": 30,
    "IngestData": 10,
    "CreateMemory": 3,
    "UpdateMemory": 3,
    "DeleteMemory": 3,
    "ListMemories": 5,
    "GetMemory": 50,
}

PER_SESSION: Mapping[str, float] = {
    "CreateEvent": 10,
    "CreateEvent conversational": 5,
    "ListEvents": 20,
    "DeleteEvent": 5,
}


@dataclass(frozen=True, slots=True)
class Quotas:
    """Calls per second. The defaults are Amazon's own, from its list of quotas (read in 2026-09)."""

    account: Mapping[str, float] = field(default_factory=lambda: PER_ACCOUNT)
    session: Mapping[str, float] = field(default_factory=lambda: PER_SESSION)
    others: float = OTHERS


class Throttle:
    """Token buckets: each holds one second's worth of calls and fills at the quota's rate."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def spend(self, quotas: Quotas, operation: str, params: Mapping[str, Any], now: datetime) -> None:
        """Take one call from the account's bucket and from the session's. Raises `Refused` (429) where one is empty.

        A refused call takes nothing.
        """
        rates: dict[tuple[str, ...], float] = {("account", operation): quotas.account.get(operation, quotas.others)}
        kind = f"{operation} conversational" if _is_conversational(params) else operation
        if (rate := quotas.session.get(kind)) is not None:
            who = tuple(str(params.get(name, "")) for name in ("memoryId", "actorId", "sessionId"))
            rates["session", kind, *who] = rate
        buckets = [self._bucket(key, rate, now) for key, rate in rates.items()]
        if any(bucket.tokens < 1 for bucket in buckets):
            raise Refused("ThrottledException", f"Rate exceeded for {operation}")
        for bucket in buckets:
            bucket.tokens -= 1

    def _bucket(self, key: tuple[str, ...], rate: float, now: datetime) -> _Bucket:
        bucket = self._buckets.setdefault(key, _Bucket(rate, now))
        bucket.fill(rate, now)
        return bucket


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime

    def fill(self, rate: float, now: datetime) -> None:
        self.tokens = min(rate, self.tokens + rate * max(0.0, (now - self.at).total_seconds()))
        self.at = max(self.at, now)


def _is_conversational(params: Mapping[str, Any]) -> bool:
    payload = params.get("payload")
    return isinstance(payload, list) and any(isinstance(part, dict) and "conversational" in part for part in payload)
