"""DynamoDBStore: every store Protocol in four tables of DynamoDB.

| table | partition key | sort keys |
|---|---|---|
| `agent-sessions` | `session#<actor>/<session>` | `meta`, `meta#state`, `meta#view`, `log#<life>#<seq>` (messages), `id#…` (their ids), `vec#…`, `note#…` (derived data), `part#…` (parts of it), `over#…` (overflow), `blob#…` (chunks) |
| | `sessions#<actor>` | the actor's sessions |
| `agent-tool-cache` | `tool#<actor or *>#<tool>` | `<version>#<sha256 of the arguments>` |
| `agent-prefs` | `actor#<actor>`, `model#<model>` | `preferences`, `calibration` |
| `agent-memories` | `mem#<actor>` | `head` (what changes with the records), `rec#<id>`, `vec#<id>` (where the table has a vector index) |

With several regions, each writes `meta`, `meta#state` and `meta#view` under its own name: `meta!us-east-1`.
"""  # noqa: E501

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from contextkit.aws.client import ATTEMPTS, fork_safe, new_client
from contextkit.clock import utc_now
from contextkit.embedders import checked_embeddings
from contextkit.errors import InvalidInput, StoreError, StoreUnavailable
from contextkit.messages import as_messages
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
from contextkit.stores.dynamodb.appending import new_id
from contextkit.stores.dynamodb.breaker import Breaker
from contextkit.stores.dynamodb.bucket import Bucket
from contextkit.stores.dynamodb.clock import Clock
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.dax import Cache
from contextkit.stores.dynamodb.erasure import in_any
from contextkit.stores.dynamodb.failures import is_outage, translated
from contextkit.stores.dynamodb.inspection import inspect_tables
from contextkit.stores.dynamodb.parts import Parts, Place, Settings
from contextkit.stores.dynamodb.regions import Region, Regions
from contextkit.stores.dynamodb.schema import create_tables
from contextkit.stores.embedding import Embedder
from contextkit.types import Embeddings, Message, Notice, TokenCounter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DynamoDBStore"]

PREFIX = "CONTEXTKIT_DYNAMODB_PREFIX"
"""The environment variable that names the tables' prefix where none is passed."""

PATIENCE = 1.0
"""Seconds that a region may keep a call waiting, tries included, before the next one is asked: half of the
shortest deadline of a section in the strategies that are shipped, so that a build which meets a region
that hangs still has the other half; and each try is twice as long as DynamoDB's slowest healthy answers."""


