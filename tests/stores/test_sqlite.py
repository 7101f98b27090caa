from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contextkit import ContextBuilder
from contextkit.errors import InvalidInput
from contextkit.sources import History
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


@pytest.mark.parametrize("value", [5, True, ["net"]])
def test_a_preference_that_is_no_text_is_refused_by_name(value: Any) -> None:
    with SQLiteStore(":memory:") as store:
        with pytest.raises(InvalidInput, match=r"The preference 'prices' is .*, which is not text"):
            store.set_preferences("u1", {"tone": "brief", "prices": value})
        assert store.preferences("u1") == {}


def test_a_life_begins_after_the_one_that_was_deleted_within_one_tick_of_the_clock() -> None:
    clock = ManualClock()
    with SQLiteStore(":memory:", clock=clock) as store:
        builder = ContextBuilder(store=store, sources=[History()], strategy="chat", budget=1_000, clock=clock)
        store.append("u1", "s1", [{"role": "user", "content": "The password is swordfish."}])
        builder.build("What did I say?", actor_id="u1", session_id="s1")
        store.delete_session("u1", "s1")
        store.append("u1", "s1", [{"role": "user", "content": "Good morning."}])
        shown = builder.build("What did I say?", actor_id="u1", session_id="s1").messages
    assert [message.text for message in shown] == ["Good morning.", "What did I say?"]


@pytest.mark.parametrize("record", ["Closed on Mondays.", {"id": "rest-day", "text": "Closed on Mondays."}])
def test_what_is_no_memory_is_refused(record: Any) -> None:
    with SQLiteStore(":memory:") as store, pytest.raises(InvalidInput, match="Pass MemoryRecord"):
        store.put_memories("u1", [record])


@pytest.mark.parametrize("kept", [{"ttl": 30}, {"ttl": timedelta(0)}, {"overflow_ttl": timedelta(days=-1)}])
def test_what_is_no_time_above_0_keeps_nothing_silently(kept: dict[str, Any]) -> None:
    (name,) = kept
    with pytest.raises(InvalidInput, match=rf"{name} is .* Pass a timedelta above 0"):
        SQLiteStore(":memory:", **kept)
