"""Meaning: the likeness of a query and of a set of texts that stays, by any embedder, in the time there is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from math import inf
from time import perf_counter

import numpy as np

from contextkit.deadline import Patience
from contextkit.errors import InvalidVector
from contextkit.rank.dense import unit
from contextkit.rank.lexical import Scores
from contextkit.types import Embeddings


class Meaning:
    """The vectors of some texts, which are made once, when they are first needed, and in a thread of their own.

    Who cannot wait for them goes on without, and finds them made later. After a failure they are
    made anew. Shared by threads.
    """

    def __init__(self, texts: Sequence[str], embeddings: Embeddings) -> None:
        self._texts = texts
        self._embeddings = embeddings
        self._lock = threading.Lock()
        self._vectors: Scores | None = None
        self._patience = Patience("embedder")

    def likeness(self, query: str, *, seconds: float = inf) -> Scores:
        """The cosine of the query and each text.

        Raises `TimeoutError` after that many seconds, and whatever the embedder raises.
        """
        until = perf_counter() + seconds
        vectors = self._vectors
        if vectors is None:
            vectors = self._patience.call(self._made, until - perf_counter())
        given = self._patience.call(lambda: self._embeddings.embed_query(query), until - perf_counter())
        likeness: Scores = vectors @ unit(np.asarray(given))
        return likeness

    def _made(self) -> Scores:
        with self._lock:  # of several that need them at first, one makes them
            if self._vectors is None:
                given = self._embeddings.embed_documents(list(self._texts))
                if len(given) != len(self._texts):
                    raise InvalidVector(
                        f"The embedder gave {len(given)} vectors for {len(self._texts)} texts.",
                        "Check the embedding model.",
                    )
                self._vectors = unit(given)
            return self._vectors
