"""Memories: what is known of the actor from long ago and from a moment ago, by how it bears on the query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from contextkit.blocks import line_tokens
from contextkit.errors import InvalidInput, StoreError
from contextkit.memory.consolidate import SESSION, SUPERSEDES
from contextkit.memory.fresh import FreshMessage, fresh_messages, scored
from contextkit.memory.namespaces import filled_namespace
from contextkit.memory.overview import asks_for_everything
from contextkit.memory.past import asks_about_past
from contextkit.memory.recall import Found, found_of, overview, recalled
from contextkit.memory.shelf import begins
from contextkit.memory.strategy import MemoryStrategy
from contextkit.recent import Recent
from contextkit.sources.needs import needed
from contextkit.stores import MemoryRecord, MemoryStore, ScoredMemory, SessionStore
from contextkit.stores.metadata import check_wanted
from contextkit.transcript import day, speaker
from contextkit.types import Gathered, Item, Message, Notice, Provenance, Request

T = TypeVar("T")

WIDER: Final = 2
"""Records asked of the store for each that is offered, so that recency and importance have a choice."""

YOUNG: Final = 20
"""Messages of a session up to which its builds look for what other sessions said a moment ago: ten exchanges."""

SESSIONS: Final = 1_000
"""Sessions of which it is remembered when their first message was said."""

_RECALLED: Final = "{!r}, which it was made from, is of this conversation, whose messages are recalled themselves"


class Memories:
    """The actor's memory records that match the query best, by relevance, recency and importance.

    * `namespace` narrows the search; one that ends in `/` means its whole subtree. It may be a
      template: `{actor}`, `{session}` and the build's own variables are filled in.
    * `strategy` means the records of one memory strategy, of all of the actor's sessions: a name in
      `strategies/memory`, or a `MemoryStrategy`.
    * `metadata` narrows it, too, to records whose own has these keys with these values (where it has a list, among
      others): `{"category": "diet"}`. What was said a moment ago has none and is left out then.
    * `limit`: at most so many records are offered.
    * `fresh`: what was said within that time in the actor's other sessions, and is in no record yet, is
      offered too, so that who opens another conversation need not say it again. A conversation of more
      than `YOUNG` messages looks at no others: by then extraction has caught up. A `timedelta()` of
      nothing leaves it out, and saves the reads it takes. It needs a store of sessions. Beside the source
      `Sessions` it is left to that.

    Of this very session, where the prompt recalls its messages, only what says more than one of them
    may stand: what took the place of another record, or was put together from several messages.

    Where the query asks for all that is known ("What do you know about me?"), the most important and most
    recent records are offered, whatever their words. Where it asks about the past, records that hold no
    longer are offered as well, each with the days between which it held. Nothing of this is ever written
    to the session.

    One search of the store, and once for a session that was moved here from another store a read of its first
    message; with `fresh`, in a young conversation, one more read and one for each session
    that extraction has not caught up with (three at most). Where something found took the place of
    something, or something its place, the records are read in which to follow that.
    """

    name = "memories"
    sections = ("memories",)

    def __init__(
        self,
        store: MemoryStore | None = None,
        *,
        namespace: str | None = None,
        strategy: str | MemoryStrategy | None = None,
        metadata: Mapping[str, Any] | None = None,
        limit: int = 20,
        fresh: timedelta = timedelta(days=1),
    ) -> None:
        if namespace is not None and strategy is not None:
            raise InvalidInput(
                f"Memories are narrowed by the namespace {namespace!r} and by a strategy.",
                "Pass one of them: a strategy has a namespace of its own.",
                value=namespace,
            )
        self._store = store
        self._namespace = namespace
        self._strategy = None if strategy is None else MemoryStrategy.load(strategy)
        self._metadata = check_wanted(metadata)
        self._limit = limit
        self._fresh = timedelta() if metadata else fresh
        self._began = Recent[tuple[object, ...], datetime](SESSIONS)

    def gather(self, request: Request) -> Iterator[Gathered]:
        store = needed(self._store or request.store, MemoryStore, self.name)
        reading = _Reading(request, store, self._within(request), self._metadata, self._limit, self._began)
        return iter([*reading.gathered(self._fresh)])

    def _within(self, request: Request) -> str | None:
        """The namespace of this request."""
        if self._strategy is not None:
            return self._strategy.subtree_of(request.actor_id, request.variables)
        if self._namespace is None:
            return None
        values = {**request.variables, "actor": request.actor_id, "session": request.session_id}
        return filled_namespace(self._namespace, values, f"the source {self.name!r}")


class _Reading:
    """One build's reading of an actor's memories."""

    def __init__(
        self,
        request: Request,
        store: MemoryStore,
        namespace: str | None,
        metadata: Mapping[str, Any] | None,
        limit: int,
        began: Recent[tuple[object, ...], datetime],
    ) -> None:
        self.request = request
        self.store = store
        self.namespace = namespace
        self.narrowed: Mapping[str, Any] = {} if metadata is None else {"metadata": metadata}
        """What a store is told only where something is wanted: one that was written for less knows no metadata."""
        self.limit = limit
        self.known_to_begin = began
        self.began = request.life
        self.notices: list[Notice] = []

    def gathered(self, fresh: timedelta) -> Iterator[Gathered]:
        """Everything to offer, and word of what could not be read."""
        request = self.request
        past = asks_about_past(request.topic, request.now)
        found = self._found(past) if request.topic else Found([])
        records = self._beside("what took the place of what", lambda: self._records(found, past))
        messages = self._beside("what was said a moment ago", lambda: self._said(fresh))
        ranked = recalled(found, records, request.now, past=past)
        self._look_when_it_began([one.record for one in ranked])
        known = {(one.record.metadata.get(SESSION), source) for one in ranked for source in one.record.sources}
        yield from self.notices
        for one in _in_time(ranked[: self.limit]):
            yield self._record_item(one)
        heard = scored(request.topic, messages, found.active, request.now)
        yield from self._said_items([said for said in heard if (said.session_id, said.message.id) not in known])

    def _beside(self, what: str, read: Callable[[], list[T]]) -> list[T]:
        """What is read beside the memories; where that fails, the memories stand without it."""
        try:
            return read()
        except StoreError as error:
            self.notices.append(Notice("memories incomplete", f"The memories lack {what}: {error}"))
            return []

    def _recalled_anyway(self, record: MemoryRecord) -> bool:
        """Whether it says what one message of this very session says, in a prompt that recalls such messages.

        The message then competes for its place by itself. What was put together from several of
        them, or took the place of another record, is more than a message says.
        """
        alone = len(record.sources) == 1 and SUPERSEDES not in record.metadata
        return self._is_own(record) and self.request.shows("recall") and alone

    def _is_own(self, record: MemoryRecord) -> bool:
        """Whether it was made of this session's messages, and not of those of an earlier one of its name: these are
        gone, expired or deleted, and only the memory is left of them."""
        return self._names_it(record) and self.began is not None and record.created_at >= self.began

    def _names_it(self, record: MemoryRecord) -> bool:
        return bool(record.metadata.get(SESSION) == self.request.session_id)

    def _look_when_it_began(self, records: Sequence[MemoryRecord]) -> None:
        """Where a record is older than the session of its name, that may have been moved here from another store: its
        first message tells, which bears the day on which it was said."""
        request, life = self.request, self.request.life
        if life is None or not any(self._names_it(record) and record.created_at < life for record in records):
            return
        key = (request.actor_id, request.session_id, life)
        began = self.known_to_begin.get(key)
        if began is None:
            first = self._beside("what is said in this conversation itself", self._first_message)
            began = next((message.created_at for message in first if message.created_at), life)
            if first:
                self.known_to_begin.put(key, began)
        self.began = min(began, life)

    def _first_message(self) -> list[Message]:
        request = self.request
        if not isinstance(request.store, SessionStore):
            return []
        return request.store.messages(request.actor_id, request.session_id, before=2)

    def _found(self, past: bool) -> Found:
        """What the store finds among the records of all times, as far as it is of use; the best of all that it has for
        a question that asks for nothing in particular."""
        request, limit = self.request, self.limit * WIDER
        if asks_for_everything(request.query):
            known = self.store.memories(request.actor_id, namespace=self.namespace, **self.narrowed)
            return Found(overview(known, request.now, limit))
        every = self.store.search_memories(
            request.actor_id,
            request.topic,
            namespace=self.namespace,
            limit=limit,
            active=False,
            **self.narrowed,
        )
        return found_of(every, request.now, past=past)

    def _records(self, found: Found, past: bool) -> list[MemoryRecord]:
        """All records, those that hold no longer included, where they are needed."""
        if not found.needs_line(past=past):
            return []
        return self.store.memories(self.request.actor_id, namespace=self.namespace, active=False, **self.narrowed)

    def _said(self, within: timedelta) -> list[FreshMessage]:
        """What was said in other sessions; nothing where the source's own store keeps none."""
        request = self.request
        if within <= timedelta() or (request.session is not None and request.session.last_seq > YOUNG):
            return []
        if request.shows("sessions"):
            return []  # which recalls it, however long ago it was said
        store = self.store if isinstance(self.store, SessionStore) else request.store
        if not isinstance(store, SessionStore):
            return []
        return fresh_messages(store, request.actor_id, request.session_id, request.now, within)

    def _record_item(self, one: ScoredMemory) -> Item:
        record, request = one.record, self.request
        lead = f"- {known_since(record, request.now)}: "
        return Item(
            id=record.id,
            section="memories",
            text=record.text,
            lead=lead,
            tokens=line_tokens(request.counter, lead, record.text),
            score=one.score,
            order=_seconds(begins(record)),
            left_out=_RECALLED.format(record.sources[0]) if self._recalled_anyway(record) else None,
            provenance=Provenance(
                source="memories",
                uri=record.namespace,
                created_at=record.created_at,
                messages=record.sources if self._is_own(record) else (),
            ),
        )

    def _said_items(self, heard: Sequence[FreshMessage]) -> Iterator[Item]:
        """What was said elsewhere, under its conversation and day and in the order in which it was said: "no, I meant
        March" takes back what stands before it, and an answer stands behind its question."""
        sessions = list(dict.fromkeys(said.session_id for said in heard))
        order = 0
        for said in heard:
            order = max(order + 1, _seconds(said.message.created_at or self.request.now))
            number = f" ({sessions.index(said.session_id) + 1})" if len(sessions) > 1 else ""
            yield self._said_item(said, f"In another conversation{number}", order)

    def _said_item(self, said: FreshMessage, where: str, order: int) -> Item:
        message, request = said.message, self.request
        lead = f"{speaker(message)}: "
        return Item(
            id=f"{said.session_id}/{message.id or message.seq}",
            section="memories",
            text=message.text,
            lead=lead,
            heading=f"{where}, {day((message.created_at or request.now).astimezone(request.zone))}:",
            tokens=line_tokens(request.counter, lead, message.text),
            score=said.score,
            order=order,
            provenance=Provenance(source="memories", title=said.session_id, created_at=message.created_at),
        )


def known_since(record: MemoryRecord, now: datetime) -> str:
    """The day from which a record holds, so that the model can tell old from new; with its end, where it has ended.

    Days are those of the zone that `now` is told in.
    """
    since = begins(record).astimezone(now.tzinfo).date().isoformat()
    if record.valid_to is None or record.valid_to > now:
        return since
    return f"{since} to {record.valid_to.astimezone(now.tzinfo).date().isoformat()}, no longer so"


def _in_time(records: Sequence[ScoredMemory]) -> list[ScoredMemory]:
    """Oldest first: the same order whatever the query, so that one set of memories always stands alike."""
    return sorted(records, key=lambda one: (begins(one.record), one.record.id))


def _seconds(when: datetime) -> int:
    return int(when.timestamp())
