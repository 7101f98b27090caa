"""Residuals: what reported prompts cost beyond the fit, and which of their lines that belongs to.

Two vocabularies differ by 1 to 3% from one piece of text to the next, whatever is known of both: no
weights can say which way a text never seen will fall. But an agent's next prompt is hardly ever
new: most of it stood in a prompt that was reported a turn ago. So what a report says beyond the
fit is remembered of the very lines it was said of, and recurs with them.

Every line is taken to be off by a deviation of its own, with the variance that the regression
assumes of its text, and a report to be off by the sum of its lines', besides what the regression
allows for noise. What is then known of each line is ordinary kriging: the mean of a Gaussian process
whose kernel is the text that two prompts share (Rasmussen and Williams, "Gaussian Processes for
Machine Learning", equation 2.25). A report that the regression would not believe teaches nothing
here either.

Lines, and not messages, since text recurs in other company: a passage, a memory or a turn that is
recalled stands in one block among others, which is counted as the sum of its lines. Tools are left
out: hardly any of a report's residual is theirs, and a list of tools whose counts do not move is a
prefix that does not move.

This is a process's memory. It is not stored: a process that goes on with a session begins with the
weights alone, and knows the session's lines after its first report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contextkit.calibration.composition import CLASSES, of_text, texts_of
from contextkit.calibration.regression import REJECT, Fit, Observation, noise, scatter
from contextkit.types import Message, TokenCounter

REPORTS: Final = 64
"""Reports remembered: many sessions share a process."""

ALIKE: Final = 4
"""Reports remembered that the newest shares most of its texts with, so that a busy session leaves room for others.
More would teach little: where weights alone are off by 1.03% (one deviation, Japanese, 4,000 tokens), the last
report of a conversation leaves 0.88, the last two 0.84, the last three and all of them 0.83."""

LINES: Final = 2**15
"""Lines remembered of all reports together, at 24 bytes (and while they are counted with, some 100 more)."""

_Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The different lines of a prompt, by the hash of their text: how often each stands there, and its deviation.

    `deviations` are standard deviations of one occurrence, in tokens. Sorted by `keys`.
    """

    keys: NDArray[np.int64]
    times: NDArray[np.int64]
    deviations: _Vector

    @property
    def loads(self) -> _Vector:
        """How far each line moves the prompt when it is off by one deviation, wherever it stands."""
        return self.times * self.deviations

    def shared(self, others: Lines) -> float:
        """The covariance of two prompts: the variance of the lines that both have."""
        if not others.keys.size:
            return 0.0
        places = np.searchsorted(others.keys, self.keys) % others.keys.size
        both = others.keys[places] == self.keys
        return float(self.loads[both] @ others.loads[places[both]])


