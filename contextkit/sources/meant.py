"""Meant: how like the query messages are by what they mean, where a store has vectors of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contextkit.deadline import EMBEDDING, Patience
from contextkit.errors import StoreError
from contextkit.types import Embeddings, Notice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Meant:
    """What a store's embedder and vectors tell.

    `similarity` gives the cosine of a query's vector and each message that is searched.
    """

    embedder: Embeddings | None
    patience: Patience
    similarity: Callable[[Sequence[float]], NDArray[np.float32]]

    def of(self, query: str, seconds: float, notices: list[Notice]) -> NDArray[np.float32] | None:
        """How like the query each message is; None without an embedder, and where it fails or takes longer than these
        seconds, of which a notice is added then."""
        embedder = self.embedder
        if embedder is None:
            return None
        try:
            vector = self.patience.call(lambda: embedder.embed_query(query), min(EMBEDDING, seconds))
        except Exception as error:  # any embedder, any failure: words alone still find most of it
            text = f"The query could not be embedded ({error}), so turns were recalled by words alone."
            notices.append(Notice("embedder failed", text))
            return None
        try:
            return self.similarity(vector)
        except (StoreError, ValueError) as error:  # or the vectors are another embedder's
            text = f"Turns were recalled by words alone, since the vectors of messages are of no use: {error}"
            notices.append(Notice("vectors not read", text))
            return None
