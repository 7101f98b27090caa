"""Memories made over DynamoDB: each event once, through kills, repeated deliveries and a model that fails."""

from __future__ import annotations

import random
import time
import uuid
from functools import partial
from pathlib import Path

import pytest

from contextkit.aws.client import new_client
from contextkit.memory import due
from contextkit.memory.ledger import LEDGER
from contextkit.stores.dynamodb import DynamoDBStore
from tests.memory.remembering import SECRET, FlakyModel, check, engine, finish, processes, remember_for_ever, turn

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

TURNS = 16
KILLS = 5
LEASE = 3.0


def open_store(tables: str, endpoint: str) -> DynamoDBStore:
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    return DynamoDBStore(tables, client=client)


@pytest.mark.slow
def test_turns_are_each_remembered_once(
    tables: str, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "BATCH", 8)
    actors = tuple(f"u{number}-{uuid.uuid4().hex[:6]}" for number in range(2))
    moments, model, kills = random.Random(5), FlakyModel(tmp_path / "calls"), 0
    store = open_store(tables, endpoint)
    work = partial(remember_for_ever, partial(open_store, tables, endpoint), actors, model, LEASE)
    with processes(2, work) as kill_one:
        for number in range(1, TURNS + 1):
            for actor in actors:
                for _ in range(moments.choice((1, 2))):
                    store.append(actor, "s", turn(number))
            while kills * TURNS < number * KILLS:
                time.sleep(moments.uniform(0.2, 0.8))
                kill_one()
                kills += 1
    finish(engine(store, model, LEASE), actors)
    for actor in actors:
        check(store.memories(actor, active=False), actor, TURNS)
        assert len(store.memories(actor)) == TURNS + 1
        state = store.session(actor, LEDGER)
        assert state is not None
        assert SECRET not in str(state.state)
