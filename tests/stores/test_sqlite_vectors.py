"""Vectors where the embedder fails, falls silent, or changes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contextkit.errors import InvalidInput
from contextkit.stores import MemoryRecord
from contextkit.stores.embedding import BATCH, MAX_CHARACTERS
from contextkit.stores.sqlite import SQLiteStore, memories
from contextkit.stores.sqlite.memory_index import Read

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Flaky:
    """Embeds by length, unless it is told to fail."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.batches: list[list[str]] = []
        self.size = 3

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.batches.append(texts)
        if self.fails is not None:
            raise self.fails
        return [[float(len(text)), *([1.0] * (self.size - 1))] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


@pytest.fixture
def embedder() -> Flaky:
    return Flaky()


@pytest.fixture
def store(embedder: Flaky) -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", embeddings=embedder) as store:
        yield store


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def record(name: str, text: str) -> MemoryRecord:
    return MemoryRecord(id=name, text=text, created_at=NOW)


def test_what_is_said_is_embedded_in_one_batch(store: SQLiteStore, embedder: Flaky) -> None:
    calls = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]
    said = [
        {"role": "system", "content": "Be brief."},
        user("one"),
        {"role": "assistant", "content": "two", "tool_calls": calls},
        {"role": "tool", "content": "three", "tool_call_id": "c"},
        {"role": "assistant", "content": " "},
    ]
    store.append("a", "s", said)
    assert embedder.batches == [["one", "two", "three"]]
    assert store.vectors("a", "s")[0] == [2, 3, 4]


def test_what_stands_in_other_blocks_than_text_is_embedded(store: SQLiteStore, embedder: Flaky) -> None:
    blocks = [{"type": "resource", "resource": {"uri": "file:///a", "text": "three"}}, {"json": {"n": 4}}]
    picture = {"type": "image", "base64": "iVBORw0KGgo="}
    calls = [{"id": name, "function": {"name": "f", "arguments": "{}"}} for name in "cd"]
    answers = [{"role": "tool", "content": blocks, "tool_call_id": "c"}]
    answers.append({"role": "tool", "content": [picture], "tool_call_id": "d"})
    store.append("a", "s", [user("one"), {"role": "assistant", "content": "", "tool_calls": calls}, *answers])
    assert embedder.batches == [["one", 'three\n{"json": {"n": 4}}']]
    assert store.vectors("a", "s")[0] == [1, 3]


def test_long_and_broken_texts_are_made_fit(store: SQLiteStore, embedder: Flaky) -> None:
    store.append("a", "s", [user("x" * 50_000), user("a\ud800b")])
    assert embedder.batches == [["x" * MAX_CHARACTERS, "a?b"]]


def test_many_messages_go_in_batches(store: SQLiteStore, embedder: Flaky) -> None:
    store.append("a", "s", [user(str(number)) for number in range(2 * BATCH + 1)])
    assert [len(batch) for batch in embedder.batches] == [BATCH, BATCH, 1]
    assert len(store.vectors("a", "s")[0]) == 2 * BATCH + 1


def test_a_failure_costs_the_vector_and_never_the_message(
    store: SQLiteStore, embedder: Flaky, caplog: pytest.LogCaptureFixture
) -> None:
    embedder.fails = ConnectionError("no route")
    with caplog.at_level(logging.WARNING, "contextkit.stores"):
        store.append("a", "s", [user("one")])
    assert "no route" in caplog.text
    assert [message.content for message in store.messages("a", "s")] == ["one"]
    numbers, vectors = store.vectors("a", "s")
    assert (numbers, vectors.shape[0]) == ([], 0)


