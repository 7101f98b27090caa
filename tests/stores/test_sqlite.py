from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance import EMBEDDINGS, TTL, ManualClock, StoreConformance


class TestInAFile(StoreConformance):
    @pytest.fixture
    def store(self, clock: ManualClock, tmp_path: Path) -> Iterator[SQLiteStore]:
        with SQLiteStore(tmp_path / "store.db", ttl=TTL, clock=clock, embeddings=EMBEDDINGS) as store:
            yield store


class TestInMemory(StoreConformance):
    @pytest.fixture
    def store(self, clock: ManualClock) -> Iterator[SQLiteStore]:
        with SQLiteStore(":memory:", ttl=TTL, clock=clock, embeddings=EMBEDDINGS) as store:
            yield store
