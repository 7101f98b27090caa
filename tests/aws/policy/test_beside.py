"""Policies against what AgentCoreStore and the commands do, in the memory and in the tables beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TypeAlias

import pytest

from contextkit.aws.client import new_client
from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.roles import Role, policy
from contextkit.aws.policy.scope import Scope
from contextkit.errors import StoreError, StoreReadOnly
from contextkit.stores import MemoryRecord
from contextkit.stores.agentcore import AgentCoreStore, strategies_of
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.agentcore import AgentCoreEmulator
from contextkit.testing.conformance import TTL, ManualClock
from tests.aws.policy.iam import ACCOUNT, REGION, Gate, memory_arn

LONG = "It rains. " * 4_000
"""A memory of several records."""


@pytest.fixture
def memory() -> Iterator[tuple[AgentCoreEmulator, str]]:
    with AgentCoreEmulator() as emulator:
        control = new_client("bedrock-agentcore-control", region=REGION, endpoint=emulator.url)
        yield emulator, control.create_memory(name="beside", eventExpiryDuration=30)["memory"]["id"]


Opened: TypeAlias = tuple[AgentCoreStore, Gate, Gate]
Open: TypeAlias = Callable[..., Opened]


@pytest.fixture
def opened(memory: tuple[AgentCoreEmulator, str], endpoint: str, tables: str, clock: ManualClock) -> Iterator[Open]:
    """Opens the store for a role, as a process of its own would, with the gates before the tables and the memory."""
    emulator, memory_id = memory
    estate = Estate(account=ACCOUNT, regions=(REGION,), prefix=tables, memory=memory_arn(memory_id))

    with ExitStack() as stack:

        def opened(role: Role) -> Opened:
            document = policy(role, Scope.everybody(), estate)
            tables_client = new_client("dynamodb", region=REGION, endpoint=endpoint, connect_timeout=9, read_timeout=30)
            memory_client = new_client("bedrock-agentcore", region=REGION, endpoint=emulator.url, attempts=1)
            control = new_client("bedrock-agentcore-control", region=REGION, endpoint=emulator.url)
            gates = Gate(tables_client, [document], {}), Gate(memory_client, [document], {})
            Gate(control, [document], {})
            if role != "runtime":
                assert strategies_of(memory_id, client=control) == {}  # as commands ask when they open the store
            state = DynamoDBStore(tables, client=tables_client, wait=60, ttl=TTL, clock=clock)
            store = AgentCoreStore(memory_id, state=state, client=memory_client, lease=0.1, wait=1, clock=clock)
            stack.callback(memory_client.close)
            return store, *gates

        yield opened


def at_work(store: AgentCoreStore, actor: str) -> None:
    store.append(actor, "s", [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}])
    for text in ("It is dry.", "It rains.", LONG, f"{LONG}Still."):
        store.put_memories(actor, [MemoryRecord(id="m", text=text, created_at=datetime.now(UTC))])
    assert [found.text for found in store.memories(actor)] == [f"{LONG}Still."]
    store.search_memories(actor, "rain")


def test_an_agent_works_and_an_eraser_erases_what_it_left_undelivered(
    opened: Open, clock: ManualClock, actor: str
) -> None:
    working, _, _ = opened("runtime")
    at_work(working, actor)
    working.close()
    clock.advance(TTL * 0.7)  # and so the notes of the session are made to live longer
    working.append(actor, "s", [{"role": "user", "content": "three"}])
    eraser, noted, _ = opened("eraser")
    assert eraser.erase(actor)["messages"] == 3
    assert eraser.held(actor) == {}
    used = {action for action, _ in noted.used}
    assert {f"dynamodb:{call}" for call in ("ConditionCheckItem", "PutItem", "UpdateItem")} <= used
    assert eraser.sessions(actor) == []
    eraser.close()


def test_an_eraser_writes_notes_alone(opened: Open, actor: str) -> None:
    eraser, _, _ = opened("eraser")
    for write in (
        lambda: eraser.append(actor, "s", [{"role": "user", "content": "x"}]),
        lambda: eraser.save_view(actor, "s", "x"),
        lambda: eraser.put_memories(actor, [MemoryRecord(id="m", text="x", created_at=datetime.now(UTC))]),
    ):
        with pytest.raises(StoreError, match="denies"):
            write()


def test_an_admin_sees_all_of_it_while_an_agent_works(opened: Open, actor: str) -> None:
    working, _, events = opened("runtime")
    at_work(working, actor)
    working.flush()
    admin, _, _ = opened("admin")
    assert admin.held(actor)["events"] == 1
    assert len(admin.memories(actor)) == 1
    allowed, events.documents[:] = list(events.documents), []
    working.append(actor, "s", [{"role": "user", "content": "three"}])
    late, _, _ = opened("admin")
    assert [session.last_seq for session in late.sessions(actor)] == [3]
    assert len(late.messages(actor, "s")) == 3
    late.close()
    with pytest.raises(StoreReadOnly, match="denies"):
        admin.append(actor, "s", [{"role": "user", "content": "x"}])
    events.documents[:] = allowed
    working.flush()
