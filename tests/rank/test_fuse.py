"""Fused scores."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.fuse import fuse, standardised

scores = st.lists(st.integers(-50, 50), max_size=20).map(lambda values: np.array(values, np.float32))


@given(scores)
def test_standard_scores_have_mean_0_and_deviation_1_or_say_nothing(values):
    found = standardised(values)
    if len(set(values.tolist())) < 2:
        assert not found.any()
    else:
        assert abs(found.mean()) < 1e-4
        assert abs(found.std() - 1) < 1e-4


@given(scores)
def test_what_says_the_same_of_all_takes_no_part(values):
    same = np.full(len(values), 7, np.float32)
    order = np.argsort(values, kind="stable")
    for fused in (fuse(values, same), fuse(same, values)):
        assert (np.diff(fused[order]) >= 0).all()
        assert np.unique(fused).size == np.unique(values).size


@given(scores, st.floats(0.5, 20), st.floats(-5, 5))
def test_scale_and_offset_of_either_do_not_matter(values, scale, offset):
    other = values[::-1].copy()
    moved = fuse(values * np.float32(scale) + np.float32(offset), other)
    np.testing.assert_allclose(moved, fuse(values, other), atol=1e-3)


def test_the_best_by_both_is_best():
    fused = fuse(np.array([3, 1, 0], np.float32), np.array([0.9, 0.1, 0.2], np.float32))
    assert fused.argmax() == 0


@given(scores.filter(len))
def test_every_candidate_is_worth_something_and_the_least_of_many_next_to_nothing(values):
    fused = fuse(values, values[::-1].copy())
    np.testing.assert_allclose(fused.min(), 2 / len(values), atol=1e-5)


def test_the_lesser_of_two_is_worth_a_third_of_the_better():
    lexical, dense = np.array([3, 1], np.float32), np.array([0.9, 0.1], np.float32)
    np.testing.assert_allclose(fuse(lexical, dense), [3, 1], atol=1e-5)
