"""Scores of different kinds brought together."""

from __future__ import annotations

from typing import Final

import numpy as np

from contextkit.rank.lexical import Scores

DENSE: Final = 0.5
"""Part of the dense scores in a fused one."""


def fuse(lexical: Scores, dense: Scores, *, part: float = DENSE) -> Scores:
    """One score from two, each brought to the range 0 to 1 first."""
    return np.float32(1 - part) * _scaled(lexical) + np.float32(part) * _scaled(dense)


def _scaled(scores: Scores) -> Scores:
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
