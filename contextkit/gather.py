"""Gather: all sources at once, each with its own deadline.

A slow or broken source costs its own share and nothing else. Sources answer in any order; what
they gave is returned in the order in which they were listed, so that order never shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from contextkit.deadline import begun
from contextkit.errors import ContextKitError, InvalidInput, SourceFailed, shortened
from contextkit.report import SourceRun, SourceStatus
from contextkit.types import AsyncSource, Gathered, Item, Notice, Request, Source, Unread
from contextkit.workers import set_to_work


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source gave, and how it did."""

    run: SourceRun
    gathered: tuple[Gathered, ...] = ()


@dataclass(slots=True)
class _Job:
    """One source under way in this build. Only its own thread or task writes the outcome, once."""

    source: Source
    deadline: float
    required: bool
    started: float
    gathered: tuple[Gathered, ...] | None = None
    items: int = 0
    error: BaseException | None = None
    seconds: float = 0.0

    def run(self, request: Request) -> None:
        try:
            self.finish(tuple(self.source.gather(request)))
        except BaseException as error:  # whatever a source raises costs its share, also where it would end its thread
            self.fail(error)

    def finish(self, gathered: tuple[Gathered, ...]) -> None:
        self.items = _checked(self.source.name, gathered)
        self.seconds = perf_counter() - self.started
        self.gathered = gathered

    def fail(self, error: BaseException) -> None:
        self.seconds = perf_counter() - self.started
        self.error = error

    @property
    def left(self) -> float:
        return max(0.0, self.started + self.deadline - perf_counter())


def gather(sources: Sequence[Source], request: Request) -> list[Answer]:
    """Ask every source in a thread of its own and wait for each until its deadline, or the build's.

    The threads are daemons: one that hangs is left behind and never waited for again.
    Raises `SourceFailed` for a required source, and what a source says of bad input.
    """
    jobs, skipped = _jobs(sources, request)
    asked = [begun(job.source.name, partial(job.run, request)) for job in jobs]
    for job, done in zip(jobs, asked, strict=True):
        with suppress(TimeoutError):
            done.exception(job.left)
    return [_answer(job) for job in jobs] + skipped


async def agather(sources: Sequence[Source], request: Request) -> list[Answer]:
    """The same without blocking the event loop; a source that is natively asynchronous needs no thread."""
    jobs, skipped = _jobs(sources, request)
    await asyncio.gather(*(_until_deadline(job, request) for job in jobs))
    return [_answer(job) for job in jobs] + skipped


async def _until_deadline(job: _Job, request: Request) -> None:
    work = _awaited(job, job.source, request) if isinstance(job.source, AsyncSource) else _in_thread(job, request)
    try:
        await asyncio.wait_for(work, job.left)
    except TimeoutError:
        return


async def _awaited(job: _Job, source: AsyncSource, request: Request) -> None:
    try:
        job.finish(tuple(await source.agather(request)))
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():  # by the deadline, or by who awaits the build
            raise
        job.fail(error)  # what the source awaited was cancelled: a connection that was closed, say
    except Exception as error:  # as in `_Job.run`
        job.fail(error)


async def _in_thread(job: _Job, request: Request) -> None:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def run() -> None:
        job.run(request)
        _tell(loop, done.set)

    set_to_work(job.source.name, run)
    await done.wait()


def _tell(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Wake the loop, unless it has ended while a late source was still at work."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback)


def _jobs(sources: Sequence[Source], request: Request) -> tuple[list[_Job], list[Answer]]:
    """The sources to ask now, and answers for those that have no part in this build."""
    now = perf_counter()
    jobs, skipped = [], []
    for source in sources:
        sections = [section for section in request.strategy.sections if section.name in source.sections]
        if not sections:
            why = f"the strategy {request.strategy.name!r} has no section for it"
            skipped.append(_skipped(source, why, _no_section(source, request.strategy.name)))
        elif request.continuing and all(section.region == "volatile" for section in sections):
            skipped.append(_skipped(source, "what it gave when the turn began still stands"))
        else:
            deadline = max(0.0, min(max(section.deadline for section in sections), request.deadline.end - now))
            jobs.append(_Job(source, deadline, any(section.required for section in sections), now))
    return jobs, skipped


def _checked(source: str, gathered: Sequence[object]) -> int:
    """How many items a source gave. Refuses what it should not give: it would only be missed."""
    items = len(gathered)
    for one in gathered:
        if isinstance(one, Item):  # of which there are thousands
            if isinstance(one.text, str) and isinstance(one.id, str) and one.id:
                continue
        elif isinstance(one, Unread | Notice):
            items -= 1
            continue
        raise InvalidInput(
            f"The source {source!r} gave {shortened(one)}, which is no item with a text and a text as its id.",
            "Yield contextkit.Item(id=…, section=…, text=…).",
            value=one,
        )
    return items


def _skipped(source: Source, why: str, *notices: Notice) -> Answer:
    return Answer(SourceRun(name=source.name, seconds=0.0, status="skipped", error=why), notices)


def _no_section(source: Source, strategy: str) -> Notice:
    wanted = " or ".join(map(repr, source.sections))
    text = f"The strategy {strategy!r} has no section {wanted}, so the source {source.name!r} was not asked; add it."
    return Notice("no section", text)


def _answer(job: _Job) -> Answer:
    gathered, error = job.gathered, job.error
    if gathered is not None:
        return Answer(SourceRun(name=job.source.name, seconds=job.seconds, items=job.items), gathered)
    if isinstance(error, InvalidInput):
        raise error
    if job.required:
        raise SourceFailed(job.source.name, _problem(job)) from error
    seconds = job.seconds if error else job.deadline
    status: SourceStatus = "failed" if error else "late"
    return Answer(SourceRun(name=job.source.name, seconds=seconds, status=status, error=_problem(job)))


def _problem(job: _Job) -> str:
    if job.error is None and job.deadline <= 0:
        return "had no time left, as opening the session took all of the build's"
    if job.error is None:
        return f"did not answer within its deadline of {job.deadline:.3g} s"
    error = job.error
    what = error.problem if isinstance(error, ContextKitError) else f"{type(error).__name__}: {error}"
    return f"failed: {what.removesuffix(': ').rstrip('.')}"
