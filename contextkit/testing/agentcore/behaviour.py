"""How the emulated service behaves where the real one varies: its delays, its quotas, where it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contextkit.testing.agentcore.quotas import Quotas

NO_TIME: Final = timedelta(0)

EXTRACTION_DELAY: Final = timedelta(seconds=20)
"""AWS gives 20 to 40 seconds from an event to its records; this is the quicker end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The switches of an emulator; `server.behaviour = replace(server.behaviour, …)` turns them while it runs.

    * `creation_delay`: how long a memory is CREATING, UPDATING or DELETING.
    * `extraction_delay`: from an event to the extraction of its records.
    * `linger`: how long deleted records are still listed and retrieved; under five minutes was seen of the service.
    * `filter_lag`: how long new events are missing from filtered lists, which are only eventually consistent.
    * `quotas`: None for no rates at all, `Quotas()` for Amazon's.
    """

    creation_delay: timedelta = NO_TIME
    extraction_delay: timedelta = EXTRACTION_DELAY
    linger: timedelta = NO_TIME
    filter_lag: timedelta = NO_TIME
    quotas: Quotas | None = None
    region: str = "us-east-1"
    account: str = "123456789012"
