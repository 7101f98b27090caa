"""An embedder is asked for the vector of a text once."""

from __future__ import annotations

import numpy as np
import pytest

from contextkit.errors import InvalidVector
from contextkit.rank import remembered
from contextkit.rank.remembered import Remembered


class Lengths:
    """Embeds by length, and keeps what it was asked; it can give too little."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.most = 9
        self.second = 1.0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(texts)
        return [[float(len(text)), self.second] for text in texts][: self.most]

    def embed_query(self, text: str) -> list[float]:
        return [float(len(text)), 2.0]


def test_each_text_is_embedded_once_and_keeps_its_place() -> None:
    lengths = Lengths()
    known = Remembered(lengths)
    assert np.array_equal(known.embed_documents(["a", "bb", "a"]), [[1, 1], [2, 1], [1, 1]])
    assert np.array_equal(known.embed_documents(["ccc", "a", "bb"]), [[3, 1], [1, 1], [2, 1]])
    assert np.array_equal(known.embed_documents(["bb"]), [[2, 1]])
    assert lengths.asked == [["a", "bb"], ["ccc"]]
    assert known.embed_query("a") == [1.0, 2.0]


def test_what_was_not_made_is_made_the_next_time() -> None:
    lengths = Lengths()
    known, lengths.most = Remembered(lengths), 1
    with pytest.raises(InvalidVector, match="gave 1 vectors for 2 texts"):
        known.embed_documents(["a", "bb"])
    lengths.most = 2
    assert len(known.embed_documents(["a", "bb"])) == 2


def test_a_vector_that_is_none_is_made_anew() -> None:
    lengths = Lengths()
    known = Remembered(lengths)
    lengths.second = float("nan")
    assert np.isnan(known.embed_documents(["a"])).any()
    lengths.second = 1.0
    assert np.array_equal(known.embed_documents(["a"]), [[1, 1]])


def test_a_set_larger_than_what_is_kept_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    texts = ["a", "bb", "ccc", "dddd"]
    known = Remembered(Lengths())
    assert [vector[0] for vector in known.embed_documents(texts)] == [1, 2, 3, 4]
    assert [vector[0] for vector in known.embed_documents(texts)] == [1, 2, 3, 4]
