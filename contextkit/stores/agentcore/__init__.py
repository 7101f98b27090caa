"""AgentCoreStore: sessions and memories in Amazon Bedrock AgentCore Memory, all else in another store beside it.

**Who decides.** AgentCore's events have no sequence numbers, no compare-and-set and no uniqueness
but a token; they are ordered by a clock, and an agent may write five a second to a session. What
`append` promises (whole or not at all, numbered 1, 2, 3 … without gaps, idempotent by id, for many
processes at once) cannot be had from them. So the `state` store decides: an append is one atomic
write there, and AgentCore is the event log that it feeds, where the service's strategies learn from
what was said and other clients read it. Prompts are then built at the state store's speed, and an
AgentCore that throttles or is down delays nobody's turn.

**Nothing is missing.** The state store's message log is itself the outbox: what is acknowledged is
on its way, whatever dies. Each event is claimed in a ledger before it is sent, under a client token
made of the session and its messages' numbers; whoever finds an unsettled claim sends the same event
again, which AgentCore takes for the one it has. So every message is in exactly one event. A message
that is only in AgentCore (written there by another client, or left of a state store that was lost)
is read back when its session is first asked for; see `pull` and `discover`.

**Group commit.** A session's next event takes all messages that came in while the last one was on its
way and paced: twenty appends a second become five events.

| AgentCore | holds |
|---|---|
| events | messages: their text as `conversational` parts, all else as one `blob` (`payloads`) |
| records | memories: text in parts of 16,000 characters, all else in metadata (`envelope`) |
| the state store | messages again, numbered; states, views, derived data, vectors, overflow, preferences, tool results, calibrations; the ledger |
"""  # noqa: E501

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from contextkit.clock import Clock, utc_now
from contextkit.errors import StoreError
from contextkit.messages import as_messages
from contextkit.stores import (
    CalibrationStore,
    Degradable,
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
    check_id,
    recent_sessions,
)
from contextkit.stores.agentcore.adoption import Adoption
from contextkit.stores.agentcore.delivery import LEASE, Delivery
from contextkit.stores.agentcore.erasure import Erasure
from contextkit.stores.agentcore.events import MAIN, Branch, Event, EventFilter, Events
from contextkit.stores.agentcore.history import OURS
from contextkit.stores.agentcore.ledger import Ledger, Place, check_actor
from contextkit.stores.agentcore.memories import Memories
from contextkit.stores.agentcore.namespaces import homes
from contextkit.stores.agentcore.outbox import Outbox
from contextkit.stores.agentcore.payloads import check_size
from contextkit.stores.agentcore.record import Namespace, NewRecord, Record, RecordFilter
from contextkit.stores.agentcore.records import Records
from contextkit.stores.agentcore.service import Service
from contextkit.stores.agentcore.strategies import strategies_of
from contextkit.stores.codec import to_micros
from contextkit.types import Embeddings, Message, Notice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "AgentCoreStore",
    "Branch",
    "Event",
    "EventFilter",
    "Events",
    "Namespace",
    "NewRecord",
    "Record",
    "RecordFilter",
    "Records",
    "strategies_of",
]


class StateStore(SessionStore, OverflowStore, PreferenceStore, ToolCache, CalibrationStore, Erasable, Protocol):
    """What an `AgentCoreStore` needs beside AgentCore: `SQLiteStore` and `DynamoDBStore` are such stores."""


