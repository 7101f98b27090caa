"""The conformance suite: AgentCore beside SQLite does what every store must do, and in the end has every message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contextkit.stores.agentcore import AgentCoreStore
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance import EMBEDDINGS, TTL, ManualClock, StoreConformance


class TestBesideSQLite(StoreConformance):
    @pytest.fixture
    def store(self, clock: ManualClock, client: Any, memory_id: str) -> Iterator[AgentCoreStore]:
        with SQLiteStore(":memory:", clock=clock, ttl=TTL, embeddings=EMBEDDINGS) as state:
            store = AgentCoreStore(memory_id, state=state, client=client, clock=clock)
            yield store
            store.flush()
