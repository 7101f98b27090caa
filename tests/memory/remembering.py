"""Many processes that remember the same sessions, with a model that fails and processes that are killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from contextkit.errors import ExtractionFailed, StoreUnavailable
from contextkit.memory.engine import MemoryEngine
from contextkit.memory.facts import Batch, Fact
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord, MemoryStore, SessionStore
from contextkit.types import Message
from tests.memory.sayings import day

FORK = multiprocessing.get_context("fork")

SECRET = "ZQX-503"
"""Stands in the words of every failure, and must never stand in the store."""


class Store(SessionStore, MemoryStore):
    """A store of both sessions and memories."""


@dataclass(frozen=True)
class FlakyModel:
    """Finds two facts in each turn of a user; every third call of all processes together fails.

    One fact is of that turn alone, the other a new value of the actor's whereabouts, which
    supersedes the last. `calls` is a file that counts the calls.
    """

    calls: Path
    seconds: float = 0.004

    def __call__(self, _: MemoryStrategy) -> FlakyModel:
        return self

    def extract(self, batch: Batch) -> list[Fact]:
        number = self._count()
        time.sleep(self.seconds)
        if number % 3 == 0:
            raise ExtractionFailed(f"Error {SECRET}: the model is overloaded.", "Try again.")
        return [fact for message in batch.messages if message.role == "user" for fact in facts(batch.actor_id, message)]

    def _count(self) -> int:
        with self.calls.open("ab", buffering=0) as file:
            file.write(b".")
            return file.tell()


def facts(actor: str, message: Message) -> Iterator[Fact]:
    """What a turn says."""
    number = int(str(message.id).rpartition("-")[2])
    yield Fact(text=f"{actor} sent parcel {number}.", sources=(str(message.id),), said_at=day(number))
    yield Fact(
        text=f"{actor} is in room {number}.",
        sources=(str(message.id),),
        said_at=day(number),
        subject=f"whereabouts of {actor}",
    )


def turn(number: int) -> list[Message]:
    """A user's turn and its answer; the same however often it is delivered."""
    return [
        Message(role="user", content=f"I am in room {number}.", id=f"u-{number}", created_at=day(number)),
        Message(role="assistant", content="Noted.", id=f"a-{number}", created_at=day(number)),
    ]


def engine(store: SessionStore, model: FlakyModel, lease: float) -> MemoryEngine:
    return MemoryEngine(store, ["semantic"], extractor=model, lease=timedelta(seconds=lease))


def remember_for_ever(
    open_store: Callable[[], SessionStore], actors: Sequence[str], model: FlakyModel, lease: float
) -> None:
    """What each process does: look for what is due, all the time, in an order of its own."""
    store = open_store()
    memory, shuffled = engine(store, model, lease), list(actors)
    while True:
        random.shuffle(shuffled)
        for actor in shuffled:
            try:
                memory.run(actor, "s", flush=True)
            except StoreUnavailable:
                continue  # as a worker would: what was not acknowledged is still due


@contextmanager
def processes(count: int, work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """So many processes at work. Gives what kills one of them and starts another in its place."""
    running = [_started(work) for _ in range(count)]

    def replace_one() -> None:
        place = random.randrange(count)
        _killed(running[place])
        running[place] = _started(work)

    try:
        yield replace_one
    finally:
        for process in running:
            _killed(process)


def _started(work: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    process = FORK.Process(target=work, daemon=True)
    process.start()
    return process


def _killed(process: multiprocessing.process.BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def check(records: Sequence[MemoryRecord], actor: str, turns: int) -> None:
    """Every turn was extracted once, nothing is doubled, and the whereabouts are one unbroken line."""
    parcels = sorted(int(record.text.split()[-1][:-1]) for record in records if "parcel" in record.text)
    assert parcels == list(range(1, turns + 1))
    assert all(f"u-{record.text.split()[-1][:-1]}" in record.sources for record in records)
    rooms = sorted(
        (record for record in records if "room" in record.text), key=lambda record: record.valid_from or day(0)
    )
    assert [record.text for record in rooms] == [f"{actor} is in room {number}." for number in range(1, turns + 1)]
    ends = [*(record.valid_from for record in rooms[1:]), None]
    assert [record.valid_to for record in rooms] == ends
    assert len(records) == 2 * turns
    assert not any(SECRET in record.text for record in records)


def settled(memory: MemoryEngine, actors: Sequence[str]) -> bool:
    return not any(one.messages or one.aside for actor in actors for one in memory.pending(actor, "s"))


def finish(memory: MemoryEngine, actors: Sequence[str]) -> None:
    """Run until nothing is left, what was set aside included."""
    while not settled(memory, actors):
        for actor in actors:
            memory.run(actor, "s", flush=True, wait=10)
            memory.retry(actor, "s", wait=10)
