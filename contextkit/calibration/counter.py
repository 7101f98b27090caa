"""A counter that is corrected by what a model has reported."""

from __future__ import annotations

import math
from hashlib import blake2s
from typing import get_args

from contextkit.calibration import Calibration
from contextkit.calibration.composition import Composition, of_text, texts_of
from contextkit.calibration.regression import LEAST, fit
from contextkit.calibration.residuals import NOTHING, Corrections, ReportedPrompt
from contextkit.types import ContentKind, Message, TokenCounter, Tool


class CalibratedCounter:
    """A counter corrected by a calibration. Text is scaled by what it is made of; framing and media are not.

    `corrections` are what is known of the very lines of texts beside that. Counts lean to the high
    side (`Calibration.lean`). A bare text is rounded up, so that texts joined at seams never cost
    more than their parts; a message is rounded to the nearest token, since rounding up each of
    hundreds of short messages would add a percent to the prompt.
    """

    def __init__(self, counter: TokenCounter, calibration: Calibration, corrections: Corrections = NOTHING) -> None:
        self._counter = counter
        self._calibration = calibration
        self._corrections = corrections
        self._fit = fit(calibration.observations)
        self._scale = 1 + calibration.lean
        self._name = f"{counter.name}*{self._digest()}"

    @property
    def name(self) -> str:
        """The counter's name and a digest of what corrects it: counts of another calibration are not trusted."""
        return self._name

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
        return math.ceil(round(self._leaning(text, of_text(self._counter, text)), 6))

    def message(self, message: Message) -> int:
        tokens: float = self._counter.message(message)
        for text in texts_of(message):
            counted = of_text(self._counter, text)
            tokens += self._leaning(text, counted) - counted.texts
        return round(tokens)

    def tool(self, tool: Tool) -> int:
        return round(self._scale * self._fit.expected(Composition(json=self._counter.tool(tool))))

    def framing(self, messages: int, tools: int) -> int:
        return self._counter.framing(messages, tools)

    def prompt(self, report: ReportedPrompt) -> float:
        """The tokens of a whole prompt as they are counted here, but for rounding, from what it was counted as."""
        counted = report.seen.counted
        texts = self._fit.expected(counted) - counted.other + self._corrections.of_lines(report.lines)
        return self._scale * texts + counted.other

    def _leaning(self, text: str, counted: Composition) -> float:
        tokens = self._fit.expected(counted) + self._corrections.of_text(text)
        return self._scale * max(tokens, LEAST * counted.texts)

    def _digest(self) -> str:
        counts = (self._scale, *self._fit.weights, self._fit.per_digit, self._corrections.name)
        return blake2s(repr(counts).encode(), digest_size=6).hexdigest()