def test_a_failing_embedder_is_left_alone_for_a_while(
    store: SQLiteStore, embedder: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder.fails = ConnectionError("no route")
    for text in ("one", "two"):
        store.append("a", "s", [user(text)])
        store.vectors("a", "s")
    assert len(embedder.batches) == 1
    embedder.fails = None
    monkeypatch.setattr("contextkit.stores.embedding.time.monotonic", lambda: 1e9)
    assert store.vectors("a", "s")[0] == [1, 2]


def test_missing_vectors_can_be_asked_for(store: SQLiteStore, embedder: Flaky) -> None:
    embedder.fails = ConnectionError("no route")
    store.append("a", "s", [user("one"), user("two")])
    assert store.embed_missing("a", "s") == 2
    embedder.fails = None
    assert store.embed_missing("a", "s") == 0
    assert store.vectors("a", "s")[0] == [1, 2]


@pytest.mark.parametrize("answer", [[], [[1.0]], [[1.0], [2.0], [3.0]], [["x"], ["y"]], None])
def test_an_answer_that_makes_no_sense_is_a_failure(
    store: SQLiteStore, embedder: Flaky, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(embedder, "embed_documents", lambda _: answer)
    store.append("a", "s", [user("one"), user("two")])
    assert len(store.messages("a", "s")) == 2
    assert store.vectors("a", "s")[0] == []
    monkeypatch.undo()
    assert store.embed_missing("a", "s") == 0


@pytest.mark.parametrize("vector", [[0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]])
def test_a_vector_without_direction_is_none(
    store: SQLiteStore, embedder: Flaky, monkeypatch: pytest.MonkeyPatch, vector: list[float]
) -> None:
    monkeypatch.setattr(embedder, "embed_documents", lambda texts: [[3.0, 4.0], vector][: len(texts)])
    store.append("a", "s", [user("one"), user("two")])
    numbers, vectors = store.vectors("a", "s")
    assert numbers == [1]
    np.testing.assert_allclose(vectors, [[0.6, 0.8]], rtol=1e-6)
    assert store.embed_missing("a", "s") == 0


def test_vectors_of_another_model_are_left_out(
    store: SQLiteStore, embedder: Flaky, caplog: pytest.LogCaptureFixture
) -> None:
    store.append("a", "s", [user("one"), user("two")])
    embedder.size = 5
    store.append("a", "s", [user("three")])
    with caplog.at_level(logging.WARNING, "contextkit.stores"):
        numbers, vectors = store.vectors("a", "s")
    assert (numbers, vectors.shape) == ([3], (1, 5))
    assert "2 vectors of another size" in caplog.text


def test_a_store_that_is_given_an_embedder_later_catches_up(tmp_path: Path, embedder: Flaky) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.append("a", "s", [user("one")])
        store.put_memories("a", [record("m1", "a car")])
        assert store.embeddings is None
        assert store.vectors("a", "s")[0] == []
        assert store.embed_missing("a", "s") == 1
    with SQLiteStore(tmp_path / "store.db", embeddings=embedder) as store:
        assert store.embeddings is embedder
        assert store.vectors("a", "s")[0] == [1]
        assert store.embed_missing("a") == 0
        assert ["a car"] in embedder.batches


def test_a_file_that_cannot_be_written_is_read_without_the_missing_vectors(tmp_path: Path, embedder: Flaky) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.append("a", "s", [user("one")])
        store.put_memories("a", [record("m1", "a car")])
    address = f"{(tmp_path / 'store.db').as_uri()}?mode=ro"
    for read in (
        lambda store: store.vectors("a", "s")[0] == [],
        lambda store: len(store.search_memories("a", "car")) == 1,
    ):
        with SQLiteStore(address, embeddings=embedder) as store:
            assert read(store)


def test_a_store_that_is_busy_after_the_append_costs_the_vector_only(store: SQLiteStore, embedder: Flaky) -> None:
    store._database._wait = 0.05
    turn = store._database._writing
    embedder.fails = None
    embed = embedder.embed_documents

    def slow(texts: list[str]) -> list[list[float]]:
        turn.acquire()
        return embed(texts)

    embedder.embed_documents = slow  # type: ignore[method-assign]
    (message,) = store.append("a", "s", [user("one")])
    turn.release()
    assert store.messages("a", "s") == [message]
    embedder.embed_documents = embed  # type: ignore[method-assign]
    assert store.embed_missing("a", "s") == 0


def test_memories_are_searched_by_words_while_the_embedder_fails(store: SQLiteStore, embedder: Flaky) -> None:
    embedder.fails = ConnectionError("no route")
    store.put_memories("a", [record("m1", "a red car"), record("m2", "an old dog")])
    assert [scored.record.id for scored in store.search_memories("a", "car")] == ["m1"]
    assert store.embed_missing("a") == 2
    embedder.fails = None
    assert store.embed_missing("a") == 0


def test_a_record_whose_text_stays_keeps_its_vector(store: SQLiteStore, embedder: Flaky) -> None:
    store.put_memories("a", [record("m1", "a red car")])
    store.put_memories("a", [MemoryRecord(id="m1", text="a red car", created_at=NOW, valid_to=NOW)])
    assert embedder.batches == [["a red car"]]
    store.put_memories("a", [record("m1", "a blue car")])
    assert embedder.batches == [["a red car"], ["a blue car"]]


def test_records_share_one_index_until_they_change(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    build = Read.of
    monkeypatch.setattr(Read, "of", lambda connection, within: built.append(1) or build(connection, within))
    store.put_memories("a", [record("m1", "a red car")])
    for _ in range(3):
        store.search_memories("a", "car")
    assert built == [1]
    store.search_memories("a", "car", namespace="default")
    store.put_memories("b", [record("m1", "a red car")])
    store.search_memories("a", "car")
    assert built == [1, 1]
    store.put_memories("a", [record("m2", "a blue car")])
    assert {found.record.id for found in store.search_memories("a", "car")} == {"m1", "m2"}
    assert built == [1, 1]


def test_no_more_records_are_kept_in_indexes_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "INDEXED", 2 * (memories.INDEX + 1))
    with SQLiteStore(":memory:") as store:
        for actor in ("a", "b", "c"):
            store.put_memories(actor, [record("m1", "a red car")])
            store.search_memories(actor, "car")
        built: list[int] = []
        build = Read.of
        monkeypatch.setattr(Read, "of", lambda connection, within: built.append(1) or build(connection, within))
        for actor, indexes in (("b", 0), ("c", 0), ("a", 1)):
            store.search_memories(actor, "car")
            assert len(built) == indexes


@pytest.mark.parametrize("importance", [-0.1, 1.1, float("nan")])
def test_an_importance_that_is_none(store: SQLiteStore, importance: float) -> None:
    with pytest.raises(InvalidInput, match="from 0 to 1"):
        store.put_memories("a", [MemoryRecord(id="m1", text="x", created_at=NOW, importance=importance)])
