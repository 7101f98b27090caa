"""Tool results: cached by what was asked, and asked for once.

Threads of one process share a call through `SingleFlight`. Processes share it through a lease:
the row of a result that is still being made names its maker, who has a limited time. The others
look again until there is a result; where the maker failed or its time is up, another takes over
(so what a call raises reaches the threads of its own process, while other processes call for
themselves).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from contextkit.canonical import canonical_json
from contextkit.errors import StoreError
from contextkit.stores import check_id
from contextkit.stores.codec import after, from_json
from contextkit.stores.flight import SingleFlight
from contextkit.stores.lease import check_arguments, made
from contextkit.stores.sqlite.connection import Database
from contextkit.stores.sqlite.expiry import purge_rows
from contextkit.stores.sqlite.sessions import Lifetimes

_log = logging.getLogger("contextkit.stores")

SHARED = ""
"""Stands in the actor's column for results that all may share; no actor's id is empty."""

LEASE = timedelta(seconds=60)
"""How long another process waits for the maker of a result before it makes the call itself."""

_POLL = 0.02
"""Seconds between two looks at a lease: small next to any call worth caching."""

_ROW = "actor_id = ? AND tool = ? AND version = ? AND digest = ?"


@dataclass(frozen=True, slots=True)
class _Call:
    """What was asked of which tool, for whom: the identity of a result."""

    actor_id: str
    tool: str
    version: str
    digest: bytes
    arguments: bytes

    @property
    def row(self) -> tuple[str, str, str, bytes]:
        """The parameters of `_ROW`."""
        return self.actor_id, self.tool, self.version, self.digest


class ToolResults:
    """`ToolCache`."""

    def __init__(self, database: Database, lifetimes: Lifetimes) -> None:
        self._database = database
        self._lifetimes = lifetimes
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
        tenant, tool = _tenant(actor_id), check_id("tool name", tool)
        with self._database.write() as connection:
            connection.execute("DELETE FROM tool_results WHERE actor_id = ? AND tool = ?", (tenant, tool))

    def look(self, asked: _Call) -> bytes | None:
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT arguments, result FROM tool_results WHERE {_ROW} AND expires_at > ? AND lease IS NULL",
                (*asked.row, self._lifetimes.now()),
            ).fetchone()
        if row is None:
            return None
        check_arguments(asked, row[0])
        return bytes(row[1])

    def lease(self, asked: _Call, maker: str) -> bool:
        now = self._lifetimes.now()
        with self._database.write() as connection:
            connection.execute(f"DELETE FROM tool_results WHERE {_ROW} AND expires_at <= ?", (*asked.row, now))
            return bool(
                connection.execute(
                    "INSERT OR IGNORE INTO tool_results"
                    " (actor_id, tool, version, digest, arguments, lease, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*asked.row, asked.arguments, maker, after(now, LEASE)),
                ).rowcount
            )

    def keep(self, asked: _Call, maker: str, result: bytes, ttl: timedelta) -> None:
        now = self._lifetimes.now()

        def store(connection: sqlite3.Connection) -> None:
            connection.execute(
                f"UPDATE tool_results SET lease = NULL, result = ?, expires_at = ? WHERE {_ROW} AND lease = ?",
                (result, after(now, ttl), *asked.row, maker),
            )
            purge_rows(connection, now, "tool_results")

        self._afterwards(asked, store)

    def give_up(self, asked: _Call, maker: str) -> None:
        def release(connection: sqlite3.Connection) -> None:
            connection.execute(f"DELETE FROM tool_results WHERE {_ROW} AND lease = ?", (*asked.row, maker))

        self._afterwards(asked, release)

    def _afterwards(self, asked: _Call, write: Callable[[sqlite3.Connection], None]) -> None:
        try:
            with self._database.write() as connection:
                write(connection)
        except StoreError as error:
            _log.warning("The call of the tool %r could not be noted in the cache: %s", asked.tool, error)


def _call(tool: str, arguments: Mapping[str, Any], actor_id: str | None, version: str) -> _Call:
    text = canonical_json(arguments)
    return _Call(
        _tenant(actor_id), check_id("tool name", tool), check_id("tool version", version), sha256(text).digest(), text
    )


def _tenant(actor_id: str | None) -> str:
    return SHARED if actor_id is None else check_id("actor id", actor_id)
