"""Regression: weights from totals, around what is known of real vocabularies."""

from __future__ import annotations

import random
from operator import mul

import pytest

from contextkit.calibration.composition import CLASSES, TRAITS, Composition
from contextkit.calibration.regression import HABITS, LEAST, Observation, fit

PLAIN = (1.0,) * len(CLASSES) + (0.0,) * len(TRAITS)


def reported(habits: tuple[float, ...], counted: Composition) -> int:
    """What a vocabulary with these habits spends on a prompt."""
    weights = (plain + more for plain, more in zip(PLAIN, habits, strict=True))
    return round(sum(map(mul, weights, counted.terms)))


def prompt(rng: random.Random) -> Composition:
    """English with code, Chinese, Japanese and Korean, some of it more formal, some in shorter runs."""
    chinese, japanese, korean = (rng.randint(200, 3_000) for _ in range(3))
    return Composition(
        prose=rng.randint(500, 4_000),
        code=rng.randint(0, 4_000),
        cjk=chinese + japanese,
        hangul=korean,
        han=round(chinese * rng.uniform(1.2, 1.4) + japanese * rng.uniform(0.35, 0.45)),
        hiragana=round(japanese * rng.uniform(0.6, 0.75)),
        katakana=round(japanese * rng.uniform(0.1, 0.3)),
        syllables=round(korean * rng.uniform(1.3, 1.5)),
        runs=round((chinese + japanese) * rng.uniform(0.05, 0.15) + korean * rng.uniform(0.4, 0.5)),
        contractions=rng.randint(0, 20),
    )


def test_a_vocabulary_has_a_habit_for_every_class_and_trait() -> None:
    assert {len(habits) for habits in HABITS.values()} == {len(PLAIN)}


@pytest.mark.parametrize("name", HABITS)
@pytest.mark.parametrize("seed", range(3))
def test_five_totals_tell_which_habits_a_model_has(name: str, seed: int) -> None:
    rng = random.Random(seed)
    seen = [prompt(rng) for _ in range(5)]
    known = fit(tuple(Observation(each, reported(HABITS[name], each)) for each in seen))
    for _ in range(10):
        unseen = prompt(rng)
        assert known.expected(unseen) == pytest.approx(reported(HABITS[name], unseen), rel=0.04)


def test_what_was_never_reported_moves_with_what_was() -> None:
    """All but one of the vocabularies that are dear on Korean are dear on Chinese too, and all are on English."""
    korean = Composition(hangul=4_000, syllables=5_600, runs=1_900)
    known = fit(tuple(Observation(korean, korean.hangul * 17 // 10) for _ in range(5)))
    assert known.expected(Composition(cjk=1_000, han=1_300, runs=60)) > 1_050
    assert known.expected(Composition(prose=1_000)) > 1_020


def test_contractions_are_expected_to_cost_two_tokens_until_they_are_reported() -> None:
    formal, talk = Composition(prose=6_000), Composition(prose=6_000, contractions=200)
    reports = [Observation(formal, 6_030)] * 5
    assert fit(tuple(reports)).expected(talk) == pytest.approx(6_210, abs=20)
    reports += [Observation(talk, 6_030)] * 8
    assert fit(tuple(reports)).expected(talk) == pytest.approx(6_030, abs=60)


def test_text_never_costs_less_than_a_quarter_of_its_count() -> None:
    dear = Composition(cjk=4_000, han=1_000)
    known = fit(tuple(Observation(dear, 2_100) for _ in range(5)))
    assert known.expected(Composition(cjk=1, runs=90, han=90, other=7)) >= LEAST * 1 + 7
