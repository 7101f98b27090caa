"""Decisions: one for each item, each with a reason that is true, and accounts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from contextkit import Budget, ContextBuilder, Document
from contextkit.context import Context
from contextkit.ladder import READ_TOOL
from contextkit.sources import Documents, History, Overflow, Preferences, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message, ToolCall
from tests.world import NOW, Ranked, Schemas, schema

A = {"actor_id": "u1", "session_id": "s1"}


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", clock=lambda: NOW) as store:
        for number in range(80):
            store.append(
                "u1",
                "s1",
                [
                    Message(
                        role="user" if number % 2 == 0 else "assistant",
                        content=f"Order {number}, " * 9,
                        id=f"h{number}",
                    )
                ],
            )
        store.set_preferences("u1", {"tone": "brief"})
        yield store


def builder(store: SQLiteStore, window: int = 4_000, strategy: str = "support") -> ContextBuilder:
    documents = [
        ("The depot in Ghent is closed. " * 90, 9),
        ("A short word on Ghent.", 8),
        ("Hardly to the point.", 1),
        ("x" * 9, 0),
    ]
    return ContextBuilder(
        store=store,
        sources=[
            System("Help."),
            Schemas([schema(n) for n in range(4)]),
            Preferences(),
            History(),
            Ranked("documents", documents),
            Overflow(),
        ],
        strategy=strategy,
        budget=Budget(window),
        clock=lambda: NOW,
    )


def loop(store: SQLiteStore, agent: ContextBuilder) -> Iterator[Context]:
    """Three prompts of one turn."""
    yield agent.build("What of Ghent?", **A)
    store.append("u1", "s1", [Message(role="user", content="What of Ghent?", id="q")])
    for number in range(2):
        calls = (ToolCall(f"c{number}", "tool_1", "{}"),)
        store.append("u1", "s1", [Message(role="assistant", tool_calls=calls, id=f"a{number}")])
        store.append(
            "u1", "s1", [Message(role="tool", content="row " * 40, tool_call_id=f"c{number}", id=f"r{number}")]
        )
        yield agent.build(**A)


def test_a_reason_says_why(store: SQLiteStore) -> None:
    report = builder(store, 2_400).build("What of Ghent?", **A).report
    reasons = {
        name: report.decision(name).reason
        for name in ("system", "query", "h79", "h0", "documents/0", "documents/2", "documents/3")
    }
    assert reasons["system"] == "it is required"
    assert reasons["query"] == "it is part of the current turn"
    assert "recent window" in reasons["h79"]
    assert "before the" in reasons["h0"] or "recall" in report.decision("h0").section
    assert "larger than one item may be" in reasons["documents/0"]
    assert "less than 25% of the best" in reasons["documents/2"]
    assert report.decision(f"tool:{READ_TOOL}").outcome == "kept"


def test_what_is_too_large_for_its_section_is_not_said_to_be_worse_than_others(store: SQLiteStore) -> None:
    store.set_preferences("u2", {"novel": "on and on " * 300, "tone": "brief"})
    agent = ContextBuilder(store=store, sources=[System("Help."), Preferences()], budget=Budget(4_000))
    decision = agent.build("What of Ghent?", actor_id="u2", session_id="s1").report.decision("preference:novel")
    tokens = decision.full_tokens
    assert decision.outcome == "dropped"
    assert decision.reason == f"it ranks 1 of 2 and its {tokens} tokens do not fit the section's share of 200"


def test_a_page_whose_bearing_parts_stand_elsewhere_is_said_to_be_repeated(store: SQLiteStore) -> None:
    told = "\n\n".join(f"On day {day} the ferry to Ghent was {day} minutes late, as it often was." for day in range(20))
    filler = "\n\n".join(f"Of matter {number} nothing is known, and nobody asks after it." for number in range(300))
    pages = [
        Document(id=name, uri=f"{name}.md", text=f"# Late\n\n{told}\n\n# Other\n\n{filler.replace('matter', name)}")
        for name in ("log", "copy")
    ]
    agent = ContextBuilder(
        store=store, sources=[System("Help."), Documents(pages), Overflow()], strategy="rag", budget=Budget(3_000)
    )
    report = agent.build("How late was the ferry to Ghent?", **A).report
    shown, other = report.decision("log"), report.decision("copy")
    assert shown.outcome == "shortened"
    assert other.outcome == "moved"
    assert "stands in 'log' already" in other.reason
    assert report.origin is not None
    assert [origin and origin.uri for origin in map(report.origin, ("copy", "query", "none"))] == [
        "copy.md",
        None,
        None,
    ]


def test_sections_and_framing_add_up_to_the_whole_prompt(store: SQLiteStore) -> None:
    for context in loop(store, builder(store)):
        report = context.report
        assert 0 <= report.framing <= 60, report.framing
        assert sum(part.tokens for part in report.parts) <= report.tokens
        assert report.tokens - sum(part.tokens for part in report.parts) <= 15
        for section in report.sections:
            own = [decision for decision in report.decisions if decision.section == section.name]
            assert len(own) == section.kept + section.shortened + section.moved + section.dropped
            assert sum(decision.tokens for decision in own) <= section.used + (section.name == "system")


@pytest.mark.parametrize("strategy", ["support", "chat", "agent"])
@pytest.mark.parametrize("window", [1_500, 4_000])
def test_sections_count_what_was_not_read_without_reading_it(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, strategy: str, window: int
) -> None:
    for context in loop(store, builder(store, window, strategy)):
        report = context.report
        with monkeypatch.context() as patched:
            patched.delattr(SQLiteStore, "messages")  # as if the store were gone
            told, counted = str(report), {section.name: section for section in report.sections}
        decisions = Counter((decision.section, decision.outcome) for decision in report.decisions)
        for name, section in counted.items():
            each = (section.kept, section.shortened, section.moved, section.dropped)
            assert each == tuple(decisions[name, outcome] for outcome in ("kept", "shortened", "moved", "dropped"))
        assert f"({sum(decisions.values()) - sum(section.kept for section in counted.values()):,} items)" in told


def test_every_section_that_a_decision_names_is_in_the_report(store: SQLiteStore) -> None:
    for strategy in ("support", "chat", "agent", "rag"):
        report = builder(store, strategy=strategy).build("What of Ghent?", **A).report
        assert {decision.section for decision in report.decisions} <= {section.name for section in report.sections}


def test_a_turn_that_goes_on_still_reports_what_its_block_shows(store: SQLiteStore) -> None:
    first, *later = loop(store, builder(store))
    before = {d.item_id: (d.outcome, d.tokens) for d in first.report.decisions if d.section in ("documents", "recall")}
    assert before
    for context in later:
        now = {d.item_id: (d.outcome, d.tokens) for d in context.report.decisions if d.item_id in before}
        assert now == before


def test_what_is_not_shown_costs_nothing(store: SQLiteStore) -> None:
    for decision in builder(store).build("What of Ghent?", **A).report.decisions:
        assert decision.shown == (decision.tokens > 0)
        assert decision.shown == (decision.outcome in ("kept", "shortened") or decision.rung == "handle")
        assert decision.full_tokens >= decision.tokens


def test_reports_are_lazy_but_remember_their_own_build(store: SQLiteStore) -> None:
    agent = builder(store)
    first = agent.build("What of Ghent?", **A)
    store.append("u1", "s1", [Message(role="user", content="more", id="later")])
    agent.build("And now?", **A)
    assert "later" not in {decision.item_id for decision in first.report.decisions}
