"""Calibration: how a model's reported tokens differ from the counted ones, learnt from its own reports.

A model without a public tokenizer is counted with o200k_base and corrected. A report says only
the total of a prompt that mixes prose, code, JSON and CJK, so each kind's ratio is found by
weighted least squares over the last 32 reports, held near 1 where nothing is known. Beside the
kinds there is one habit of a tokenizer that outweighs all of them: o200k_base writes up to three
digits as one token, others write each digit as one. Both habits are tried, and averaged by how
well they explain the reports.

**Outliers.** A provider that leaves cached tokens out of its report, or a stream whose usage was
cut short, is off by more than any tokenizer. A report counts only within a factor of 2 of the
median report, among two imagined ones that agree with the count (so that it takes three to move
it further), and, of those, only within 3.5 deviations of the fit that explains most reports best.

The constants were chosen on o200k_base against cl100k_base and voyage-3's vocabulary, over
Python and C sources, licences, a book, JSON and translated Chinese, Japanese and Korean text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from statistics import median
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from contextkit.composition import CLASSES, Composition, of_message, of_text
from contextkit.errors import StoreCorrupt
from contextkit.types import ContentKind, Message, TokenCounter, Tool

MEMORY = 32
"""Reports remembered: enough to average over, few enough to follow a model that changes."""

UNPROVEN_MARGIN = 0.10
"""The margin without any evidence; vocabularies of one generation differ by about that on English and code."""

MOST_MARGIN = 0.25
"""Reports that scatter more than this say more about the reporting than about the tokenizer."""

LEAN = 0.005
"""How far calibrated counts lean to the high side: an overflow costs a request, half a percent costs little."""

_PIECE = 1_000
_SPREAD = np.array([0.01, 0.015, 0.01, 0.03, 0.03, 0.05])
"""Standard deviation of the ratio between pieces of 1,000 tokens of one class, digits set apart."""

_FLOOR, _FRAMES = 0.002, 4.0
"""What else a report may be off by: a share of the prompt, and a few tokens (variance) of unknown framing."""

_COMMON, _OWN = 0.2, np.array([0.04, 0.04, 0.04, 0.25, 0.25, 0.5])
"""Prior deviations: of all ratios together, and of each class from the rest. CJK ratios run from 0.7 to 1.6."""

LEAST, MOST = 0.25, 4.0
"""Bounds of a ratio, whatever is reported: voyage-3 needs 3.2 times o200k_base's tokens for Malayalam, its worst."""

_GATE = math.log(2.0)
_REJECT = 12.0
_ROUNDS = 8

_ONES = np.ones(len(CLASSES))
_PRIOR = np.linalg.inv(_COMMON**2 + np.diag(_OWN**2))

