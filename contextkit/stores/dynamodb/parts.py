"""Parts: a store in one region, each part of its work done by the module named after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from contextkit.stores.dynamodb.appending import Appending
from contextkit.stores.dynamodb.arrivals import Arrivals
from contextkit.stores.dynamodb.bucket import Bucket
from contextkit.stores.dynamodb.calibrations import Calibrations
from contextkit.stores.dynamodb.clock import Clock
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.derived import DerivedData
from contextkit.stores.dynamodb.erasure import Erasure
from contextkit.stores.dynamodb.followup import FollowUp
from contextkit.stores.dynamodb.indexing import Indexing
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import Log
from contextkit.stores.dynamodb.memories import Memories
from contextkit.stores.dynamodb.messages import Messages
from contextkit.stores.dynamodb.overflow import OverflowPieces
from contextkit.stores.dynamodb.packing import Packing
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.preferences import Preferences
from contextkit.stores.dynamodb.sessions import Sessions
from contextkit.stores.dynamodb.tools import POLL, ToolResults
from contextkit.stores.dynamodb.upkeep import Upkeep
from contextkit.stores.dynamodb.vectors import MessageVectors
from contextkit.stores.embedding import Embedder
from contextkit.stores.tools import ToolCalls
from contextkit.types import TokenCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is the same in every region."""

    clock: Clock
    counter: str | TokenCounter
    embedder: Embedder | None
    bucket: Bucket | None
    overflow_ttl: timedelta | None
    max_message_bytes: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: one of several regions that replicate each other, or all there is.

    `answers` says of another region whether it can be asked.
    """

    region: str = ""
    regions: Sequence[str] = ()
    answers: Callable[[str], bool] = lambda _: False


class Parts:
    """The parts of a store in one region."""

    def __init__(self, database: Database, settings: Settings, place: Place) -> None:
        payloads = Payloads(database, settings.bucket)
        arrivals = Arrivals(database, payloads)
        self._lives = lives = Lives(database, settings.clock, arrivals, place.region, place.regions, place.answers)
        log = Log(database, payloads)
        self.derived = DerivedData(lives, payloads)
        self.sessions = Sessions(lives, payloads, log, self.derived)
        self.messages = Messages(lives, payloads, log)
        self.appending = Appending(lives, payloads, log, settings.counter, settings.max_message_bytes)
        self.indexing = Indexing(lives, log, self.sessions, self.derived, settings.counter)
        self.followup = FollowUp(Packing(lives, log, payloads), self.indexing)
        self.vectors = MessageVectors(lives, self.messages, settings.embedder)
        self.overflow = OverflowPieces(lives, payloads, settings.overflow_ttl)
        self.memories = Memories(database, payloads, settings.clock, settings.embedder)
        self.preferences = Preferences(database, payloads)
        self.tools = ToolCalls(ToolResults(database, payloads, settings.clock), POLL)
        self.upkeep = Upkeep(database, settings.bucket)
        self.calibrations = Calibrations(database, payloads)
        self.erasure = Erasure(database, payloads, lives)

    def forget(self, actor_id: str, session_id: str) -> None:
        """Read anew how a session stands the next time."""
        self._lives.forget(self._lives.clock.at(actor_id, session_id))
