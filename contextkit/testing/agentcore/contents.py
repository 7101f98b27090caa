"""What is in a memory: events, records, and the jobs that make the one out of the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from contextkit.testing.agentcore.events import Sessions
from contextkit.testing.agentcore.jobs import Jobs
from contextkit.testing.agentcore.records import Records


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a memory holds; it outlives every change of the memory's settings."""

    sessions: Sessions = field(default_factory=Sessions)
    records: Records = field(default_factory=Records)
    jobs: Jobs = field(default_factory=Jobs)
