"""The outbox at work: threads that take each session's next step when it is due.

Appenders do not wait for AgentCore. While one event of a session is on its way, and for the pace
after it, the messages of all that append meanwhile gather, and the next event takes them together.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from contextkit.clock import Clock
from contextkit.errors import StoreError, StoreUnavailable
from contextkit.stores.agentcore.delivery import PACE
from contextkit.stores.agentcore.ledger import Ledger, Place

_log = logging.getLogger("contextkit.stores")

WORKERS: Final = 8
"""Sessions served at once. At some 50 ms for a call that is 160 events a second, below AWS's 200 an account."""

IDLE: Final = 60.0
"""Seconds for which the mark of a session that is done is kept: a conversation goes on, and a mark costs a write."""

REMARK: Final = 60.0
"""Seconds after which a mark is made anew: in the state store it expires as a session does, and nothing prolongs it."""

LAST_MOMENTS: Final = 10.0
"""Seconds for which a program that has ended goes on delivering; the next one does the rest."""

RESUMED: Final = 1_000
"""Marked sessions that a new process looks after, those first that were marked first: what is left behind is old."""

ABANDONED: Final = 3_600.0
"""Seconds after which a mark that another process has not made anew is taken back, once its session is done."""

_FIRST_REST, _LONGEST_REST = 0.25, 60.0
"""Seconds before another try after a failure; they double each time."""

_DOUBLINGS: Final = 16
"""More than it takes to the longest rest. After 1,024, in the 17th hour of an outage, no float would hold it."""


@dataclass(slots=True)
class _Task:
    """A session with something to do: when it is due, and how it went so far."""

    due: float
    running: bool = False
    again: bool = False
    failures: int = 0
    error: StoreError | None = None


@dataclass(slots=True)
class _Mark:
    """The note of a session in the state store: under which name, since when, and when it was last relied on."""

    owner: str
    made: float
    used: float


