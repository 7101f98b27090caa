"""The engine: what is due, what a run does about it, and what it leaves when something fails."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contextkit.errors import InvalidInput, StoreUnavailable
from contextkit.memory import ledger, work
from contextkit.memory.engine import ATTEMPTS, MemoryEngine
from contextkit.memory.facts import Batch, Fact, Kind
from contextkit.memory.ledger import LEDGER, Ledger
from contextkit.memory.progress import Progress, Range
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord, Session
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.clock import ManualClock
from contextkit.types import Message
from tests.memory.sayings import Sayings, day, every_third, turns

NAMESPACE = "/strategies/semantic/actors/u1/"
LEASE = timedelta(seconds=30)


class Held(Sayings):
    """Says nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.release = threading.Event(), threading.Event()

    def extract(self, batch: Batch) -> list[Fact]:
        self.begun.set()
        self.release.wait(60)
        return super().extract(batch)


def engine(store: SQLiteStore, clock: Callable[[], datetime], sayings: Sayings | None = None) -> MemoryEngine:
    return MemoryEngine(store, ["semantic"], extractor=sayings or Sayings(), clock=clock, lease=LEASE)


def texts(store: SQLiteStore, *, active: bool = True) -> list[str]:
    return sorted(record.text for record in store.memories("u1", active=active))


def fresh(count: int, clock: ManualClock, start: int = 1) -> list[Message]:
    """Messages written now."""
    return [
        replace(message, created_at=clock()) for message in turns([f"Fact number {n}." for n in range(count)], start)
    ]


def test_a_run_remembers_what_was_said(store: SQLiteStore, clock: ManualClock) -> None:
    store.append("u1", "s1", turns(["home of Ana: Ana lives in Paris.", "home of Ana: Ana lives in Rome."]))
    memory = engine(store, clock)
    receipt = memory.run("u1", "s1", flush=True)
    assert (receipt.events, receipt.facts, receipt.busy, receipt.failures) == (2, 2, False, ())
    assert receipt.kinds == {Kind.ADD: 1, Kind.SUPERSEDE: 1}
    assert texts(store) == ["Ana lives in Rome."]
    (old,) = [record for record in store.memories("u1", active=False) if record.valid_to]
    assert (old.text, old.valid_to, old.namespace) == ("Ana lives in Paris.", day(2), NAMESPACE)
    assert (old.sources, old.metadata["session_id"]) == (("m1",), "s1")


def test_a_second_run_finds_nothing_to_do(store: SQLiteStore, clock: ManualClock) -> None:
    sayings = Sayings()
    memory = engine(store, clock, sayings)
    store.append("u1", "s1", fresh(3, clock))
    assert memory.run("u1", "s1", flush=True).events == 3
    store.append("u1", "s1", fresh(3, clock))  # delivered again
    assert memory.run("u1", "s1", flush=True).events == 0
    assert len(sayings.batches) == 1
    store.append("u1", "s1", fresh(1, clock, start=4))
    assert memory.run("u1", "s1", flush=True).events == 1


def test_nothing_comes_of_nothing(store: SQLiteStore, clock: ManualClock) -> None:
    memory = engine(store, clock)
    assert memory.run("u1", "s1", flush=True).steps == ()
    assert memory.pending("u1", "s1") == ()
    assert store.sessions("u1") == []


# Triggers


def test_messages_are_due_by_their_number(store: SQLiteStore, clock: ManualClock) -> None:
    memory = engine(store, clock)
    for number in range(1, 6):
        store.append("u1", "s1", fresh(1, clock, start=number))
        assert memory.run("u1", "s1").events == 0
    assert [(one.messages, one.due) for one in memory.pending("u1", "s1")] == [(5, False)]
    store.append("u1", "s1", fresh(1, clock, start=6))
    assert [(one.messages, one.due) for one in memory.pending("u1", "s1")] == [(6, True)]
    assert memory.run("u1", "s1").events == 6
    assert [(one.done, one.messages, one.due) for one in memory.pending("u1", "s1")] == [(6, 0, False)]


