"""Likeness in meaning: cosines between the vectors any embedder gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contextkit.errors import InvalidVector
from contextkit.rank.lexical import Scores


def unit(vectors: ArrayLike) -> Scores:
    """Vectors (n × d, or one of d) brought to length 1; one of length 0 stays as it is.

    Raises `InvalidVector` for what holds a number that is not finite: no score could be told from it.
    """
    rows = np.asarray(vectors, np.float32)
    if not np.isfinite(rows).all():
        raise InvalidVector("A vector holds a number that is not finite.", "Check the embedding model.")
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
