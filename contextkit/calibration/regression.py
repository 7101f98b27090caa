"""Regression: how many tokens a model spends on what a prompt is made of, from the totals it reported.

A report says only the total of a prompt, and five totals cannot tell a dozen weights apart. So the
weights (tokens per counted token of each class, and per trait) are found by weighted least squares
around a prior: how six public vocabularies differ from o200k_base, `HABITS`, says which
weights move together. Most that are dear on Chinese, for one, are dear on Korean too.

Beside these there is one habit that outweighs all others: o200k_base writes up to three digits as
one token, others write each digit as one. Both habits are tried, and averaged by how well they
explain the reports.

**Outliers.** A provider that leaves cached tokens out of its report, or a stream whose usage was
cut short, is off by more than any tokenizer. A report counts only within a factor of 2 of the
median report, among two imagined ones that agree with the count (so that it takes three to move
it further), and, of those, only within 3.5 deviations of the fit that explains most reports best.

**Sources.** The prior was fitted on English prose (a book, licences, chats, manuals, docstrings),
ten kinds of source code, JSON, and Chinese, Japanese and Korean web pages, a tutorial, manuals and
translated messages of programs; each vocabulary's prompts were estimated with a prior made of the
others. voyage-3's vocabulary (it is Qwen's), which the benchmark takes as the truth, was never part
of it. Its English is cl100k_base's; without that one too its errors were the same to a hundredth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contextkit.calibration.composition import CLASSES, TERMS, TRAITS, Composition

LEAST, MOST = 0.25, 4.0
"""Bounds of a ratio, whatever is reported: voyage-3 needs 3.2 times o200k_base's tokens for Malayalam, its worst."""

HABITS: Final = {
    "cl100k_base": (0.04, -0.01, 0.00, 0.54, 0.60, 0.56, -0.01, -0.17, 0.03, 0.27, -0.64, 0.90),
    "Llama 4": (-0.01, 0.00, 0.00, -0.11, -0.01, -0.12, -0.05, -0.03, -0.25, -0.04, -0.15, 0.00),
    "Mistral Tekken": (0.04, 0.04, 0.02, -0.33, -0.44, 0.14, 0.44, 0.15, 0.13, 0.10, 0.47, 0.90),
    "Mistral v3": (0.20, 0.24, 0.24, -0.08, -0.03, 0.59, 0.48, 0.46, 0.48, 0.88, -0.46, 1.90),
    "Claude 2": (0.13, 0.07, 0.06, 0.46, 0.34, 0.91, -0.04, -0.07, 0.10, 0.73, -1.01, 0.90),
    "DeepSeek V3": (0.05, 0.05, 0.02, -0.27, 0.16, 0.14, 0.02, 0.17, 0.11, -0.06, 0.17, 0.90),
}
"""What each spends above o200k_base per token of each of `CLASSES`, and on each of `TRAITS`: least squares over
all texts named above, each source weighed alike, digits set apart where the vocabulary writes them singly.
Contractions were measured by leaving them out of 1,400 places: fitted, they would stand for all small talk."""

_PIECE: Final = 1_000
_SPREAD: Final = np.array([0.01, 0.015, 0.01, 0.03, 0.03, 0.05])
"""Standard deviation of the ratio between pieces of 1,000 tokens of one class, digits set apart."""

_FLOOR, _FRAMES = 0.002, 4.0
"""What else a report may be off by: a share of the prompt, and a few tokens (variance) of unknown framing."""

_COMMON, _OWN, _TRAIT = 0.2, (0.02, 0.02, 0.02, 0.1, 0.1, 0.5), 0.02
"""What a prior may lack, as deviations: of all ratios together, of each class from the rest, of each trait."""

_GATE: Final = math.log(2.0)

REJECT: Final = 12.0
"""A report is not believed whose squared error is so many times its variance: 3.5 deviations."""

_ROUNDS: Final = 8

_Vector = NDArray[np.float64]

_KNOWN: Final = np.array(list(HABITS.values()))
_PLAIN: Final = np.array((1.0,) * len(CLASSES) + (0.0,) * len(TRAITS))
_EXPECTED: Final = _PLAIN + [_KNOWN[:, at].mean() if name == "contractions" else 0.0 for at, name in enumerate(TERMS)]
"""What a model that has reported anything is expected to be like: o200k_base, but for contractions, since all but
one of the vocabularies known write them as two tokens, and few reports have enough of them to tell."""

_BOUNDS: Final = np.where(_PLAIN > 0, LEAST, -MOST), np.full(len(_PLAIN), MOST)


def _precision() -> _Vector:
    known = _KNOWN + _PLAIN - _EXPECTED
    own = np.array([*_OWN, *[_TRAIT] * len(TRAITS)])
    covariance = known.T @ known / len(known) + _COMMON**2 * np.outer(_PLAIN, _PLAIN) + np.diag(own**2)
    inverse: _Vector = np.linalg.inv(covariance)
    return inverse


_PRIOR: Final = _precision()