def test_messages_are_due_by_their_tokens(store: SQLiteStore, clock: ManualClock) -> None:
    store.append("u1", "s1", [Message(role="user", content="word " * 1_200, created_at=clock())])
    assert engine(store, clock).run("u1", "s1").events == 1


def test_messages_are_due_once_the_session_is_idle(store: SQLiteStore, clock: ManualClock) -> None:
    memory = engine(store, clock)
    store.append("u1", "s1", fresh(1, clock))
    clock.advance(timedelta(seconds=59))
    assert memory.run("u1", "s1").events == 0
    clock.advance(timedelta(seconds=1))
    assert memory.run("u1", "s1").events == 1


def test_a_backlog_is_taken_in_batches_with_what_was_said_before_them(store: SQLiteStore, clock: ManualClock) -> None:
    sayings = Sayings()
    store.append("u1", "s1", fresh(120, clock))
    assert engine(store, clock, sayings).run("u1", "s1", flush=True).events == 120
    assert [len(batch.messages) for batch in sayings.batches] == [50, 50, 20]
    assert [[message.seq for message in batch.before] for batch in sayings.batches] == [
        [],
        [47, 48, 49, 50],
        [97, 98, 99, 100],
    ]
    assert {batch.namespace for batch in sayings.batches} == {NAMESPACE}


def test_long_messages_make_short_batches(store: SQLiteStore, clock: ManualClock) -> None:
    sayings = Sayings()
    store.append("u1", "s1", [Message(role="user", content="word " * size) for size in (5_000, 5_000, 20_000, 9)])
    engine(store, clock, sayings).run("u1", "s1", flush=True)
    assert [len(batch.messages) for batch in sayings.batches] == [1, 1, 1, 1]


# Provenance


class Vague:
    """Finds one fact that names no source of its own, or a wrong one."""

    def __init__(self, *sources: str) -> None:
        self._sources = sources

    def __call__(self, _: MemoryStrategy) -> Vague:
        return self

    def extract(self, _: Batch) -> list[Fact]:
        return [Fact(text="Ana likes tea.", sources=self._sources, said_at=day(1))]


@pytest.mark.parametrize(("named", "kept"), [((), ("m1", "m2")), (("m2", "m77"), ("m2",)), (("m77",), ("m1", "m2"))])
def test_sources_are_messages_of_the_batch(
    store: SQLiteStore, clock: ManualClock, named: Sequence[str], kept: Sequence[str]
) -> None:
    store.append("u1", "s1", turns(["a", "b"]))
    MemoryEngine(store, ["semantic"], extractor=Vague(*named), clock=clock).run("u1", "s1", flush=True)
    assert [record.sources for record in store.memories("u1")] == [kept]


# Failures


def test_a_failure_leaves_the_batch_due_and_no_memory(store: SQLiteStore, clock: ManualClock) -> None:
    failing = Sayings(lambda call: RuntimeError("Error 503: overloaded") if call == 1 else None)
    memory = engine(store, clock, failing)
    store.append("u1", "s1", fresh(4, clock))
    receipt = memory.run("u1", "s1", flush=True)
    assert receipt.events == 0
    assert [(step.error, step.attempts, step.set_aside) for step in receipt.failures] == [
        ("RuntimeError: Error 503: overloaded", 1, False)
    ]
    assert texts(store) == []
    assert [(one.messages, one.attempts) for one in memory.pending("u1", "s1")] == [(4, 1)]
    assert memory.run("u1", "s1", flush=True).events == 4
    assert [(one.messages, one.attempts) for one in memory.pending("u1", "s1")] == [(0, 0)]


def poisoned(poison: str) -> Sayings:
    class Poisoned(Sayings):
        def extract(self, batch: Batch) -> list[Fact]:
            if any(message.id == poison for message in batch.messages):
                raise ValueError("no JSON in the answer")
            return super().extract(batch)

    return Poisoned()


