"""What is told of a prompt's prefix is what `report.diff` would tell, without the last prompt at hand."""

from __future__ import annotations

from string import Template

import pytest

from contextkit import Budget, ContextBuilder, Report
from contextkit.adapters import telemetry_prefix
from contextkit.adapters.telemetry_prefix import Prefix, Prefixes
from contextkit.sources import History, Overflow, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from tests.noise import noise

IDS = ("u1", "s1")


def track_order(order_id: str) -> str:
    """Where an order is."""
    return order_id


@pytest.fixture
def builder(store: SQLiteStore) -> ContextBuilder:
    system = System(Template("You are Otis. It is $time."))
    sources = [system, Tools([track_order]), History(), Overflow()]
    return ContextBuilder(sources=sources, budget=Budget(window=3_000), store=store)


def built(builder: ContextBuilder, query: str, time: str = "noon") -> Report:
    return builder.build(query, actor_id="u1", session_id="s1", variables={"time": time}).report


def answered(store: SQLiteStore, query: str, answer: str) -> None:
    store.append(*IDS, [{"role": "user", "content": query}, {"role": "assistant", "content": answer}])


def test_of_a_sessions_first_prompt_nothing_is_told(builder: ContextBuilder) -> None:
    report, prefixes = built(builder, "Where is it?"), Prefixes()
    assert prefixes.compared("u1", "s1", report) is None
    assert prefixes.compared("u1", "s2", report) is None
    assert prefixes.compared("u2", "s1", report) is None
    assert prefixes.compared("u1", "s1", report) == Prefix(sum(part.tokens for part in report.parts), None)


def test_a_turn_alone_breaks_nothing(builder: ContextBuilder, store: SQLiteStore) -> None:
    prefixes = Prefixes()
    first = built(builder, "Where is it?")
    prefixes.compared(*IDS, first)
    answered(store, "Where is it?", "With the carrier.")
    second = built(builder, "And when will it be here?")
    told = prefixes.compared(*IDS, second)
    assert told == Prefix(second.diff(first).shared_tokens, None)
    assert told.tokens > 0


def test_what_should_have_stayed_is_named(builder: ContextBuilder) -> None:
    prefixes = Prefixes()
    first = built(builder, "Where is it?", "noon")
    prefixes.compared(*IDS, first)
    later = built(builder, "Where is it?", "a minute past noon")
    told = prefixes.compared(*IDS, later)
    assert told is not None
    assert told.broken == later.diff(first).broken
    assert (told.broken.section, told.broken.kind) == ("system", "changed")
    assert told.tokens == sum(part.tokens for part in later.parts if part.section == "tools")


def test_a_history_that_moves_on_is_named(builder: ContextBuilder, store: SQLiteStore) -> None:
    prefixes, last, moved = Prefixes(), None, []
    for number in range(12):
        report = built(builder, f"Question {number}?")
        told = prefixes.compared(*IDS, report)
        if told and last and told.broken:
            assert told.broken == report.diff(last).broken
            moved.append(told.broken.section)
        answered(store, f"Question {number}?", noise(400, number))
        last = report
    assert moved
    assert {*moved} <= {"stable", "history"}


def test_so_many_sessions_are_remembered_and_no_text_of_theirs(
    builder: ContextBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = built(builder, "Where is the parcel for quillfeather lane?")
    monkeypatch.setattr(telemetry_prefix, "REMEMBERED", 9 * (1 + len(report.parts)))
    prefixes = Prefixes()
    for number in range(10):
        prefixes.compared("u1", f"s{number}", report)
    assert prefixes.compared("u1", "s9", report) is not None
    assert prefixes.compared("u1", "s0", report) is None
    kept = [part for parts in prefixes._last._values.values() for part in parts]
    assert len(kept) == 9 * len(report.parts)
    assert "quillfeather" not in str(kept)
