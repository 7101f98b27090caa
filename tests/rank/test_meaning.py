"""Meaning: vectors are made once, in the time there is, and are as many as the texts."""

from __future__ import annotations

import threading

import pytest

from contextkit.errors import InvalidVector
from contextkit.rank.meaning import Meaning


class Fruits:
    """An embedder of two meanings, which waits until it may answer, and can give too few vectors."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.embedded = 0
        self.most = 9

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.may_answer.wait(10)
        self.embedded += 1
        return [self._vector(text) for text in texts][: self.most]

    def embed_query(self, text: str) -> list[float]:
        self.may_answer.wait(10)
        return self._vector(text)

    def _vector(self, text: str) -> list[float]:
        return [2.0, 0.0] if text in ("apple", "pear") else [0.0, 2.0]


@pytest.fixture
def fruits() -> Fruits:
    return Fruits()


def test_texts_of_one_meaning_are_alike_and_embedded_once(fruits: Fruits) -> None:
    fruits.may_answer.set()
    meaning = Meaning(["apple", "brick"], fruits)
    assert meaning.likeness("pear").tolist() == [1.0, 0.0]
    assert meaning.likeness("wall").tolist() == [0.0, 1.0]
    assert fruits.embedded == 1


def test_who_cannot_wait_goes_on_and_finds_the_vectors_later(fruits: Fruits) -> None:
    meaning = Meaning(["apple", "brick"], fruits)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            meaning.likeness("pear", seconds=0.01)
    fruits.may_answer.set()
    while True:
        try:
            assert meaning.likeness("pear").tolist() == [1.0, 0.0]
        except TimeoutError:  # what was asked first is being answered
            continue
        break
    assert fruits.embedded == 1


@pytest.mark.parametrize("most", [0, 1])
def test_as_many_vectors_as_texts_are_asked_for(fruits: Fruits, most: int) -> None:
    fruits.may_answer.set()
    fruits.most = most
    meaning = Meaning(["apple", "brick"], fruits)
    with pytest.raises(InvalidVector, match=f"gave {most} vectors for 2 texts"):
        meaning.likeness("pear")
    fruits.most = 2
    assert meaning.likeness("pear").tolist() == [1.0, 0.0]
