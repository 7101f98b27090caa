"""Tool results: a row each, which names its maker while the result is still being made."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from contextkit.stores.codec import after
from contextkit.stores.sqlite.connection import Database
from contextkit.stores.sqlite.expiry import purge_rows
from contextkit.stores.sqlite.sessions import Lifetimes
from contextkit.stores.tools import LEASE, Asked

SHARED: Final = ""
"""Stands in the actor's column for results that all may share; no actor's id is empty."""

POLL: Final = 0.02
"""Seconds between two looks at a lease: small next to any call worth caching."""

_ROW: Final = "actor_id = ? AND tool = ? AND version = ? AND digest = ?"


class ToolResults:
    """Where `ToolCalls` keeps results."""

    def __init__(self, database: Database, lifetimes: Lifetimes) -> None:
        self._database = database
        self._lifetimes = lifetimes

    def look(self, asked: Asked) -> bytes | None:
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT arguments, result FROM tool_results WHERE {_ROW} AND expires_at > ? AND lease IS NULL",
                (*_row(asked), self._lifetimes.now()),
            ).fetchone()
        if row is None:
            return None
        asked.check(row[0])
        return bytes(row[1])

    def lease(self, asked: Asked, maker: str) -> bool:
        now = self._lifetimes.now()
        with self._database.write() as connection:
            connection.execute(f"DELETE FROM tool_results WHERE {_ROW} AND expires_at <= ?", (*_row(asked), now))
            return bool(
                connection.execute(
                    "INSERT OR IGNORE INTO tool_results"
                    " (actor_id, tool, version, digest, arguments, lease, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*_row(asked), asked.arguments, maker, after(now, LEASE)),
                ).rowcount
            )

    def keep(self, asked: Asked, maker: str, result: bytes, ttl: timedelta) -> None:
        now = self._lifetimes.now()
        with self._database.write() as connection:
            connection.execute(
                f"UPDATE tool_results SET lease = NULL, result = ?, expires_at = ? WHERE {_ROW} AND lease = ?",
                (result, after(now, ttl), *_row(asked), maker),
            )
            purge_rows(connection, now, "tool_results")

    def give_up(self, asked: Asked, maker: str) -> None:
        with self._database.write() as connection:
            connection.execute(f"DELETE FROM tool_results WHERE {_ROW} AND lease = ?", (*_row(asked), maker))

    def forget(self, tool: str, actor_id: str | None) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM tool_results WHERE actor_id = ? AND tool = ?", (_tenant(actor_id), tool))


def _row(asked: Asked) -> tuple[str, str, str, bytes]:
    """The parameters of `_ROW`."""
    return _tenant(asked.actor_id), asked.tool, asked.version, asked.digest


def _tenant(actor_id: str | None) -> str:
    return SHARED if actor_id is None else actor_id
