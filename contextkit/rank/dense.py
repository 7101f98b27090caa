"""Likeness in meaning: cosines between the vectors any embedder gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contextkit.rank.lexical import Scores


def unit(vectors: ArrayLike) -> Scores:
    """Vectors (n × d, or one of d) brought to length 1; one of length 0 stays as it is."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
