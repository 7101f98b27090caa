"""Vectors from an embedder that may fail: the data they belong to is stored first, and never waits for them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from contextkit.deadline import EMBEDDING, Patience
from contextkit.errors import StoreError
from contextkit.types import Embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_log = logging.getLogger("contextkit.stores")

BATCH: Final = 256
"""Texts per call of the embedder: what was embedded before a failure is kept."""

MAX_CHARACTERS: Final = 8_000
"""How much of a text is embedded. Hosted embedders refuse more than 8,191 tokens; few texts have
more tokens than characters, and local models read a few hundred tokens at most."""

PER_TEXT: Final = 2.0
"""Seconds more that each text to be stored is waited for: a large model on a slow machine takes less."""

_REST: Final = 60.0
"""Seconds without another try after a failure, so that an outage does not slow down every read."""


class _Rest:
    """A while after a failure in which what failed is not tried again."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def lasts(self) -> bool:
        return time.monotonic() < self._until

    def begin(self, error: Exception) -> None:
        """Say what went wrong, and try nothing for a while."""
        self._until = time.monotonic() + _REST
        _log.warning("No vectors for now (%s: %s); they are made later.", type(error).__name__, error)


class Embedder:
    """An `Embeddings` whose failures are logged and waited out instead of raised."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._patience = Patience("embedder")
        self._rest = _Rest()

    @property
    def resting(self) -> bool:
        """True for a while after a failure, and while it has not answered what it was asked."""
        return self._rest.lasts or self._patience.overdue

    def documents(self, texts: list[str]) -> list[bytes | None] | None:
        """A vector for each text, as stored; None for a text whose vector has no direction, or for a failure."""
        try:
            readable, seconds = [_readable(text) for text in texts], EMBEDDING + PER_TEXT * len(texts)
            vectors = self._patience.call(lambda: self._embeddings.embed_documents(readable), seconds)
            if len(vectors) != len(texts):
                raise ValueError(f"{len(vectors)} vectors for {len(texts)} texts")
            return [_stored(vector) for vector in vectors]
        except Exception as error:
            self._failed(error)
            return None

    def query(self, text: str) -> NDArray[np.float32] | None:
        """The query's normalised vector, or None after a failure, or where it takes too long."""
        import numpy as np

        if self.resting:
            return None
        try:
            vector = _stored(self._patience.call(lambda: self._embeddings.embed_query(_readable(text)), EMBEDDING))
        except Exception as error:
            self._failed(error)
            return None
        return None if vector is None else np.frombuffer(vector, np.float32)

    def _failed(self, error: Exception) -> None:
        if self._patience.overdue:  # it may only be slow to begin with, and is asked again once it has answered
            _log.warning("No vectors for now: the embedder hangs (%s).", error)
        else:
            self._rest.begin(error)


class Attempts:
    """Making vectors of what is stored and safe, as far as it can be done now: a failure is never the caller's."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._rest = _Rest()

    def make(self, work: Callable[[], object]) -> None:
        """Do the work, unless there is no embedder, or it or the store has failed a while ago."""
        if self._embedder is None or self._embedder.resting or self._rest.lasts:
            return
        try:
            work()
        except StoreError as error:
            self._rest.begin(error)


def matrix(stored: Iterable[tuple[int, bytes]]) -> tuple[list[int], NDArray[np.float32]]:
    """Numbered vectors, oldest first, as their numbers and the rows of a matrix.

    Those of another size than the newest are left out: another model's cannot be compared.
    """
    import numpy as np

    vectors = list(stored)
    if not vectors:
        return [], np.zeros((0, 0), np.float32)
    same = [(number, vector) for number, vector in vectors if len(vector) == len(vectors[-1][1])]
    if len(same) < len(vectors):
        _log.warning("%d vectors of another size than the newest are left out.", len(vectors) - len(same))
    joined = b"".join(vector for _, vector in same)
    return [number for number, _ in same], np.frombuffer(joined, np.float32).reshape(len(same), -1)


def _readable(text: str) -> str:
    """The beginning of the text, without the lone surrogates that tokenizers refuse."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()


def _stored(vector: object) -> bytes | None:
    import numpy as np

    values = np.asarray(vector, np.float32)
    length = float(np.linalg.norm(values))
    return (values / length).tobytes() if 0 < length < np.inf else None