_Vector = NDArray[np.float64]


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
class Calibration:
    """What is known of one model's tokenizer. Immutable: `observe` returns the next one."""

    observations: tuple[Observation, ...] = ()

    def observe(self, counted: Composition, reported: int) -> Calibration:
        """Learn from one prompt, counted by the uncalibrated counter. A report of nothing teaches nothing."""
        if reported <= 0 or counted.texts <= 0:
            return self
        return Calibration((*self.observations, Observation(counted, reported))[-MEMORY:])

    def ratio(self, kind: ContentKind) -> float:
        """Reported over counted tokens for texts of this kind, digits aside; 1.0 without evidence."""
        return _fit(self.observations).ratios[CLASSES.index(kind)]

    @property
    def per_digit(self) -> float:
        """How much of `Composition.digits` the model really spends: 0 (three a token) to 1 (one a token)."""
        return _fit(self.observations).per_digit

    @property
    def evidence(self) -> int:
        """How many of the remembered reports are believed."""
        return _fit(self.observations).accepted

    @property
    def margin(self) -> float:
        """The fraction by which a prompt may still exceed its calibrated count.

        Twice the spread of the believed reports around the fit, and 10% / (1 + their number), at
        most 25%. 0 once three or more reports agree with the plain count to a thousandth: then it
        is exact.
        """
        fit = _fit(self.observations)
        return 0.0 if fit.agrees else min(MOST_MARGIN, 2 * fit.spread + UNPROVEN_MARGIN / (1 + fit.accepted))

    @property
    def lean(self) -> float:
        """The fraction added to calibrated counts, half the margin and at most 0.5%."""
        return min(LEAN, self.margin / 2)

    def expected(self, counted: Composition) -> float:
        """The tokens a provider is expected to report for a prompt, without any lean."""
        fit = _fit(self.observations)
        scaled = sum(ratio * tokens for ratio, tokens in zip(fit.ratios, counted.by_class, strict=True))
        return scaled + fit.per_digit * counted.digits + counted.other

    def to_json(self) -> str:
        rows = [[*astuple(seen.counted), seen.reported] for seen in self.observations]
        return json.dumps({"observations": rows}, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Calibration:
        """The calibration `to_json` wrote; `StoreCorrupt` for anything else."""
        names = [field.name for field in fields(Composition)]
        try:
            rows = [[int(value) for value in row] for row in json.loads(text)["observations"]]
            pairs = [(Composition(**dict(zip(names, row[:-1], strict=True))), row[-1]) for row in rows]
        except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
            raise StoreCorrupt(
                f"This is not a stored calibration ({error}).", "Delete it; it is learnt again from the next reports."
            ) from error
        learnt = Calibration()
        for counted, reported in pairs:
            learnt = learnt.observe(counted, reported)
        return learnt


class CalibratedCounter:
    """A counter corrected by a calibration. Text is scaled by its kind; framing and media are not.

    Counts lean to the high side (`Calibration.lean`). A bare text is rounded up, so that texts
    joined at seams never cost more than their parts; a message is rounded to the nearest token,
    since rounding up each of hundreds of short messages would add a percent to the prompt.
    """

    def __init__(self, counter: TokenCounter, calibration: Calibration) -> None:
        self._counter = counter
        self._calibration = calibration

    @property
    def name(self) -> str:
        """The counter's name and the ratios, to three digits: counts of another calibration are not trusted."""
        fit = _fit(self._calibration.observations)
        return f"{self._counter.name}*{'/'.join(f'{value:.3f}' for value in (*fit.ratios, fit.per_digit))}"

    @property
    def exact(self) -> bool:
        """Only where the counter is exact and the model's reports agree with it."""
        return self._counter.exact and self._calibration.margin == 0

    @property
    def additive(self) -> bool:
        return self._counter.additive

    @property
    def margin(self) -> float:
        return self._calibration.margin

    @property
    def calibration(self) -> Calibration:
        return self._calibration

    def __str__(self) -> str:
        """What the counts were corrected by, for a report: `prose ×1.02, code ×1.10, json ×1.05, cjk ×0.83`."""
        ratios = ", ".join(f"{kind} ×{self._calibration.ratio(kind):.2f}" for kind in get_args(ContentKind))
        return f"{self._counter.name} corrected by {self._calibration.evidence} of the model's own reports ({ratios})"

    def text(self, text: str) -> int:
        return math.ceil(round(self._leaning(of_text(self._counter, text)), 6))

    def message(self, message: Message) -> int:
        return round(self._leaning(of_message(self._counter, message)))

    def tool(self, tool: Tool) -> int:
        return round(self._leaning(Composition(json=self._counter.tool(tool))))

    def framing(self, messages: int, tools: int) -> int:
        return self._counter.framing(messages, tools)

    def _leaning(self, counted: Composition) -> float:
        lean = self._calibration.lean * (self._calibration.expected(counted) - counted.other)
        return self._calibration.expected(counted) + lean


@dataclass(frozen=True, slots=True)
class _Fit:
    """What the observations say. `spread` is the believed reports' relative deviation from the fit."""

    ratios: tuple[float, ...] = (1.0,) * len(CLASSES)
    per_digit: float = 0.0
    accepted: int = 0
    spread: float = 0.0
    agrees: bool = False


@dataclass(frozen=True, slots=True)
class _Solution:
    """Ratios under one habit of writing digits, the reports they believe, and how badly they explain them."""

    ratios: _Vector
    believed: _Vector
    cost: float


@lru_cache(maxsize=256)
def _fit(observations: tuple[Observation, ...]) -> _Fit:
    plausible = _plausible(observations)
    if not plausible:
        return _Fit()
    counted = np.array([seen.counted.by_class for seen in plausible], dtype=np.float64)
    digits = np.array([seen.counted.digits for seen in plausible], dtype=np.float64)
    reported = np.array([seen.reported - seen.counted.other for seen in plausible], dtype=np.float64)
    grouped, single = _solve(counted, reported), _solve(counted, reported - digits)
    per_digit = 1 / (1 + math.exp(min(700.0, (single.cost - grouped.cost) / 2))) if digits.any() else 0.0
    ratios = np.clip((1 - per_digit) * grouped.ratios + per_digit * single.ratios, LEAST, MOST)
    believed = (single if per_digit > 0.5 else grouped).believed > 0
    deviation = (reported - counted @ ratios - per_digit * digits) / counted.sum(axis=1)
    return _Fit(
        ratios=tuple(float(value) for value in ratios),
        per_digit=per_digit,
        accepted=int(believed.sum()),
        spread=float(np.sqrt(np.mean(deviation[believed] ** 2))) if believed.any() else 0.0,
        agrees=_agree([seen for seen, kept in zip(plausible, believed, strict=True) if kept]),
    )


def _plausible(observations: Sequence[Observation]) -> list[Observation]:
    differences = [seen.difference for seen in observations]
    middle = median([*differences, 0.0, 0.0])
    pairs = zip(observations, differences, strict=True)
    return [seen for seen, difference in pairs if abs(difference - middle) <= _GATE]


def _agree(believed: Sequence[Observation]) -> bool:
    """Whether three or more reports are the plain count, to a thousandth or the 4 tokens of a frame."""
    off = [(abs(o.reported - o.counted.texts - o.counted.other), o.reported) for o in believed]
    return len(off) >= 3 and all(difference <= max(4, reported / 1_000) for difference, reported in off)


def _solve(counted: _Vector, reported: _Vector) -> _Solution:
    """The fit with the smallest truncated error: begun with all reports, and with all but each one in turn.

    Every start fits, drops the reports further off than 3.5 deviations, takes back those that are
    not, and goes on until nothing changes; all starts at once, as one batch of linear systems.
    """
    variance = _PIECE * (counted @ _SPREAD**2) + (_FLOOR * counted.sum(axis=1)) ** 2 + _FRAMES
    squares = counted[:, :, None] * counted[:, None, :] / variance[:, None, None]
    targets = counted * (reported / variance)[:, None]
    believed = np.vstack([np.ones(len(reported)), 1 - np.eye(len(reported))])
    for _ in range(_ROUNDS):
        systems = _PRIOR + np.tensordot(believed, squares, axes=1)
        ratios = np.linalg.solve(systems, (_PRIOR @ _ONES + believed @ targets)[:, :, None])[:, :, 0]
        errors = (reported - ratios @ counted.T) ** 2 / variance
        kept = (errors < _REJECT).astype(np.float64)
        if np.array_equal(kept, believed):
            break
        believed = kept
    away = ratios - _ONES
    costs = np.minimum(errors, _REJECT).sum(axis=1) + np.einsum("si,ij,sj->s", away, _PRIOR, away)
    best = int(np.argmin(np.round(costs, 9)))
    return _Solution(ratios[best], believed[best], float(costs[best]))
