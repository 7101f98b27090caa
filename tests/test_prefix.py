"""What one prompt shares with the next, with every source there is: over the demo's data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contextkit import Budget, ContextBuilder, demo
from contextkit.context import Context
from contextkit.demo import ACTOR_ID, SESSION_ID
from contextkit.sources import Documents, History, Memories, Overflow, Preferences, System, Tools
from contextkit.stores.sqlite import SQLiteStore

QUESTION = "Was the K80 dropped on its way to us? Get the carrier's events of shipment SHP-88213 and look."


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    data = demo.load()
    with SQLiteStore(":memory:") as store:
        store.append(ACTOR_ID, SESSION_ID, data.messages)
        store.put_memories(ACTOR_ID, data.memories)
        store.set_preferences(ACTOR_ID, data.preferences)
        yield store


def builder(store: SQLiteStore, strategy: str, window: int) -> ContextBuilder:
    data = demo.load()
    sources = [System(demo.SYSTEM_PROMPT), Tools(data.tools), Preferences(), Memories(), Documents(data.documents)]
    return ContextBuilder(
        store=store, sources=[*sources, History(), Overflow()], strategy=strategy, budget=Budget(window, reserve=500)
    )


def build(built: ContextBuilder, query: str | None = None) -> Context:
    return built.build(query, actor_id=ACTOR_ID, session_id=SESSION_ID)


@pytest.mark.parametrize("window", [4_000, 8_000, 16_000, 32_000])
@pytest.mark.parametrize("earlier", [None, "Can we still claim the bent K80 from the carrier, and until when?"])
def test_a_turn_only_adds(store: SQLiteStore, window: int, earlier: str | None) -> None:
    """Tools and preferences that were cut to their share stay exactly as they were cut."""
    agent = builder(store, "agent", window)
    if earlier:
        build(agent, earlier)
    store.append(ACTOR_ID, SESSION_ID, [{"role": "user", "content": QUESTION}])
    last = build(agent, QUESTION)
    for number, result in enumerate((demo.shipment_events(), '{"parcels": 24}')):
        asked = {"id": f"call-{number}", "function": {"name": "export_shipment_events", "arguments": "{}"}}
        answer = {"role": "tool", "tool_call_id": f"call-{number}", "content": result}
        store.append(ACTOR_ID, SESSION_ID, [{"role": "assistant", "tool_calls": [asked]}, answer])
        context = build(agent)
        difference = context.report.diff(last.report)
        assert difference.broken is None, difference
        assert difference.shared_tokens == sum(part.tokens for part in last.report.parts)
        last = context


def test_a_question_that_is_appended_once_its_prompt_is_built_is_the_same_bytes(store: SQLiteStore) -> None:
    """It has an id and a time by then, which no provider sees."""
    agent = builder(store, "agent", 8_000)
    first = build(agent, QUESTION)
    call = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]}
    answer = {"role": "tool", "tool_call_id": "c1", "content": "24 parcels"}
    store.append(ACTOR_ID, SESSION_ID, [{"role": "user", "content": QUESTION}, call, answer])
    difference = build(agent).report.diff(first.report)
    assert difference.broken is None, difference
    assert difference.shared_tokens == sum(part.tokens for part in first.report.parts)


def test_another_question_changes_only_what_belongs_to_it(store: SQLiteStore) -> None:
    """Once the tools are those of the subject, the next question leaves the stable prefix as it is."""
    support = builder(store, "support", 8_000)
    first = build(support, "Can we still claim the bent K80 from the carrier, and until when?")
    second = build(support, "And what does the carrier need from us for that claim?")
    difference = second.report.diff(first.report)
    assert difference.broken is not None
    assert difference.broken.region == "volatile"
    assert difference.prefix_held
    assert "The stable prefix held." in str(difference)
