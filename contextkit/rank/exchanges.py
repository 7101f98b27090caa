"""Exchanges: which messages of a channel belong together, where several talk at the same time.

In a talk of two, who stands next to a message answers it. In a channel what stands next is as often
part of another exchange. Who talks with whom is learnt from the channel itself: by how often one's
messages follow another's, and how often they would by chance. Then each message continues the
exchange of the one before it that it most likely answers, or begins one.

Names, times and order are all that is looked at: the index has them of every message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WINDOW: Final = 16
"""Messages back in which the answered one is looked for.

This and what follows were chosen on a channel of three of LoCoMo's conversations, also with every speaker's messages
dealt out to three, and on conversations dealt out to six that are one: those must stay whole. The channel is
`tests/benchmarks/channel.py`'s; there the other two conversations, and all five, agree. With 12 it recalls 0.3 less.
"""

FADING: Final = 0.9
"""How likely a message is to be the answered one, compared with the one behind it. 0.85 and 0.95 are the same."""

BY_CHANCE: Final = 5.0
"""Messages by which chance is taken to be right about two speakers before anything is known of them.

Pairs that always talk are found with 2 and with 10 as well; those of a larger crowd sooner with less.
"""

APART: Final = 0.8
"""Part of chance below which one who follows another does not answer.

0.7 recalls 0.6 less, 0.9 up to 0.6 more. But from 0.85 on a conversation of six is cut up where nobody prefers anybody.
"""

ROUNDS: Final = 2
"""Readings of the talk: the first by nearness alone, the next by what was learnt. 1 recalls 0.1 to 1.6 less."""

STRANGER: Final = 4
"""Messages of which one must have written so many before something is learnt of them."""

BLOCK: Final = 4_096
"""Messages from which it is learnt who talks with whom, and which are then done with."""

STEP: Final = 512
"""Messages after which it is learnt again in a block that is not whole yet."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What is known of messages, one number for each.

    `speakers` are numbered from 0 in any order. `begins` marks those before which there was silence.
    `bound` marks those that belong to the message before them: an agent's, which answer what was just said, and
    what continues a message. They count as that message's speaker's.
    """

    speakers: NDArray[np.int64]
    begins: NDArray[np.bool_]
    bound: NDArray[np.bool_]

    @classmethod
    def of(cls, speakers: NDArray[np.integer[Any]], begins: NDArray[np.bool_], bound: NDArray[np.bool_]) -> Talk:
        """From who wrote each message."""
        writers = np.maximum.accumulate(np.where(bound, 0, np.arange(len(bound))))
        return cls(speakers[writers].astype(np.int64), begins, bound)

    def __len__(self) -> int:
        return len(self.speakers)


class Exchanges:
    """The exchanges of a talk that grows.

    The same for the same messages, however they came in: each block of them is read by itself, once it is whole.
    """

    def __init__(self) -> None:
        self._done = np.empty(0, np.int64)
        self._learnt: tuple[_Ties, NDArray[np.int64]] | None = None

    def of(self, talk: Talk) -> NDArray[np.int64]:
        """The exchange of every message: the number of the message that began it."""
        while len(self._done) + BLOCK <= len(talk):
            first, end = len(self._done), len(self._done) + BLOCK
            self._done = _continued(self._done, talk, end, _Ties.of(talk, first, end))
        end = len(talk) if len(talk) < STEP else len(talk) // STEP * STEP
        if self._learnt is None or len(self._learnt[1]) != end:
            ties = _Ties.of(talk, max(0, end - BLOCK), end)
            self._learnt = ties, _continued(self._done, talk, end, ties)
        ties, known = self._learnt
        return _continued(known, talk, len(talk), ties)


@dataclass(frozen=True, slots=True)
class _Ties:
    """How many times more often than by chance one's message follows another's.

    `known` numbers the speakers anew; all of whom nothing is known are 0 there, and like chance.
    """

    known: NDArray[np.int64]
    lifts: NDArray[np.float64]

    @classmethod
    def of(cls, talk: Talk, first: int, end: int) -> _Ties:
        """What the messages from number `first` to before `end` tell."""
        speakers = talk.speakers[first:end]
        counted = np.bincount(speakers, minlength=1) >= STRANGER
        known = np.append(np.cumsum(counted) * counted, 0)
        count = int(known.max(initial=0)) + 1
        by, to, weights = known[_before(talk, first, end)], known[speakers], _weights(talk, first, end)
        weights[talk.bound[first:end]] = 0
        weights = _shares(weights)
        answers = weights.any(axis=1)
        heard = np.bincount(by.ravel(), weights.ravel(), count)
        chance = np.outer(heard, np.bincount(to[answers], minlength=count) / max(1, int(answers.sum())))
        pairs = by * count + to[:, None]
        lifts = np.ones(count * count)
        for _ in range(ROUNDS):
            follows = np.bincount(pairs.ravel(), _shares(weights * lifts[pairs]).ravel(), count * count)
            lifts = (follows + BY_CHANCE) / (chance.ravel() + BY_CHANCE)
        square = lifts.reshape(count, count)
        square[0], square[:, 0] = 1, 1
        return cls(known, square)

    def between(self, before: NDArray[np.int64], speakers: NDArray[np.int64]) -> NDArray[np.float64]:
        """For every message, of each of those before it."""
        return self.lifts[self._known(before), self._known(speakers)[:, None]]

    def _known(self, speakers: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.known[np.minimum(speakers, len(self.known) - 1)]


def _continued(done: NDArray[np.int64], talk: Talk, end: int, ties: _Ties) -> NDArray[np.int64]:
    """The exchanges of the messages to before `end`, where those of the first are known."""
    first = len(done)
    rows = np.arange(first, end)
    lifts = ties.between(_before(talk, first, end), talk.speakers[first:end])
    likely = _weights(talk, first, end) * lifts
    best = likely.argmax(axis=1)
    inside = np.arange(end - first)
    answers = (likely[inside, best] > 0) & (lifts[inside, best] >= APART)
    answered = np.where(answers, rows - 1 - best, rows)
    bound = talk.bound[first:end] & (likely[:, 0] > 0)
    answered[bound] = rows[bound] - 1
    found = np.append(done, answered)
    while not np.array_equal(further := found[answered], answered):
        found[first:] = answered = further
    return found


def _before(talk: Talk, first: int, end: int) -> NDArray[np.int64]:
    """Who wrote the `WINDOW` messages before each, the nearest first; anybody where there was none."""
    padded = np.append(np.zeros(WINDOW, np.int64), talk.speakers[:end])[first:]
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: end - first, ::-1]


def _weights(talk: Talk, first: int, end: int) -> NDArray[np.float64]:
    """How likely each of the messages before a message is the answered one by its distance; 0 beyond a silence."""
    rows = np.arange(end)
    since = (rows - np.maximum.accumulate(np.where(talk.begins[:end], rows, 0)))[first:]
    distances = np.arange(1, WINDOW + 1)
    weights: NDArray[np.float64] = (since[:, None] >= distances) * FADING**distances
    return weights


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights of each message as parts of 1; all 0 where there are none."""
    parts: NDArray[np.float64] = weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return parts
