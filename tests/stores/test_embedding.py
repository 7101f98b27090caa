"""Embedder: what hangs or fails costs the vectors, and not what they are of."""

from __future__ import annotations

import threading

import pytest

from contextkit.stores import embedding
from contextkit.stores.embedding import Embedder
from contextkit.stores.sqlite import SQLiteStore


class Late:
    """An embedder that answers a question once it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        assert text
        self.asked += 1
        self.may_answer.wait(10)
        return [3.0, 4.0]


def test_a_query_is_waited_for_so_long_and_the_next_has_a_vector_once_it_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedding, "EMBEDDING", 0.01)
    late = Late()
    embedder = Embedder(late)
    assert embedder.query("Where?") is None
    assert embedder.query("And when?") is None
    assert late.asked == 1
    assert embedder.resting
    late.may_answer.set()
    while embedder.resting:
        pass
    monkeypatch.setattr(embedding, "EMBEDDING", 10.0)
    while (vector := embedder.query("Why?")) is None:
        pass
    assert vector.tolist() == pytest.approx([0.6, 0.8])


def test_what_is_stored_waits_for_its_vectors_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "EMBEDDING", 0.0)
    monkeypatch.setattr(embedding, "PER_TEXT", 0.01)
    late = Late()
    with SQLiteStore(":memory:", embeddings=late) as store:
        store.append("u", "s", [{"role": "user", "content": "one"}])
        store.append("u", "s", [{"role": "user", "content": "two"}])
        assert store.vectors("u", "s")[0] == []
        assert late.asked == 1
        late.may_answer.set()
        monkeypatch.setattr(embedding, "PER_TEXT", 10.0)
        while len(store.vectors("u", "s")[0]) < 2:
            pass