def test_a_message_that_no_extraction_survives_is_set_aside_with_few_others(
    store: SQLiteStore, clock: ManualClock
) -> None:
    memory = engine(store, clock, poisoned("m40"))
    store.append("u1", "s1", fresh(60, clock))
    receipts = [memory.run("u1", "s1", flush=True) for _ in range(40)]
    (aside,) = [step for receipt in receipts for step in receipt.failures if step.set_aside]
    assert len(aside.span) <= 3
    assert aside.span.first <= 40 <= aside.span.last
    assert aside.attempts == ATTEMPTS
    assert len(texts(store)) == 60 - len(aside.span)
    (pending,) = memory.pending("u1", "s1")
    assert (pending.done, pending.messages, pending.due, pending.aside) == (60, 0, False, (aside.span,))


def test_what_was_set_aside_is_taken_up_again(store: SQLiteStore, clock: ManualClock) -> None:
    store.append("u1", "s1", fresh(60, clock))
    memory = engine(store, clock, poisoned("m40"))
    for _ in range(40):
        memory.run("u1", "s1", flush=True)
    again = memory.retry("u1", "s1")
    assert all(step.set_aside for step in again.failures)
    assert memory.pending("u1", "s1")[0].aside == (Range("semantic", 40, 40),)
    assert len(texts(store)) == 59
    mended = engine(store, clock)
    assert mended.retry("u1", "s1").failures == ()
    assert mended.pending("u1", "s1")[0].aside == ()
    assert len(texts(store)) == 60
    assert mended.retry("u1", "s1").steps == ()


def test_a_retry_ends_where_the_model_is_at_fault(store: SQLiteStore, clock: ManualClock) -> None:
    def everything(_: int) -> Exception:
        return RuntimeError("overloaded")

    store.append("u1", "s1", fresh(200, clock))
    failing = Sayings(everything)
    memory = MemoryEngine(store, ["semantic"], extractor=failing, clock=clock, attempts=1)
    memory.run("u1", "s1", flush=True)
    assert memory.pending("u1", "s1")[0].aside == (Range("semantic", 1, 200),)
    failing.batches.clear()
    memory.retry("u1", "s1")
    assert len(failing.batches) == work.IN_A_ROW
    assert memory.pending("u1", "s1")[0].aside == (Range("semantic", 1, 200),)
    assert engine(store, clock).retry("u1", "s1").events == 200
    assert len(texts(store)) == 200


def test_a_model_that_fails_every_third_time(store: SQLiteStore, clock: ManualClock) -> None:
    memory = engine(store, clock, Sayings(every_third))
    store.append("u1", "s1", fresh(500, clock))
    while memory.pending("u1", "s1")[0].messages:
        memory.run("u1", "s1", flush=True)
    assert len(texts(store)) == 500
    assert not any("503" in text for text in texts(store))


class Unwritable:
    """Finds a fact in every message; that of m2 cannot be stored."""

    def __call__(self, _: MemoryStrategy) -> Unwritable:
        return self

    def extract(self, batch: Batch) -> list[Fact]:
        return [
            Fact(
                text=message.text,
                sources=(str(message.id),),
                said_at=day(1),
                metadata={"odd": object()} if message.id == "m2" else {},
            )
            for message in batch.messages
        ]


def test_a_fact_that_cannot_be_stored_is_a_failure_of_its_batch(store: SQLiteStore, clock: ManualClock) -> None:
    memory = MemoryEngine(store, ["semantic"], extractor=Unwritable(), clock=clock, attempts=2)
    store.append("u1", "s1", turns(["one", "two", "three"]))
    receipts = [memory.run("u1", "s1", flush=True) for _ in range(4)]
    assert receipts[0].failures[0].error.startswith("InvalidInput")
    assert memory.pending("u1", "s1")[0].messages == 0
    assert memory.pending("u1", "s1")[0].aside != ()


class Careless(Sayings):
    """Gives one fact in an impossible way."""

    def extract(self, batch: Batch) -> list[Fact]:
        return [*super().extract(batch), Fact(text="?", sources=(), said_at=day(1), fault="It has no sources.")]


def test_a_faulty_fact_is_told_of_and_the_others_are_kept(store: SQLiteStore, clock: ManualClock) -> None:
    store.append("u1", "s1", turns(["Ana likes tea."]))
    receipt = engine(store, clock, Careless()).run("u1", "s1", flush=True)
    assert texts(store) == ["Ana likes tea."]
    assert [(one.kind, one.reason) for one in receipt.changes if one.fact.fault] == [(Kind.SKIP, "It has no sources.")]
    assert receipt.failures == ()


