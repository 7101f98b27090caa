"""Deadline: how long a build may take, and how long it waits for a store that fails or hangs.

Most of the time belongs to the sources. A part of it at the beginning is for reading the session,
and a little beyond its end for storing what was moved and what the prompt looked like: so a build
answers within its deadline and a tenth, whatever its store does.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from math import inf
from time import perf_counter, sleep
from typing import Any, Final, TypeVar

from contextkit.errors import StoreUnavailable
from contextkit.workers import set_to_work

T = TypeVar("T")

OPENING: Final = 0.3
"""The part of a build's time in which its session must have been read; storing may take as long, if it is left."""

CLOSING: Final = 0.08
"""The part of a build's time that may be spent beyond it on storing, if the sources took all of it."""

TRIES: Final = 3
"""How often a store is asked that is unavailable. Its client has tried again by itself each time."""

EMBEDDING: Final = 1.0
"""Seconds that a query's embedding is waited for: several times what hosted embedders take, half of a source's time."""

PAUSE: Final = 0.02
"""Seconds before a store that failed is asked again: doubled each time, and shortened at random so that
callers who failed together do not all come back together."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a build must have its answer: `seconds` after it `started`, by `time.perf_counter`."""

    seconds: float = inf
    started: float = field(default_factory=perf_counter)

    @property
    def end(self) -> float:
        """When the last source must have answered."""
        return self.started + self.seconds

    @property
    def for_opening(self) -> float:
        """The seconds left for reading the session."""
        return self.started + OPENING * self.seconds - perf_counter()

    @property
    def for_closing(self) -> float:
        """The seconds left for storing."""
        return min(self.end + CLOSING * self.seconds - perf_counter(), OPENING * self.seconds)


def patiently(work: Callable[[], T], seconds: float) -> T:
    """What `work` gives, tried again while its store is unavailable and left behind where it hangs.

    Raises `StoreUnavailable` after `seconds`, and whatever else `work` raises at once. As it may be
    done twice, and may still be under way when this has returned, `work` must bear that.
    """
    found = begun("store", lambda: retried(work, perf_counter() + seconds))
    try:
        return timely(found, seconds)
    except TimeoutError:
        if found.done():
            raise
        raise _waited(seconds) from None


def _waited(seconds: float) -> StoreUnavailable:
    if seconds <= 0:
        return StoreUnavailable(
            "No time was left for the store: the build had taken all of its own.",
            "Give it more (`deadline`, in the strategy), or make fewer at once in one process.",
        )
    return StoreUnavailable(
        f"The store did not answer within {seconds:.1f} s.", "Try again, or see to the store's latency."
    )


def timely(found: Future[T], seconds: float) -> T:
    """What is under way, if it comes within so many seconds. Raises `TimeoutError`, and whatever it raises itself."""
    try:
        return found.result(None if seconds == inf else max(0.0, seconds))
    except TimeoutError:
        if found.done():
            raise
        raise TimeoutError(f"it took longer than {max(0.0, seconds):.3g} s") from None


def begun(name: str, work: Callable[[], T]) -> Future[T]:
    """What `work` will give or raise, under way in a daemon thread of that name. It cannot be cancelled any more."""
    found: Future[T] = Future()
    found.set_running_or_notify_cancel()
    set_to_work(name, lambda: _settle(found, work))
    return found


class Patience:
    """Calls of what may hang: each is waited for so long, and while one is overdue, none is made. Shared by threads.

    So what hangs costs its first caller a wait and a thread, and the next ones nothing.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._process = os.getpid()
        self._overdue: Future[Any] | None = None

    @property
    def overdue(self) -> bool:
        """Whether a call that took too long is still under way, in this process: a forked child has no such thread."""
        return self._process == os.getpid() and self._overdue is not None and not self._overdue.done()

    def call(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` gives, in a thread. Raises `TimeoutError` after so many seconds, and whatever `work` raises."""
        if self.overdue:
            raise TimeoutError("it has not answered yet what it was asked before")
        found = begun(self._name, work)
        try:
            return timely(found, seconds)
        except TimeoutError:
            self._process, self._overdue = os.getpid(), found
            raise


def _settle(found: Future[T], work: Callable[[], T]) -> None:
    try:
        found.set_result(work())
    except BaseException as error:  # on its way to whoever waits
        found.set_exception(error)


def retried(work: Callable[[], T], until: float) -> T:
    """What `work` gives, tried again while its store is unavailable and it is not yet `until` (by `perf_counter`)."""
    for tried in range(1, TRIES + 1):
        try:
            return work()
        except StoreUnavailable:
            pause = PAUSE * 2**tried * random.uniform(0.5, 1)
            if tried == TRIES or perf_counter() + pause >= until:
                raise
        sleep(pause)
    raise AssertionError("the last try returns or raises")
