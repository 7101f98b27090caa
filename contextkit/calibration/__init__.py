"""Calibration: how a model's reported tokens differ from the counted ones, learnt from its own reports.

A model without a public tokenizer is counted with o200k_base and corrected by what
`contextkit.calibration.regression` makes of the last 32 prompts and the totals reported for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Final

from contextkit.calibration.composition import Composition
from contextkit.calibration.regression import LEAST, MOST, Observation, fit
from contextkit.errors import StoreCorrupt
from contextkit.types import ContentKind

MEMORY: Final = 32
"""Reports remembered: enough to average over, few enough to follow a model that changes."""

UNPROVEN_MARGIN: Final = 0.10
"""The margin without any evidence; vocabularies of one generation differ by about that on English and code."""

MOST_MARGIN: Final = 0.25
"""Reports that scatter more than this say more about the reporting than about the tokenizer."""

LEAN: Final = 0.005
"""How far calibrated counts lean to the high side: an overflow costs a request, half a percent costs little."""

TYPICAL: Mapping[ContentKind, Composition] = {
    "prose": Composition(prose=1_000, contractions=5),
    "code": Composition(code=1_000),
    "json": Composition(json=1_000),
    "cjk": Composition(cjk=1_000, han=630, hiragana=450, katakana=140, runs=60),
}
"""What 1,000 tokens of a kind are made of on average, for saying its ratio: English prose, and Chinese and
Japanese web pages and tutorials in equal parts."""


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
        """Reported over counted tokens for `TYPICAL` texts of this kind, digits aside; 1.0 without evidence."""
        typical = TYPICAL[kind]
        return min(MOST, max(LEAST, self.expected(typical) / typical.texts))

    @property
    def evidence(self) -> int:
        """How many of the remembered reports are believed."""
        return fit(self.observations).accepted

    @property
    def margin(self) -> float:
        """The fraction by which a prompt may still exceed its calibrated count.

        Twice the spread of the believed reports around the fit, and 10% / (1 + their number), at
        most 25%. 0 once three or more reports agree with the plain count to a thousandth: then it
        is exact.
        """
        known = fit(self.observations)
        return 0.0 if known.agrees else min(MOST_MARGIN, 2 * known.spread + UNPROVEN_MARGIN / (1 + known.accepted))

    @property
    def lean(self) -> float:
        """The fraction added to calibrated counts, half the margin and at most 0.5%."""
        return min(LEAN, self.margin / 2)

    def expected(self, counted: Composition) -> float:
        """The tokens a provider is expected to report for a prompt, without any lean."""
        return fit(self.observations).expected(counted)

    def to_json(self) -> str:
        rows = [[*astuple(seen.counted), seen.reported] for seen in self.observations]
        return json.dumps({"prompts": rows}, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Calibration:
        """The calibration `to_json` wrote; `StoreCorrupt` for anything else."""
        names = [field.name for field in fields(Composition)]
        try:
            document = json.loads(text)
            rows = [[int(value) for value in row] for row in document["prompts"]]
            pairs = [(Composition(**dict(zip(names, row[:-1], strict=True))), row[-1]) for row in rows]
        except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
            raise StoreCorrupt(
                f"This is not a stored calibration ({error}).", "Delete it; it is learnt again from the next reports."
            ) from error
        learnt = Calibration()
        for counted, reported in pairs:
            learnt = learnt.observe(counted, reported)
        return learnt
