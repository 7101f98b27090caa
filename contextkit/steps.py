"""Steps: how long each part of a build took, told to whoever listens.

A part says `with step("offload"):`, or `@step("fit")` where it is a function of its own; whoever wants to know opens
`timed()` around all of them. Builds do, and their reports carry what was heard. Steps are not nested, and what a build
does between them takes no time worth a name. A listener hears its own thread or task and what that starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a build: seconds from the beginning of the build to its own, and the wall-clock seconds it took."""

    name: str
    start: float
    seconds: float


@dataclass(slots=True)
class _Listener:
    """What one build has heard of its steps."""

    began: float = field(default_factory=perf_counter)
    steps: list[Step] = field(default_factory=list)


_listener: ContextVar[_Listener | None] = ContextVar("steps", default=None)


@contextmanager
def timed() -> Iterator[None]:
    """Hear every step of this thread or task, and of those it starts with a copy of its context."""
    token = _listener.set(_Listener())
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Time what is done inside, also if it fails."""
    started = perf_counter()
    try:
        yield
    finally:
        heard = _listener.get()
        if heard is not None:
            heard.steps.append(Step(name, started - heard.began, perf_counter() - started))


def elapsed() -> float:
    """Wall-clock seconds since this thread's or task's listener began to hear; 0 where there is none."""
    heard = _listener.get()
    return 0.0 if heard is None else perf_counter() - heard.began


def taken() -> tuple[Step, ...]:
    """The steps that this thread's or task's listener has heard of so far, in the order in which they ended."""
    heard = _listener.get()
    return () if heard is None else tuple(heard.steps)
