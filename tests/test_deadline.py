"""Deadline: a store that fails is asked again, one that hangs is left behind, and time runs out."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from math import inf
from time import perf_counter

import pytest

from contextkit.deadline import CLOSING, OPENING, TRIES, Deadline, Patience, patiently, retried
from contextkit.errors import StoreCorrupt, StoreUnavailable

AWAY = StoreUnavailable("The store is away.", "Wait.")


class Flaky:
    """Work that fails so many times before it succeeds."""

    def __init__(self, failures: int, error: Exception = AWAY) -> None:
        self.left = failures
        self.error = error
        self.tried = 0

    def __call__(self) -> str:
        self.tried += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "done"


def test_work_is_tried_again_while_its_store_is_unavailable() -> None:
    for failures in range(TRIES):
        work = Flaky(failures)
        assert patiently(work, inf) == "done"
        assert work.tried == failures + 1
    with pytest.raises(StoreUnavailable, match="away"):
        patiently(work := Flaky(TRIES), inf)
    assert work.tried == TRIES


def test_what_is_no_passing_failure_is_raised_at_once() -> None:
    for error in (StoreCorrupt("It is damaged.", "Restore it."), TimeoutError("its own"), ValueError("bad")):
        with pytest.raises(type(error), match=str(error.args[0])[:9]):
            patiently(work := Flaky(1, error), 5.0)
        assert work.tried == 1


def test_nothing_is_tried_again_when_the_time_is_up() -> None:
    with pytest.raises(StoreUnavailable, match="away"):
        retried(work := Flaky(1), perf_counter() - 1)
    assert work.tried == 1


def test_work_that_hangs_is_left_behind() -> None:
    release = threading.Event()
    with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.0 s"):
        patiently(release.wait, 0.01)
    with pytest.raises(StoreUnavailable, match="No time was left for the store"):
        patiently(release.wait, -1.0)
    release.set()


def test_work_belongs_to_the_context_it_was_asked_in() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="nobody's")
    variable.set("ours")
    assert patiently(variable.get, 5.0) == "ours"


def test_the_parts_of_a_builds_time() -> None:
    begun = Deadline(10.0)
    assert begun.end == begun.started + 10.0
    assert 0 < begun.for_opening <= OPENING * 10.0
    assert begun.for_closing == OPENING * 10.0
    over = Deadline(10.0, started=perf_counter() - 10.0)
    assert over.for_opening < 0 < over.for_closing <= CLOSING * 10.0
    gone = Deadline(10.0, started=perf_counter() - 20.0)
    assert gone.for_closing < 0
    assert Deadline().for_opening == Deadline().for_closing == inf


def test_while_a_call_is_overdue_no_other_is_made() -> None:
    patience, release, made = Patience("oracle"), threading.Event(), []
    with pytest.raises(TimeoutError, match=r"took longer than 0\.01 s"):
        patience.call(release.wait, 0.01)
    assert patience.overdue
    with pytest.raises(TimeoutError, match="has not answered yet"):
        patience.call(lambda: made.append(1), inf)
    release.set()
    while patience.overdue:
        pass
    patience.call(lambda: made.append(2), inf)
    assert made == [2]


def test_what_a_call_raises_itself_is_not_overdue() -> None:
    patience = Patience("oracle")
    for error in (ValueError("bad"), TimeoutError("its own")):
        with pytest.raises(type(error), match=str(error)):
            patience.call(Flaky(1, error), 5.0)
        assert not patience.overdue
    assert patience.call(Flaky(0), 5.0) == "done"
