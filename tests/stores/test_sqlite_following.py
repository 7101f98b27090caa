"""Memories that change: a process that knows them reads the changes, and finds as much as one that reads them all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from contextkit.stores.sqlite.memory_index import FOLLOWED, Read
from contextkit.stores.sqlite.schema import APPLICATION_ID, STEPS
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance import EMBEDDINGS
from tests.world import NOW

WORDS = ["tea", "coffee", "Ghent", "Bruges", "dog", "thé", "Kaffee", "rain", "boat", "der Hund"]
WITHIN = (None, "a/", "a/b", "d")


def memory(number: int, text: str, namespace: str = "d", lives: int | None = None) -> MemoryRecord:
    return MemoryRecord(
        id=f"m{number}",
        text=text,
        namespace=namespace,
        created_at=NOW + timedelta(hours=number // 3),
        valid_to=NOW + timedelta(days=20) if number % 5 == 4 else None,
        expires_at=None if lives is None else NOW + timedelta(days=lives),
        metadata={"subject": f"drink of {text}"} if number % 4 == 3 else {},
    )


def found(store: SQLiteStore, query: str, namespace: str | None = None) -> list[tuple[MemoryRecord, float, bool]]:
    scored = store.search_memories("a", query, namespace=namespace, active=False)
    return [(one.record, one.score, one.active) for one in scored]


@dataclass(frozen=True)
class Step:
    """What is done, by the first process or the second: records put, or deleted."""

    by: int
    records: list[MemoryRecord]
    deleted: bool
    days: int

    def take(self, stores: list[SQLiteStore], clock: ManualClock) -> None:
        clock.advance(timedelta(days=self.days))
        if self.deleted:
            stores[self.by].delete_memories("a", [record.id for record in self.records])
        else:
            stores[self.by].put_memories("a", self.records)


MEMORIES = st.builds(
    memory,
    st.integers(0, 14),
    st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
    st.sampled_from(["a/b", "a/c", "d"]),
    st.sampled_from([None, None, 3, 8]),
)
STEPS_TAKEN = st.builds(
    Step,
    by=st.integers(0, 1),
    records=st.lists(MEMORIES, min_size=1, max_size=5, unique_by=lambda record: record.id),
    deleted=st.sampled_from([False, False, True]),
    days=st.sampled_from([0, 0, 2]),
)


@settings(max_examples=60)
@given(
    first=st.lists(MEMORIES, max_size=12, unique_by=lambda record: record.id),
    steps=st.lists(STEPS_TAKEN, min_size=1, max_size=6),
    query=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    meant=st.booleans(),
)
def test_what_follows_the_changes_finds_what_is_found_anew(
    first: list[MemoryRecord], steps: list[Step], query: str, meant: bool
) -> None:
    clock = ManualClock()
    with TemporaryDirectory() as folder, ExitStack() as stack:

        def another() -> SQLiteStore:
            embeddings = EMBEDDINGS if meant else None
            return stack.enter_context(SQLiteStore(Path(folder) / "store.db", clock=clock, embeddings=embeddings))

        stores = [another(), another()]
        stores[0].put_memories("a", first)
        for step in [None, *steps]:
            if step is not None:
                step.take(stores, clock)
            fresh = another()
            for namespace in WITHIN:
                expected = found(fresh, query, namespace)
                assert found(stores[0], query, namespace) == expected
                assert found(stores[1], query, namespace) == expected


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records were read each time that all were."""
    sizes: list[int] = []
    build = Read.of

    def noted(connection: sqlite3.Connection, within: tuple[str, str, str | bytes]) -> Read:
        all_of_them = build(connection, within)
        sizes.append(len(all_of_them.rows))
        return all_of_them

    monkeypatch.setattr(Read, "of", noted)
    return sizes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(path) as store:
        store.put_memories("a", [memory(number, f"Likes tea {number}.") for number in range(20)])
        yield store


def names(store: SQLiteStore, query: str) -> set[str]:
    return {one.record.id for one in store.search_memories("a", query)}


def test_all_is_read_once_and_then_what_changes(store: SQLiteStore, path: Path, read: list[int]) -> None:
    with SQLiteStore(path) as other:
        assert names(store, "boat") == set()
        other.put_memories("a", [memory(40, "Rows a boat."), memory(3, "Rows a boat, too.")])
        assert names(store, "boat") == {"m40", "m3"}
        other.delete_memories("a", ["m40"])
        store.put_memories("a", [memory(41, "Has a boat.")])
        assert names(store, "boat") == {"m3", "m41"}
        assert read == [20]


def test_behind_many_changes_all_is_read_anew(store: SQLiteStore, read: list[int]) -> None:
    names(store, "tea")
    store.put_memories("a", [memory(number, "Rows a boat.") for number in range(100, 101 + FOLLOWED)])
    assert "m110" not in names(store, "tea")
    store.delete_memories("a", [f"m{number}" for number in range(100, 101 + FOLLOWED)])
    assert names(store, "boat") == set()
    assert read == [20, 21 + FOLLOWED, 20]


def test_words_of_records_that_are_gone_are_dropped_in_the_end(store: SQLiteStore, read: list[int]) -> None:
    for number in range(300):
        store.put_memories("a", [memory(3, f"Rows boat {number}.")])
        assert names(store, "boat") == {"m3"}
    assert read == [20, 20]


class Sized:
    """Vectors of a size that changes, as with another model."""

    size = 3

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(len(text)), *[1.0] * (self.size - 1)]


def test_vectors_of_another_size_are_told_from_those_there_were(path: Path) -> None:
    embeddings = Sized()
    with SQLiteStore(path, embeddings=embeddings) as store:
        for number, size in enumerate((3, 3, 4, 4, 3, 4)):
            embeddings.size = size
            store.put_memories("a", [memory(number, "tea" * (number + 1))])
            with SQLiteStore(path, embeddings=embeddings) as fresh:
                assert found(store, "Ghent") == found(fresh, "Ghent")
        for number in range(6):
            store.delete_memories("a", [f"m{number}"])
            with SQLiteStore(path, embeddings=embeddings) as fresh:
                assert found(store, "tea") == found(fresh, "tea")


def test_what_a_process_changes_that_knows_no_numbers_is_followed_too(path: Path) -> None:
    """One that opened the file before its changes were numbered."""
    put = (
        "INSERT INTO memories (actor_id, record_id, namespace, strategy, importance, created_at, sources, metadata,"
        " text, awaits_vector) VALUES ('a', ?, 'd', 's', 0.5, 1, x'5b5d', x'7b7d', ?, 1)"
        " ON CONFLICT (actor_id, record_id) DO UPDATE SET text = excluded.text"
    )
    stamp = "INSERT OR REPLACE INTO memory_changes (actor_id, stamp) VALUES ('a', random())"
    with closing(sqlite3.connect(path, isolation_level=None)) as former:
        former.executescript("".join(STEPS[:3]))
        former.executescript(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=3")
        for name, text in (("m1", b"Has a dog."), ("m2", b"Likes tea.")):
            former.execute(put, (name, text))
        former.execute(stamp)
        with SQLiteStore(path) as store:
            assert (names(store, "dog"), names(store, "tea")) == ({"m1"}, {"m2"})
            former.execute(put, ("m1", b"Has a boat."))
            former.execute(put, ("m3", b"Likes boats."))
            former.execute(stamp)
            assert (names(store, "dog"), names(store, "boat")) == (set(), {"m1", "m3"})
            former.execute("DELETE FROM memories WHERE record_id = 'm1'")
            former.execute(stamp)
            assert names(store, "boat") == {"m3"}
