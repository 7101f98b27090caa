"""Window: which contiguous recent part of the history stands verbatim.

A cursor says where it begins. The cursor stays as long as everything from it on fits; when it no
longer does, it moves far, to a low water mark, so that for many turns afterwards each prompt only
extends the last one and the provider's cache holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

FRESH: Final = 0.95
"""The part of its share that the history fills at first: shares differ a little from turn to turn (with the
tools chosen, above all), and the second prompt of a session should not have to move the cursor for that."""

NEAR: Final = 0.2
"""The part of its room that a window gives up in order to begin where a user begins to speak."""


POOR: Final = 0.1
"""The part of the low water mark below which a window holds next to nothing, because one long message stands in the
way: a tool's result, of which only the answer would stand. Then that one stands too, where half of the room that the
mark keeps free remains. 0.25 is all the same; at 0.5 windows that hold enough fill up, and move more often."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """The history as the window sees it: messages that stand or fall together, oldest first, in columns.

    Of each stretch, `places` are those of its messages among the items, `seqs` has its first
    message's sequence number, `tokens` what it costs, and `opens` whether a user begins to speak
    there, which is the best place for a window to begin.
    """

    places: Sequence[range]
    seqs: Sequence[int]
    tokens: Sequence[int]
    opens: Callable[[int], bool]

    def __len__(self) -> int:
        return len(self.seqs)


def window_start(stretches: Stretches, share: int, *, cursor: int | None, low: float) -> int:
    """The index of the first stretch that stands; `len(stretches)` where none does.

    Without a cursor nothing is cached yet: all is taken if it fits, and otherwise the longest
    suffix within nearly the whole share. With one, everything from it on stays if it fits;
    otherwise the longest suffix within `low * share` does, with a long stretch before it where it
    is `POOR` without, or, where that would be nothing, the longest within the whole share.
    """
    whole = start_of_all(stretches, share, cursor=cursor)
    if whole is not None:
        return whole
    if cursor is None:
        return _longest(stretches, int(share * FRESH))
    start = _longest(stretches, int(share * low))
    held = sum(stretches.tokens[start:])
    if held < POOR * low * share and held + stretches.tokens[start - 1] <= share * (1 + low) / 2:
        return start - 1
    return start if start < len(stretches) else _longest(stretches, share)


def start_of_all(stretches: Stretches, share: int, *, cursor: int | None) -> int | None:
    """The index of the first stretch from the cursor on, or of all, where they stand within the share; else None."""
    start = 0 if cursor is None else bisect_left(stretches.seqs, cursor)
    return start if sum(stretches.tokens[start:]) <= share else None


def _longest(stretches: Stretches, limit: int) -> int:
    """The start of the longest suffix within the limit, moved on to where a user opens if that is near."""
    sums = list(accumulate(reversed(stretches.tokens)))
    start = len(stretches) - bisect_right(sums, limit)
    opening = next((index for index in range(start, len(stretches)) if stretches.opens(index)), start)
    given_up = sum(stretches.tokens[start:opening])
    return opening if given_up <= limit * NEAR else start