class AgentCoreStore(
    SessionStore, OverflowStore, MemoryStore, PreferenceStore, ToolCache, CalibrationStore, Erasable, Degradable
):
    """Messages in AgentCore's short-term memory and records in its long-term one; all else in `state`.

    `memory_id` (or CONTEXTKIT_AGENTCORE_MEMORY) names a memory that exists: this store provisions
    nothing. All processes that write to its sessions share one state store. `strategies` are the
    memory's own, each id with its namespace template (`strategies_of` asks for them): their records
    are read as the actor's memories, under the names that the same strategy run by contextkit
    gives (`semantic` for `semantic-a1B2c3D4e5`). `variables` are the namespace variables that those
    templates need, and `metadata` up to 12 texts of your own; both go with every event. Searches
    leave out what scores `min_score` or less. With `adopt=False`, sessions that the state store
    does not know are not looked for in AgentCore; otherwise one that has expired here begins anew with
    what other clients have written to it, for as long as AgentCore keeps that.
    `client` is a ready boto3 client of `bedrock-agentcore` (this store paces and retries by itself:
    give it no retries of its own); without one, a client for `region` and `endpoint` is made.
    `wait` is how many seconds a call goes on while it is throttled; `lease` after how many a
    process that has stopped is stepped in for. `clock` must be the state store's.

    Text longer than a part of AgentCore's is split and comes back whole; what cannot be split is
    refused before anything is written. Every method raises `StoreError` or `InvalidInput`.
    `close` (or the `with` block) delivers what is waiting, but leaves `state` open: that is yours.
    """

    def __init__(
        self,
        memory_id: str | None = None,
        *,
        state: StateStore,
        strategies: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        min_score: float = 0.0,
        adopt: bool = True,
        client: Any = None,
        region: str | None = None,
        endpoint: str | None = None,
        wait: float = 10.0,
        lease: float = LEASE,
        clock: Clock = utc_now,
    ) -> None:
        places = homes(strategies or {}, variables or {})
        self._service = Service(memory_id, client=client, region=region, endpoint=endpoint, wait=wait)
        self._name = uuid.uuid4().hex[:12]
        self._state = state
        self._wait = wait
        self._clock = clock
        self.events = Events(self._service, variables or {})
        self.events.check_metadata({**(metadata or {}), **OURS})
        self.records = Records(self._service)
        self._ledger = Ledger(state, self._service.memory_id)
        self._adoption = Adoption(state, self.events, self._ledger, clock, adopt)
        delivery = Delivery(
            state,
            self.events,
            self._ledger,
            self._adoption,
            memory_id=self._service.memory_id,
            me=self._me,
            metadata=metadata or {},
            lease=lease,
        )
        self._outbox = Outbox(delivery.step, self._ledger, self._me, clock)
        self._memories = Memories(self.records, places, min_score, clock)
        self._erasure = Erasure(state, self.events, self._memories, self._outbox, self.delete_session)

    # Sessions

    @property
    def embeddings(self) -> Embeddings | None:
        return self._state.embeddings

    def append(self, actor_id: str, session_id: str, messages: Iterable[object]) -> list[Message]:
        place, given = _place(actor_id, session_id), as_messages(messages)
        for message in given:
            check_size(message)
        if not given:
            return []
        self._outbox.mark(place)
        self._adoption.ensure(place)
        stored = self._state.append(actor_id, session_id, given)
        self._outbox.notify(place)
        return stored

    def session(self, actor_id: str, session_id: str) -> Session | None:
        return self._adoption.session(_place(actor_id, session_id))

    def sessions(self, actor_id: str, *, since: datetime | None = None) -> list[Session]:
        return self._state.sessions(check_actor(actor_id), since=since)

    def recent_sessions(self, actor_id: str, last: int, *, since: datetime | None = None) -> list[SessionEntry]:
        return recent_sessions(self._state, check_actor(actor_id), last, since=since)

    def messages(
        self, actor_id: str, session_id: str, *, after: int = 0, before: int | None = None, last: int | None = None
    ) -> list[Message]:
        place = _place(actor_id, session_id)
        found = self._state.messages(actor_id, session_id, after=after, before=before, last=last)
        if found or not self._adoption.ensure(place):
            return found
        return self._state.messages(actor_id, session_id, after=after, before=before, last=last)

    def pick(self, actor_id: str, session_id: str, seqs: Sequence[int]) -> list[Message]:
        place = _place(actor_id, session_id)
        found = self._state.pick(actor_id, session_id, seqs)
        return found or (self._state.pick(actor_id, session_id, seqs) if self._adoption.ensure(place) else found)

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        self._adoption.ensure(_place(actor_id, session_id))
        return self._state.save_state(actor_id, session_id, state, expected=expected, key=key)

    def save_view(self, actor_id: str, session_id: str, view: str, *, life: datetime | None = None) -> None:
        self._adoption.ensure(_place(actor_id, session_id))
        self._state.save_view(actor_id, session_id, view, life=life)

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        check_actor(actor_id)
        return self._state.derived(actor_id, session_id)

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
        check_actor(actor_id)
        self._state.save_derived(actor_id, session_id, add, remove, life=life, parts=parts)

    def derived_parts(
        self, actor_id: str, session_id: str, wanted: Mapping[str, SomeParts]
    ) -> dict[tuple[str, int], bytes]:
        check_actor(actor_id)
        return self._state.derived_parts(actor_id, session_id, wanted)

    def vectors(self, actor_id: str, session_id: str, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        check_actor(actor_id)
        return self._state.vectors(actor_id, session_id, after=after)

    def delete_session(self, actor_id: str, session_id: str, *, life: datetime | None = None) -> None:
        """As every store does; the session's events follow at AgentCore's pace, five a second: `flush` waits."""
        place = _place(actor_id, session_id)
        self._outbox.mark(place)
        begun = self._condemn(place, life)
        if begun is not None:  # and only that: it may take long to get here, and another may have begun by then
            self._state.delete_session(actor_id, session_id, life=begun)
        self._outbox.notify(place)

    # What is between the two stores

    def flush(self, timeout: float = 60.0) -> None:
        """Wait until AgentCore has every message and has deleted what it should, those that a crash left behind too.

        Raises what stands in the way if that takes more than `timeout` seconds; nothing is lost then.
        """
        self._outbox.flush(timeout)

    def waiting(self) -> dict[tuple[str, str], StoreError | None]:
        """The sessions (actor and session id) that this process is still delivering, each with the last failure."""
        return {(at.actor_id, at.session_id): error for at, error in self._outbox.waiting().items()}

    def pull(self, actor_id: str, session_id: str, *, branch: str = MAIN) -> int:
        """Append what other clients have written to the session in AgentCore since it was read; how many messages.

        They are taken by the events' own branch, with what came before it began.
        """
        place = _place(actor_id, session_id)
        self._outbox.mark(place)
        self._adoption.ensure(place)
        count = self._adoption.pull(place, branch)
        self._outbox.notify(place)
        return count

    def discover(self, actor_id: str) -> list[Session]:
        """Read back every session of the actor that only AgentCore has, and list all, most recently updated first."""
        check_actor(actor_id)
        known = {session.session_id for session in self._state.sessions(actor_id)}
        for found in self.events.sessions(actor_id):
            if found.session_id is not None and found.session_id not in known:
                self._adoption.adopt(Place(actor_id, found.session_id))
        return self._state.sessions(actor_id)

    # Overflow

    def put_overflow(
        self, actor_id: str, session_id: str, pieces: Sequence[Overflow], *, life: datetime | None = None
    ) -> datetime | None:
        check_actor(actor_id)
        return self._state.put_overflow(actor_id, session_id, pieces, life=life)

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        check_actor(actor_id)
        return self._state.get_overflow(actor_id, session_id, handle)

    def overflow(self, actor_id: str, session_id: str, *, after: int = 0) -> list[Overflow]:
        check_actor(actor_id)
        return self._state.overflow(actor_id, session_id, after=after)

    # Memories

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        """As every store does, but that AgentCore may refuse some of a batch: `RecordsRefused` has each of them."""
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
        return self._state.preferences(check_actor(actor_id))

    def set_preferences(self, actor_id: str, values: Mapping[str, str | None]) -> None:
        self._state.set_preferences(check_actor(actor_id), values)

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
        return self._state.get_or_call(tool, arguments, call, actor_id=actor_id, version=version, ttl=ttl)

    def forget_tool(self, tool: str, *, actor_id: str | None) -> None:
        self._state.forget_tool(tool, actor_id=actor_id)

    # Calibrations

    def calibration(self, model: str) -> str | None:
        return self._state.calibration(model)

    def save_calibration(self, model: str, calibration: str) -> None:
        self._state.save_calibration(model, calibration)

    # Everything of an actor

    def held(self, actor_id: str) -> dict[str, int]:
        """As of the state store, and "events" and "memories" of AgentCore once the actor's messages are delivered."""
        return self._erasure.held(actor_id)

    def erase(self, actor_id: str) -> dict[str, int]:
        """As every store does, at the pace that AgentCore allows. It goes on listing the (encoded) actor id itself."""
        return self._erasure.erase(actor_id)

    # Housekeeping

    @property
    def degraded(self) -> Sequence[Notice]:
        """What the state store says, whether AgentCore was asked for sessions, and whether it could take messages."""
        notices = list(self._state.degraded) if isinstance(self._state, Degradable) else []
        if (problem := self._adoption.problem) is not None:
            text = f"What AgentCore has of sessions that are unknown here was not read back: {problem}"
            notices.append(Notice("agentcore not asked", text))
        failing = [error for error in self._outbox.waiting().values() if error is not None]
        if failing:
            text = f"{len(failing)} sessions are not in AgentCore yet, and are tried again: {failing[0]}"
            notices.append(Notice("agentcore behind", text))
        return notices

    def close(self) -> None:
        """Deliver what is waiting, for `wait` seconds at most, and close the connections to AgentCore.

        What cannot be delivered now stays in the outbox, and the next process that writes, or flushes, resumes it.
        """
        try:
            self._outbox.finish(self._wait)
        finally:
            self._outbox.close()
            self._service.close()

    def __enter__(self) -> AgentCoreStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _me(self) -> str:
        """This store in this process: a forked child is another."""
        return f"{self._name}-{os.getpid()}"

    def _condemn(self, place: Place, life: datetime | None) -> datetime | None:
        """Note in the ledger that all that AgentCore has of the session now is to go; when the session began.

        The state store's session is to go as well, if this process dies before it has deleted that. With a `life`,
        nothing is noted of a session that did not begin then.
        """
        self._adoption.forget(place)
        while True:
            entry = self._ledger.read(place)
            session = self._state.session(place.actor_id, place.session_id)
            begun = None if session is None else session.created_at
            if life not in (None, begun):
                return None
            doomed = replace(entry, life=to_micros(begun), adopting=False, erase=to_micros(self._clock()))
            if self._ledger.save(place, replace(doomed, sent_at=int(time.time() * 1e6))) is not None:
                return begun


def _place(actor_id: str, session_id: str) -> Place:
    return Place(check_actor(actor_id), check_id("session id", session_id))
