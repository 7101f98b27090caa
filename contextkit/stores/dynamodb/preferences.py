"""Preferences: an actor's small named settings, one document that is replaced if it is still what was read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from contextkit.stores import check_id
from contextkit.stores.codec import from_json, preference_changes, to_json
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.items import Row
from contextkit.stores.dynamodb.keys import actor_key
from contextkit.stores.dynamodb.payloads import Payloads, chunk_keys
from contextkit.stores.dynamodb.writes import ABSENT, Condition, Put, Refused

_ALL = "preferences"


class Preferences:
    """`PreferenceStore`."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._database = database
        self._payloads = payloads

    def preferences(self, actor_id: str) -> dict[str, str]:
        return self._values(self._row(check_id("actor id", actor_id)))

    def set_preferences(self, actor_id: str, values: Mapping[str, str | None]) -> None:
        actor_id = check_id("actor id", actor_id)
        changes = preference_changes(values)
        nonce = uuid.uuid4().hex
        for _ in self._database.attempts("set preferences"):
            row = self._row(actor_id)
            if row is not None and row["revision"] == nonce:
                return  # the write had taken place, and only its answer was lost
            if self._replace(actor_id, row, self._values(row) | changes, nonce):
                return

    def _row(self, actor_id: str) -> Row | None:
        return self._database.get("prefs", actor_key(actor_id), _ALL)

    def _values(self, row: Row | None) -> dict[str, str]:
        return {} if row is None else dict(from_json(self._payloads.get("prefs", row)))

    def _replace(self, actor_id: str, row: Row | None, values: Mapping[str, str | None], nonce: str) -> bool:
        pk = actor_key(actor_id)
        kept = [[name, value] for name, value in values.items() if value is not None]
        columns = self._payloads.put("prefs", pk, _ALL, to_json(kept, "preferences"), None)
        same = ABSENT if row is None else Condition("revision = :revision", {"revision": row["revision"]})
        try:
            self._database.write([Put("prefs", {"pk": pk, "sk": _ALL, "revision": nonce, **columns}, same)])
        except Refused:
            return False
        self._database.delete_many("prefs", chunk_keys(row) if row else ())
        return True
