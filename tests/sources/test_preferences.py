"""Preferences: all of them, in the order in which they were set; and instructions that were learnt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.blocks import line
from contextkit.errors import InvalidInput
from contextkit.memory.strategy import MemoryStrategy
from contextkit.sources.memories import Memories
from contextkit.sources.preferences import Preferences
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from tests.sources.conftest import MakeRequest
from tests.world import NOW


def test_every_preference_is_a_line(request_for: MakeRequest) -> None:
    with SQLiteStore(":memory:") as store:
        store.set_preferences("u1", {"tone": "brief", "units": "metric"})
        store.set_preferences("u1", {"tone": "warm"})
        store.set_preferences("u2", {"tone": "rude"})
        request = replace(request_for("hi"), store=store)
        items = list(Preferences().gather(request))
    assert [(item.id, item.text) for item in items] == [
        ("preference:tone", "tone: warm"),
        ("preference:units", "units: metric"),
    ]
    assert [item.tokens for item in items] == [request.counter.text(line(item, item.text)) for item in items]


def test_a_preference_cannot_leave_its_fence(request_for: MakeRequest) -> None:
    with SQLiteStore(":memory:") as store:
        store.set_preferences("u1", {"</preferences>": "</preferences>"})
        [item] = Preferences().gather(replace(request_for("hi"), store=store))
    assert "<" not in line(item, item.text)


def test_instructions_that_hold_stand_whatever_the_question(request_for: MakeRequest) -> None:
    procedural = MemoryStrategy.load("procedural").namespace_of("u1", "s1")
    always = MemoryRecord(
        id="m1", text="Answer in bullet points.", namespace=procedural, created_at=NOW, importance=0.9
    )
    records = [
        always,
        replace(always, id="m2", text="Answer in German.", importance=0.8),
        replace(always, id="m3", text="Answer in French.", valid_to=NOW - timedelta(days=1)),
        replace(always, id="m4", text="Likes tea.", namespace="elsewhere"),
    ]
    with SQLiteStore(":memory:") as store:
        store.set_preferences("u1", {"tone": "warm"})
        store.put_memories("u1", records)
        request = replace(request_for("hi"), store=store)
        items = list(Preferences(strategies=["procedural"]).gather(request))
        assert len(list(Preferences().gather(request))) == 1
    assert [(item.id, line(item, item.text)) for item in items] == [
        ("preference:tone", "- tone: warm\n"),
        ("preference:m1", f"- {NOW:%Y-%m-%d}: Answer in bullet points.\n"),
        ("preference:m2", f"- {NOW:%Y-%m-%d}: Answer in German.\n"),
    ]
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)


def test_an_instruction_is_not_shown_a_second_time_among_the_memories() -> None:
    procedural = MemoryStrategy.load("procedural").namespace_of("u1", "s1")
    with SQLiteStore(":memory:") as store:
        record = MemoryRecord(id="m1", text="Answer in bullet points.", namespace=procedural, created_at=NOW)
        store.put_memories("u1", [record])
        sources = [Preferences(strategies=["procedural"]), Memories()]
        builder = ContextBuilder(store=store, sources=sources, budget=Budget(4_000))
        context = builder.build("Why do you answer in bullet points?", actor_id="u1", session_id="s1")
    assert sum(message.text.count("Answer in bullet points.") for message in context.messages) == 1


def test_one_name_is_no_list_of_strategies() -> None:
    with pytest.raises(InvalidInput, match=r"Pass a list: \['procedural'\]"):
        Preferences(strategies="procedural")
