"""Workers: a thread that is idle is used again, one that hangs is not waited for, and a forked child has its own."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from queue import SimpleQueue

import pytest

from contextkit import workers
from contextkit.workers import set_to_work

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No workers of other tests; those of this one end soon."""
    monkeypatch.setattr(workers, "_idle", [])
    monkeypatch.setattr(workers, "IDLE", 0.2)
    yield
    for worker in list(workers._idle):
        worker.join(5)


def done_by(name: str = "work") -> threading.Thread:
    """The thread that does a piece of work, when it waits for the next one."""
    found: SimpleQueue[threading.Thread] = SimpleQueue()
    set_to_work(name, lambda: found.put(threading.current_thread()))
    worker = found.get(timeout=5)
    while worker not in workers._idle:
        assert worker.is_alive()
    return worker


def test_an_idle_thread_is_used_again_under_another_name() -> None:
    first = done_by("tools")
    assert (first.name, first.daemon) == ("tools", True)
    assert done_by("history") is first
    assert first.name == "history"


def test_work_that_hangs_holds_up_nothing() -> None:
    release = threading.Event()
    set_to_work("hangs", lambda: void(release.wait(5)))
    assert done_by() is done_by()
    release.set()


def test_each_piece_of_work_has_the_context_of_whoever_gave_it() -> None:
    found: SimpleQueue[str] = SimpleQueue()
    for name in ("ines", "ben"):
        token = WHO.set(name)
        set_to_work("work", lambda: found.put(WHO.get()))
        assert found.get(timeout=5) == name
        WHO.reset(token)
    set_to_work("work", lambda: found.put(WHO.get()))
    assert found.get(timeout=5) == "nobody"


def test_an_idle_thread_holds_nothing_of_its_last_work() -> None:
    held = type("Held", (), {})()
    gone = weakref.ref(held)
    set_to_work("work", lambda held=held: void(held))
    del held
    done_by()
    gc.collect()
    assert gone() is None


def test_a_thread_that_nobody_needs_ends() -> None:
    worker = done_by()
    worker.join(5)
    assert not worker.is_alive()
    assert workers._idle == []
    assert done_by() is not worker


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_waits_for_none_of_its_parents_threads() -> None:
    done_by()
    child = os.fork()
    if not child:
        done = threading.Event()
        set_to_work("child", done.set)
        os._exit(0 if done.wait(5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def void(_: object) -> None:
    return None