class Outbox:
    """Steps sessions until nothing is left of them to do, at most one step of each at a time.

    `step` is `Delivery.step`. Threads are made when there is work, and end with it; the process
    does not end before them, unless AgentCore cannot be reached. What is left then stays in the
    outbox, and is resumed by the next process that writes, or flushes.
    """

    def __init__(
        self,
        step: Callable[[Place], float | None],
        ledger: Ledger,
        me: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._step = step
        self._ledger = ledger
        self._me = me
        self._clock = clock
        self._changed = threading.Condition()
        self._tasks: dict[Place, _Task] = {}
        self._marks: OrderedDict[Place, _Mark] = OrderedDict()
        self._abandoned: dict[Place, list[str]] = {}
        self._threads = 0
        self._pid = os.getpid()
        self._resumed = False
        self._closed = False
        self._ended: float | None = None

    def mark(self, place: Place) -> None:
        """Before a write: note where a process that comes after a crash has to look."""
        self.resume()
        with self._changed:
            mark = self._marks.get(place)
            if mark is not None and time.monotonic() < mark.made + REMARK:
                mark.used = time.monotonic()
                self._marks.move_to_end(place)
                return
        self._ledger.mark(place, owner := f"{self._me()}.{time.monotonic():.6f}")
        with self._changed:
            former = self._marks.pop(place, None)
            self._marks[place] = _Mark(owner, time.monotonic(), time.monotonic())
        if former is not None:
            self._ledger.unmark(place, former.owner)

    def notify(self, place: Place) -> None:
        """After a write: there may be something to do for this session."""
        with self._changed:
            self._after_fork()
            task = self._tasks.get(place)
            if task is None:
                self._tasks[place] = _Task(time.monotonic())
            else:
                task.again = True
            self._employ()
            taken_back = self._closed and place not in self._marks
        if taken_back:
            self.mark(place)

    def resume(self) -> None:
        """Once in a process: take up what others have left behind."""
        with self._changed:
            self._after_fork()
            if self._resumed:
                return
            self._resumed = True
        try:
            found = sorted(self._ledger.marked(self._clock()), key=lambda mark: mark[2], reverse=True)
        except StoreError:
            self._resumed = False
            raise
        for place, owner, age in found[:RESUMED]:
            if age > ABANDONED:
                with self._changed:
                    self._abandoned.setdefault(place, []).append(owner)
            self.notify(place)

    def flush(self, timeout: float, actor_id: str | None = None) -> None:
        """`finish`, with what others have left behind."""
        self.resume()
        self.finish(timeout, actor_id)

    def finish(self, timeout: float, actor_id: str | None = None) -> None:
        """Wait until nothing is left to do (for one actor). Raises what stands in the way if that takes too long."""

        def left() -> list[_Task]:
            return [task for place, task in self._tasks.items() if actor_id in (None, place.actor_id)]

        with self._changed:
            self._after_fork()
            if self._changed.wait_for(lambda: not left(), timeout):
                return
            waiting = len(left())
            error = next((task.error for task in left() if task.error is not None), None)
        if error is not None:
            raise error
        raise StoreUnavailable(
            f"{waiting} sessions are not in AgentCore yet after {timeout:g} s.",
            "Nothing is lost: flush again, with a longer `timeout`.",
        )

    def waiting(self) -> dict[Place, StoreError | None]:
        """The sessions that this process has something to do for, each with what went wrong last."""
        with self._changed:
            return {place: task.error for place, task in self._tasks.items()}

    def forget(self, actor_id: str) -> None:
        """Take back every mark of an actor's sessions, whoever made it: nothing of the actor's ids stays behind."""
        with self._changed:
            for place in [place for place in self._marks if place.actor_id == actor_id]:
                del self._marks[place]
        for place, owner, _ in list(self._ledger.marked(self._clock())):
            if place.actor_id == actor_id:
                self._ledger.unmark(place, owner)

    def close(self) -> None:
        """Start nothing new; take back the marks of all sessions that are done. What comes later is left to others."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            done = {place: self._marks.pop(place) for place in list(self._marks) if place not in self._tasks}
        for place, mark in done.items():
            self._ledger.unmark(place, mark.owner)

    def _after_fork(self) -> None:
        """A child has its parent's tasks but none of its threads; the tasks are the parent's to do."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._tasks.clear()
            self._marks.clear()
            self._threads = 0

    def _employ(self) -> None:
        if self._closed:
            return
        if self._threads < min(WORKERS, len(self._tasks)):
            self._threads += 1
            threading.Thread(target=self._work, name="contextkit-outbox", daemon=False).start()
        self._changed.notify_all()

    def _work(self) -> None:
        while (place := self._next()) is not None:
            try:
                pause = self._step(place)
                if pause is None:
                    self._take_back(self._needless(place))
            except StoreError as error:
                self._failed(place, error)
            except Exception as error:
                _log.exception("A step of the outbox failed")
                self._failed(place, StoreError(f"A step of the outbox failed ({error!r}).", "See the log for where."))
            else:
                self._stepped(place, pause)

    def _next(self) -> Place | None:
        """The session that is due next, as soon as it is; None when there is nothing more to do."""
        with self._changed:
            while not self._closed and self._has_time():
                idle = [(task.due, place) for place, task in self._tasks.items() if not task.running]
                if not idle:
                    break
                due, place = min(idle)
                if (pause := due - time.monotonic()) <= 0:
                    self._tasks[place].running = True
                    return place
                if self._tasks[place].failures and not threading.main_thread().is_alive():
                    break
                self._changed.wait(min(pause, 1.0))
            self._threads -= 1
            return None

    def _has_time(self) -> bool:
        """False once the program has ended and its last moments are over."""
        if threading.main_thread().is_alive():
            return True
        self._ended = self._ended or time.monotonic()
        return time.monotonic() < self._ended + LAST_MOMENTS

    def _needless(self, place: Place) -> list[tuple[Place, str]]:
        """The marks that nobody needs any more: this session's of the dead, and our own that have been idle."""
        with self._changed:
            owners = [(place, owner) for owner in self._abandoned.pop(place, ())]
            since = time.monotonic() - IDLE
            idle = list(takewhile(lambda held: self._marks[held].used <= since, self._marks))
            done = [held for held in idle if held == place or held not in self._tasks]
            return owners + [(held, self._marks.pop(held).owner) for held in done]

    def _take_back(self, owners: Iterable[tuple[Place, str]]) -> None:
        for place, owner in owners:
            self._ledger.unmark(place, owner)

    def _stepped(self, place: Place, pause: float | None) -> None:
        with self._changed:
            task = self._tasks[place]
            task.running, task.failures, task.error = False, 0, None
            if pause is None and not task.again:
                del self._tasks[place]
            else:
                task.due, task.again = time.monotonic() + (pause or 0.0), False
            self._employ()

    def _failed(self, place: Place, error: StoreError) -> None:
        with self._changed:
            task = self._tasks[place]
            rest = min(_FIRST_REST * 2 ** min(task.failures, _DOUBLINGS), _LONGEST_REST)
            task.running, task.failures, task.error = False, task.failures + 1, error
            task.due = time.monotonic() + max(rest, PACE)
            self._changed.notify_all()
        _log.warning("A session is not in AgentCore yet, and is tried again in %.1f s: %s", rest, error)
