"""Extraction jobs: which events wait to be extracted together, and which could not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from contextkit.testing.agentcore.refusals import not_found
from contextkit.testing.agentcore.sessions import Event, Sessions
from contextkit.testing.agentcore.wire import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Events of one session that are to be extracted together. `failure`: why it failed the last time.

    `direct` are those of IngestData, whose events are kept nowhere else.
    """

    id: str
    strategy_id: str
    actor_id: str
    session_id: str
    branch: str
    due: datetime
    events: tuple[Event, ...]
    direct: bool = False
    failure: str | None = None

    def joins(self, other: Job) -> bool:
        """Whether both are about the same conversation, for the same strategy."""
        return _conversation(self) == _conversation(other)

    def view(self) -> Params:
        """The job as ListMemoryExtractionJobs says it."""
        parts = [
            {"eventId": event.id, "messageIndex": index} for event in self.events for index in range(len(event.payload))
        ]
        return {
            "jobID": self.id,
            "messages": {"messagesList": parts},
            "status": "FAILED",
            "failureReason": self.failure,
            "strategyId": self.strategy_id,
            "sessionId": self.session_id,
            "actorId": self.actor_id,
        }


@dataclass(slots=True)
class Jobs:
    """The jobs of one memory: those that wait, and those that failed."""

    waiting: list[Job] = field(default_factory=list)
    failed: dict[str, Job] = field(default_factory=dict)

    def schedule(self, job: Job, now: datetime) -> None:
        """Add a job; its events join those of a job of the same conversation that is not due yet."""
        for index, other in enumerate(self.waiting):
            if other.joins(job) and other.due > now:
                self.waiting[index] = replace(other, events=other.events + job.events)
                return
        self.waiting.append(job)

    def start(self, job_id: str, now: datetime) -> None:
        """Try a failed job again, with what else of its conversation failed. Raises `Refused` if there is none."""
        if job_id not in self.failed:
            raise not_found("Extraction job", job_id)
        again = self.failed[job_id]
        together = [job for job in self.failed.values() if job.joins(again)]
        for job in together:
            del self.failed[job.id]
        events = sorted((event for job in together for event in job.events), key=lambda event: event.id)
        self.waiting.append(replace(again, due=now, events=tuple(events), failure=None))

    def forget(self, sessions: Sessions) -> None:
        """Let go of the events that are stored no more, and of jobs that so have none left."""
        self.waiting = [job for job in (_without_gone(job, sessions) for job in self.waiting) if job.events]
        left = [_without_gone(job, sessions) for job in self.failed.values()]
        self.failed = {job.id: job for job in left if job.events}

    def __iter__(self) -> Iterator[Job]:
        yield from self.waiting
        yield from self.failed.values()

    def take(self, now: datetime) -> Job | None:
        """The job that has been due for longest; it waits no longer. None where none is due."""
        job = min(self.waiting, key=lambda job: job.due, default=None)
        if job is None or job.due > now:
            return None
        self.waiting.remove(job)
        return job


def _without_gone(job: Job, sessions: Sessions) -> Job:
    return job if job.direct else replace(job, events=tuple(filter(sessions.has, job.events)))


def _conversation(job: Job) -> tuple[object, ...]:
    return (job.strategy_id, job.actor_id, job.session_id, job.branch, job.direct)
