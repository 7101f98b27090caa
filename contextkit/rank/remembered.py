"""Remembered: an embedder that is asked for the vector of a text once, in however many sets of texts it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contextkit.errors import InvalidVector
from contextkit.recent import Recent
from contextkit.types import Embeddings

MOST: Final = 2_048
"""Vectors kept, 12 MB if they have 1,536 numbers each; those used least recently go first."""


class Remembered:
    """An embedder that remembers what it was told of texts; queries it only passes on. Shared by threads."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._vectors = Recent[str, NDArray[np.float32]](MOST)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text. Raises what the embedder raises, and `InvalidVector` for too few or too many."""
        known = {text: vector for text in texts if (vector := self._vectors.get(text)) is not None}
        unknown = [text for text in dict.fromkeys(texts) if text not in known]
        made = self._embeddings.embed_documents(unknown) if unknown else []
        if len(made) != len(unknown):
            raise InvalidVector(
                f"The embedder gave {len(made)} vectors for {len(unknown)} texts.", "Check the embedding model."
            )
        for text, given in zip(unknown, made, strict=True):
            known[text] = vector = np.asarray(given, np.float32)
            if np.isfinite(vector).all():  # another may be made anew
                self._vectors.put(text, vector)
        return [known[text].tolist() for text in texts]

    def embed_query(self, text: str) -> Sequence[float]:
        return self._embeddings.embed_query(text)
