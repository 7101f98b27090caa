"""SQLiteStore: every store Protocol in one SQLite file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from contextkit.clock import Clock, utc_now
from contextkit.embedders import checked_embeddings
from contextkit.stores import (
    CalibrationStore,
    Erasable,
    MemoryRecord,
    MemoryStore,
    Overflow,
    OverflowStore,
    PreferenceStore,
    ScoredMemory,
    Session,
    SessionEntry,
    SessionStore,
    SomeParts,
    ToolCache,
)
from contextkit.stores.codec import lifetime
from contextkit.stores.embedding import Embedder
from contextkit.stores.sqlite.calibrations import Calibrations
from contextkit.stores.sqlite.connection import Database, Synchronous
from contextkit.stores.sqlite.erasure import Erasure
from contextkit.stores.sqlite.expiry import purge_all
from contextkit.stores.sqlite.memories import Memories
from contextkit.stores.sqlite.messages import Messages
from contextkit.stores.sqlite.overflow import OverflowPieces
from contextkit.stores.sqlite.preferences import Preferences
from contextkit.stores.sqlite.sessions import Lifetimes, Sessions
from contextkit.stores.sqlite.tools import POLL, ToolResults
from contextkit.stores.sqlite.vectors import MessageVectors
from contextkit.stores.tools import ToolCalls
from contextkit.types import Embeddings, Message, TokenCounter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SQLiteStore"]


class SQLiteStore(SessionStore, OverflowStore, MemoryStore, PreferenceStore, ToolCache, CalibrationStore, Erasable):
    """A store in one SQLite file, for any number of threads and processes of one machine.

    `path` is a file (made on first use, for its owner alone), a `file:` URI, or ":memory:".
    `embeddings` gives messages and memories vectors; if it fails, the data is kept and its
    vectors are made later. `counter` counts each message's tokens, once, when it is appended.
    `ttl` is how long a session lives after its last append (None: for ever), `overflow_ttl` how
    long a piece of overflow lives at most. A message may take `max_message_bytes` as stored.
    `wait` is how many seconds a write waits for its turn before it raises `StoreUnavailable`.

    Acknowledged writes survive the death of the process. They also survive a power cut with
    `synchronous="FULL"`; with "NORMAL" a power cut may take the newest ones, never the file.

    Each part of the work is done by the module named after it; this class is their common face.
    Every method raises `StoreError` or `InvalidInput`, never an error of SQLite's.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = "contextkit.db",
        *,
        embeddings: Embeddings | None = None,
        counter: str | TokenCounter = "o200k_base",
        ttl: timedelta | None = None,
        overflow_ttl: timedelta | None = None,
        max_message_bytes: int = 64 << 20,
        wait: float = 10.0,
        synchronous: Synchronous = "NORMAL",
        clock: Clock = utc_now,
    ) -> None:
        self._embeddings = checked_embeddings(embeddings)
        embedder = None if embeddings is None else Embedder(embeddings)
        self._database = Database(path, wait=wait, synchronous=synchronous)
        self._lifetimes = Lifetimes(clock, lifetime("ttl", ttl))
        self._sessions = Sessions(self._database, self._lifetimes)
        self._messages = Messages(self._database, self._lifetimes, counter, max_message_bytes)
        self._vectors = MessageVectors(self._database, self._lifetimes, embedder)
        self._overflow = OverflowPieces(self._database, self._lifetimes, lifetime("overflow_ttl", overflow_ttl))
        self._memories = Memories(self._database, self._lifetimes, embedder)
        self._preferences = Preferences(self._database)
        self._tools = ToolCalls(ToolResults(self._database, self._lifetimes), POLL)
        self._calibrations = Calibrations(self._database)
        self._erasure = Erasure(self._database)

    @property
    def path(self) -> str:
        """Where the database is, as it was given."""
        return self._database.path

    # Sessions

    @property
    def embeddings(self) -> Embeddings | None:
        return self._embeddings

    def append(self, actor_id: str, session_id: str, messages: Iterable[object]) -> list[Message]:
        stored = self._messages.append(actor_id, session_id, messages)
        self._vectors.catch_up(actor_id, session_id)
        return stored

    def session(self, actor_id: str, session_id: str) -> Session | None:
        return self._sessions.session(actor_id, session_id)

    def sessions(self, actor_id: str, *, since: datetime | None = None) -> list[Session]:
        return self._sessions.sessions(actor_id, since=since)

    def recent_sessions(self, actor_id: str, last: int, *, since: datetime | None = None) -> list[SessionEntry]:
        return self._sessions.recent(actor_id, last, since)

    def messages(
        self, actor_id: str, session_id: str, *, after: int = 0, before: int | None = None, last: int | None = None
    ) -> list[Message]:
        return self._messages.messages(actor_id, session_id, after=after, before=before, last=last)

    def pick(self, actor_id: str, session_id: str, seqs: Sequence[int]) -> list[Message]:
        return self._messages.pick(actor_id, session_id, seqs)

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        return self._sessions.save_state(actor_id, session_id, state, expected=expected, key=key)

    def save_view(self, actor_id: str, session_id: str, view: str, *, life: datetime | None = None) -> None:
        self._sessions.save_view(actor_id, session_id, view, life)

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        return self._sessions.derived(actor_id, session_id)

    def save_derived(
        self,
        actor_id: str,
        session_id: str,
        add: Mapping[str, bytes],
        remove: Iterable[str] = (),
        *,
        life: datetime | None = None,
        parts: Mapping[str, Sequence[bytes]] | None = None,
    ) -> None:
        self._sessions.save_derived(actor_id, session_id, add, remove, life, parts or {})

    def derived_parts(
        self, actor_id: str, session_id: str, wanted: Mapping[str, SomeParts]
    ) -> dict[tuple[str, int], bytes]:
        return self._sessions.derived_parts(actor_id, session_id, wanted)

    def vectors(self, actor_id: str, session_id: str, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        return self._vectors.vectors(actor_id, session_id, after=after)

    def delete_session(self, actor_id: str, session_id: str, *, life: datetime | None = None) -> None:
        self._sessions.delete_session(actor_id, session_id, life)

    # Overflow

    def put_overflow(
        self, actor_id: str, session_id: str, pieces: Sequence[Overflow], *, life: datetime | None = None
    ) -> datetime | None:
        return self._overflow.put_overflow(actor_id, session_id, pieces, life)

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        return self._overflow.get_overflow(actor_id, session_id, handle)

    def overflow(self, actor_id: str, session_id: str, *, after: int = 0) -> list[Overflow]:
        return self._overflow.overflow(actor_id, session_id, after=after)

    # Memories

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        self._memories.put_memories(actor_id, records)

    def memories(
        self,
        actor_id: str,
        *,
        namespace: str | None = None,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[MemoryRecord]:
        return self._memories.memories(actor_id, namespace=namespace, active=active, metadata=metadata)

    def search_memories(
        self,
        actor_id: str,
        query: str,
        *,
        namespace: str | None = None,
        limit: int = 20,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[ScoredMemory]:
        return self._memories.search_memories(
            actor_id, query, namespace=namespace, limit=limit, active=active, metadata=metadata
        )

    def delete_memories(self, actor_id: str, ids: Iterable[str]) -> None:
        self._memories.delete_memories(actor_id, ids)

    # Preferences

    def preferences(self, actor_id: str) -> dict[str, str]:
        return self._preferences.preferences(actor_id)

    def set_preferences(self, actor_id: str, values: Mapping[str, str | None]) -> None:
        self._preferences.set_preferences(actor_id, values)

    # Tool results

    def get_or_call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Any],
        *,
        actor_id: str | None,
        version: str = "1",
        ttl: timedelta = timedelta(minutes=5),
    ) -> Any:
        return self._tools.get_or_call(tool, arguments, call, actor_id=actor_id, version=version, ttl=ttl)

    def forget_tool(self, tool: str, *, actor_id: str | None) -> None:
        self._tools.forget_tool(tool, actor_id=actor_id)

    # Calibrations

    def calibration(self, model: str) -> str | None:
        return self._calibrations.calibration(model)

    def save_calibration(self, model: str, calibration: str) -> None:
        self._calibrations.save_calibration(model, calibration)

    # Erasure

    def held(self, actor_id: str) -> dict[str, int]:
        return self._erasure.held(actor_id)

    def erase(self, actor_id: str) -> dict[str, int]:
        return self._erasure.erase(actor_id)

    # Housekeeping

    def embed_missing(self, actor_id: str, session_id: str | None = None) -> int:
        """Make the vectors that are missing, of a session's messages or else of the actor's memories.

        Returns how many are missing still: more than 0 where the embedder failed.
        """
        if session_id is None:
            return self._memories.embed_missing(actor_id)
        return self._vectors.embed_missing(actor_id, session_id)

    def purge(self) -> int:
        """Delete everything that has expired, and say how many rows that were. Writes do it bit by bit."""
        return purge_all(self._database, self._lifetimes.now())

    def vacuum(self) -> None:
        """Purge, then give the space of what was deleted back to the disk. Blocks all writers meanwhile."""
        self.purge()
        self._database.maintain("VACUUM")
        self._database.maintain("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file. Calls that come later raise `StoreError`."""
        self._database.close()

    def __enter__(self) -> SQLiteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
