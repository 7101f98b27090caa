"""An agent's estimated loads against the units that the store's own calls take."""

from __future__ import annotations

import json
import math
import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.aws.loads import Agent, Calls, Load, recorded
from contextkit.errors import InvalidInput
from contextkit.sources import History, Memories, Overflow, Preferences, System
from contextkit.stores import MemoryRecord
from contextkit.stores import Overflow as Piece
from contextkit.stores.dynamodb import DynamoDBStore
from tests.aws.units import UnitMeter

TURNS = 6
WORDS = ["".join(random.Random(seed).choices("abcdefghijklmnop", k=6)) for seed in range(2_000)]


def said(number: int) -> str:
    return " ".join(random.Random(number).choices(WORDS, k=80))


@pytest.fixture
def client(endpoint: str) -> Iterator[Any]:
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    yield client
    client.close()


class Worked:
    """An agent at work over the store: a long session first, then turns as `Agent` describes them."""

    def __init__(self, store: DynamoDBStore) -> None:
        self.store = store
        self.actor = f"actor-{uuid.uuid4()}"
        sources = [System("You are here."), Preferences(), Memories(), History(), Overflow()]
        self.builder = ContextBuilder(store=store, sources=sources, budget=8_000, strategy="agent")
        self.say(*({"role": "assistant" if n % 2 else "user", "content": said(n)} for n in range(200)))
        self.remember(*(f"{said(n)[:300]}" for n in range(50)))
        self.builder.build("What was said?", actor_id=self.actor, session_id="s")

    def turn(self, number: int) -> None:
        """Three prompts, four appends of six messages, two tool calls, one of them new, a memory, a piece."""
        question = " ".join(said(number).split()[:12]) + "?"
        self.builder.build(question, actor_id=self.actor, session_id="s")
        self.say({"role": "user", "content": question})
        for step in range(2):
            call = {"id": f"c{step}", "type": "function", "function": {"name": "t", "arguments": "{}"}}
            self.store.get_or_call("t", {"a": number * step}, lambda: said(5), actor_id=self.actor)
            result = {"role": "tool", "tool_call_id": f"c{step}", "content": said(-number - step)}
            self.say({"role": "assistant", "tool_calls": [call]}, result)
            self.builder.build(actor_id=self.actor, session_id="s")
        self.say({"role": "assistant", "content": said(1_000 + number)})
        self.remember(said(2_000 + number)[:300])
        self.store.put_overflow(self.actor, "s", [Piece(handle=f"h{number}", text=said(number) * 4, item_id="i")])

    def say(self, *messages: dict[str, Any]) -> None:
        self.store.append(self.actor, "s", messages)

    def remember(self, *texts: str) -> None:
        now = datetime.now(UTC)
        self.store.put_memories(self.actor, [MemoryRecord(id=uuid.uuid4().hex, text=t, created_at=now) for t in texts])


def test_the_estimate_is_what_the_store_takes(client: Any, tables: str) -> None:
    meter = UnitMeter(client)
    worked = Worked(DynamoDBStore(tables, client=client, wait=60))
    meter.clear()
    for number in range(1, TURNS + 1):
        worked.turn(number)
    agent = Agent(
        turns=TURNS,
        cold=0,
        recalled=6,  # each by itself: fewer than ten of one pack
        message_bytes=500,
        tool_hits=5 / 12,
        tool_bytes=600,
        pieces=1,
        piece_bytes=1_800,
        memories=1,
        memory_bytes=380,
        memories_kept=53,
    )
    for load in agent.loads():
        name = f"{tables}agent-{load.table}"
        taken = (meter.reads[name], meter.writes[name])
        assert (load.reads, load.writes) == pytest.approx(taken, rel=0.15, abs=1), load.table


@pytest.mark.parametrize("field", ["turns", "kept_days"])
def test_what_is_stored_grows_with_time_and_traffic(field: str) -> None:
    agent = Agent(turns=100_000)
    one, twice = agent.loads()[0], replace(agent, **{field: 2 * getattr(agent, field)}).loads()[0]
    assert twice.stored == pytest.approx(2 * one.stored)
    assert 0 < one.stored < 10


@pytest.mark.parametrize(
    ("calls", "reads", "writes"),
    [
        (Calls(reads=10, read_bytes=1), 10, 0),
        (Calls(reads=10, read_bytes=4_097), 20, 0),
        (Calls(reads=10, read_bytes=8_192, eventual=1), 10, 0),
        (Calls(writes=10, write_bytes=1_024), 0, 10),
        (Calls(writes=10, write_bytes=3_000, transactional=1), 0, 60),
        (Calls(writes=10, write_bytes=3_000, transactional=0.5), 0, 45),
    ],
)
def test_units_are_amazons(calls: Calls, reads: float, writes: float) -> None:
    """The examples of Amazon's pricing page among them: 8 KB eventually, 3 KB in a transaction."""
    load = calls.load("t")
    assert (load.reads, load.writes) == (reads, writes)


def line(table: str, read: float, write: float) -> str:
    return json.dumps({"charges": [{"table": table, "region": "r", "read_units": read, "write_units": write}]})


def test_what_was_recorded_is_scaled_to_the_month() -> None:
    lines = [line("p-agent-sessions", 3, 8), "", line("p-agent-sessions", 5, 0), line("other", 1, 0)]
    assert recorded(lines, builds=300) == [Load("sessions", 800, 800), Load("other", 100, 0)]
    assert recorded(lines) == [Load("sessions", 8, 8), Load("other", 1, 0)]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["{}"],
        ["nonsense"],
        ['{"charges": 3}'],
        ['{"charges": [{}]}'],
        ["[]"],
        ["[" * 10_000],
        [line("t", -1, 0)],
        [line("t", math.nan, 0)],
        [line("t", 0, math.inf)],
    ],
)
def test_what_is_no_record_is_refused(lines: list[str]) -> None:
    with pytest.raises(InvalidInput, match=r"recorded|Line 1 is no report"):
        recorded(lines)
