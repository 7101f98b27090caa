"""Memories: what has ended, often and long ago, beside what holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contextkit import ContextBuilder
from contextkit.sources import Memories
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OTHER = "The team likes short meetings, and a room with windows."


@pytest.fixture
def store() -> SQLiteStore:
    """A team whose meeting room has changed every day for a year."""
    store = SQLiteStore(":memory:", clock=lambda: NOW)
    rooms = [NOW - timedelta(days=age) for age in range(365)]
    told = [
        MemoryRecord(
            id=f"room-{age}",
            text=f"The meeting room of the team is room {age}.",
            created_at=begun,
            valid_to=begun + timedelta(days=1),
        )
        for age, begun in enumerate(rooms)
    ]
    store.put_memories("u1", [*told, MemoryRecord(id="other", text=OTHER, created_at=NOW - timedelta(days=50))])
    return store


def test_what_has_ended_crowds_out_nothing_that_holds(store: SQLiteStore) -> None:
    builder = ContextBuilder(store=store, sources=[Memories()], strategy="chat", budget=8_000, clock=lambda: NOW)
    context = builder.build("Which meeting room does the team have?", actor_id="u1", session_id="s1")
    shown = "\n".join(message.text for message in context.messages)
    assert OTHER in shown
    assert "room 0." in shown
    assert "room 1." not in shown


def test_the_past_is_offered_when_it_is_asked_for(store: SQLiteStore) -> None:
    builder = ContextBuilder(store=store, sources=[Memories()], strategy="chat", budget=8_000, clock=lambda: NOW)
    context = builder.build("Which meeting room did the team use before?", actor_id="u1", session_id="s1")
    shown = "\n".join(message.text for message in context.messages)
    assert "no longer so: The meeting room of the team is room 1." in shown
