"""Meter: the counter a builder counts with, corrected by what its model has reported."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from contextkit.calibration import CalibratedCounter, Calibration
from contextkit.composition import Composition, compose
from contextkit.deadline import begun
from contextkit.errors import StoreCorrupt, StoreError
from contextkit.stores import CalibrationStore
from contextkit.types import Message, Notice, TokenCounter, Tool

NOTICEABLE = 0.005
"""A calibrated count has to move by this much before it is adopted: each change of counts may reshape
what is shown shortened, and so cost the provider's cached prefix."""

_SAMPLE = {"prose": "The quick brown fox jumps over the lazy dog. " * 20, "cjk": "春眠不觉晓，处处闻啼鸟。" * 20}


WAIT = 1.0
"""Seconds that are waited for what was learnt of a model, where no deadline says less: without it, counts are
only less precise."""


class Meter:
    """Counts for one model, and learns from what it reports. Shared by threads.

    What is known of the model is read from the store beside whatever goes on, from the beginning.
    Without any report the plain counter counts. Reports that agree with it leave it as it is;
    others put a calibrated one in its place, which is kept in the store under the model's name.
    `problem` says where the store failed at that, for the reports of the builds meanwhile.
    """

    def __init__(self, counter: TokenCounter, model: str, store: object) -> None:
        self.plain = counter
        self._model = model
        self._store = store if isinstance(store, CalibrationStore) else None
        self._lock = threading.Lock()
        self._asked_again = False
        self._calibration: Calibration | None = None
        self._damage: Notice | None = None
        self._unread: list[tuple[Composition, int]] = []
        self._adopted = counter
        self.problem: Notice | None = None
        self._reading = begun("calibration", self._read)

    @property
    def counter(self) -> TokenCounter:
        """The counter to count with now."""
        return self.within(WAIT)

    def within(self, seconds: float) -> TokenCounter:
        """The counter to count with now, waiting so long for what the store knows of the model, if it is to be read.

        Where the store does not say, it is asked again without waiting, and counts are plain until it does.
        """
        with self._lock:
            if self._calibration is None:
                self._receive(0 if self._asked_again else seconds)
            return self._adopted

    def observe(self, messages: Sequence[Message], tools: Sequence[Tool], reported: int) -> Calibration:
        """Learn from one prompt and the input tokens reported for it; returns what is known now.

        What is learnt before the store has said what it knows is kept with that afterwards.
        """
        counted = compose(self.plain, messages, tools)
        before = self.counter
        with self._lock:
            if self._calibration is None:
                self._unread.append((counted, reported))
                return _observed(Calibration(), self._unread)
            self._calibration = self._calibration.observe(counted, reported)
            corrected = self._corrected(self._calibration)
            if _differs(before, corrected):
                self._adopted = corrected
            self._keep(self._calibration)
            return self._calibration

    def _receive(self, seconds: float) -> None:
        try:
            known = self._reading.result(max(0.0, seconds))
        except (TimeoutError, StoreError) as error:
            why = error if isinstance(error, StoreError) else f"The store did not answer within {seconds:.1f} s."
            self.problem = Notice("calibration not read", f"Tokens are counted without the model's calibration: {why}")
            self._asked_again = True
            if self._reading.done():
                self._reading = begun("calibration", self._read)
            return
        self.problem = self._damage
        self._calibration = _observed(known, self._unread)
        self._adopted = self._corrected(self._calibration)
        if self._unread:
            self._keep(self._calibration)

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
        """What the store knows of the model. What is damaged there is learnt anew."""
        text = None if self._store is None else self._store.calibration(self._model)
        try:
            return Calibration() if text is None else Calibration.from_json(text)
        except StoreCorrupt as error:
            self._damage = Notice("calibration not read", f"It is learnt anew from the next reports: {error}")
            return Calibration()

    def _corrected(self, calibration: Calibration) -> TokenCounter:
        if not calibration.observations or calibration.margin == 0:
            return self.plain
        return CalibratedCounter(self.plain, calibration)


def _observed(calibration: Calibration, reports: Sequence[tuple[Composition, int]]) -> Calibration:
    for counted, reported in reports:
        calibration = calibration.observe(counted, reported)
    return calibration


def _differs(one: TokenCounter, other: TokenCounter) -> bool:
    """Whether two counters disagree noticeably, in their margin or on a sample of text."""
    if abs(one.margin - other.margin) > NOTICEABLE:
        return True
    return any(abs(one.text(text) - other.text(text)) > NOTICEABLE * one.text(text) for text in _SAMPLE.values())
