"""What a store must do: seven narrow Protocols, and the records that cross them.

`SQLiteStore` implements all of them. A store over another database is right when it passes
`contextkit.testing.conformance`; this page and that suite together are its specification.

Rules that hold for every method of every store:

* **Keys.** Everything belongs to an actor, most of it to one of the actor's sessions. Ids are
  any non-empty text up to 2,048 bytes of UTF-8; no id may be able to imitate another key,
  so separators inside ids must be encoded. `contextkit.stores.check_id` is the shared check.
* **Acknowledgement.** When a method returns, what it wrote survives the process being killed.
  When it raises a `StoreError`, nothing of that call is visible.
* **Threads.** One store object is shared by many threads, and one database by many processes.
* **Expiry.** A session has one expiry that slides forward on every append; its messages, view,
  derived data and overflow end with it. Expired data is never returned, whether or not it has
  been deleted yet. Appending to an expired session starts it anew, with `created_at` later.
* **Time.** All times are timezone-aware UTC.
* **Text.** Any `str` comes back equal, lone surrogates and NUL included.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from contextkit.errors import InvalidId, shortened
from contextkit.types import Embeddings, Message, Notice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_ID_BYTES: Final = 2_048
"""DynamoDB's limit for a partition key, and so the longest id that any store accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session's small facts, read in one call at the start of a build.

    `state` is the agent's own document, written only by `save_state` under `version` (0 until
    the first save). `last_seq` is the sequence number of its newest message, 0 when empty, and
    `pieces` the number of the piece of overflow that was stored last.
    `view` is contextkit's own note of what the last prompt looked like (JSON text, opaque to
    the store). `created_at` tells one life of a session from the next after expiry or deletion.
    `newest` are the session's last messages, oldest first, as many of them as the store reads in
    the same call; a store for which they would be another call leaves them out. `derived` is what
    the index of its messages is read from, where that too was at hand: by name, as by `SessionStore.derived`;
    and `parts` are those parts of it that were asked for, by name and number, None where nothing that was read is
    in parts.
    """

    actor_id: str
    session_id: str
    created_at: datetime
    updated_at: datetime
    version: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)
    last_seq: int = 0
    pieces: int = 0
    view: str | None = None
    expires_at: datetime | None = None
    newest: Sequence[Message] = field(default=(), compare=False)
    derived: Mapping[str, bytes] | None = field(default=None, compare=False, repr=False)
    parts: Mapping[tuple[str, int], bytes] | None = field(default=None, compare=False, repr=False)

    def since(self, seq: int) -> Sequence[Message] | None:
        """The messages after number `seq`, oldest first, if `newest` reaches back that far; None otherwise."""
        missing = self.last_seq - seq
        if missing <= 0:
            return ()
        return self.newest[-missing:] if missing <= len(self.newest) else None


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """What an actor's list of sessions tells of one: its life by when it began, its newest message's number, and when
    it was used last."""

    session_id: str
    created_at: datetime
    updated_at: datetime
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """A piece of context that was moved out of a prompt, whole.

    `handle` is short enough to stand in a prompt and is derived from the content, so that the
    same content in the same session has the same handle however often it is moved. `item_id`
    and `title` say what it was; `tokens` is its full cost. `number` is given by the store: it
    grows with each piece of a session that is stored.
    """

    handle: str
    text: str
    item_id: str
    title: str = ""
    tokens: int = 0
    created_at: datetime | None = None
    expires_at: datetime | None = None
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRecord:
    """One long-term memory: a fact, preference, summary or episode about an actor.

    It holds from `valid_from` until `valid_to` (None: still true); a superseded record stays,
    so that "what was it before" has an answer. `importance` is 0 to 1. `sources` are the ids of
    the messages it was learnt from. `strategy` names the memory strategy that made it.
    """

    id: str
    text: str
    namespace: str = "default"
    strategy: str = "semantic"
    importance: float = 0.5
    created_at: datetime
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    expires_at: datetime | None = None
    sources: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoredMemory:
    """A memory record, how well it matches a query (higher is better, within one result), and whether it holds now."""

    record: MemoryRecord
    score: float
    active: bool = True


@dataclass(frozen=True, slots=True)
class SomeParts:
    """Of what is stored in so many parts (`count`) those with these `numbers`, from 0 on."""

    count: int
    numbers: Collection[int]


@runtime_checkable
class SessionStore(Protocol):
    """Sessions: append-only messages, the agent's state document, and contextkit's view."""

    @property
    def embeddings(self) -> Embeddings | None:
        """The embedder whose vectors of messages `vectors` gives; None where there is none."""
        ...

    def append(self, actor_id: str, session_id: str, messages: Iterable[object]) -> list[Message]:
        """Append messages and return them as stored: with `id`, `seq`, `created_at`, `tokens`, `counter`.

        Takes what `contextkit.messages.as_messages` understands. The whole call is one atomic
        write. A message whose id the session already has is not written again; the stored one
        is returned in its place (so a retried call is a no-op). A message without an id gets one.
        Sequence numbers are 1, 2, 3 … without gaps, in the order of acknowledgement.
        """
        ...

    def session(self, actor_id: str, session_id: str) -> Session | None:
        """The session's facts, or None where there is none (never written, deleted, or expired)."""
        ...

    def sessions(self, actor_id: str, *, since: datetime | None = None) -> list[Session]:
        """The actor's live sessions, most recently updated first.

        With `since`, those that were appended to after it, and maybe others: what it costs should
        not grow with the sessions that ended long ago.
        """
        ...

    def messages(
        self, actor_id: str, session_id: str, *, after: int = 0, before: int | None = None, last: int | None = None
    ) -> list[Message]:
        """Messages with `after < seq < before`, oldest first; with `last`, only the newest so many of them.

        Reads no more than it returns.
        """
        ...

    def pick(self, actor_id: str, session_id: str, seqs: Sequence[int]) -> list[Message]:
        """The messages with these sequence numbers, oldest first; numbers that do not exist are left out."""
        ...

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        """Replace the agent's state document if its version is still `expected` (0: never saved).

        Raises `VersionConflict` with the current session otherwise. With an idempotency `key`, a
        repeat of the last acknowledged save under the same key returns its result again.
        """
        ...

    def save_view(self, actor_id: str, session_id: str, view: str, *, life: datetime | None = None) -> None:
        """Keep contextkit's note of the last prompt. The last writer wins. Creates the session if need be.

        `life` is the `created_at` of the session that the note is of. If that has ended meanwhile,
        nothing is kept: raises `SessionEnded`.
        """
        ...

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        """Everything saved by `save_derived`, by name."""
        ...

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
        """Keep data that can be computed again from the messages (index segments), and drop older pieces of it.

        `life` is as for `save_view`: nothing is kept, and nothing dropped, of a session that has ended. Some
        of what is added may have `parts`, which `derived_parts` gives by their numbers from 0 on. They are
        there before it is, and go with it. Where nothing is added, no session begins.
        """
        ...

    def derived_parts(
        self, actor_id: str, session_id: str, wanted: Mapping[str, SomeParts]
    ) -> dict[tuple[str, int], bytes]:
        """Of derived data of these names some parts, by name and number; what is not there any more is left out."""
        ...

    def vectors(self, actor_id: str, session_id: str, *, after: int = 0) -> tuple[list[int], NDArray[np.float32]]:
        """Sequence numbers and L2-normalised vectors (n × d) of the messages after `after` that have one."""
        ...

    def delete_session(self, actor_id: str, session_id: str, *, life: datetime | None = None) -> None:
        """Delete the session and all that ends with it. Deleting what is not there is no error.

        With `life`, the session that was created then; another of its name, which has begun since, is left alone.
        """
        ...


