"""Namespaces: how templates are filled in, and ids that are too long for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.memory.engine import MemoryEngine
from contextkit.memory.namespaces import filled_namespace
from contextkit.stores import MAX_ID_BYTES, check_id
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message
from tests.memory.sayings import Sayings

TEMPLATE = "/strategies/{strategy}/actors/{actor}/sessions/{session}/"
LONG = st.text("ab%/語", min_size=1, max_size=4).map(
    lambda text: (text * MAX_ID_BYTES).encode()[:2_040].decode(errors="ignore")
)
IDS = LONG | st.text("ab%/~語", min_size=1, max_size=20)


def namespace(actor: str, session: str) -> str:
    return filled_namespace(TEMPLATE, {"strategy": "summary", "actor": actor, "session": session}, "a test")


@given(first=st.tuples(IDS, IDS), second=st.tuples(IDS, IDS))
def test_any_ids_have_a_namespace_of_their_own(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert check_id("namespace", namespace(*first)).count("/") == 7
    assert (namespace(*first) == namespace(*second)) == (first == second)


def test_what_fits_stands_as_it_is() -> None:
    room = MAX_ID_BYTES - len(namespace("a", "s")) + 2
    assert namespace("a" * (room - 1), "s") == f"/strategies/summary/actors/{'a' * (room - 1)}/sessions/s/"
    assert namespace("a", "s" * (room - 1)).endswith(f"/{'s' * (room - 1)}/")
    assert "s" * 100 not in namespace("a", "s" * room)


def test_the_last_is_shortened_first() -> None:
    """So that the namespace over all sessions of an actor is what those of its sessions begin with."""
    over = filled_namespace(
        "/strategies/{strategy}/actors/{actor}/", {"strategy": "summary", "actor": "a" * 1_900}, "a test"
    )
    assert namespace("a" * 1_900, "s" * 1_900).startswith(over)
    over = filled_namespace(
        "/strategies/{strategy}/actors/{actor}/", {"strategy": "summary", "actor": "a" * 2_048}, "a test"
    )
    assert namespace("a" * 2_048, "s").startswith(over)


@pytest.mark.parametrize("strategy", ["semantic", "summary"])
def test_what_is_said_under_the_longest_ids_is_remembered(strategy: str) -> None:
    actor, session = "a" * MAX_ID_BYTES, "s" * MAX_ID_BYTES
    said = Message(
        role="user", content="home of Ana: Ana lives in Paris.", id="m1", created_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    with SQLiteStore(":memory:") as store:
        store.append(actor, session, [said])
        memory = MemoryEngine(store, [strategy], extractor=Sayings())
        assert memory.run(actor, session, flush=True).failures == ()
        (plan,) = memory.strategies
        (record,) = store.memories(actor, namespace=plan.subtree_of(actor)) or store.memories(
            actor, namespace=plan.namespace_of(actor, session)
        )
        assert record.text == "Ana lives in Paris."
