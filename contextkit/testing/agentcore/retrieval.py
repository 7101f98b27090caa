"""Relevance: the project's own ranking, over the records that a search may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit.stores import MemoryRecord
from contextkit.stores.ranking import MemoryIndex
from contextkit.testing.agentcore.shapes import EPOCH
from contextkit.types import Embeddings

_Vectors: TypeAlias = NDArray[np.float32]


def best(texts: Mapping[str, str], query: str, embeddings: Embeddings | None) -> list[tuple[str, float]]:
    """Every id with its score, best first. What shares nothing with the query comes last, with a score of 0."""
    records = [MemoryRecord(id=key, text=text, created_at=EPOCH) for key, text in texts.items()]
    vectors, vector = _embedded(list(texts.values()), query, embeddings)
    found = MemoryIndex(records, range(len(vectors)), vectors).search(query, vector, len(records))
    scores = {match.record.id: match.score for match in found}
    return [*scores.items(), *((key, 0.0) for key in texts if key not in scores)]


def _embedded(texts: list[str], query: str, embeddings: Embeddings | None) -> tuple[_Vectors, _Vectors | None]:
    if embeddings is None or not texts:
        return np.zeros((0, 0), np.float32), None
    vectors = np.asarray([*embeddings.embed_documents(texts), embeddings.embed_query(query)], np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return vectors[:-1], vectors[-1]
