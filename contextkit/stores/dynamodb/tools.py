"""Tool results: cached by what was asked, and asked for once.

Threads of one process share a call through `SingleFlight`. Processes share it through a lease, as
with SQLite: the item of a result that is still being made names its maker, who has a limited time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from contextkit.canonical import canonical_json
from contextkit.errors import StoreError
from contextkit.stores import check_id
from contextkit.stores.codec import after, from_json
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.items import Value
from contextkit.stores.dynamodb.keys import result_key, tool_key
from contextkit.stores.dynamodb.lives import Clock
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.writes import Condition, Delete, Put, Refused, Write
from contextkit.stores.flight import SingleFlight
from contextkit.stores.lease import check_arguments, made

_log = logging.getLogger("contextkit.stores")

LEASE = timedelta(seconds=60)
"""How long another process waits for the maker of a result before it makes the call itself."""

_POLL = 0.05
"""Seconds between two looks at a lease: each is a read that is paid for."""

_LENGTH = 8
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class _Call:
    """What was asked of which tool, for whom: where its result stands."""

    tool: str
    pk: str
    sk: str
    arguments: bytes


class ToolResults:
    """`ToolCache`."""

    def __init__(self, database: Database, payloads: Payloads, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock
        self._flights = SingleFlight[bytes]()

    def get_or_call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Any],
        *,
        actor_id: str | None,
        version: str = "1",
        ttl: timedelta = timedelta(minutes=5),
    ) -> Any:
        asked = _call(tool, arguments, actor_id, version)
        found = self.look(asked)
        if found is None:
            found = self._flights.run(asked, lambda: made(asked, self, call, ttl, _POLL))
        return from_json(found)

    def forget_tool(self, tool: str, *, actor_id: str | None) -> None:
        pk = tool_key(check_id("tool name", tool), _tenant(actor_id))
        self._database.delete_many("tool-cache", self._database.keys("tool-cache", pk))

    def look(self, asked: _Call) -> bytes | None:
        row = self._database.get("tool-cache", asked.pk, asked.sk)
        if row is None or "lease" in row or row["expires_at"] <= self._clock.now():
            return None
        arguments, result = _apart(self._payloads.get("tool-cache", row))
        check_arguments(asked, arguments)
        return result

    def lease(self, asked: _Call, maker: str) -> bool:
        now = self._clock.now()
        free = Condition(
            "attribute_not_exists(pk) OR expires_at <= :now OR lease = :maker", {"now": now, "maker": maker}
        )
        try:
            self._database.write([Put("tool-cache", {**_place(asked, after(now, LEASE)), "lease": maker}, free)])
        except Refused:
            return False
        return True

    def keep(self, asked: _Call, maker: str, result: bytes, ttl: timedelta) -> None:
        self._afterwards(asked, lambda: self._result(asked, maker, result, ttl))

    def give_up(self, asked: _Call, maker: str) -> None:
        self._afterwards(asked, lambda: Delete("tool-cache", asked.pk, asked.sk, _ours(maker)))

    def _result(self, asked: _Call, maker: str, result: bytes, ttl: timedelta) -> Put:
        place = _place(asked, after(self._clock.now(), ttl))
        content = len(asked.arguments).to_bytes(_LENGTH, "big") + asked.arguments + result
        columns = self._payloads.put("tool-cache", asked.pk, f"{asked.sk}#", content, int(str(place["ttl"])))
        return Put("tool-cache", {**place, **columns}, _ours(maker))

    def _afterwards(self, asked: _Call, write: Callable[[], Write]) -> None:
        """Note how the call went. Its result or error is on its way to the caller and must not be lost."""
        try:
            self._database.write([write()])
        except Refused:
            _log.info("The tool %r was forgotten, or its lease ended, while it was called.", asked.tool)
        except StoreError as error:
            _log.warning("The call of the tool %r could not be noted in the cache: %s", asked.tool, error)


def _place(asked: _Call, expires_at: int) -> dict[str, Value | None]:
    return {"pk": asked.pk, "sk": asked.sk, "expires_at": expires_at, "ttl": expires_at // _SECOND + 1}


def _ours(maker: str) -> Condition:
    return Condition("lease = :maker", {"maker": maker})


def _apart(content: bytes) -> tuple[bytes, bytes]:
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "big")
    return content[_LENGTH:end], content[end:]


def _call(tool: str, arguments: Mapping[str, Any], actor_id: str | None, version: str) -> _Call:
    text = canonical_json(arguments)
    pk = tool_key(check_id("tool name", tool), _tenant(actor_id))
    return _Call(tool, pk, result_key(check_id("tool version", version), sha256(text).hexdigest()), text)


def _tenant(actor_id: str | None) -> str | None:
    return None if actor_id is None else check_id("actor id", actor_id)
