"""Extraction: from a session's new events to records, some time after the events came in.

No thread waits for a job. A call that looks at a memory's records first runs what is due there by the
emulator's clock, so that a test with a clock of its own sees the same in every run. Where an engine is slow, as
a model is, only such calls wait for it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from contextkit.memory.facts import Batch
from contextkit.stores import MemoryRecord
from contextkit.testing.agentcore.engine import Engine, Engines, messages, passed_on
from contextkit.testing.agentcore.jobs import Job, Jobs
from contextkit.testing.agentcore.model import operations
from contextkit.testing.agentcore.pages import page, paged
from contextkit.testing.agentcore.records import Record, Records
from contextkit.testing.agentcore.sessions import Event, Sessions
from contextkit.testing.agentcore.shapes import Reading
from contextkit.testing.agentcore.strategies import Kind, Strategy
from contextkit.testing.agentcore.wire import Params
from contextkit.testing.agentcore.world import World, uuid_form
from contextkit.types import Message

HISTORY: Final = 4
"""Messages ahead of new ones that are shown with them, as in the project's own strategies."""

LONGEST: Final = 16_000
"""Characters of a record's text, from the model."""

_log = logging.getLogger("contextkit.testing")


@dataclass(frozen=True, slots=True)
class Part:
    """The events of a job that go to one namespace: the batch, the records near it, and metadata to pass on."""

    batch: Batch
    near: Sequence[MemoryRecord]
    metadata: Params