@runtime_checkable
class OverflowStore(Protocol):
    """What was moved out of a prompt, by handle, within one actor's session."""

    def put_overflow(
        self, actor_id: str, session_id: str, pieces: Sequence[Overflow], *, life: datetime | None = None
    ) -> datetime | None:
        """Store all pieces in one acknowledged write. A piece that is there already only lives longer.

        `life` is as for `SessionStore.save_view`: nothing is put away for a session that has ended.
        Returns when the first of them ends, if that may be before its session does; None where they
        last as long as that. Never overwrites other content under the same handle: raises
        `StoreCorrupt` instead.
        """
        ...

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        """The piece, byte for byte. Raises `HandleNotFound`, also for another actor's or session's handle."""
        ...

    def overflow(self, actor_id: str, session_id: str, *, after: int = 0) -> list[Overflow]:
        """Every live piece of the session, oldest first; those alone whose numbers are above `after`."""
        ...


@runtime_checkable
class MemoryStore(Protocol):
    """Long-term memory records of an actor, in namespaces."""

    def put_memories(self, actor_id: str, records: Sequence[MemoryRecord]) -> None:
        """Create or replace records by id, in one write."""
        ...

    def memories(
        self,
        actor_id: str,
        *,
        namespace: str | None = None,
        active: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[MemoryRecord]:
        """The actor's records, oldest first, of the same age by id. A namespace ending in `/` names its whole subtree.

        `active` leaves out superseded records; expired ones are always left out. `metadata` leaves out those whose own
        does not have all of its keys with the same values; where theirs is a list, among others. Raises
        `InvalidInput` where it is no mapping of texts.
        """
        ...

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
        """The records that match the query best, best first, of equals the last listed; lexical and, where there
        are vectors, dense.

        At most `limit` of those that hold; without `active` at most as many others, superseded or still to come,
        stand among them, each where it belongs and marked, so that what has ended crowds out nothing that holds.
        `metadata` narrows the search as it does a listing.
        """
        ...

    def delete_memories(self, actor_id: str, ids: Iterable[str]) -> None:
        """Delete records by id. Deleting what is not there is no error."""
        ...


@runtime_checkable
class PreferenceStore(Protocol):
    """Small named settings of an actor that belong in every prompt."""

    def preferences(self, actor_id: str) -> dict[str, str]:
        """All of the actor's preferences, in the order in which they were first set."""
        ...

    def set_preferences(self, actor_id: str, values: Mapping[str, str | None]) -> None:
        """Set several at once; None deletes."""
        ...


@runtime_checkable
class ToolCache(Protocol):
    """Results of tool calls that need not be made again.

    The key is the tool's name and version, the tenant (an actor id, or None for results that
    may be shared by all) and the full SHA-256 of the arguments' canonical JSON (RFC 8785); the
    stored arguments are compared on a hit. Results are JSON values.
    """

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
        """The cached result, or `call()`'s, stored. Concurrent callers of one key wait for a single call.

        What `call` raises is raised to the callers and never cached.
        """
        ...

    def forget_tool(self, tool: str, *, actor_id: str | None) -> None:
        """Drop every cached result of the tool for this tenant."""
        ...


@runtime_checkable
class CalibrationStore(Protocol):
    """What was learnt of each model's tokenizer, shared by all actors: text that only contextkit reads."""

    def calibration(self, model: str) -> str | None:
        """What was saved last for this model, or None."""
        ...

    def save_calibration(self, model: str, calibration: str) -> None:
        """Keep it. The last writer wins."""
        ...


@runtime_checkable
class Erasable(Protocol):
    """Everything of one actor: counted, and deleted for good.

    Counts are by kind ("sessions", "messages", "memories" …), each above 0, of what is stored, whether or
    not it has expired; `{}` says that nothing is.
    """

    def held(self, actor_id: str) -> dict[str, int]:
        """How much is stored of the actor."""
        ...

    def erase(self, actor_id: str) -> dict[str, int]:
        """Delete all of it, and say how much that was.

        When it returns, the store's own files and tables hold no byte of the actor, neither in
        values nor in keys. What is shared by all actors (results of tools, calibrations) stays.
        Erasing whom the store does not know is no error. What is written meanwhile may stay: stop
        the actor's agents first.
        """
        ...


@runtime_checkable
class SessionLister(Protocol):
    """A store that lists an actor's sessions for less than it costs to read all their facts."""

    def recent_sessions(self, actor_id: str, last: int, *, since: datetime | None = None) -> list[SessionEntry]:
        """The `last` sessions that have messages by when they were used, the one used last first.

        Neither their states nor their views are read. `since` is as for `SessionStore.sessions`.
        """
        ...


@runtime_checkable
class SessionOpener(Protocol):
    """A store that reads all that a build needs of a session to know what else to read, in one call."""

    def open_session(
        self, actor_id: str, session_id: str, *, derived: bool, drawers: Collection[int] = ()
    ) -> Session | None:
        """What `session` gives, with more of the newest messages, and derived data.

        Of derived data only the index's segments are needed: they tell what else to read of the messages. Where
        they are stored in parts, those parts come along that belong to the `drawers` (`rank.divided`), also
        without the `derived` data itself.
        """
        ...


@runtime_checkable
class SegmentKeeper(Protocol):
    """A store that makes the segments of its sessions' indexes by itself, of messages as they are appended."""

    def keep_segments(
        self,
        actor_id: str,
        session_id: str,
        add: Mapping[str, bytes],
        remove: Iterable[str] = (),
        *,
        life: datetime | None = None,
    ) -> None:
        """Keep segments that a build found missing and has made, by name, and drop some that nobody needs.

        It may be done behind the next append, since somebody waits for the build. `life` is as for
        `SessionStore.save_view`.
        """
        ...


@runtime_checkable
class Degradable(Protocol):
    """A store that goes on where a part of it fails."""

    @property
    def degraded(self) -> Sequence[Notice]:
        """What it does without at the moment, for the reports of builds; empty while all is well."""
        ...


def recent_sessions(
    store: SessionStore, actor_id: str, last: int, *, since: datetime | None = None
) -> list[SessionEntry]:
    """What `SessionLister.recent_sessions` gives, of any store."""
    if isinstance(store, SessionLister):
        return store.recent_sessions(actor_id, last, since=since)
    spoken = [one for one in store.sessions(actor_id, since=since) if one.last_seq]
    return [SessionEntry(one.session_id, one.created_at, one.updated_at, one.last_seq) for one in spoken[:last]]


def check_id(kind: str, value: object) -> str:
    """The id itself, or `InvalidId`: ids are non-empty text of at most 2,048 bytes in UTF-8."""
    if not isinstance(value, str) or not value:
        raise InvalidId(
            f"The {kind} {shortened(value)} is not a non-empty string.", "Pass the id as text.", value=value
        )
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidId(
            f"The {kind} {shortened(value)} has a lone surrogate.",
            "Pass an id that can be encoded as UTF-8.",
            value=value,
        ) from None
    if size > MAX_ID_BYTES:
        raise InvalidId(
            f"The {kind} is {size} bytes long; at most {MAX_ID_BYTES} are allowed.",
            "Use a shorter id.",
            value=value[:80],
        )
    return value
