"""Shares: what the strategy alone says that sections may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import Budget, ContextBuilder
from contextkit.budget import allocate
from contextkit.shares import claim_of, history_most, longest_shown
from contextkit.sources import Documents, History, Memories, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.strategy import ContextStrategy, strategy_names
from contextkit.types import Message

ALL = frozenset({"history", "recall", "memories", "documents", "overflow"})


def test_a_claim_has_the_sizes_of_its_section_in_tokens() -> None:
    section = ContextStrategy.load("rag").section("history")
    assert section is not None
    claim = claim_of(section, 700, 8_000)
    assert (claim.name, claim.demand, claim.floor, claim.ceiling, claim.weight) == ("history", 700, 800, 2_000, 2)


@pytest.mark.parametrize("name", strategy_names())
@given(data=st.data(), available=st.integers(200, 50_000))
def test_history_never_gets_more_whatever_the_others_ask(name: str, data: st.DataObject, available: int) -> None:
    strategy = ContextStrategy.load(name)
    if strategy.section("history") is None:
        assert history_most(strategy, ALL, available) == 0
        return
    filled = data.draw(st.sets(st.sampled_from(sorted(ALL))))
    most = history_most(strategy, frozenset(filled | {"history"}), available)
    volatile = {section.name for section in strategy.region("volatile")} & filled
    claims = [
        claim_of(
            section, 2**40 if section.name in volatile | {"history"} else data.draw(st.integers(0, 2**16)), available
        )
        for section in strategy.sections
    ]
    assert allocate(available, claims)["history"] <= most <= available


def test_what_looks_nothing_up_leaves_the_history_its_ceiling() -> None:
    strategy = ContextStrategy.load("rag")
    assert history_most(strategy, frozenset({"history"}), 10_000) == 2_500
    assert history_most(strategy, ALL - {"history"}, 10_000) == 0


def test_the_longest_past_message_is_what_the_history_says() -> None:
    assert longest_shown(ContextStrategy.load("chat"), 1_000) == 250
    assert longest_shown(ContextStrategy.load("agent"), 1_000) == 150
    assert longest_shown(ContextStrategy.load("recall"), 1_000) == 1_000


@pytest.mark.parametrize("name", ["agent", "chat", "rag", "support"])
@pytest.mark.parametrize("words", [8, 300])
def test_the_first_window_of_a_long_session_is_full_though_no_more_is_read(name: str, words: int) -> None:
    """Whatever the strategy: of messages that stand shortened, more are needed to fill it."""
    with SQLiteStore(":memory:") as store:
        store.append("u", "s", [said(number, words) for number in range(160)])
        sources = [System("Be brief."), History(), Memories(), Documents(["Ghent is a city."])]
        builder = ContextBuilder(sources=sources, strategy=name, store=store, budget=Budget(6_000, reserve=0))
        sections = builder.build("What then?", actor_id="u", session_id="s").report.sections
        history = next(section for section in sections if section.name == "history")
        assert history.used > 0.5 * history.share


def said(number: int, words: int) -> Message:
    role = "assistant" if number % 2 else "user"
    return Message(role=role, content=" ".join(f"{number + at * 7}th." for at in range(words)))
