"""What is in a memory: events, records, and the jobs that make the one out of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contextkit.testing.agentcore.jobs import Jobs
from contextkit.testing.agentcore.records import Records
from contextkit.testing.agentcore.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a memory holds; it outlives every change of the memory's settings."""

    sessions: Sessions = field(default_factory=Sessions)
    records: Records = field(default_factory=Records)
    jobs: Jobs = field(default_factory=Jobs)

    def tidy(self, now: datetime, lifetime: timedelta, linger: timedelta) -> None:
        """Let go of what is over."""
        for actor in self.sessions.actors():
            self.sessions.of(actor, now, lifetime)
        self.records.forget(now, linger)
        self.jobs.forget(self.sessions)

    def texts(self) -> Iterator[str]:
        """All that is in here, a line for each actor, event, record and event of a job."""
        yield from self.sessions.actors()
        yield from map(repr, self.sessions)
        yield from map(repr, self.records)
        yield from (repr(event) for job in self.jobs for event in job.events)
