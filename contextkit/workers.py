"""Workers: daemon threads that do one piece of work after another, and are never waited for.

A build does some nine things that may hang, each in a thread of its own. Beginning a thread costs a tenth of a
millisecond, and waking one that waits a fifth of that.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

_Work: TypeAlias = Callable[[], object]

IDLE: Final = 30.0
"""Seconds that a worker waits for more work before it ends."""


class _Worker(threading.Thread):
    """A thread that works until it has been idle for long. Whoever takes it from `_idle` gives it work."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._given: SimpleQueue[tuple[str, _Work]] = SimpleQueue()

    def give(self, name: str, work: _Work) -> None:
        self._given.put((name, work))

    def run(self) -> None:
        while self._works():
            _idle.append(self)

    def _works(self) -> bool:
        """Do the next piece of work; False where none comes."""
        try:
            self.name, work = self._given.get(timeout=IDLE)
        except Empty:
            try:
                _idle.remove(self)
                return False
            except ValueError:  # it was taken just now, and its work is on its way
                self.name, work = self._given.get()
        work()
        return True


_idle: Final[list[_Worker]] = []
"""Those that wait, the one that worked last at the end. Its methods are atomic."""


def set_to_work(name: str, work: Callable[[], None]) -> None:
    """Have work done in a daemon thread of that name, in a copy of the caller's context."""
    context = copy_context()
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
        worker.start()
    worker.give(name, lambda: context.run(work))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _idle.clear())  # a forked child has none of its parent's threads
