"""1,000 turns, delivered twice and more, to processes that are killed, with a model that fails every third call."""

from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path

import pytest

from contextkit.memory import due
from contextkit.stores.sqlite import SQLiteStore
from tests.memory.remembering import SECRET, FlakyModel, check, engine, finish, processes, remember_for_ever, turn

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

ACTORS = tuple(f"u{number}" for number in range(8))
TURNS = 125
KILLS = 30
LEASE = 3.0


@pytest.mark.slow
def test_a_thousand_turns_are_each_remembered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "BATCH", 8)  # more batches, and so more moments at which to be killed
    path, calls = tmp_path / "store.db", tmp_path / "calls"
    moments, model = random.Random(5), FlakyModel(calls)
    kills = deliveries = 0
    with SQLiteStore(path) as store:
        store.append("warm", "s", turn(1))
        work = partial(remember_for_ever, partial(SQLiteStore, path), ACTORS, model, LEASE)
        with processes(3, work) as kill_one:
            for number in range(1, TURNS + 1):
                for actor in ACTORS:
                    for _ in range(moments.choice((1, 1, 2, 3))):  # delivered again
                        store.append(actor, "s", turn(number))
                        deliveries += 1
                while kills * TURNS < number * KILLS:
                    time.sleep(moments.uniform(0.05, 0.25))
                    kill_one()
                    kills += 1
        memory = engine(store, model, LEASE)
        finish(memory, ACTORS)
        for actor in ACTORS:
            check(store.memories(actor, active=False), actor, TURNS)
            assert len(store.memories(actor)) == TURNS + 1
    assert (kills, deliveries > TURNS * len(ACTORS)) == (KILLS, True)
    assert calls.stat().st_size > 2 * TURNS * len(ACTORS) / 8
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes()
