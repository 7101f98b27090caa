"""Preferences: an actor's small named settings."""

from __future__ import annotations

from collections.abc import Mapping

from contextkit.errors import InvalidInput, shortened
from contextkit.stores import check_id
from contextkit.stores.codec import from_bytes, to_bytes
from contextkit.stores.sqlite.connection import Database

_SET = """
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
        named = [(check_id("preference name", name), _text(name, value)) for name, value in values.items()]
        kept = [(actor_id, name, to_bytes(value)) for name, value in named if value is not None]
        deleted = [(actor_id, name) for name, value in named if value is None]
        with self._database.write() as connection:
            connection.executemany(_SET, kept)
            connection.executemany("DELETE FROM preferences WHERE actor_id = ? AND name = ?", deleted)


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise InvalidInput(
        f"The preference {name!r} is {shortened(value)}, which is not text.",
        "Write it as text, as it shall stand in a prompt; None deletes it.",
        value=value,
    )
