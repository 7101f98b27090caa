"""Remembering beside the conversation: one thread that runs a `MemoryEngine` where something may be due.

    with BackgroundMemory(MemoryEngine(store)) as memory:
        store.append("u1", "s1", messages)
        memory.notify("u1", "s1")              # returns at once

Nothing depends on this thread. What it has not got to when the process ends, however that comes
about, is still due, and is done by the next run in any process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from contextkit.memory.engine import MemoryEngine
from contextkit.memory.receipt import Receipt
from contextkit.stores import check_id

_log = logging.getLogger("contextkit.memory")

SOON: Final = 0.5
"""Seconds until a run that found the memories busy, or that failed for the first time, is repeated."""

LATEST: Final = 60.0
"""Seconds between two tries at most: the pause doubles with each failure in a row."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A session that something may be due in."""

    actor_id: str
    session_id: str
    variables: Mapping[str, str] = field(default_factory=dict, compare=False)


class BackgroundMemory:
    """Runs an engine for the sessions it is told of, and again when one of them has been idle or a run has failed.

    `on_receipt` is called in the thread with every receipt of a run that did something.
    """

    def __init__(self, engine: MemoryEngine, *, on_receipt: Callable[[Receipt], object] | None = None) -> None:
        self._engine = engine
        self._on_receipt = on_receipt
        self._when: dict[_Place, float] = {}
        self._failures: dict[_Place, int] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._employ()

    def notify(self, actor_id: str, session_id: str, *, variables: Mapping[str, str] | None = None) -> None:
        """Something was said in this session. What is due by the strategies' triggers is extracted soon."""
        place = _Place(check_id("actor id", actor_id), check_id("session id", session_id), variables or {})
        with self._changed:
            self._after_fork()
            self._when.pop(place, None)  # the variables given last count
            self._when[place] = time.monotonic()
            self._changed.notify_all()  # where we were forked, the parent's thread is still listed as one that waits

    def close(self, timeout: float = 30.0) -> bool:
        """Finish the run under way and begin no other. False if it takes longer than `timeout` seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def __enter__(self) -> BackgroundMemory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _after_fork(self) -> None:
        """A child has its parent's notes, which are the parent's to see to, but not its thread."""
        if not self._thread.is_alive() and not self._closed:
            self._when.clear()
            self._failures.clear()
            self._employ()

    def _employ(self) -> None:
        self._thread = threading.Thread(target=self._work, name="contextkit-memory", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (place := self._next()) is not None:
            try:
                pause = self._run(place)
            except Exception:  # of a store, or of what was given to the engine: told, and tried again
                _log.exception("The memories of the session %r could not be brought up to date.", place.session_id)
                pause = self._longer(place)
            if pause is not None:
                self._again(place, pause)

    def _next(self) -> _Place | None:
        """The place whose time has come, once it has; None when we are to stop."""
        with self._changed:
            while not self._closed:
                place = min(self._when, key=self._when.__getitem__, default=None)
                wait = None if place is None else self._when[place] - time.monotonic()
                if place is not None and wait is not None and wait <= 0:
                    del self._when[place]
                    return place
                self._changed.wait(wait)
        return None

    def _run(self, place: _Place) -> float | None:
        """Do what is due. Returns after how many seconds to look again; None where nothing is left to do."""
        receipt = self._engine.run(place.actor_id, place.session_id, variables=place.variables)
        if self._on_receipt is not None and (receipt.steps or receipt.recovered):
            self._on_receipt(receipt)
        if receipt.busy:
            return SOON
        if receipt.failures:
            return self._longer(place)
        self._failures.pop(place, None)
        return self._until_idle(place)

    def _until_idle(self, place: _Place) -> float | None:
        idle = {strategy.name: strategy.triggers.idle for strategy in self._engine.strategies}
        left = [one for one in self._engine.pending(place.actor_id, place.session_id) if one.messages]
        return min((0.0 if one.due else float(idle[one.strategy]) for one in left), default=None)

    def _longer(self, place: _Place) -> float:
        failures = self._failures[place] = self._failures.get(place, 0) + 1
        return min(SOON * float(2 ** min(failures - 1, 30)), LATEST)

    def _again(self, place: _Place, pause: float) -> None:
        with self._changed:
            self._when.setdefault(place, time.monotonic() + pause)
