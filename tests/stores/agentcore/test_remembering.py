"""The local engine over AgentCore: records in the managed memory, the ledger in the store beside it."""

from __future__ import annotations

from typing import Any

from contextkit.memory import MemoryEngine
from contextkit.memory.ledger import LEDGER
from contextkit.stores.agentcore import AgentCoreStore
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message
from tests.memory.sayings import Sayings, day, every_third


def test_the_engine_remembers_over_agentcore(memory_id: str, client: Any) -> None:
    with SQLiteStore(":memory:") as state, AgentCoreStore(memory_id, state=state, client=client) as store:
        homes = ("Paris", "Rome", "Rome", "Oslo")
        messages = [
            Message(role="user", content=f"home of Ana: Ana lives in {home}.", id=f"m{n}", created_at=day(n))
            for n, home in enumerate(homes)
        ]
        for message in (*messages, *messages):
            store.append("remembering", "s1", [message])
        memory = MemoryEngine(store, ["semantic"], extractor=Sayings(every_third))
        while memory.pending("remembering", "s1")[0].messages:
            memory.run("remembering", "s1", flush=True)
        records = store.memories("remembering", active=False)
        assert sorted((record.text, record.valid_from, record.valid_to) for record in records) == [
            ("Ana lives in Oslo.", day(3), None),
            ("Ana lives in Paris.", day(0), day(1)),
            ("Ana lives in Rome.", day(1), day(3)),
        ]
        assert [record.text for record in store.memories("remembering")] == ["Ana lives in Oslo."]
        assert {source for record in records for source in record.sources} == {f"m{n}" for n in range(4)}
        assert state.session("remembering", LEDGER) is not None