def lines_of(counter: TokenCounter, messages: Sequence[Message]) -> Lines:
    """The lines of messages as `counter` (uncalibrated) counts them; of very many, those that may deviate most."""
    texts = [text for message in messages for text in texts_of(message) if text]
    tokens = np.array([of_text(counter, text).by_class for text in texts], np.float64).reshape(-1, len(CLASSES))
    keys: list[int] = []
    shares: list[float] = []
    for text, variance in zip(texts, scatter(tokens).tolist(), strict=True):
        lines = [line for line in text.split("\n") if line]
        characters = sum(map(len, lines))
        keys += map(hash, lines)
        shares += [variance * len(line) / characters for line in lines]
    each, places, times = np.unique(np.array(keys, np.int64), return_inverse=True, return_counts=True)
    deviations = np.bincount(places, weights=np.sqrt(shares), minlength=len(each)) / times
    kept = np.sort(np.argsort(-times * deviations, kind="stable")[: LINES // 8])
    return Lines(each[kept], times[kept], deviations[kept])


@dataclass(frozen=True, slots=True, eq=False)
class ReportedPrompt:
    """One reported prompt: what it was counted as, what was reported, and its lines."""

    seen: Observation
    lines: Lines

    def residual(self, fit: Fit) -> float:
        """The tokens that were reported above what the fit expects."""
        return self.seen.reported - fit.expected(self.seen.counted)

    def believed(self, fit: Fit) -> bool:
        """Whether the residual is within what texts and noise explain."""
        return self.residual(fit) ** 2 < REJECT * (self._scatter + self._noise)

    @property
    def unshared(self) -> float:
        """Variance of what no other report can tell of: noise, tools, and lines that are not remembered."""
        lines = float(self.lines.times @ self.lines.deviations**2)
        return self._noise + max(0.0, self._scatter - lines)

    @property
    def _scatter(self) -> float:
        return float(scatter(np.array(self.seen.counted.by_class, np.float64)))

    @property
    def _noise(self) -> float:
        return float(noise(np.array(self.seen.counted.texts, np.float64)))


@dataclass(frozen=True, slots=True)
class Corrections:
    """What lines cost beyond the fit, in tokens, by the hash of their text. `name` differs where they do."""

    by_line: Mapping[int, float] = field(default_factory=dict)
    name: str = ""

    def of_text(self, text: str) -> float:
        """The tokens to add for a text; 0 where no report contained any line of it."""
        if not self.by_line:
            return 0.0
        return sum(self.by_line.get(hash(line), 0.0) for line in text.split("\n"))

    def of_lines(self, lines: Lines) -> float:
        """The tokens to add for a whole prompt."""
        each = (self.by_line.get(key, 0.0) for key in lines.keys.tolist())
        return float(sum(times * more for times, more in zip(lines.times.tolist(), each, strict=True)))


NOTHING: Final = Corrections()
"""What is known of texts before any report."""


class Residuals:
    """The last reports of this process, of each session some. The oldest go first. Not for several threads at once."""

    def __init__(self) -> None:
        self._reports: list[ReportedPrompt] = []
        self._shared = np.zeros((0, 0))

    def observe(self, report: ReportedPrompt) -> None:
        """Remember a report, and the text it shares with those before it."""
        reports = [*self._reports, report]
        with_new = [report.lines.shared(each.lines) for each in reports]
        shared = np.pad(self._shared, (0, 1))
        shared[-1], shared[:, -1] = with_new, with_new
        alike = np.flatnonzero(shared[-1] > shared.diagonal() / 2)
        kept = np.setdiff1d(np.arange(len(reports)), alike[:-ALIKE])
        kept = kept[-_room([reports[place] for place in kept]) :]
        self._reports, self._shared = [reports[place] for place in kept], shared[np.ix_(kept, kept)]

    def corrections(self, fit: Fit) -> Corrections:
        """What is known of every remembered line, beyond what `fit` expects of it."""
        believed = [place for place, report in enumerate(self._reports) if report.believed(fit)]
        reports = [self._reports[place] for place in believed]
        if not any(report.lines.keys.size for report in reports):
            return NOTHING
        unshared = np.diag([report.unshared for report in reports])
        residuals = np.array([report.residual(fit) for report in reports])
        pulls = np.linalg.solve(self._shared[np.ix_(believed, believed)] + unshared, residuals)
        return _corrections([report.lines for report in reports], pulls.tolist())


def _room(reports: Sequence[ReportedPrompt]) -> int:
    """How many of the last reports may be remembered."""
    lines = np.cumsum([report.lines.keys.size for report in reversed(reports)])
    return min(REPORTS, int(np.searchsorted(lines, LINES, side="right")))


def _corrections(prompts: Sequence[Lines], pulls: Sequence[float]) -> Corrections:
    """Each line's deviation times how far the prompts it stands in pull it."""
    keys, places = np.unique(np.concatenate([lines.keys for lines in prompts]), return_inverse=True)
    weights = np.concatenate([pull * lines.loads for lines, pull in zip(prompts, pulls, strict=True)])
    deviations = np.zeros(len(keys))
    deviations[places] = np.concatenate([lines.deviations for lines in prompts])
    tokens = deviations * np.bincount(places, weights=weights)
    name = blake2s(keys.tobytes() + tokens.tobytes(), digest_size=6).hexdigest()
    return Corrections(dict(zip(keys.tolist(), tokens.tolist(), strict=True)), name)
