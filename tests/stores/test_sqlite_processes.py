"""One database, many processes: nothing lost, nothing doubled, also when they are killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from contextkit.errors import StoreError
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from tests.processes import QUICK, run_together

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
"""Forking under threads is what some of these tests are about."""

FORK = multiprocessing.get_context("fork")

PROCESSES = 8
APPENDS = 250
KILLS = 100
BATCH = 10


def write_numbered(path: Path, writer: int) -> None:
    """Append messages one by one, each named for its writer and its place."""
    with SQLiteStore(path) as store:
        for number in range(APPENDS):
            name = f"{writer}/{number}"
            (stored,) = store.append("a", "s", [{"role": "user", "content": name, "id": name}])
            assert stored.content == name


@pytest.mark.slow
def test_processes_lose_nothing_and_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    processes = [QUICK.Process(target=write_numbered, args=(path, writer)) for writer in range(PROCESSES)]
    run_together(processes)
    with SQLiteStore(path) as store:
        messages = store.messages("a", "s")
    assert [message.seq for message in messages] == list(range(1, PROCESSES * APPENDS + 1))
    for writer in range(PROCESSES):
        own = [message.content for message in messages if str(message.content).startswith(f"{writer}/")]
        assert own == [f"{writer}/{number}" for number in range(APPENDS)]


def write_until_killed(path: Path, writer: int, acknowledged: Connection) -> None:
    """Append for ever, telling of each message once the store has acknowledged it."""
    store = SQLiteStore(path)
    number = 0
    while True:
        batch = [{"role": "user", "content": "x" * 2_000, "id": f"{writer}/{number + more}"} for more in range(BATCH)]
        store.append("a", "s", batch)
        number += len(batch)
        acknowledged.send_bytes(str(number).encode())


@pytest.mark.slow
def test_no_acknowledged_write_is_lost_to_a_kill(tmp_path: Path) -> None:
    """Writers are killed at random moments, most of them in the middle of a write: they do nothing else."""
    path = tmp_path / "store.db"
    with SQLiteStore(path) as store:
        store.append("a", "s", [{"role": "user", "content": "first", "id": "first"}])
    moments = random.Random(7)
    acknowledged: dict[int, int] = {}
    for writer in range(KILLS):
        reports, sender = FORK.Pipe(duplex=False)
        process = FORK.Process(target=write_until_killed, args=(path, writer, sender))
        process.start()
        sender.close()
        assert reports.poll(30)
        time.sleep(moments.uniform(0, 0.01))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        acknowledged[writer] = last_report(reports)
    with SQLiteStore(path) as store:
        messages = store.messages("a", "s")
    assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
    ids = {message.id for message in messages}
    assert len(ids) == len(messages)
    for writer, count in acknowledged.items():
        kept = sum(f"{writer}/{number}" in ids for number in range(count + BATCH + 1))
        assert kept >= count
        assert kept % BATCH == 0  # a call is written whole or not at all


def last_report(reports: Connection) -> int:
    """The last count that a writer sent before it died."""
    count = 0
    while True:
        try:
            count = int(reports.recv_bytes())
        except (EOFError, OSError):
            reports.close()
            return count


def append_one(path: Path, writer: int) -> None:
    with SQLiteStore(path) as store:
        store.append("a", "s", [{"role": "user", "content": "x", "id": str(writer)}])


def test_processes_may_all_be_the_first(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    processes = [FORK.Process(target=append_one, args=(path, writer)) for writer in range(PROCESSES)]
    run_together(processes)
    with SQLiteStore(path) as store:
        assert sorted(str(message.id) for message in store.messages("a", "s")) == [str(n) for n in range(PROCESSES)]


def in_child(work: object) -> int:
    """Run the function in a forked child; its exit status."""
    process = FORK.Process(target=work)  # type: ignore[arg-type]
    process.start()
    process.join(30)
    assert process.exitcode is not None
    return process.exitcode


def test_a_forked_child_goes_on_with_the_store(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.append("a", "s", [{"role": "user", "content": "parent"}])

        def child() -> None:
            assert [message.content for message in store.messages("a", "s")] == ["parent"]
            store.append("a", "s", [{"role": "user", "content": "child"}])

        assert in_child(child) == 0
        store.append("a", "s", [{"role": "user", "content": "parent again"}])
        assert [message.content for message in store.messages("a", "s")] == ["parent", "child", "parent again"]


def test_a_child_outlives_the_parents_store(tmp_path: Path) -> None:
    """The parent closes the file as its last user would, while a child still writes."""
    path = tmp_path / "store.db"
    store = SQLiteStore(path)
    store.append("a", "s", [{"role": "user", "content": "parent"}])
    closed, written = FORK.Event(), FORK.Event()

    def child() -> None:
        store.append("a", "s", [{"role": "user", "content": "child"}])
        written.set()
        assert closed.wait(30)
        store.append("a", "s", [{"role": "user", "content": "child again"}])
        os._exit(0)  # as a crash would: nothing is closed, nothing tidied

    process = FORK.Process(target=child)
    process.start()
    assert written.wait(30)
    store.close()
    closed.set()
    process.join()
    assert process.exitcode == 0
    with SQLiteStore(path) as again:
        assert [message.content for message in again.messages("a", "s")] == ["parent", "child", "child again"]


def test_forks_while_other_threads_write(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        stop = threading.Event()
        written: list[int] = []

        def write() -> None:
            while not stop.is_set():
                written.append(store.append("a", "s", [{"role": "user", "content": "thread"}])[0].seq or 0)

        threads = [threading.Thread(target=write) for _ in range(3)]
        for thread in threads:
            thread.start()
        codes = [
            in_child(lambda: store.append("a", "children", [{"role": "user", "content": "child"}]) and None)
            for _ in range(10)
        ]
        stop.set()
        for thread in threads:
            thread.join()
        assert codes == [0] * 10
        assert len(store.messages("a", "children")) == 10
        assert sorted(written) == [message.seq for message in store.messages("a", "s")]


def test_a_store_in_memory_does_not_cross_a_fork() -> None:
    with SQLiteStore(":memory:") as store:
        store.append("a", "s", [{"role": "user", "content": "parent"}])

        def child() -> None:
            with pytest.raises(StoreError, match="closed"):
                store.messages("a", "s")

        assert in_child(child) == 0
        assert len(store.messages("a", "s")) == 1


def call_tool(path: Path, calls: Path) -> None:
    def call() -> str:
        with calls.open("a") as file:
            file.write("x")
        time.sleep(0.2)
        return "result"

    with SQLiteStore(path) as store:
        assert store.get_or_call("t", {"a": 1}, call, actor_id="a") == "result"


def test_processes_share_one_call_of_a_tool(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.session("a", "s")
    processes = [FORK.Process(target=call_tool, args=(tmp_path / "store.db", tmp_path / "calls")) for _ in range(4)]
    run_together(processes)
    assert (tmp_path / "calls").read_text() == "x"


def test_another_process_takes_over_from_one_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    calling = FORK.Event()

    def hang() -> None:
        def call() -> None:
            calling.set()
            time.sleep(60)

        SQLiteStore(path).get_or_call("t", {}, call, actor_id="a")

    process = FORK.Process(target=hang)
    process.start()
    assert calling.wait(30)
    process.kill()
    process.join()
    later = datetime.now(UTC) + timedelta(minutes=2)
    with SQLiteStore(path, clock=lambda: later) as store:
        assert store.get_or_call("t", {}, lambda: "ours", actor_id="a") == "ours"


def put_memory(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.put_memories("a", [MemoryRecord(id="m2", text="another car", created_at=datetime.now(UTC))])


def test_a_search_sees_what_another_process_has_put(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with SQLiteStore(path) as store:
        store.put_memories("a", [MemoryRecord(id="m1", text="a car", created_at=datetime.now(UTC))])
        assert len(store.search_memories("a", "car")) == 1
        assert in_child(lambda: put_memory(path)) == 0
        assert len(store.search_memories("a", "car")) == 2


def test_a_process_ends_cleanly_without_closing(tmp_path: Path) -> None:
    program = f"""
        from contextkit.stores.sqlite import SQLiteStore
        store = SQLiteStore({str(tmp_path / "store.db")!r})
        store.append("a", "s", [{{"role": "user", "content": "hello"}}])
    """
    result = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", textwrap.dedent(program)], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store.db"]  # the log was folded into the file
