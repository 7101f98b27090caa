"""Meter: the counter a builder counts with, corrected by what its model has reported."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Final, TypeGuard

from contextkit.calibration import Calibration
from contextkit.calibration.composition import compose
from contextkit.calibration.counter import CalibratedCounter
from contextkit.calibration.regression import Observation, fit
from contextkit.calibration.residuals import REPORTS, ReportedPrompt, Residuals, lines_of
from contextkit.deadline import begun
from contextkit.errors import StoreCorrupt, StoreError
from contextkit.stores import CalibrationStore
from contextkit.types import Message, Notice, TokenCounter, Tool

NOTICEABLE: Final = 0.005
"""A calibrated count has to move by this much before it is adopted: each change of counts may reshape
what is shown shortened, and so cost the provider's cached prefix."""

WAIT: Final = 1.0
"""Seconds that are waited for what was learnt of a model, where no deadline says less: without it, counts are
only less precise."""


class Meter:
    """Counts for one model, and learns from what it reports. Shared by threads.

    What is known of the model is read from the store beside whatever goes on, from the beginning.
    Without any report the plain counter counts. Reports that agree with it leave it as it is;
    others put a calibrated one in its place, which is kept in the store under the model's name.
    What the reports of this process said of the very texts in them is remembered beside that.
    `problem` says where the store failed, for the reports of the builds meanwhile.
    """

    def __init__(self, counter: TokenCounter, model: str, store: object) -> None:
        self.plain = counter
        self._model = model
        self._store = store if isinstance(store, CalibrationStore) else None
        self._lock = threading.Lock()
        self._asked_again = False
        self._calibration: Calibration | None = None
        self._damage: Notice | None = None
        self._unread: list[ReportedPrompt] = []
        self._residuals = Residuals()
        self._weights = self._adopted = counter
        self.problem: Notice | None = None
        self._begin()

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
        seen = Observation(compose(self.plain, messages, tools), reported)
        report = ReportedPrompt(seen, lines_of(self.plain, messages))
        self.within(WAIT)
        with self._lock:
            if self._calibration is None:
                self._unread = [*self._unread, report][-REPORTS:]
                return _observed(Calibration(), self._unread)
            self._calibration = self._learn(self._calibration, [report])
            self._adopt(self._calibration, report)
            self._keep(self._calibration)
            return self._calibration

    def _begin(self) -> None:
        self._reading = begun("calibration", self._read)
        self._process = os.getpid()

    def _receive(self, seconds: float) -> None:
        if self._process != os.getpid():  # a forked child has none of the threads that its parent reads in
            self._begin()
        try:
            known = self._reading.result(max(0.0, seconds))
        except (TimeoutError, StoreError) as error:
            why = error if isinstance(error, StoreError) else f"The store did not answer within {seconds:.1f} s."
            self.problem = Notice("calibration not read", f"Tokens are counted without the model's calibration: {why}")
            self._asked_again = True
            if self._reading.done():
                self._begin()
            return
        self.problem = self._damage
        self._calibration = self._learn(known, self._unread)
        self._weights = self._weighed(self._calibration)
        self._adopted = self._recalling(self._weights)
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

    def _learn(self, known: Calibration, reports: Sequence[ReportedPrompt]) -> Calibration:
        for report in reports:
            learnt = known.observe(report.seen.counted, report.seen.reported)
            if learnt is not known:
                self._residuals.observe(report)
            known = learnt
        return known

    def _adopt(self, calibration: Calibration, report: ReportedPrompt) -> None:
        """Count with what is known now, if that is noticeable: with its weights, or at least for texts reported.

        Where the weights would hardly move, the adopted ones stay, and with them the margin, so
        that the window to be shared stays as large as it was.
        """
        weights = self._weighed(calibration)
        anew = self._differ(self._weights, weights, report)
        if anew:
            self._weights = weights
        recalling = self._recalling(self._weights)
        if anew or self._differ(self._adopted, recalling, report):
            self._adopted = recalling

    def _weighed(self, calibration: Calibration) -> TokenCounter:
        if not calibration.observations or calibration.margin == 0:
            return self.plain
        return CalibratedCounter(self.plain, calibration)

    def _recalling(self, counter: TokenCounter) -> TokenCounter:
        """The counter with what is remembered of texts; a plain one is exact, and stays as it is."""
        if not self._corrects(counter):
            return counter
        corrections = self._residuals.corrections(fit(counter.calibration.observations))
        return CalibratedCounter(self.plain, counter.calibration, corrections)

    def _differ(self, one: TokenCounter, other: TokenCounter, report: ReportedPrompt) -> bool:
        """Whether two counters disagree noticeably, in their margin or on the prompt reported."""
        tokens = self._tokens(one, report)
        moved = abs(self._tokens(other, report) - tokens) > NOTICEABLE * tokens
        return moved or abs(one.margin - other.margin) > NOTICEABLE

    def _tokens(self, counter: TokenCounter, report: ReportedPrompt) -> float:
        if self._corrects(counter):
            return counter.prompt(report)
        return report.seen.counted.texts + report.seen.counted.other

    def _corrects(self, counter: TokenCounter) -> TypeGuard[CalibratedCounter]:
        """Whether a counter is the plain one corrected, and not that itself, which may be a calibrated one too."""
        return counter is not self.plain and isinstance(counter, CalibratedCounter)


def _observed(calibration: Calibration, reports: Sequence[ReportedPrompt]) -> Calibration:
    for report in reports:
        calibration = calibration.observe(report.seen.counted, report.seen.reported)
    return calibration
