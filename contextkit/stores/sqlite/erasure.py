"""Erasure: everything of an actor deleted, down to the bytes of the file and of its log."""

from __future__ import annotations

import sqlite3
from typing import Final

from contextkit.stores import check_id
from contextkit.stores.sqlite.connection import Database

_OF_ACTOR: Final = ("sessions", "memories", "memory_changes", "preferences", "tool_results")
"""The tables whose rows name their actor; the others' rows hang on a session and go with it."""

_HELD: Final = {
    "sessions": "SELECT count(*) FROM sessions WHERE actor_id = ?",
    "messages": "SELECT count(*) FROM messages AS m JOIN sessions AS s ON m.session = s.id WHERE s.actor_id = ?",
    "states": "SELECT count(*) FROM states AS t JOIN sessions AS s ON t.session = s.id WHERE s.actor_id = ?",
    "overflow": "SELECT count(*) FROM overflow AS o JOIN sessions AS s ON o.session = s.id WHERE s.actor_id = ?",
    "memories": "SELECT count(*) FROM memories WHERE actor_id = ?",
    "preferences": "SELECT count(*) FROM preferences WHERE actor_id = ?",
    "tool_results": "SELECT count(*) FROM tool_results WHERE actor_id = ?",
}
"""How many things of each kind there are of an actor, whether or not they have expired."""


class Erasure:
    """`Erasable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held(self, actor_id: str) -> dict[str, int]:
        actor_id = check_id("actor id", actor_id)
        with self._database.snapshot() as connection:
            return _held(connection, actor_id)

    def erase(self, actor_id: str) -> dict[str, int]:
        """As `Erasable.erase`. The file is rewritten: that takes as long as copying it, and nobody writes meanwhile."""
        actor_id = check_id("actor id", actor_id)
        with self._database.write() as connection:
            counts = _held(connection, actor_id)
            for table in _OF_ACTOR:
                connection.execute(f"DELETE FROM {table} WHERE actor_id = ?", (actor_id,))
        self._database.scrub()
        return counts


def _held(connection: sqlite3.Connection, actor_id: str) -> dict[str, int]:
    counts = {kind: connection.execute(count, (actor_id,)).fetchone()[0] for kind, count in _HELD.items()}
    return {kind: count for kind, count in counts.items() if count}