@dataclass(frozen=True, slots=True)
class Observation:
    """One prompt as it was counted, and the input tokens its provider reported for it."""

    counted: Composition
    reported: int

    @property
    def difference(self) -> float:
        """Logarithm of reported over counted."""
        return math.log(max(1, self.reported - self.counted.other) / self.counted.texts)


@dataclass(frozen=True, slots=True)
class Fit:
    """What the observations say. `spread` is the believed reports' relative deviation from the fit."""

    weights: tuple[float, ...] = (1.0,) * len(CLASSES) + (0.0,) * len(TRAITS)
    per_digit: float = 0.0
    accepted: int = 0
    spread: float = 0.0
    agrees: bool = False

    def expected(self, counted: Composition) -> float:
        """The tokens a provider is expected to report. Text never costs less than `LEAST` of its count."""
        texts = math.fsum(map(mul, self.weights, counted.terms)) + self.per_digit * counted.digits
        return max(texts, LEAST * counted.texts) + counted.other


@dataclass(frozen=True, slots=True)
class _Solution:
    """Weights under one habit of writing digits, the reports they believe, and how badly they explain them."""

    weights: _Vector
    believed: _Vector
    cost: float


@lru_cache(maxsize=256)
def fit(observations: tuple[Observation, ...]) -> Fit:
    """The weights that explain the observations best."""
    plausible = _plausible(observations)
    if not plausible:
        return Fit()
    terms = np.array([seen.counted.terms for seen in plausible], dtype=np.float64)
    digits = np.array([seen.counted.digits for seen in plausible], dtype=np.float64)
    reported = np.array([seen.reported - seen.counted.other for seen in plausible], dtype=np.float64)
    grouped, single = _solve(terms, reported), _solve(terms, reported - digits)
    per_digit = 1 / (1 + math.exp(min(700.0, (single.cost - grouped.cost) / 2))) if digits.any() else 0.0
    weights = np.clip((1 - per_digit) * grouped.weights + per_digit * single.weights, *_BOUNDS)
    believed = (single if per_digit > 0.5 else grouped).believed > 0
    deviation = (reported - terms @ weights - per_digit * digits) / _texts(terms)
    return Fit(
        weights=tuple(weights.tolist()),
        per_digit=per_digit,
        accepted=int(believed.sum()),
        spread=float(np.sqrt(np.mean(deviation[believed] ** 2))) if believed.any() else 0.0,
        agrees=_agree([seen for seen, kept in zip(plausible, believed, strict=True) if kept]),
    )


def scatter(tokens: _Vector) -> _Vector:
    """The variance of what texts cost around the best weights, from their counted tokens of each of `CLASSES`."""
    variance: _Vector = _PIECE * (tokens @ _SPREAD**2)
    return variance


def noise(texts: _Vector) -> _Vector:
    """The variance of a report that is no text's own, from the counted tokens of all its texts."""
    variance: _Vector = (_FLOOR * texts) ** 2 + _FRAMES
    return variance


def _texts(terms: _Vector) -> _Vector:
    tokens: _Vector = terms[:, : len(CLASSES)].sum(axis=1)
    return tokens


def _plausible(observations: Sequence[Observation]) -> list[Observation]:
    differences = [seen.difference for seen in observations]
    middle = median([*differences, 0.0, 0.0])
    pairs = zip(observations, differences, strict=True)
    return [seen for seen, difference in pairs if abs(difference - middle) <= _GATE]


def _agree(believed: Sequence[Observation]) -> bool:
    """Whether three or more reports are the plain count, to a thousandth or the 4 tokens of a frame."""
    off = [(abs(o.reported - o.counted.texts - o.counted.other), o.reported) for o in believed]
    return len(off) >= 3 and all(difference <= max(4, reported / 1_000) for difference, reported in off)


def _solve(terms: _Vector, reported: _Vector) -> _Solution:
    """The fit with the smallest truncated error: begun with all reports, and with all but each one in turn.

    Every start fits, drops the reports further off than 3.5 deviations, takes back those that are
    not, and goes on until nothing changes; all starts at once, as one batch of linear systems.
    """
    variance = scatter(terms[:, : len(CLASSES)]) + noise(_texts(terms))
    squares = terms[:, :, None] * terms[:, None, :] / variance[:, None, None]
    targets = terms * (reported / variance)[:, None]
    believed = np.vstack([np.ones(len(reported)), 1 - np.eye(len(reported))])
    for _ in range(_ROUNDS):
        systems = _PRIOR + np.tensordot(believed, squares, axes=1)
        weights = np.linalg.solve(systems, (_PRIOR @ _EXPECTED + believed @ targets)[:, :, None])[:, :, 0]
        errors = (reported - weights @ terms.T) ** 2 / variance
        kept = (errors < REJECT).astype(np.float64)
        if np.array_equal(kept, believed):
            break
        believed = kept
    away = weights - _EXPECTED
    costs = np.minimum(errors, REJECT).sum(axis=1) + np.einsum("si,ij,sj->s", away, _PRIOR, away)
    best = int(np.argmin(np.round(costs, 9)))
    return _Solution(weights[best], believed[best], float(costs[best]))
