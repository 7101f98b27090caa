"""What the suites share: their fixtures, a clock to set, an embedder that can be reckoned with."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, ClassVar, Final, TypeVar

import pytest

from contextkit.testing.clock import ManualClock
from contextkit.types import Embeddings

Result = TypeVar("Result")

TTL: Final = timedelta(hours=1)
"""How long a session of the store under test lives after its last append."""

THREADS: Final = 8


class ConceptEmbeddings:
    """Counts what a text is about, among few concepts; words that mean the same count as one."""

    _CONCEPTS: ClassVar = (("car", "automobile"), ("dog", "hound"), ("meal", "dinner"), ("rain", "drizzle"))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        words = re.findall(r"\w+", text.lower())
        return [*(float(sum(words.count(word) for word in concept)) for concept in self._CONCEPTS), 0.01]


EMBEDDINGS: Final[Embeddings] = ConceptEmbeddings()


class Conformance:
    """The fixtures of every suite. `store` is for the subclass to define."""

    has_expiry: ClassVar[bool] = True
    has_vectors: ClassVar[bool] = True

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def actor(self) -> str:
        """An actor whom no other test knows."""
        return f"actor-{uuid.uuid4()}"

    @pytest.fixture
    def store(self, clock: ManualClock) -> Any:
        raise NotImplementedError("Define the fixture `store` in your subclass of the suite.")

    def needs_expiry(self) -> None:
        """Skip the test for a store whose data does not expire."""
        if not self.has_expiry:
            pytest.skip("the store has no expiry")

    def needs_vectors(self) -> None:
        """Skip the test for a store that keeps no vectors."""
        if not self.has_vectors:
            pytest.skip("the store keeps no vectors")


def at_once(work: Callable[[int], Result], threads: int = THREADS) -> list[Result]:
    """What `work(0)`, `work(1)` … return, all begun at the same moment in a thread each."""
    barrier = threading.Barrier(threads)

    def begin(number: int) -> Result:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))