@dataclass(frozen=True, slots=True)
class Outcome:
    """The records that a task decided on, each with its metadata; or why it failed."""

    records: tuple[tuple[MemoryRecord, Params], ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The work of one job. It touches nothing of the memory, so that an engine may take its time."""

    job: Job
    strategy: Strategy
    kind: Kind
    engines: Engines
    parts: tuple[Part, ...]

    def work(self) -> Outcome:
        """Have the engine decide. A model may fail in any way: then the outcome says how."""
        try:
            engine = self.engines(self.kind)
            return Outcome(tuple(decided for part in self.parts for decided in _decided(engine, part)))
        except Exception as error:
            _log.warning("Extraction job %s failed: %s", self.job.id, error)
            return Outcome(failure=f"{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Extraction:
    """The operations on jobs, the work that they stand for, and what it needs of a memory."""

    jobs: Jobs
    sessions: Sessions
    records: Records
    strategies: dict[str, Strategy]
    engines: Engines

    def expect(self, event: Event, world: World, *, direct: bool = False) -> None:
        """Schedule the extraction of a new event by every strategy that has a namespace for it.

        A strategy whose namespace names a variable that the event has no value for gets nothing, silently, as
        from the service.
        """
        for strategy in self.strategies.values():
            if event.wanted and strategy.works_as and _namespace(strategy, event) and messages(event):
                due = world.now + world.behaviour.extraction_delay
                self.jobs.schedule(_job(strategy, event, due, direct, world), world.now)

    def next(self, now: datetime) -> Task | None:
        """The work of the job that is due first; None where none is. The job waits no longer."""
        while (job := self.jobs.take(now)) is not None:
            strategy = self.strategies.get(job.strategy_id)
            if strategy is not None and strategy.works_as is not None:
                return Task(job, strategy, strategy.works_as, self.engines, tuple(self._parts(job, strategy, now)))
        return None

    def settle(self, task: Task, outcome: Outcome, now: datetime) -> None:
        """Write what a task decided: all of it or, where anything failed, nothing."""
        if outcome.failure is not None:
            self.jobs.failed[task.job.id] = replace(task.job, failure=outcome.failure)
        for memory, metadata in outcome.records:
            self._put(memory, task.strategy, metadata, now)

    def list_jobs(self, params: Params, _: World) -> Params:
        """ListMemoryExtractionJobs: those that failed and can be started again."""
        asked = params.get("filter", {})
        views = [job.view() for job in self.jobs.failed.values()]
        found = [view for view in views if all(view[name] == value for name, value in asked.items())]
        return paged("jobs", *page(sorted((view["jobID"], view) for view in found), params))

    def start(self, params: Params, world: World) -> Params:
        """StartMemoryExtractionJob."""
        job_id = params["extractionJob"]["jobId"]
        self.jobs.start(job_id, world.now)
        return {"jobId": job_id}

    def _parts(self, job: Job, strategy: Strategy, now: datetime) -> Iterator[Part]:
        events = [event for event in job.events if job.direct or self.sessions.has(event)]
        for namespace, together in _by_namespace(strategy, events).items():
            batch = Batch(
                actor_id=job.actor_id,
                session_id=job.session_id,
                messages=[message for event in together for message in messages(event)],
                before=() if job.direct else self._before(together[0]),
                namespace=namespace,
            )
            near = [
                as_memory(record, strategy.name)
                for record in self.records
                if record.strategy_id == strategy.id and namespace in record.namespaces and record.is_live(now)
            ]
            yield Part(batch, near, passed_on(strategy, together))

    def _before(self, event: Event) -> list[Message]:
        """The last messages on its branch ahead of an event."""
        others = self.sessions.events_of(event.actor_id, event.session_id)
        earlier = [other for other in others if other.id < event.id and other.branch == event.branch]
        said: list[Message] = []
        for other in sorted(earlier, key=lambda other: other.id, reverse=True):
            said = [*messages(other), *said]
            if len(said) >= HISTORY:
                break
        return said[-HISTORY:]

    def _put(self, memory: MemoryRecord, strategy: Strategy, metadata: Params, now: datetime) -> None:
        """Store what the engine decided. What was superseded is gone, as from the service."""
        record_id = _record_id(memory.id)
        if memory.valid_to is not None and memory.valid_to <= now:
            self.records.drop(record_id)
            return
        before = self.records.find(record_id, now)
        self.records.put(
            Record(
                id=record_id,
                text=memory.text,
                namespaces=(memory.namespace,),
                strategy_id=strategy.id,
                created_at=before.created_at if before else now,
                updated_at=now,
                timestamp=memory.valid_from or memory.created_at,
                metadata={**(before.metadata if before else {}), **metadata},
                expiry_days=strategy.expiry_days,
                behind=memory,
            )
        )


def _decided(engine: Engine, part: Part) -> Iterator[tuple[MemoryRecord, Params]]:
    _check_namespace(part.batch.namespace)
    for change in engine.changes(part.batch, part.near):
        for memory in change.records:
            if not 1 <= len(memory.text) <= LONGEST:
                raise ValueError(f"A record of {len(memory.text)} characters, where 1 to {LONGEST} are allowed")
            yield memory, part.metadata


def as_memory(record: Record, strategy: str) -> MemoryRecord:
    """The record as the engine knows it, its own view of it where it made it."""
    return record.behind or MemoryRecord(
        id=record.id,
        text=record.text,
        namespace=record.namespaces[0],
        strategy=strategy,
        created_at=record.created_at,
        valid_from=record.timestamp,
    )


def _job(strategy: Strategy, event: Event, due: datetime, direct: bool, world: World) -> Job:
    return Job(
        id=world.ids.uuid(),
        strategy_id=strategy.id,
        actor_id=event.actor_id,
        session_id=event.session_id,
        branch=event.branch,
        due=due,
        events=(event,),
        direct=direct,
    )


def _namespace(strategy: Strategy, event: Event) -> str | None:
    return strategy.namespace(event.actor_id, event.session_id, event.variables)


def _by_namespace(strategy: Strategy, events: Iterable[Event]) -> dict[str, list[Event]]:
    """Events in order, by the namespace that their records go to."""
    found: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda event: event.id):
        namespace = _namespace(strategy, event)
        if namespace is not None:
            found.setdefault(namespace, []).append(event)
    return found


def _check_namespace(namespace: str) -> None:
    reading = Reading()
    reading.read(operations()["ListMemoryRecords"].input.members["namespace"], namespace, namespace)
    if reading.problems:
        raise ValueError(f"No record can be in the namespace {namespace}: {reading.problems[0].what}")


def _record_id(memory_id: str) -> str:
    """The service's form of an id: its own as it is, the engine's by its hash."""
    if memory_id.startswith("mem-") and len(memory_id) == _ID_LENGTH:
        return memory_id
    return "mem-" + uuid_form(hashlib.sha256(memory_id.encode()).hexdigest())


_ID_LENGTH: Final = 40
