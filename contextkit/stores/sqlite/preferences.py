"""Preferences: an actor's small named settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contextkit.stores import check_id
from contextkit.stores.codec import from_bytes, preference_changes, to_bytes
from contextkit.stores.sqlite.connection import Database

_SET: Final = """
INSERT INTO preferences (actor_id, name, value) VALUES (?, ?, ?)
ON CONFLICT (actor_id, name) DO UPDATE SET value = excluded.value
"""


class Preferences:
    """`PreferenceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preferences(self, actor_id: str) -> dict[str, str]:
        actor_id = check_id("actor id", actor_id)
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT name, value FROM preferences WHERE actor_id = ? ORDER BY position", (actor_id,)
            ).fetchall()
        return {name: from_bytes(value) for name, value in rows}

    def set_preferences(self, actor_id: str, values: Mapping[str, str | None]) -> None:
        actor_id = check_id("actor id", actor_id)
        changes = preference_changes(values)
        kept = [(actor_id, name, to_bytes(value)) for name, value in changes.items() if value is not None]
        deleted = [(actor_id, name) for name, value in changes.items() if value is None]
        with self._database.write() as connection:
            connection.executemany(_SET, kept)
            connection.executemany("DELETE FROM preferences WHERE actor_id = ? AND name = ?", deleted)
