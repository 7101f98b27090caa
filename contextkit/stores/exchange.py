"""Exchange: of things in a row some go and others come, in every column that says something of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Thing = TypeVar("Thing")


class Exchange:
    """Of so many things in a row, those at the places `gone` go, and others come: each before the thing that stood at
    its place in `before`, or behind the last. Both ascend; of several that come before one thing, the first is first.
    """

    def __init__(self, count: int, gone: Sequence[int], before: Sequence[int]) -> None:
        self._steps = sorted([(place, False) for place in before] + [(place, True) for place in gone])
        going, coming = np.asarray(gone, np.int64), np.asarray(before, np.int64)
        stays = np.ones(count, np.int64)
        stays[going] = 0
        self._moved = np.cumsum(stays) - 1 + np.searchsorted(coming, np.arange(count), side="right")
        self.come: NDArray[np.int64] = coming - np.searchsorted(going, coming) + np.arange(len(coming))
        """Where those stand that have come."""

    def moved(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where those stand afterwards that stood at these places; of those that go it means nothing."""
        moved: NDArray[np.int64] = self._moved[places]
        return moved

    def of(self, column: NDArray[Any], come: NDArray[Any]) -> NDArray[Any]:
        """What a column says of all afterwards, by what it said before and what it says of those that come."""
        return np.concatenate([*self._runs(column, come)])

    def listed(self, things: list[Thing], come: list[Thing]) -> list[Thing]:
        """The same of a list."""
        return [*chain.from_iterable(self._runs(things, come))]

    def _runs(self, things: Any, come: Any) -> Iterator[Any]:
        """The stretches of either, in their order afterwards: few are long, and none is looked through."""
        start = taken = 0
        for place, goes in self._steps:
            yield things[start:place]
            start = place + goes
            if not goes:
                yield come[taken : taken + 1]
                taken += 1
        yield things[start:]
