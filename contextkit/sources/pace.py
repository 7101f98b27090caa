"""Pace: by when each part of reading a session must be done, so that a slow one leaves time for the others."""

from __future__ import annotations

from time import perf_counter
from typing import Final

from contextkit.errors import StoreUnavailable

FOR_FORESIGHT: Final = 0.25
FOR_RECENT: Final = 0.5
FOR_INDEX: Final = 0.7
FOR_MEANING: Final = 0.75
FOR_RECALL: Final = 0.8
"""The parts of its deadline by which it must be known what will be read, the newest messages be read, the index be up
to date, the query embedded, and recall be tried no more: a store that fails is asked again until then, and the rest can
still be done."""


class Pace:
    """The time that one reading has, in seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started = perf_counter()

    def until(self, part: float) -> float:
        """The end of that part of the time, by `time.perf_counter`."""
        return self._started + part * self._seconds

    def left(self, part: float) -> float:
        """Seconds that are left of that part; below 0 where it is over."""
        return self.until(part) - perf_counter()

    def check(self, part: float) -> None:
        """Raise `StoreUnavailable` after that part of the time: what was read would come too late to be of use."""
        if self.left(part) <= 0:
            raise StoreUnavailable(
                f"Reading took {perf_counter() - self._started:.1f} s.",
                "See to the store's latency, or raise the deadline.",
            )