class DynamoDBStore(SessionStore, OverflowStore, MemoryStore, PreferenceStore, ToolCache, CalibrationStore, Erasable):
    """A store in DynamoDB, for any number of threads, processes and machines.

    `prefix` stands before the names of the four tables, which must exist: their text keys are
    `pk` and `sk`, their TTL attribute is `ttl`. `client` is a ready boto3 client; without one, a
    client for `region` and `endpoint` is made, whose timeouts suit a prompt that is waited for
    (`contextkit.aws.client`). With a `bucket`, payloads above 1 MB go there (`s3` is its client).
    `embeddings`, `counter`, `ttl`, `overflow_ttl` and `max_message_bytes` are as for
    `SQLiteStore`. `wait` is how many seconds a write goes on while others are in its way.

    `regions` names the replicas of a global table, the preferred one first; a mapping names their
    endpoints too. Each session has a home, where all its calls go; one that fails, or keeps a call
    waiting for `patience` seconds, is passed over, and the next one becomes home. Nothing
    acknowledged is lost: what had not been replicated gets its place by message id once it arrives,
    so that numbers of later messages grow (and `Session.created_at` changes). What is not of a
    session is written where calls go, and between regions the last writer wins.

    `consistency="strong"` is for a global table with multi-Region strong consistency: every region
    has everything, so that no session needs a home. Such tables have neither transactions nor TTL:
    call `reap` from time to time. `transactions=False` alone is for servers that have none. Then an
    append is still seen whole or not at all, and of anything else a call that fails may leave a part.

    `dax` is the URL of a DAX cluster in the (first) region. It is asked for messages and chunks,
    which never change, and done without where it does not answer.

    All reads are strongly consistent. An append, a state, a view, up to 97 pieces of overflow,
    98 of derived data and 98 memories are one transaction each; what is larger is written in
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
        regions: Sequence[str] | Mapping[str, str] = (),
        patience: float = PATIENCE,
        consistency: Literal["eventual", "strong"] = "eventual",
        transactions: bool = True,
        dax: str | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._prefix = os.environ.get(PREFIX, "") if prefix is None else prefix
        self._embeddings = checked_embeddings(embeddings)
        with translated("DynamoDB"):
            self._settings = Settings(
                clock=Clock(clock, lifetime("ttl", ttl)),
                counter=counter,
                embedder=None if embeddings is None else Embedder(embeddings),
                bucket=None if bucket is None else _bucket(s3, region, bucket, self._prefix),
                overflow_ttl=lifetime("overflow_ttl", overflow_ttl),
                max_message_bytes=max_message_bytes,
            )
            clients = _clients(client, region, endpoint, regions, patience)
        strong = consistency == "strong"
        self._expires = not strong
        self._caches = {} if dax is None else {name: Cache(dax, name) for name in list(clients)[:1]}
        apart = len(clients) > 1 and not strong
        places = {name: Place(name, tuple(clients), self._answers) if apart else Place() for name in clients}
        self._regions = Regions(
            [
                self._region(found, name, places[name], wait, transactions and not strong, len(clients) - 1)
                for name, found in clients.items()
            ]
        )

    def _region(self, client: Any, name: str, place: Place, wait: float, transactions: bool, replicas: int) -> Region:
        tables = f" (tables with the prefix {self._prefix})" if self._prefix else ""
        where = f"DynamoDB in {name} at {client.meta.endpoint_url}{tables}"
        database = Database(client, self._prefix, where, wait, transactions, replicas, self._caches.get(name))
        return Region(
            name, where, fork_safe(client), Parts(database, self._settings, place), Breaker(lambda: _probe(database))
        )

    def _answers(self, region: str) -> bool:
        return self._regions.answers(region)

    def create_tables(self) -> None:
        """Create the tables that are missing, billed by request and with their TTL: for local servers and trials.

        The store never does this by itself, and it does not make tables replicate each other.
        """
        for region in self._regions.all:
            with translated(region.where):
                create_tables(region.client, self._prefix)

    @property
    def degraded(self) -> tuple[Notice, ...]:
        """Which regions, and whether a cache, are done without at the moment, for the reports of builds."""
        silent = [cache.endpoint for cache in self._caches.values() if not cache.answers]
        text = "DAX at {} does not answer; what it would have given is read from the tables."
        return (*self._regions.notices, *(Notice("cache failed over", text.format(endpoint)) for endpoint in silent))

    # Sessions

    @property
    def embeddings(self) -> Embeddings | None:
        return self._embeddings

    def append(self, actor_id: str, session_id: str, messages: Iterable[object]) -> list[Message]:
        given = as_messages(messages)
        if len(self._regions.all) > 1:  # a call that is made again in another region must write the same
            given = [message if message.id else replace(message, id=new_id()) for message in given]

        def append(parts: Parts) -> list[Message]:
            try:
                appended = parts.appending.append(actor_id, session_id, given)
            except StoreUnavailable:
                parts.followup.doubt(at.pk)
                raise
            if appended.new:
                parts.vectors.keep(appended.life, appended.new)
                parts.followup.follow(appended.life, appended.new)
            return appended.messages

        at = self._settings.clock.at(actor_id, session_id)  # also of no messages the ids are checked
        return self._regions.run(append, (actor_id, session_id)) if given else []

    def session(self, actor_id: str, session_id: str) -> Session | None:
        return self._regions.run(lambda parts: parts.sessions.session(actor_id, session_id), (actor_id, session_id))

    def open_session(
        self, actor_id: str, session_id: str, *, derived: bool, drawers: Collection[int] = ()
    ) -> Session | None:
        return self._regions.run(
            lambda parts: parts.indexing.open_session(actor_id, session_id, derived=derived, drawers=drawers),
            (actor_id, session_id),
        )

    def sessions(self, actor_id: str, *, since: datetime | None = None) -> list[Session]:
        return self._regions.run(lambda parts: parts.sessions.sessions(actor_id, since=since))

    def recent_sessions(self, actor_id: str, last: int, *, since: datetime | None = None) -> list[SessionEntry]:
        return self._regions.run(lambda parts: parts.sessions.recent(actor_id, last, since))

    def messages(
        self, actor_id: str, session_id: str, *, after: int = 0, before: int | None = None, last: int | None = None
    ) -> list[Message]:
        return self._regions.run(
            lambda parts: parts.messages.messages(actor_id, session_id, after=after, before=before, last=last),
            (actor_id, session_id),
        )

    def pick(self, actor_id: str, session_id: str, seqs: Sequence[int]) -> list[Message]:
        return self._regions.run(lambda parts: parts.messages.pick(actor_id, session_id, seqs), (actor_id, session_id))

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        return self._regions.run(
            lambda parts: parts.sessions.save_state(actor_id, session_id, state, expected=expected, key=key),
            (actor_id, session_id),
        )

    def save_view(self, actor_id: str, session_id: str, view: str, *, life: datetime | None = None) -> None:
        self._regions.run(
            lambda parts: parts.sessions.save_view(actor_id, session_id, view, life), (actor_id, session_id)
        )

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        return self._regions.run(lambda parts: parts.derived.derived(actor_id, session_id), (actor_id, session_id))

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
        self._regions.run(
            lambda each: each.indexing.save_derived(actor_id, session_id, add, remove, life, parts or {}),
            (actor_id, session_id),
        )

    def keep_segments(
        self,
        actor_id: str,
        session_id: str,
        add: Mapping[str, bytes],
        remove: Iterable[str] = (),
        *,
        life: datetime | None = None,
    ) -> None:
        self._regions.run(
            lambda parts: parts.indexing.keep_segments(actor_id, session_id, add, remove, life), (actor_id, session_id)
        )

    def derived_parts(
        self, actor_id: str, session_id: str, wanted: Mapping[str, SomeParts]
    ) -> dict[tuple[str, int], bytes]:
        return self._regions.run(
            lambda each: each.derived.derived_parts(actor_id, session_id, wanted), (actor_id, session_id)
        )

    def vectors(self, actor_id: str, session_id: str, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        return self._regions.run(
            lambda parts: parts.vectors.vectors(actor_id, session_id, after=after), (actor_id, session_id)
        )

    def delete_session(self, actor_id: str, session_id: str, *, life: datetime | None = None) -> None:
        self._regions.run(
            lambda parts: parts.sessions.delete_session(actor_id, session_id, life), (actor_id, session_id)
        )

    # Overflow

    def put_overflow(
        self, actor_id: str, session_id: str, pieces: Sequence[Overflow], *, life: datetime | None = None
    ) -> datetime | None:
        return self._regions.run(
            lambda parts: parts.overflow.put_overflow(actor_id, session_id, pieces, life), (actor_id, session_id)
        )

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        return self._regions.run(
            lambda parts: parts.overflow.get_overflow(actor_id, session_id, handle), (actor_id, session_id)
        )

    def overflow(self, actor_id: str, session_id: str, *, after: int = 0) -> list[Overflow]:
        return self._regions.run(
            lambda parts: parts.overflow.overflow(actor_id, session_id, after=after), (actor_id, session_id)
        )

    # Memories

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        self._regions.run(lambda parts: parts.memories.put_memories(actor_id, records))

    def memories(
        self,
        actor_id: str,
        *,
        namespace: str | None = None,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[MemoryRecord]:
        return self._regions.run(
            lambda parts: parts.memories.memories(actor_id, namespace=namespace, active=active, metadata=metadata)
        )

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
        return self._regions.run(
            lambda parts: parts.memories.search_memories(
                actor_id, query, namespace=namespace, limit=limit, active=active, metadata=metadata
            )
        )

    def delete_memories(self, actor_id: str, ids: Iterable[str]) -> None:
        self._regions.run(lambda parts: parts.memories.delete_memories(actor_id, ids))

    # Preferences

    def preferences(self, actor_id: str) -> dict[str, str]:
        return self._regions.run(lambda parts: parts.preferences.preferences(actor_id))

    def set_preferences(self, actor_id: str, values: Mapping[str, str | None]) -> None:
        self._regions.run(lambda parts: parts.preferences.set_preferences(actor_id, values))

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
        return self._regions.run(
            lambda parts: parts.tools.get_or_call(tool, arguments, call, actor_id=actor_id, version=version, ttl=ttl)
        )

    def forget_tool(self, tool: str, *, actor_id: str | None) -> None:
        self._regions.run(lambda parts: parts.tools.forget_tool(tool, actor_id=actor_id))

    # Calibrations

    def calibration(self, model: str) -> str | None:
        return self._regions.run(lambda parts: parts.calibrations.calibration(model))

    def save_calibration(self, model: str, calibration: str) -> None:
        self._regions.run(lambda parts: parts.calibrations.save_calibration(model, calibration))

    # Erasure

    def held(self, actor_id: str) -> dict[str, int]:
        return in_any(region.parts.erasure.held(actor_id) for region in self._regions.all)

    def erase(self, actor_id: str) -> dict[str, int]:
        return in_any(region.parts.erasure.erase(actor_id) for region in self._regions.all)

    # Housekeeping

    def check(self) -> None:
        """Raise the first thing that is wrong with credentials, regions, tables, their keys or their TTL.

        For the start of a service and for tests of a deployment, in a role that may describe tables:
        the calls that serve prompts never look.
        """
        for region in self._regions.all:
            inspect_tables(region.client, self._prefix, region.where, expiry=self._expires)

    def sweep(self, grace: timedelta = timedelta(hours=1)) -> int:
        """Delete payloads that nothing points to and that are older than `grace`: what writers left that died.

        Returns how many chunks and objects that was. Reads all of the tables, in every region, as what points to a
        payload may not have been replicated yet: call it from a job. Raises `StoreUnavailable` where one does not
        answer.
        """
        first, *others = (region.parts.upkeep for region in self._regions.all)
        return first.sweep(datetime.now(UTC), grace, others)

    def reap(self) -> int:
        """Delete what has expired, where the tables have no TTL that does it; how many items that was.

        Nobody sees expired data in any case: this is for the space. Reads all of the tables.
        """
        return self._regions.run(lambda parts: parts.upkeep.reap(datetime.now(UTC)))

    def close(self) -> None:
        """Close the clients' connections."""
        for region in self._regions.all:
            region.client.close()
        for cache in self._caches.values():
            cache.close()

    def __enter__(self) -> DynamoDBStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bucket(s3: Any, region: str | None, name: str, prefix: str) -> Bucket:
    return Bucket(fork_safe(s3 or new_client("s3", region=region)), name, prefix)


def _clients(
    client: Any, region: str | None, endpoint: str | None, regions: Sequence[str] | Mapping[str, str], patience: float
) -> dict[str, Any]:
    """The client of each region, by name, the preferred one first."""
    if not regions:
        client = client or new_client("dynamodb", region=region, endpoint=endpoint)
        return {client.meta.region_name: client}
    if client is not None or region is not None or endpoint is not None:
        raise InvalidInput(
            "`regions` was passed together with `client`, `region` or `endpoint`.",
            "Pass `regions` alone: names, or a mapping from each name to its endpoint.",
            value=regions,
        )
    endpoints = dict(regions) if isinstance(regions, Mapping) else dict.fromkeys(regions, None)
    part = patience / ATTEMPTS
    return {
        name: new_client("dynamodb", region=name, endpoint=url, connect_timeout=part, read_timeout=part)
        for name, url in endpoints.items()
    }


def _probe(database: Database) -> None:
    """Raise unless the region answers: with whatever it answers, for this is about the region and not about us."""
    try:
        database.get("sessions", "probe", "probe")
    except StoreUnavailable as error:
        if is_outage(error, database.where):
            raise
    except StoreError:
        return
