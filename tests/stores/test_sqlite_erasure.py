"""After an actor is erased no byte of theirs is in the file or in its log, read as the raw bytes they are."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contextkit.errors import StoreUnavailable
from contextkit.stores import MemoryRecord, Overflow
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance import EMBEDDINGS

ACTOR = "mallory-7f3a@example.org"
SECRET = "xylophone"
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def live(store: SQLiteStore, actor: str, word: str) -> None:
    """A life with every kind of data in it, some of it changed, replaced, deleted and expired on the way."""
    noise = random.Random(actor)
    for number in range(40):
        session = f"{word}-session-{number % 4}"
        text = f"{word} {number} car dog " + " ".join(str(noise.random()) for _ in range(noise.choice([1, 20, 600])))
        store.append(actor, session, [{"role": "user", "content": text, "name": word, "id": f"{word}-{number}"}])
        version = getattr(store.session(actor, session), "version", 0)
        store.save_state(actor, session, {word: text}, expected=version)
        store.save_view(actor, session, text)
        store.save_derived(actor, session, {f"{word}-{number}": text.encode()}, [f"{word}-{number - 4}"])
        store.put_overflow(actor, session, [Overflow(handle=f"{word}{number}", text=text, item_id=word, title=word)])
        store.put_memories(
            actor,
            [
                MemoryRecord(
                    id=f"{word}-{number % 9}", text=text, namespace=f"/{word}/", created_at=NOW, sources=(word,)
                )
            ],
        )
        store.set_preferences(actor, {f"{word}-{number % 5}": text})
        store.get_or_call(f"{word}-tool", {word: number}, lambda text=text: text, actor_id=actor, version=word)  # type: ignore[misc]
    store.delete_session(actor, f"{word}-session-1")
    store.delete_memories(actor, [f"{word}-1"])
    store.set_preferences(actor, {f"{word}-2": None})
    store.forget_tool(f"{word}-tool", actor_id=actor)
    store.get_or_call(f"{word}-tool", {word: 1}, lambda: word, actor_id=actor, ttl=timedelta(0))


def values_of(path: Path, actor: str) -> set[bytes]:
    """What the file's rows hold of the actor as they hold it: texts, compressed texts, vectors, digests."""
    with sqlite3.connect(path) as connection:
        sessions = "(SELECT id FROM sessions WHERE actor_id = ?)"
        vectors = "SELECT v.vector FROM message_vectors AS v JOIN messages AS m ON m.id = v.message"
        queries = [
            f"{vectors} WHERE session IN {sessions}",
            *(f"SELECT * FROM {table} WHERE actor_id = ?" for table in ("memories", "preferences", "tool_results")),
            "SELECT actor_id, session_id FROM sessions WHERE actor_id = ?",
            *(f"SELECT * FROM {table} WHERE session IN {sessions}" for table in ("messages", "states", "views")),
            *(f"SELECT * FROM {table} WHERE session IN {sessions}" for table in ("derived", "overflow")),
        ]
        rows = [row for query in queries for row in connection.execute(query, (actor,))]
    connection.close()
    given = (value.encode() if isinstance(value, str) else value for row in rows for value in row)
    return {value for value in given if isinstance(value, bytes) and len(value) >= 8}


def found_in(path: Path, needles: Iterable[bytes]) -> list[bytes]:
    """Those of the values of which any stretch of 64 bytes stands in any of the database's files."""
    raw = b"\0\0".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    return [needle for needle in needles if any(needle[at : at + 64] in raw for at in range(0, len(needle), 1_000))]


def test_no_byte_of_the_actor_is_left_in_the_file_or_its_log(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    with SQLiteStore(path, embeddings=EMBEDDINGS, overflow_ttl=timedelta(days=1)) as store:
        live(store, "kept-actor", "umbrella")
        live(store, ACTOR, SECRET)
        live(store, "later-actor", "quicksand")
        both = values_of(path, ACTOR) & (values_of(path, "kept-actor") | values_of(path, "later-actor"))
        needles = {ACTOR.encode(), SECRET.encode(), *values_of(path, ACTOR)} - both
        assert len(needles) > 100
        assert len(found_in(path, needles)) == len(needles)
        kept = {"kept-actor": store.held("kept-actor"), "later-actor": store.held("later-actor")}
        store.erase(ACTOR)
        assert found_in(path, needles) == []  # while the store is open
        assert {actor: store.held(actor) for actor in kept} == kept
    assert found_in(path, needles) == []
    with SQLiteStore(path) as store:
        assert store.messages("kept-actor", "umbrella-session-2")[0].text.startswith("umbrella 2 ")


def test_what_was_deleted_long_before_leaves_no_trace_either(tmp_path: Path) -> None:
    """Where the SQLite at hand does not overwrite what it deletes, the rewriting of the file does."""
    path = tmp_path / "agent.db"
    with SQLiteStore(path) as store:
        live(store, ACTOR, SECRET)
        needles = {ACTOR.encode(), SECRET.encode(), *values_of(path, ACTOR)}
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA secure_delete=OFF")
    connection.execute("PRAGMA foreign_keys=ON")
    for table in ("sessions", "memories", "memory_changes", "preferences", "tool_results"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert found_in(path, needles)
    with SQLiteStore(path) as store:
        assert store.erase(ACTOR) == {}
    assert found_in(path, needles) == []


def test_a_reader_of_another_process_is_waited_for_and_then_named(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    reading = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN'); \
print(c.execute('SELECT count(*) FROM messages').fetchone(), flush=True); sys.stdin.read()"
    with SQLiteStore(path, wait=0.2) as store:
        live(store, ACTOR, SECRET)
        with subprocess.Popen(
            [sys.executable, "-c", reading, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout
            process.stdout.readline()
            with pytest.raises(StoreUnavailable, match="another connection is reading"):
                store.erase(ACTOR)
            assert store.held(ACTOR) == {}
            process.communicate()
        store.erase(ACTOR)
    assert found_in(path, [ACTOR.encode(), SECRET.encode()]) == []


def test_a_store_in_memory_is_erased_as_well() -> None:
    with SQLiteStore(":memory:") as store:
        live(store, ACTOR, SECRET)
        assert store.erase(ACTOR)["messages"] == 30
        assert store.held(ACTOR) == {}