class Picky(SQLiteStore):
    """Takes no record whose text is too long."""

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        if any(len(record.text) > 20 for record in records):
            raise InvalidInput("A record has more than 20 characters.", "Shorten it.")
        super().put_memories(actor_id, records)


def test_records_that_the_store_refuses_are_told_and_hold_nothing_up(clock: ManualClock) -> None:
    with Picky(":memory:", clock=clock) as store:
        store.append("u1", "s1", turns(["Tea.", "Ana likes tea in the morning.", "Jazz."]))
        memory = engine(store, clock)
        (failure,) = memory.run("u1", "s1", flush=True).failures
        assert "more than 20 characters" in failure.error
        assert failure.set_aside
        assert texts(store) == ["Jazz.", "Tea."]
        assert memory.pending("u1", "s1")[0].aside == (Range("semantic", 1, 3),)
        assert memory.run("u1", "s1", flush=True).steps == ()


# Crashes


class Crash(BaseException):
    """Stands for a process that ends here."""


class Crashing(SQLiteStore):
    """Ends the process at its n-th write, before or after it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(":memory:", clock=clock)
        self.left: float = float("inf")
        self.after = False

    def _write(self, write: Callable[[], object]) -> object:
        self.left -= 1
        if self.left < 0 and not self.after:
            raise Crash
        result = write()
        if self.left < 0:
            raise Crash
        return result

    def save_state(self, *arguments: object, **options: object) -> Session:
        return self._write(lambda: super(Crashing, self).save_state(*arguments, **options))

    def put_memories(self, *arguments: object) -> None:
        self._write(lambda: super(Crashing, self).put_memories(*arguments))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("writes", range(8))
def test_a_crash_at_any_write_loses_nothing_and_doubles_nothing(clock: ManualClock, writes: int, after: bool) -> None:
    with Crashing(clock) as store:
        store.append("u1", "s1", fresh(120, clock))
        sayings = Sayings()
        store.left, store.after = writes, after
        with pytest.raises(Crash):
            engine(store, clock, sayings).run("u1", "s1", flush=True)
        store.left = float("inf")
        another = engine(store, clock, sayings)
        receipt = another.run("u1", "s1", flush=True)
        if receipt.busy:
            clock.advance(LEASE)
            receipt = another.run("u1", "s1", flush=True)
        assert not receipt.busy
        records = store.memories("u1")
        assert sorted(source for record in records for source in record.sources) == sorted(
            f"m{n}" for n in range(1, 121)
        )
        assert another.pending("u1", "s1")[0].messages == 0


def test_records_of_an_unfinished_run_are_written_by_the_next_for_another_session(clock: ManualClock) -> None:
    with Crashing(clock) as store:
        store.append("u1", "s1", fresh(2, clock))
        store.append("u1", "s2", [Message(role="user", content="Ana likes tea.", created_at=clock())])
        store.left = 2  # taken, settled; the records are not written
        with pytest.raises(Crash):
            engine(store, clock).run("u1", "s1", flush=True)
        store.left = float("inf")
        clock.advance(LEASE)
        another = engine(store, clock)
        (pending,) = another.pending("u1", "s1")
        assert (pending.done, pending.messages, pending.due) == (0, 2, True)
        receipt = another.run("u1", "s2")
        assert (receipt.recovered, receipt.events) == (2, 0)
        assert len(texts(store)) == 2


def test_a_store_that_fails_is_the_callers_to_know(clock: ManualClock) -> None:
    class Failing(SQLiteStore):
        fails = True

        def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
            if self.fails:
                raise StoreUnavailable("The disk is away.", "Try again.")
            super().put_memories(actor_id, records)

    with Failing(":memory:", clock=clock) as store:
        store.append("u1", "s1", fresh(3, clock))
        memory = engine(store, clock)
        with pytest.raises(StoreUnavailable):
            memory.run("u1", "s1", flush=True)
        store.fails = False
        receipt = memory.run("u1", "s1")  # at once: the ledger was given back
        assert (receipt.recovered, receipt.events, receipt.busy) == (3, 0, False)
        assert len(texts(store)) == 3


# What does the work


def test_rules_do_the_work_where_there_is_no_model(store: SQLiteStore, clock: ManualClock) -> None:
    memory = MemoryEngine(store, clock=clock)
    for session, home in (("s1", "I live in Porto."), ("s2", "I live in Lisbon now.")):
        store.append("u1", session, [Message(role="user", content=home, created_at=clock())])
        clock.advance(timedelta(days=1))
    for session in ("s2", "s1"):
        assert memory.run("u1", session, flush=True).facts == 1
    (active,) = store.memories("u1")
    (former,) = [record for record in store.memories("u1", active=False) if record.valid_to]
    assert ("Lisbon" in active.text, "Porto" in former.text) == (True, True)
    assert former.valid_to == active.valid_from


class ChatModel:
    """Gives structured output for both steps: each message is a fact, and the newest supersedes the others.

    Every third call fails.
    """

    def __init__(self, calls: list[str], schema: dict[str, object] | None = None) -> None:
        self._calls = calls
        self._schema = schema or {}

    def with_structured_output(self, schema: dict[str, object], /) -> ChatModel:
        return ChatModel(self._calls, schema)

    def invoke(self, prompt: Sequence[tuple[str, str]]) -> dict[str, object]:
        self._calls.append(str(self._schema["title"]))
        if len(self._calls) % 3 == 0:
            raise RuntimeError("Error 503: overloaded")
        told = prompt[-1][1]
        if self._schema["title"] == "Memories":
            new = re.findall(r"^\[(\d+)\] .*?user: (.*)$", told, re.MULTILINE)
            return {"facts": [{"text": text, "sources": [int(number)]} for number, text in new]}
        records, facts = (re.findall(r"^\[(\d+)\]", part, re.MULTILINE) for part in told.split("New facts:"))
        supersedes = [{"fact": int(one), "action": "supersede", "records": [int(records[-1])]} for one in facts]
        return {"decisions": supersedes}


def test_a_chat_model_does_both_steps(store: SQLiteStore, clock: ManualClock) -> None:
    calls: list[str] = []
    memory = MemoryEngine(store, model=ChatModel(calls), clock=clock)
    for number, home in enumerate(("Paris", "Rome", "Oslo"), 1):
        store.append("u1", "s1", turns([f"Ana lives in {home}."], number))
        while memory.pending("u1", "s1")[0].messages:
            memory.run("u1", "s1", flush=True)
    assert texts(store) == ["Ana lives in Oslo."]
    assert len(texts(store, active=False)) == 3
    assert set(calls) == {"Memories", "Decisions"}
    assert len(calls) > 5


# Several at once


def test_only_one_run_works_on_an_actors_memories(store: SQLiteStore, clock: ManualClock) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Waiting(Sayings):
        def extract(self, batch: Batch) -> list[Fact]:
            begun.set()
            assert go_on.wait(10)
            return super().extract(batch)

    store.append("u1", "s1", fresh(3, clock))
    store.append("u1", "s2", fresh(3, clock))
    store.append("u2", "s1", fresh(3, clock))
    first = threading.Thread(target=engine(store, clock, Waiting()).run, args=("u1", "s1"), kwargs={"flush": True})
    first.start()
    assert begun.wait(10)
    other = engine(store, clock)
    assert [other.run("u1", name, flush=True).busy for name in ("s1", "s2")] == [True, True]
    assert other.run("u2", "s1", flush=True).events == 3
    go_on.set()
    assert other.run("u1", "s2", flush=True, wait=10).events == 3
    first.join()
    assert len(texts(store)) == 3  # both sessions say the same


def test_a_run_that_was_taken_for_dead_decides_nothing(store: SQLiteStore, clock: ManualClock) -> None:
    class Slow(Sayings):
        def extract(self, batch: Batch) -> list[Fact]:
            clock.advance(2 * LEASE)
            assert engine(store, clock).run("u1", "s1", flush=True).events == 3
            return [replace(fact, text=f"Doubled: {fact.text}") for fact in super().extract(batch)]

    store.append("u1", "s1", fresh(3, clock))
    receipt = engine(store, clock, Slow()).run("u1", "s1", flush=True)
    assert (receipt.busy, receipt.events) == (True, 0)
    assert len(texts(store)) == 3
    assert not any("Doubled" in text for text in texts(store))


def test_a_slow_extraction_keeps_its_hold(tmp_path: Path) -> None:
    """In real time: the hold lasts 1.5 s and is renewed every half second."""
    with SQLiteStore(tmp_path / "store.db") as store:
        store.append("u1", "s1", turns(["Ana likes tea."]))
        busy: list[bool] = []

        class Slow(Sayings):
            def extract(self, batch: Batch) -> list[Fact]:
                threading.Event().wait(2.5)
                busy.append(other.run("u1", "s1", flush=True).busy)
                return super().extract(batch)

        other = MemoryEngine(store, ["semantic"], extractor=Sayings(), lease=timedelta(seconds=1.5))
        slow = MemoryEngine(store, ["semantic"], extractor=Slow(), lease=timedelta(seconds=1.5))
        assert slow.run("u1", "s1", flush=True).events == 1
        assert busy == [True]


def test_whoever_is_interrupted_leaves_no_thread_behind_that_renews(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process waits for a thread to start, and is interrupted there more often than anywhere else."""
    store.append("u1", "s1", turns(["Ana likes tea."]))
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    memory = MemoryEngine(store, ["semantic"], extractor=Sayings())
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            memory.run("u1", "s1", flush=True)
    assert [thread for thread in threading.enumerate() if thread.name == "contextkit-memory-hold"] == []
    assert memory.run("u1", "s1", flush=True).events == 1


