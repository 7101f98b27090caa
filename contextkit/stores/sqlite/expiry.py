"""Deleting what has expired, a little at a time.

Expired rows are never read, so when they go matters only for space. Each write of a kind takes
some of its expired rows along; `SQLiteStore.purge` takes them all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Final, Literal, TypeAlias

from contextkit.stores.sqlite.connection import Database

Table: TypeAlias = Literal["overflow", "memories", "tool_results"]

_AT_ONCE: Final = 500
"""Rows that one write deletes on the way: a few milliseconds' work at most."""


def purge_sessions(connection: sqlite3.Connection, now: int) -> int:
    """Delete messages of one expired session, and the session itself with the last of them."""
    row = connection.execute(
        "SELECT id FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT 1", (now,)
    ).fetchone()
    if row is None:
        return 0
    deleted = connection.execute(
        "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE session = ? LIMIT ?)", (*row, _AT_ONCE)
    ).rowcount
    if deleted < _AT_ONCE:
        deleted += connection.execute("DELETE FROM sessions WHERE id = ?", row).rowcount
    return deleted


def purge_rows(connection: sqlite3.Connection, now: int, table: Table) -> int:
    """Delete expired rows of a table whose rows expire by themselves."""
    return connection.execute(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires_at <= ? LIMIT ?)", (now, _AT_ONCE)
    ).rowcount


def purge_all(database: Database, now: int) -> int:
    """Delete everything that has expired, a batch at a time so that others can write in between."""

    def batch(purge: Callable[[sqlite3.Connection, int], int]) -> int:
        with database.write() as connection:
            return purge(connection, now)

    return sum(sum(iter(partial(batch, purge), 0)) for purge in _PURGES)


_PURGES: tuple[Callable[[sqlite3.Connection, int], int], ...] = (
    purge_sessions,
    partial(purge_rows, table="overflow"),
    partial(purge_rows, table="memories"),
    partial(purge_rows, table="tool_results"),
)
