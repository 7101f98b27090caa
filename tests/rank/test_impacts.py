"""ImpactIndex against BM25 written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from contextkit.rank.impacts import ImpactIndex

DOCUMENTS = [{"a": 1.0, "b": 2.0}, {"b": 1.0, "c": 0.5}, {}, {"a": 1.0, "b": 2.0}]


def impact(term: str, weight: float) -> float:
    having = sum(term in document for document in DOCUMENTS)
    return math.log1p((len(DOCUMENTS) - having + 0.5) / (having + 0.5)) * weight / (weight + 3)


def test_scores_are_bm25_of_the_weights() -> None:
    index = ImpactIndex(DOCUMENTS, saturation=3)
    expected = [sum(part * impact(t, d[t]) for t, part in (("a", 1), ("b", 0.5)) if t in d) for d in DOCUMENTS]
    assert index.scores({"a": 1, "b": 0.5, "unknown": 1}) == pytest.approx(expected)
    assert len(index) == 4


def test_no_known_term_scores_nothing() -> None:
    assert not ImpactIndex(DOCUMENTS, saturation=3).scores({"z": 1.0}).any()


def test_kin_are_the_nearest_others_with_weights_that_sum_to_one() -> None:
    kin = ImpactIndex(DOCUMENTS, saturation=3).kin(2)
    assert kin.nearest[0].tolist() == [3, 1]
    assert kin.weights.sum(axis=1) == pytest.approx([1, 1, 0, 1])
    assert kin.weights[0, 0] > 0.5 > kin.weights[0, 1] > 0


def test_what_kin_lend_is_their_weighted_mean() -> None:
    kin = ImpactIndex(DOCUMENTS, saturation=3).kin(2)
    scores = np.array([0, 1, 7, 2], np.float32)
    assert kin.lent(scores)[0] == pytest.approx(2 * kin.weights[0, 0] + kin.weights[0, 1])


@pytest.mark.parametrize("documents", [[], [{"a": 1.0}]])
def test_one_alone_has_no_kin(documents: list[dict[str, float]]) -> None:
    index = ImpactIndex(documents, saturation=3)
    scores = index.scores({"a": 1.0})
    assert index.kin(5).lent(scores).tolist() == [0.0] * len(documents)
