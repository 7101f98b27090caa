"""What SQLiteStore does beside the Protocols: expired rows go, leases end, work is not done twice."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contextkit.errors import InvalidInput, StoreError
from contextkit.stores import MemoryRecord, Overflow
from contextkit.stores.sqlite import SQLiteStore
from contextkit.stores.tools import LEASE
from contextkit.testing.conformance import ManualClock
from contextkit.types import Message, Tool

TTL = timedelta(hours=1)
TABLES = ("sessions", "messages", "states", "views", "derived", "overflow", "memories", "tool_results")


class CountingCounter:
    """Counts a token for each character, and how often it was asked."""

    name = "characters"
    exact = True

    def __init__(self) -> None:
        self.asked = 0

    def text(self, text: str) -> int:
        return len(text)

    def message(self, message: Message) -> int:
        self.asked += 1
        return len(message.text)

    def tool(self, tool: Tool) -> int:
        return len(tool.description)

    def framing(self, messages: int, tools: int) -> int:
        return messages + tools


@pytest.fixture
def counter() -> CountingCounter:
    return CountingCounter()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock, counter: CountingCounter) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "store.db", ttl=TTL, overflow_ttl=TTL / 2, clock=clock, counter=counter) as store:
        yield store


def user(text: str, name: str | None = None) -> dict[str, Any]:
    return {"role": "user", "content": text, "id": name}


def rows(store: SQLiteStore) -> dict[str, int]:
    """How many rows each table has, expired ones included."""
    with store._database.read() as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def fill(store: SQLiteStore, actor: str, now: datetime, messages: int = 3) -> None:
    store.append(actor, "s", [user("x") for _ in range(messages)])
    store.save_state(actor, "s", {}, expected=0)
    store.save_view(actor, "s", "")
    store.save_derived(actor, "s", {"a": b""})
    store.put_overflow(actor, "s", [Overflow(handle="h", text="x", item_id="i")])
    store.put_memories(actor, [MemoryRecord(id="m", text="x", created_at=now, expires_at=now + TTL)])
    store.get_or_call("t", {}, lambda: 1, actor_id=actor)


def test_purge_deletes_what_has_expired_and_nothing_else(store: SQLiteStore, clock: ManualClock) -> None:
    fill(store, "old", clock(), messages=2_000)
    clock.advance(TTL)
    fill(store, "new", clock())
    assert store.purge() > 0
    assert rows(store) == dict.fromkeys(TABLES, 1) | {"messages": 3}
    assert store.purge() == 0
    assert len(store.messages("new", "s")) == 3


def test_writes_take_expired_rows_along(store: SQLiteStore, clock: ManualClock) -> None:
    fill(store, "old", clock(), messages=1_200)
    clock.advance(TTL)
    store.append("new", "s", [user("x")])
    after_one = rows(store)["messages"]
    assert 1 < after_one < 1_200
    while rows(store)["messages"] > 3:
        before = rows(store)["messages"]
        store.append("new", "s", [user("x")])
        assert rows(store)["messages"] < before
    fill(store, "newer", clock())
    assert rows(store)["overflow"] == rows(store)["memories"] == rows(store)["tool_results"] == 1


def test_vacuum_gives_space_back(store: SQLiteStore, clock: ManualClock, tmp_path: Path) -> None:
    store.append("a", "s", [user("x" * 1_000_000)])
    clock.advance(TTL)
    store.vacuum()
    assert (tmp_path / "store.db").stat().st_size < 500_000
    assert store.append("a", "s", [user("y")])[0].seq == 1


def test_overflow_ends_before_its_session_where_the_store_says_so(store: SQLiteStore, clock: ManualClock) -> None:
    store.put_overflow("a", "s", [Overflow(handle="h", text="x", item_id="i")])
    assert store.get_overflow("a", "s", "h").expires_at == clock() + TTL / 2
    clock.advance(TTL / 2)
    assert store.overflow("a", "s") == []
    assert store.session("a", "s") is not None


def test_overflow_is_compressed(store: SQLiteStore) -> None:
    store.put_overflow("a", "s", [Overflow(handle="h", text="the same again " * 100_000, item_id="i")])
    with store._database.read() as connection:
        assert connection.execute("SELECT length(content) FROM overflow").fetchone()[0] < 50_000


def test_messages_are_counted_once(store: SQLiteStore, counter: CountingCounter) -> None:
    (message,) = store.append("a", "s", [user("four", "1")])
    assert (message.tokens, message.counter) == (4, "characters")
    store.append("a", "s", [user("four", "1"), user("seven", "2")])
    store.messages("a", "s")
    assert counter.asked == 2


def test_a_repeated_append_waits_for_nobody(store: SQLiteStore) -> None:
    first = store.append("a", "s", [user("x", "1")])
    with store._database.write():
        assert store.append("a", "s", [user("x", "1")]) == first


def test_reading_goes_on_while_another_writes(store: SQLiteStore) -> None:
    store.append("a", "s", [user("x")])
    with store._database.write() as connection:
        connection.execute("UPDATE sessions SET last_seq = 99")
        session = store.session("a", "s")
        assert session is not None
        assert session.last_seq == 1


def test_reading_many_threads_at_once_opens_no_more_than_it_keeps(store: SQLiteStore) -> None:
    store.append("a", "s", [user("x")])
    barrier = threading.Barrier(40)

    def read() -> None:
        with store._database.read():
            barrier.wait(30)

    threads = [threading.Thread(target=read) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store._database._idle) == 16


@pytest.mark.parametrize("last", [-1, -5])
def test_a_negative_count_is_refused(store: SQLiteStore, last: int) -> None:
    with pytest.raises(InvalidInput, match="0 or more"):
        store.messages("a", "s", last=last)
    with pytest.raises(InvalidInput, match="0 or more"):
        store.search_memories("a", "x", limit=last)


def test_a_life_longer_than_time_itself(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "long.db", ttl=timedelta.max, overflow_ttl=timedelta.max) as store:
        store.append("a", "s", [user("x")])
        store.put_overflow("a", "s", [Overflow(handle="h", text="x", item_id="i")])
        assert store.get_overflow("a", "s", "h").text == "x"
        assert store.get_or_call("t", {}, lambda: 1, actor_id="a", ttl=timedelta.max) == 1
        (session,) = store.sessions("a")
        assert session.expires_at is not None
        assert session.expires_at.year == 9999


def test_a_time_without_a_zone_is_refused(store: SQLiteStore) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        store.put_memories("a", [MemoryRecord(id="m", text="x", created_at=datetime(2026, 1, 1))])


def test_a_tool_forgotten_during_its_call_stays_forgotten(store: SQLiteStore) -> None:
    def call() -> str:
        store.forget_tool("t", actor_id="a")
        return "stale"

    assert store.get_or_call("t", {}, call, actor_id="a") == "stale"
    assert store.get_or_call("t", {}, lambda: "fresh", actor_id="a") == "fresh"


def test_a_call_that_outlives_its_lease_does_not_replace_the_next(store: SQLiteStore, clock: ManualClock) -> None:
    other = SQLiteStore(store.path, clock=clock)

    def slow() -> str:
        clock.advance(LEASE)
        assert other.get_or_call("t", {}, lambda: "second", actor_id="a") == "second"
        return "first"

    assert store.get_or_call("t", {}, slow, actor_id="a") == "first"
    assert store.get_or_call("t", {}, lambda: "third", actor_id="a") == "second"
    other.close()


def test_a_call_that_asks_for_itself_is_told(store: SQLiteStore) -> None:
    def call() -> Any:
        return store.get_or_call("t", {}, lambda: "inner", actor_id="a")

    with pytest.raises(StoreError, match="its own result"):
        store.get_or_call("t", {}, call, actor_id="a")
    assert store.get_or_call("t", {}, lambda: "later", actor_id="a") == "later"


def test_an_interrupted_call_is_taken_over_by_a_thread_that_waits(store: SQLiteStore) -> None:
    called, results = threading.Event(), []

    def interrupted() -> None:
        called.set()
        while not store._tools._flights._flights:
            pass
        raise KeyboardInterrupt

    def lead() -> None:
        with pytest.raises(KeyboardInterrupt):
            store.get_or_call("t", {}, interrupted, actor_id="a")

    def follow() -> None:
        assert called.wait(10)
        results.append(store.get_or_call("t", {}, lambda: "taken over", actor_id="a"))

    threads = [threading.Thread(target=work) for work in (lead, follow)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["taken over"]


def test_a_result_that_cannot_be_kept_is_returned_all_the_same(
    store: SQLiteStore, caplog: pytest.LogCaptureFixture
) -> None:
    def call() -> str:
        for connection in store._database._idle:
            connection.execute("PRAGMA query_only=ON")
        return "good"

    with caplog.at_level(logging.WARNING, "contextkit.stores"):
        assert store.get_or_call("t", {}, call, actor_id="a") == "good"
    assert "could not be noted" in caplog.text


def test_a_failure_is_the_callers_even_if_the_cache_fails_too(store: SQLiteStore) -> None:
    def call() -> str:
        for connection in store._database._idle:
            connection.execute("PRAGMA query_only=ON")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.get_or_call("t", {}, call, actor_id="a")


def test_with_full_safety_every_commit_is_flushed(tmp_path: Path) -> None:
    levels = {}
    for level in ("NORMAL", "FULL"):
        with SQLiteStore(tmp_path / f"{level}.db", synchronous=level) as store:  # type: ignore[arg-type]
            store.append("a", "s", [user("x")])
            with store._database.read() as connection:
                levels[level] = connection.execute("PRAGMA synchronous").fetchone()[0]
    assert levels == {"NORMAL": 1, "FULL": 2}


def test_a_store_is_let_go_with_its_connections(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    store.append("a", "s", [user("x")])
    (connection,) = store._database._idle
    del store
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_opening_touches_nothing_and_loads_little(tmp_path: Path) -> None:
    program = f"""
import sys
from contextkit.stores.sqlite import SQLiteStore
SQLiteStore({str(tmp_path / "store.db")!r})
print([name for name in ("numpy", "boto3", "langchain_core", "pydantic", "tiktoken") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
    assert list(tmp_path.iterdir()) == []
