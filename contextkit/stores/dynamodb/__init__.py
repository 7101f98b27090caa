"""DynamoDBStore: every store Protocol in four tables of DynamoDB.

| table | partition key | sort keys |
|---|---|---|
| `agent-sessions` | `session#<actor>/<session>` | `meta`, `meta#state`, `meta#view`, `log#<life>#<seq>` (messages), `id#…` (their ids), `vec#…`, `note#…` (derived data), `over#…` (overflow), `blob#…` (chunks) |
| | `sessions#<actor>` | the actor's sessions |
| `agent-tool-cache` | `tool#<actor or *>#<tool>` | `<version>#<sha256 of the arguments>` |
| `agent-prefs` | `actor#<actor>`, `model#<model>` | `preferences`, `calibration` |
| `agent-memories` | `mem#<actor>` | `rec#<id>`, `stamp` |
"""  # noqa: E501

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from contextkit.aws.client import new_client
from contextkit.stores import (
    CalibrationStore,
    MemoryRecord,
    MemoryStore,
    Overflow,
    OverflowStore,
    PreferenceStore,
    ScoredMemory,
    Session,
    SessionStore,
    ToolCache,
)
from contextkit.stores.dynamodb.bucket import Bucket
from contextkit.stores.dynamodb.calibrations import Calibrations
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.failures import translated
from contextkit.stores.dynamodb.latecomers import Latecomers
from contextkit.stores.dynamodb.lives import Clock, Lives
from contextkit.stores.dynamodb.memories import Memories
from contextkit.stores.dynamodb.messages import Messages
from contextkit.stores.dynamodb.overflow import OverflowPieces
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.preferences import Preferences
from contextkit.stores.dynamodb.schema import create_tables
from contextkit.stores.dynamodb.sessions import Sessions
from contextkit.stores.dynamodb.tools import ToolResults
from contextkit.stores.dynamodb.vectors import MessageVectors
from contextkit.stores.embedding import Embedder
from contextkit.types import Embeddings, Message, TokenCounter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DynamoDBStore"]

PREFIX = "CONTEXTKIT_DYNAMODB_PREFIX"
"""The environment variable that names the tables' prefix where none is passed."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DynamoDBStore(SessionStore, OverflowStore, MemoryStore, PreferenceStore, ToolCache, CalibrationStore):
    """A store in DynamoDB, for any number of threads, processes and machines.

    `prefix` stands before the names of the four tables, which must exist: their text keys are
    `pk` and `sk`, their TTL attribute is `ttl`. `client` is a ready boto3 client; without one, a
    client for `region` and `endpoint` is made, whose timeouts suit a prompt that is waited for
    (`contextkit.aws.client`). With a `bucket`, payloads above 1 MB go there (`s3` is its client).
    `embeddings`, `counter`, `ttl`, `overflow_ttl` and `max_message_bytes` are as for
    `SQLiteStore`. `wait` is how many seconds a write goes on while others are in its way.

    All reads are strongly consistent. An append, a state, a view, up to 98 pieces of overflow,
    98 of derived data and 99 memories are one transaction each; what is larger is written in
    several, of which an append is still seen whole or not at all.

    Each part of the work is done by the module named after it; this class is their common face.
    Every method raises `StoreError` or `InvalidInput`, never an error of boto3's. After
    `StoreUnavailable` a write may have taken place all the same: repeat it under the same ids.
    """

    def __init__(
        self,
        prefix: str | None = None,
        *,
        client: Any = None,
        region: str | None = None,
        endpoint: str | None = None,
        embeddings: Embeddings | None = None,
        counter: str | TokenCounter = "o200k_base",
        ttl: timedelta | None = None,
        overflow_ttl: timedelta | None = None,
        max_message_bytes: int = 64 << 20,
        wait: float = 10.0,
        bucket: str | None = None,
        s3: Any = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        prefix = os.environ.get(PREFIX, "") if prefix is None else prefix
        with translated("DynamoDB"):
            client = client or new_client("dynamodb", region=region, endpoint=endpoint)
            objects = None if bucket is None else Bucket(s3 or new_client("s3", region=region), bucket, prefix)
        where = f"DynamoDB in {client.meta.region_name} at {client.meta.endpoint_url}"
        embedder = None if embeddings is None else Embedder(embeddings)
        self._embeddings = embeddings
        self._client = client
        self._prefix = prefix
        self._where = where
        self._database = Database(client, prefix, where, wait)
        payloads = Payloads(self._database, objects)
        times = Clock(clock, ttl)
        lives = Lives(self._database, times, Latecomers(self._database, payloads))
        self._sessions = Sessions(lives, payloads)
        self._messages = Messages(lives, payloads, counter, max_message_bytes)
        self._vectors = MessageVectors(lives, self._messages, embedder)
        self._overflow = OverflowPieces(lives, payloads, overflow_ttl)
        self._memories = Memories(self._database, payloads, times, embedder)
        self._preferences = Preferences(self._database, payloads)
        self._tools = ToolResults(self._database, payloads, times)
        self._calibrations = Calibrations(self._database, payloads)

    def create_tables(self) -> None:
        """Create the tables that are missing, billed by request and with their TTL: for local servers and trials.

        The store never does this by itself.
        """
        with translated(self._where):
            create_tables(self._client, self._prefix)

    # Sessions

    @property
    def embeddings(self) -> Embeddings | None:
        return self._embeddings

    def append(self, actor_id: str, session_id: str, messages: Iterable[object]) -> list[Message]:
        stored = self._messages.append(actor_id, session_id, messages)
        self._vectors.keep(actor_id, session_id, stored)
        return stored

    def session(self, actor_id: str, session_id: str) -> Session | None:
        return self._sessions.session(actor_id, session_id)

    def sessions(self, actor_id: str) -> list[Session]:
        return self._sessions.sessions(actor_id)

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

    def save_view(self, actor_id: str, session_id: str, view: str) -> None:
        self._sessions.save_view(actor_id, session_id, view)

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        return self._sessions.derived(actor_id, session_id)

    def save_derived(
        self, actor_id: str, session_id: str, add: Mapping[str, bytes], remove: Iterable[str] = ()
    ) -> None:
        self._sessions.save_derived(actor_id, session_id, add, remove)

    def vectors(self, actor_id: str, session_id: str, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        return self._vectors.vectors(actor_id, session_id, after=after)

    def delete_session(self, actor_id: str, session_id: str) -> None:
        self._sessions.delete_session(actor_id, session_id)

    # Overflow

    def put_overflow(self, actor_id: str, session_id: str, pieces: Sequence[Overflow]) -> None:
        self._overflow.put_overflow(actor_id, session_id, pieces)

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        return self._overflow.get_overflow(actor_id, session_id, handle)

    def overflow(self, actor_id: str, session_id: str) -> list[Overflow]:
        return self._overflow.overflow(actor_id, session_id)

    # Memories

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        self._memories.put_memories(actor_id, records)

    def memories(self, actor_id: str, *, namespace: str | None = None, active: bool = True) -> list[MemoryRecord]:
        return self._memories.memories(actor_id, namespace=namespace, active=active)

    def search_memories(
        self, actor_id: str, query: str, *, namespace: str | None = None, limit: int = 20
    ) -> list[ScoredMemory]:
        return self._memories.search_memories(actor_id, query, namespace=namespace, limit=limit)

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

    # Housekeeping

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def __enter__(self) -> DynamoDBStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
