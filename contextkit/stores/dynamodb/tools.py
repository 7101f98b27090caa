"""Tool results: an item each, which names its maker while the result is still being made."""

from __future__ import annotations

import logging
from datetime import timedelta

from contextkit.stores.codec import SECOND, after
from contextkit.stores.dynamodb.clock import Clock
from contextkit.stores.dynamodb.database import Database, Key
from contextkit.stores.dynamodb.items import Value
from contextkit.stores.dynamodb.keys import result_key, tool_key
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.writes import Condition, Delete, Put, Refused, Write
from contextkit.stores.tools import LEASE, Asked

_log = logging.getLogger("contextkit.stores")

POLL = 0.05
"""Seconds between two looks at a lease: each is a read that is paid for."""

_LENGTH = 8


class ToolResults:
    """Where `ToolCalls` keeps results."""

    def __init__(self, database: Database, payloads: Payloads, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock

    def look(self, asked: Asked) -> bytes | None:
        row = self._database.get("tool-cache", *_key(asked))
        if row is None or "lease" in row or row["expires_at"] <= self._clock.now():
            return None
        arguments, result = _apart(self._payloads.get("tool-cache", row))
        asked.check(arguments)
        return result

    def lease(self, asked: Asked, maker: str) -> bool:
        now = self._clock.now()
        free = Condition(
            "attribute_not_exists(pk) OR expires_at <= :now OR lease = :maker", {"now": now, "maker": maker}
        )
        try:
            self._database.write([Put("tool-cache", {**_place(asked, after(now, LEASE)), "lease": maker}, free)])
        except Refused:
            return False
        return True

    def keep(self, asked: Asked, maker: str, result: bytes, ttl: timedelta) -> None:
        pk, sk = _key(asked)
        place = _place(asked, after(self._clock.now(), ttl))
        content = len(asked.arguments).to_bytes(_LENGTH, "big") + asked.arguments + result
        columns = self._payloads.put("tool-cache", pk, f"{sk}#", content, int(str(place["ttl"])))
        self._write_ours(asked, Put("tool-cache", {**place, **columns}, _ours(maker)))

    def give_up(self, asked: Asked, maker: str) -> None:
        self._write_ours(asked, Delete("tool-cache", *_key(asked), _ours(maker)))

    def forget(self, tool: str, actor_id: str | None) -> None:
        self._database.delete_many("tool-cache", self._database.keys("tool-cache", tool_key(tool, actor_id)))

    def _write_ours(self, asked: Asked, write: Write) -> None:
        try:
            self._database.write([write])
        except Refused:
            _log.info("The tool %r was forgotten, or its lease ended, while it was called.", asked.tool)


def _key(asked: Asked) -> Key:
    return tool_key(asked.tool, asked.actor_id), result_key(asked.version, asked.digest.hex())


def _place(asked: Asked, expires_at: int) -> dict[str, Value | None]:
    pk, sk = _key(asked)
    return {"pk": pk, "sk": sk, "expires_at": expires_at, "ttl": expires_at // SECOND + 1}


def _ours(maker: str) -> Condition:
    return Condition("lease = :maker", {"maker": maker})


def _apart(content: bytes) -> tuple[bytes, bytes]:
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "big")
    return content[_LENGTH:end], content[end:]
