"""SQLiteStore against bare `sqlite3` doing the same reads and writes: what counting, checking and rebuilding cost.

    python -m tests.benchmarks.sqlite_store

The peer keeps the same JSON texts in one table under the same journal settings. It counts no
tokens, checks no ids and gives back texts instead of messages. Times are medians.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from contextkit.messages import as_message, dumps
from contextkit.stores.sqlite import SQLiteStore

MESSAGES = 20_000
READ = 2_000
TEXT = "Message {number}: the parcel left the depot this morning and should be with you by Thursday, {number}. "


def conversation() -> list[dict[str, str]]:
    """Messages of some 60 tokens, no two alike."""
    return [{"role": "user", "content": TEXT.format(number=number) * 2} for number in range(MESSAGES)]


def seconds(work: Callable[[], object], times: int) -> float:
    """The median time of one call."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def ours(folder: Path) -> dict[str, float]:
    """SQLiteStore's times, in seconds."""
    messages = conversation()
    with SQLiteStore(folder / "ours.db") as store:
        store.append("a", "s", messages[:1])
        bulk = seconds(lambda: store.append("a", "bulk", messages), 1)
        return {
            "append_one": seconds(lambda: store.append("a", "s", messages[:1]), 300),
            "append_20000": bulk,
            "session": seconds(lambda: store.session("a", "s"), 1_000),
            "last_message": seconds(lambda: store.messages("a", "bulk", last=1), 1_000),
            "read_2000": seconds(lambda: store.messages("a", "bulk", after=MESSAGES - READ), 20),
        }


def bare(folder: Path) -> dict[str, float]:
    """The same with nothing but `sqlite3`, in seconds."""
    texts = [dumps(as_message(message)) for message in conversation()]
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE messages (session TEXT, seq INTEGER, message TEXT, PRIMARY KEY (session, seq))")

    def append(session: str, some: list[str]) -> None:
        database.execute("BEGIN IMMEDIATE")
        (last,) = database.execute("SELECT ifnull(max(seq), 0) FROM messages WHERE session = ?", (session,)).fetchone()
        rows = [(session, last + number, text) for number, text in enumerate(some, 1)]
        database.executemany("INSERT INTO messages VALUES (?, ?, ?)", rows)
        database.execute("COMMIT")

    def read(after: int) -> list[tuple[str]]:
        statement = "SELECT message FROM messages WHERE session = 'bulk' AND seq > ? ORDER BY seq"
        return database.execute(statement, (after,)).fetchall()

    bulk = seconds(lambda: append("bulk", texts), 1)
    times = {
        "append_one": seconds(lambda: append("s", texts[:1]), 300),
        "append_20000": bulk,
        "session": seconds(
            lambda: database.execute("SELECT max(seq) FROM messages WHERE session = 's'").fetchone(), 1_000
        ),
        "last_message": seconds(lambda: read(MESSAGES - 1), 1_000),
        "read_2000": seconds(lambda: read(MESSAGES - READ), 20),
    }
    database.close()
    return times


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        own, peer = ours(Path(folder)), bare(Path(folder))
    table = {
        name: {
            "ours_ms": round(own[name] * 1e3, 3),
            "bare_ms": round(peer[name] * 1e3, 3),
            "ratio": round(own[name] / peer[name], 2),
        }
        for name in own
    }
    print(json.dumps({"benchmark": "sqlite_store", "messages": MESSAGES, "results": table}, indent=2))


if __name__ == "__main__":
    main()
