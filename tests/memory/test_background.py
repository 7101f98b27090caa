"""Remembering in a thread of its own: begun by a word, repeated after a failure, ended cleanly."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contextkit.errors import InvalidId, StoreUnavailable
from contextkit.memory import background
from contextkit.memory.background import BackgroundMemory
from contextkit.memory.engine import MemoryEngine
from contextkit.memory.facts import Batch, Fact
from contextkit.memory.receipt import Receipt
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message
from tests.memory.sayings import Sayings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "store.db") as store:
        yield store


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "SOON", 0.01)


class Receipts:
    """Waits for receipts."""

    def __init__(self) -> None:
        self.all: list[Receipt] = []
        self._came = threading.Condition()

    def __call__(self, receipt: Receipt) -> None:
        with self._came:
            self.all.append(receipt)
            self._came.notify_all()

    def until(self, enough: Callable[[list[Receipt]], bool]) -> None:
        with self._came:
            assert self._came.wait_for(lambda: enough(self.all), 20)


def extracted(count: int) -> Callable[[list[Receipt]], bool]:
    return lambda receipts: sum(receipt.events for receipt in receipts) == count


def say(store: SQLiteStore, count: int, session: str = "s1") -> None:
    """Something new, now."""
    there = len(store.messages("u1", session))
    store.append("u1", session, [Message(role="user", content=f"Fact {there + n} of {session}.") for n in range(count)])


def test_what_is_due_is_remembered_without_waiting_for_it(store: SQLiteStore) -> None:
    receipts = Receipts()
    with BackgroundMemory(MemoryEngine(store, ["semantic"], extractor=Sayings()), on_receipt=receipts) as memory:
        for session in ("s1", "s2"):
            say(store, 6, session)
            memory.notify("u1", session)
        receipts.until(extracted(12))
        say(store, 2)
        memory.notify("u1", "s1")  # not due yet
        say(store, 4)
        memory.notify("u1", "s1")
        receipts.until(extracted(18))
    assert len(store.memories("u1")) == 18


def test_a_session_that_falls_silent_is_remembered_too(store: SQLiteStore) -> None:
    semantic = MemoryStrategy.load("semantic")
    quick = replace(semantic, triggers=replace(semantic.triggers, idle=1))
    receipts = Receipts()
    with BackgroundMemory(MemoryEngine(store, [quick], extractor=Sayings()), on_receipt=receipts) as memory:
        say(store, 1)
        memory.notify("u1", "s1")
        receipts.until(extracted(1))


def test_a_model_that_fails_is_asked_again(store: SQLiteStore) -> None:
    receipts = Receipts()
    failing = Sayings(lambda call: RuntimeError("overloaded") if call < 4 else None)
    with BackgroundMemory(MemoryEngine(store, ["semantic"], extractor=failing), on_receipt=receipts) as memory:
        say(store, 6)
        memory.notify("u1", "s1")
        receipts.until(extracted(6))
    assert [len(receipt.failures) for receipt in receipts.all] == [1, 1, 1, 0]


def test_a_store_that_fails_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(SQLiteStore):
        failures = 2

        def messages(self, *arguments: object, **options: object) -> list[Message]:
            if threading.current_thread().name == "contextkit-memory" and self.failures:
                self.failures -= 1
                raise StoreUnavailable("The disk is away.", "Try again.")
            return super().messages(*arguments, **options)

    receipts = Receipts()
    with Failing(tmp_path / "store.db") as store:
        say(store, 6)
        with BackgroundMemory(MemoryEngine(store, ["semantic"], extractor=Sayings()), on_receipt=receipts) as memory:
            memory.notify("u1", "s1")
            receipts.until(extracted(6))
    assert sum("could not be brought up to date" in text for text in caplog.messages) == 2


def test_closing_ends_the_run_under_way_and_begins_no_other(store: SQLiteStore) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Waiting(Sayings):
        def extract(self, batch: Batch) -> list[Fact]:
            begun.set()
            assert go_on.wait(10)
            return super().extract(batch)

    memory = BackgroundMemory(MemoryEngine(store, ["semantic"], extractor=Waiting()))
    for session in ("s1", "s2"):
        say(store, 6, session)
        memory.notify("u1", session)
    assert begun.wait(10)
    assert not memory.close(timeout=0.05)
    go_on.set()
    assert memory.close()
    assert len(store.memories("u1")) == 6
    assert MemoryEngine(store, ["semantic"], extractor=Sayings()).run("u1", "s2").events == 6


def test_no_thread_is_left_behind(store: SQLiteStore) -> None:
    with BackgroundMemory(MemoryEngine(store, ["semantic"], extractor=Sayings())):
        assert any(thread.name == "contextkit-memory" for thread in threading.enumerate())
    assert not any(thread.name == "contextkit-memory" for thread in threading.enumerate())


def test_an_id_that_is_none_is_told_of_at_once(store: SQLiteStore) -> None:
    with BackgroundMemory(MemoryEngine(store)) as memory, pytest.raises(InvalidId, match="actor id ''"):
        memory.notify("", "s1")


def test_a_forked_child_remembers_too(store: SQLiteStore) -> None:
    """As under a server that loads the application and then forks its workers: a fork takes no threads along."""
    receipts = Receipts()
    memory = BackgroundMemory(MemoryEngine(store, ["semantic"], extractor=Sayings()), on_receipt=receipts)

    def child() -> None:
        memory.notify("u1", "s1")
        receipts.until(extracted(6))
        assert memory.close()

    say(store, 6)
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert memory.close()
    assert len(store.memories("u1")) == 6
