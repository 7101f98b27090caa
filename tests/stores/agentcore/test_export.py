"""An actor moves from a file to AgentCore and back; and is erased there with a receipt."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from contextkit.actor import erase_actor, export_actor, import_actor
from contextkit.stores.agentcore import AgentCoreStore
from contextkit.stores.sqlite import SQLiteStore
from tests.actor.test_export import fill


def test_from_sqlite_to_agentcore_and_back(client: Any, memory_id: str) -> None:
    actor = f"actor-{uuid.uuid4()}"
    with SQLiteStore(":memory:") as here, SQLiteStore(":memory:") as back, SQLiteStore(":memory:") as state:
        there = AgentCoreStore(memory_id, state=state, client=client)
        fill(here)
        lines = list(export_actor("u1", here))
        import_actor(lines, there, actor_id=actor)
        there.flush()
        exported = list(export_actor(actor, there))
        assert sorted(exported[1:]) == sorted(lines[1:])
        import_actor(exported, back, actor_id="u1")
        assert sorted(export_actor("u1", back)) == sorted(lines)
        receipt = erase_actor(actor, {"agentcore": there, "file": here})
        assert receipt.erased["agentcore"]["events"] > 0
        assert receipt.verify(within=timedelta(seconds=30)) == {}