def test_threads_share_an_engine(store: SQLiteStore, clock: ManualClock) -> None:
    memory = engine(store, clock)
    for actor in ("u1", "u2", "u3"):
        store.append(actor, "s1", fresh(100, clock))
    threads = [
        threading.Thread(target=memory.run, args=(actor, "s1"), kwargs={"flush": True, "wait": 30})
        for actor in ("u1", "u2", "u3") * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for actor in ("u1", "u2", "u3"):
        assert len(store.memories(actor)) == 100


async def test_a_run_is_awaited(store: SQLiteStore, clock: ManualClock) -> None:
    store.append("u1", "s1", fresh(3, clock))
    memory = engine(store, clock)
    receipts = await asyncio.gather(*(memory.arun("u1", "s1", flush=True, wait=10) for _ in range(4)))
    assert sum(receipt.events for receipt in receipts) == 3


async def test_an_awaited_run_does_not_wait_for_those_who_block_the_loops_threads(
    store: SQLiteStore, clock: ManualClock
) -> None:
    release = threading.Event()
    waiting = [asyncio.create_task(asyncio.to_thread(release.wait, 60)) for _ in range(64)]
    store.append("u1", "s1", fresh(3, clock))
    receipt = await engine(store, clock).arun("u1", "s1", flush=True)
    assert receipt.events == 3
    assert not any(one.done() for one in waiting)
    release.set()
    await asyncio.gather(*waiting)


async def test_a_run_that_is_no_longer_awaited_goes_on(store: SQLiteStore, clock: ManualClock) -> None:
    store.append("u1", "s1", fresh(3, clock))
    sayings = Held()
    memory = engine(store, clock, sayings)
    run = asyncio.create_task(memory.arun("u1", "s1", flush=True))
    await asyncio.to_thread(sayings.begun.wait, 60)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    sayings.release.set()
    assert memory.run("u1", "s1", flush=True, wait=30).events == 0
    assert len(texts(store)) == 3


# Sessions


def test_a_session_that_begins_anew_is_remembered_anew(store: SQLiteStore, clock: ManualClock) -> None:
    memory = engine(store, clock)
    store.append("u1", "s1", fresh(3, clock))
    memory.run("u1", "s1", flush=True)
    store.delete_session("u1", "s1")
    clock.advance(timedelta(seconds=1))
    store.append("u1", "s1", [Message(role="user", content="Ana likes tea.", created_at=clock())])
    assert memory.run("u1", "s1", flush=True).events == 1
    assert "Ana likes tea." in texts(store)


def test_the_agents_own_state_is_left_alone(store: SQLiteStore, clock: ManualClock) -> None:
    store.append("u1", "s1", fresh(3, clock))
    store.save_state("u1", "s1", {"step": 1}, expected=0)
    engine(store, clock).run("u1", "s1", flush=True)
    session = store.session("u1", "s1")
    assert session is not None
    assert (session.state, session.version) == ({"step": 1}, 1)


def test_progress_of_many_sessions_stays_small_and_is_kept(
    store: SQLiteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "SESSIONS", 3)
    memory = engine(store, clock)
    names = [f"s{number}" for number in range(8)]
    for name in names:
        store.append("u1", name, [Message(role="user", content=f"Fact of {name}.", created_at=clock())])
        assert memory.run("u1", name, flush=True).events == 1
    page = Ledger(store, LEASE, clock).page("u1")
    assert list(page.progress) == names[-3:]
    assert [memory.run("u1", name, flush=True).events for name in names] == [0] * 8
    store.append("u1", "s0", [Message(role="user", content="Another fact of s0.", created_at=clock())])
    assert memory.run("u1", "s0", flush=True).events == 1
    store.delete_session("u1", "s1")
    assert [memory.pending("u1", name)[0].messages for name in names if name != "s1"] == [0] * 7


def test_a_ledger_that_was_deleted_doubles_nothing(store: SQLiteStore, clock: ManualClock) -> None:
    memory = engine(store, clock)
    store.append("u1", "s1", fresh(60, clock))
    memory.run("u1", "s1", flush=True)
    before = store.memories("u1")
    store.delete_session("u1", LEDGER)
    assert memory.run("u1", "s1", flush=True).kinds == {Kind.SKIP: 60}
    assert store.memories("u1") == before


def test_a_session_that_outlives_the_ledger_is_not_remembered_twice(clock: ManualClock) -> None:
    """Appending lets a session live on; the ledger, to which nothing is appended, expires."""
    hour = timedelta(hours=1)
    with SQLiteStore(":memory:", clock=clock, ttl=2 * hour) as store:
        sayings = Sayings()
        memory = engine(store, clock, sayings)
        for number in range(1, 7):
            store.append("u1", "s1", fresh(1, clock, start=number))
            memory.run("u1", "s1", flush=True)
            clock.advance(hour)
        assert [message.id for batch in sayings.batches for message in batch.messages] == [f"m{n}" for n in range(1, 7)]


# Strategies


def test_each_strategy_goes_at_its_own_pace(store: SQLiteStore, clock: ManualClock) -> None:
    memory = MemoryEngine(store, ["semantic", "summary"], extractor=Sayings(), clock=clock)
    store.append("u1", "s1", fresh(8, clock))
    receipt = memory.run("u1", "s1")
    assert [step.span for step in receipt.steps] == [Range("semantic", 1, 8)]
    assert [(one.strategy, one.messages) for one in memory.pending("u1", "s1")] == [("semantic", 0), ("summary", 8)]
    assert [step.span for step in memory.run("u1", "s1", flush=True).steps] == [Range("summary", 1, 8)]
    assert {record.namespace for record in store.memories("u1")} == {
        NAMESPACE,
        "/strategies/summary/actors/u1/sessions/s1/",
    }


def test_memories_may_live_in_another_store(store: SQLiteStore, clock: ManualClock) -> None:
    with SQLiteStore(":memory:", clock=clock) as home:
        store.append("u1", "s1", fresh(2, clock))
        MemoryEngine(store, ["semantic"], memories=home, extractor=Sayings(), clock=clock).run("u1", "s1", flush=True)
        assert (len(home.memories("u1")), store.memories("u1")) == (2, [])


def test_what_cannot_work_is_refused_at_once(store: SQLiteStore, clock: ManualClock) -> None:
    with pytest.raises(InvalidInput, match="each once"):
        MemoryEngine(store, ["semantic", "semantic"], extractor=Sayings())
    with pytest.raises(InvalidInput, match="at least one"):
        MemoryEngine(store, [], extractor=Sayings())
    with pytest.raises(InvalidInput, match=r"Pass a list: \['semantic'\]"):
        MemoryEngine(store, "semantic")
    with pytest.raises(InvalidInput, match="attempts is 0"):
        MemoryEngine(store, extractor=Sayings(), attempts=0)
    with pytest.raises(InvalidInput, match="lease is"):
        MemoryEngine(store, extractor=Sayings(), lease=timedelta(0))
    team = replace(MemoryStrategy.load("semantic"), namespace="/teams/{team}/", variables=("team",))
    memory = MemoryEngine(store, [team], extractor=Sayings(), clock=clock)
    store.append("u1", "s1", fresh(3, clock))
    with pytest.raises(InvalidInput, match=r"\{team\}"):
        memory.run("u1", "s1", flush=True)
    memory.run("u1", "s1", flush=True, variables={"team": "red"})
    assert {record.namespace for record in store.memories("u1")} == {"/teams/red/"}


# Progress


def test_ranges_that_touch_are_one() -> None:
    progress = Progress(life=day(0))
    for first, last in ((1, 3), (7, 9), (4, 6), (20, 21)):
        progress = progress.set_aside(Range("a", first, last))
    progress = progress.set_aside(Range("b", 10, 12))
    assert progress.aside == (Range("a", 1, 9), Range("a", 20, 21), Range("b", 10, 12))
    assert progress.settled(Range("a", 3, 5), again=True).aside == (
        Range("a", 1, 2),
        Range("a", 6, 9),
        Range("a", 20, 21),
        Range("b", 10, 12),
    )
    assert Progress.from_json(progress.to_json()) == progress


# What is known


@pytest.mark.parametrize("fresh", [-1.0, 60.0], ids=["read for every batch", "read once"])
def test_a_batch_knows_what_the_batches_before_it_wrote(
    store: SQLiteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, fresh: float
) -> None:
    monkeypatch.setattr(work, "FRESH", fresh)
    store.append("u1", "s1", turns([f"home of Ana: Ana lives in house {n % 70}." for n in range(140)]))
    engine(store, clock).run("u1", "s1", flush=True)
    assert texts(store) == ["Ana lives in house 69."]
    assert len(texts(store, active=False)) == 140


def test_what_a_user_deletes_meanwhile_is_not_known_for_long(
    store: SQLiteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "FRESH", -1.0)

    class Deleting(Sayings):
        def extract(self, batch: Batch) -> list[Fact]:
            store.delete_memories("u1", [record.id for record in store.memories("u1")])
            return super().extract(batch)

    store.append("u1", "s1", turns(["home of Ana: Ana lives in Paris."] * 60))
    engine(store, clock, Deleting()).run("u1", "s1", flush=True)
    (record,) = store.memories("u1")
    assert record.sources == ("m51", *(f"m{n}" for n in range(52, 61)))


def test_a_session_that_goes_on_from_another_has_nothing_remembered_twice(
    store: SQLiteStore, clock: ManualClock
) -> None:
    """As where a user edits what was said: what stood before it is appended there as it was stored."""
    engine = MemoryEngine(store, ["semantic"], clock=clock)
    said = ["I live in Porto.", "Good.", "I work as a baker.", "Good."]
    roles = ["user", "assistant"] * 2
    store.append("u1", "s1", [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)])
    engine.run("u1", "s1", flush=True)
    clock.advance(timedelta(minutes=5))
    before = store.append("u1", "edited", store.messages("u1", "s1", before=3))
    assert [(one.id, one.created_at) for one in before] == [
        (one.id, one.created_at) for one in store.messages("u1", "s1", before=3)
    ]
    store.append("u1", "edited", [{"role": "user", "content": "I work as a tailor."}])
    engine.run("u1", "edited", flush=True)
    assert texts(store) == ["The user lives in Porto.", "The user works as a tailor."]
    assert texts(store, active=False) == sorted([*texts(store), "The user works as a baker."])
