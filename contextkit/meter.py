"""Meter: the counter a builder counts with, corrected by what its model has reported."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from contextkit.calibration import CalibratedCounter, Calibration
from contextkit.composition import compose
from contextkit.errors import StoreError
from contextkit.stores import CalibrationStore
from contextkit.types import Message, Notice, TokenCounter, Tool

NOTICEABLE = 0.005
"""A calibrated count has to move by this much before it is adopted: each change of counts may reshape
what is shown shortened, and so cost the provider's cached prefix."""

_SAMPLE = {"prose": "The quick brown fox jumps over the lazy dog. " * 20, "cjk": "春眠不觉晓，处处闻啼鸟。" * 20}


class Meter:
    """Counts for one model, and learns from what it reports. Shared by threads.

    Without any report the plain counter counts. Reports that agree with it leave it as it is;
    others put a calibrated one in its place, which is kept in the store under the model's name.
    `problem` says where the store failed at that, for the reports of the builds meanwhile.
    """

    def __init__(self, counter: TokenCounter, model: str, store: object) -> None:
        self._plain = counter
        self._model = model
        self._store = store if isinstance(store, CalibrationStore) else None
        self._lock = threading.Lock()
        self._calibration: Calibration | None = None
        self._adopted: TokenCounter | None = None
        self.problem: Notice | None = None

    @property
    def counter(self) -> TokenCounter:
        """The counter to count with now."""
        with self._lock:
            if self._adopted is None:
                self._calibration = self._read()
                self._adopted = self._corrected(self._calibration)
            return self._adopted

    def observe(self, messages: Sequence[Message], tools: Sequence[Tool], reported: int) -> Calibration:
        """Learn from one prompt and the input tokens reported for it; returns what is known now."""
        counted = compose(self._plain, messages, tools)
        before = self.counter
        with self._lock:
            learnt = (self._calibration or Calibration()).observe(counted, reported)
            self._calibration = learnt
            corrected = self._corrected(learnt)
            if _differs(before, corrected):
                self._adopted = corrected
            self._keep(learnt)
        return learnt

    def _keep(self, learnt: Calibration) -> None:
        if self._store is None:
            return
        try:
            self._store.save_calibration(self._model, learnt.to_json())
            self.problem = None
        except StoreError as error:
            self.problem = Notice(
                "calibration not kept", f"What was learnt of the model's tokens was not stored: {error}"
            )

    def _read(self) -> Calibration:
        """What the store knows of the model; nothing where it cannot be read, since that only costs precision."""
        if self._store is None:
            return Calibration()
        try:
            text = self._store.calibration(self._model)
            return Calibration() if text is None else Calibration.from_json(text)
        except StoreError as error:
            self.problem = Notice(
                "calibration not read", f"Tokens are counted without the model's calibration: {error}"
            )
            return Calibration()

    def _corrected(self, calibration: Calibration) -> TokenCounter:
        if not calibration.observations or calibration.margin == 0:
            return self._plain
        return CalibratedCounter(self._plain, calibration)


def _differs(one: TokenCounter, other: TokenCounter) -> bool:
    """Whether two counters disagree noticeably, in their margin or on a sample of text."""
    if abs(one.margin - other.margin) > NOTICEABLE:
        return True
    return any(abs(one.text(text) - other.text(text)) > NOTICEABLE * one.text(text) for text in _SAMPLE.values())
