"""An actor moves from a file to DynamoDB and back, byte for byte."""

from __future__ import annotations

import uuid
from typing import Any

from contextkit.actor import export_actor, import_actor
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.sqlite import SQLiteStore
from tests.actor.test_export import fill


def test_from_sqlite_to_dynamodb_and_back(patient_client: Any, tables: str) -> None:
    actor = f"actor-{uuid.uuid4()}"
    with SQLiteStore(":memory:") as here, SQLiteStore(":memory:") as back:
        there = DynamoDBStore(tables, client=patient_client, wait=60)
        fill(here)
        lines = list(export_actor("u1", here))
        import_actor(lines, there, actor_id=actor)
        exported = list(export_actor(actor, there))
        assert sorted(exported[1:]) == sorted(lines[1:])
        import_actor(exported, back, actor_id="u1")
        assert sorted(export_actor("u1", back)) == sorted(lines)
