"""Transcript: how recalled messages stand in a prompt, what each costs there, and which to choose.

    8 May 2023
    Caroline: I went to a support group yesterday.
    Melanie: How was it?
    25 May 2023
    …

The date stands once per run of messages of one day, the speaker in front of each message, and
its words verbatim. Every line ends in a newline and begins with neither whitespace nor a slash.
Tokenizers that split text the way tiktoken's do never join tokens across such a seam, so the
tokens of lines add up to the tokens of their transcript, and choosing is exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contextkit.readable import readable
from contextkit.types import Message

_TRIED: Final = 4096
"""Lines tried even where the budget is small, so that the last tokens find one that fits."""

_SHORTEST: Final = 8
"""Tokens of a short line: no more lines than `budget / 8` are tried."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def heading(message: Message) -> str:
    """What stands above the messages of one day (UTC): `8 May 2023`; empty where the date is unknown."""
    if message.created_at is None:
        return ""
    day = message.created_at.astimezone(UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def speaker(message: Message) -> str:
    """Who speaks: the name, in a form that is safe at the start of a line, or else the role."""
    name = " ".join((message.name or "").split()).lstrip("/ ")
    return name or message.role


def line(message: Message) -> str:
    """One message as it stands in a transcript."""
    return f"{speaker(message)}: {readable(message)}\n"


def render(messages: Iterable[Message]) -> str:
    """The transcript of messages in the order given, with a heading wherever it changes."""
    parts: list[str] = []
    for day, run in groupby(messages, key=heading):
        parts += [f"{day}\n"] if day else []
        parts += [line(message) for message in run]
    return "".join(parts)


def select(
    scores: ArrayLike,
    costs: ArrayLike,
    budget: int,
    *,
    runs: ArrayLike | None = None,
    headings: ArrayLike | None = None,
) -> NDArray[np.intp]:
    """The lines to show within `budget` tokens, as ascending positions.

    The best score first, as long as it fits; once something does not, whatever still fits goes
    on filling what is left, best first, down to the last token. Of equal scores the later line
    is taken. A line with a score of 0 or less is never taken.

    `scores` and `costs` are one number per line, costs in tokens. `runs` gives each line the
    number of its run and `headings` the cost of each run's heading, which is paid by the first
    line taken from it.

    Measured on LoCoMo against dividing scores by cost, discounting runs already used, and
    sharing the heading's cost among its lines: plain best-first recalls most at every budget.
    """
    cost = np.asarray(costs, np.int64)
    run = np.zeros(len(cost), np.intp) if runs is None else np.asarray(runs, np.intp)
    price = np.zeros(int(run.max(initial=0)) + 1, np.int64) if headings is None else np.array(headings, np.int64)
    waiting = _best_first(np.asarray(scores, np.float64), budget // _SHORTEST)
    taken: list[int] = []
    left = budget
    while len(waiting):
        tried = 0
        for position in waiting.tolist():
            tried += 1
            needed = int(cost[position] + price[run[position]])
            if needed > left:
                break
            taken.append(position)
            left -= needed
            price[run[position]] = 0
        waiting = waiting[tried:]
        waiting = waiting[cost[waiting] + price[run[waiting]] <= left]
    return np.array(sorted(taken), np.intp)


def _best_first(score: NDArray[np.float64], budget: int) -> NDArray[np.intp]:
    """Positions worth trying, best first and later first among equals."""
    positions = np.flatnonzero(score > 0)
    most = max(_TRIED, budget)
    if len(positions) > most:
        best = np.argpartition(-score[positions], most)[:most]
        positions = np.sort(positions[best])
    latest_first = positions[::-1]
    return latest_first[np.argsort(-score[latest_first], kind="stable")]
