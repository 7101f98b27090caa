"""Consolidation by rules: what a new fact does to the records near it, and above all *when* each of them holds.

    changes = RuleConsolidator(strategy).consolidate(facts, store.memories(actor, active=False), namespace)

Records on one subject form a timeline, and a fact takes its place in it by when it was said, not
by when it arrived: what was said later supersedes what was said before, and a fact that arrives late is
stored as already superseded. The old record stays, with its `valid_to`, so that "what was it before" has
an answer.

Rules err on the side of keeping both. Only three things are taken for a contradiction: another value
of the same named subject, a fact that ends its subject, and a denial in the very words of what it
denies. Facts without a subject are otherwise independent, so that one person's news never
supersedes another's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from contextkit.clock import Clock, utc_now
from contextkit.memory.facts import Change, Fact, Kind
from contextkit.memory.shelf import (
    CONFIRMED,
    VALUE,
    Shelf,
    begins,
    confirmed,
    ends_after,
    has_value,
    holds_at,
    says_more,
)
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.subject import subject_key
from contextkit.recent import Recent
from contextkit.stores import MemoryRecord
from contextkit.stores.ranking import SUBJECT

SUPERSEDES: Final = "supersedes"
"""The key of a record's metadata for the id of the record that it took the place of."""

SESSION: Final = "session_id"
"""The key of a record's metadata for the session that its sources are messages of."""

MOST_SOURCES: Final = 20
"""Message ids a record keeps: the first, and the newest of those that said it again."""


RESTS_ON: Final = {"home country": ("home city", "address"), "home city": ("address",)}
"""What holds only as long as something else does: who moves to another city leaves their address."""

SHELVES: Final = 16
"""Namespaces whose records stay indexed in memory between two batches; the least used goes first."""


class RuleConsolidator:
    """`Consolidator` without a model. Changes come in the order in which the facts were said.

    Every record it makes carries the strategy's name and expiry. It may be shared by threads.
    """

    def __init__(self, strategy: MemoryStrategy, *, clock: Clock = utc_now) -> None:
        self._strategy = strategy
        self._clock = clock
        self._shelves = Shelves()

    def consolidate(self, facts: Sequence[Fact], near: Sequence[MemoryRecord], namespace: str) -> list[Change]:
        with self._shelves.of(namespace, near) as shelf:
            placing = Placing(shelf, namespace, self._strategy, self._clock())
            return [placing.by_rules(fact) for fact in sorted(facts, key=lambda fact: fact.said_at)]


class Shelves:
    """The shelves of the namespaces that were worked on last, so that a batch pays only for what is new in it."""

    def __init__(self) -> None:
        self._kept = Recent[str, Shelf](SHELVES)

    @contextmanager
    def of(self, namespace: str, near: Sequence[MemoryRecord]) -> Iterator[Shelf]:
        """The namespace's shelf, with those of these records on it that are in the namespace itself.

        It is the caller's alone meanwhile; another who asks for the same namespace gets one of their own.
        """
        shelf = self._kept.pop(namespace) or Shelf(())
        shelf = shelf.sync(record for record in near if record.namespace == namespace)
        try:
            yield shelf
        finally:
            self._kept.put(namespace, shelf)


class Placing:
    """Facts placed one after another among the records of a namespace; each sees what those before it did.

    `by_rules` decides what a fact is; the other methods do what was decided, always by the time
    at which it was said.
    """

    def __init__(self, shelf: Shelf, namespace: str, strategy: MemoryStrategy, now: datetime) -> None:
        self.shelf = shelf
        self._namespace = namespace
        self._strategy = strategy
        self._now = now
        self._over: dict[tuple[str, tuple[str, ...]], str] = {}

    def by_rules(self, fact: Fact) -> Change:
        """Place a fact by what it says."""
        subject = subject_key(fact.subject)
        if fact.ends:
            return self.end(fact, self._ended(fact, subject))
        if not fact.text.strip():
            return Change(kind=Kind.SKIP, fact=fact, reason="It says nothing.")
        timeline = self.shelf.timeline(subject) if subject else self.shelf.opposed(fact.text)
        same, others = _by_value(timeline, fact)
        known = self._known(fact, subject, same)
        if known is None or _separated(known, fact.said_at, others):
            return self._with_what_rests(self.place(fact, others), subject)
        if says_more(known.text, fact.text):
            return self.repeat(fact, known, others)
        if says_more(fact.text, known.text):
            return self.update(fact, known, fact.text)
        return self.place(fact, others)  # the same value, with something else said of it: both hold

    def _with_what_rests(self, change: Change, subject: str) -> Change:
        """The change, and the end of what rested on what it supersedes, unless that speaks of the new value."""
        what, of, owner = subject.partition(" of ")
        if change.kind is not Kind.SUPERSEDE or what not in RESTS_ON:
            return change
        said, value = change.fact.said_at, change.fact.value.casefold()
        rested = [one for each in RESTS_ON[what] for one in self.shelf.timeline(f"{each}{of}{owner}")]
        left = [one for one in rested if begins(one) < said and _yields(one, said) and value not in one.text.casefold()]
        return replace(change, records=(*change.records, *(self._put(replace(one, valid_to=said)) for one in left)))

    def _known(self, fact: Fact, subject: str, same: Sequence[MemoryRecord]) -> MemoryRecord | None:
        """A record that says it, that it says more exactly, or that gives the same value in other words."""
        said = fact.said_at
        known = self.shelf.saying(fact.text, said) or self.shelf.within(fact.text, subject, said)
        return known or next((one for one in same if ends_after(one, said)), None)

    def repeat(self, fact: Fact, known: MemoryRecord, timeline: Sequence[MemoryRecord] = ()) -> Change:
        """It is known: the record learns when it was said again, or that it began earlier, and nothing is added."""
        if set(fact.sources) <= set(known.sources) and fact.said_at >= begins(known):
            return Change(kind=Kind.SKIP, fact=fact, reason=f"The record {known.id} was made of it.")
        earlier = [one for one in timeline if one.id != known.id and _yields(one, fact.said_at)]
        again = self._put(self._merged(known, fact))
        shorter = [self._put(replace(one, valid_to=fact.said_at)) for one in earlier if fact.said_at < begins(known)]
        return Change(kind=Kind.UPDATE, fact=fact, records=(again, *shorter), reason="It was known already.")

    def update(self, fact: Fact, record: MemoryRecord, text: str) -> Change:
        """The record says what it said and what is new, under its old id."""
        fuller = self._put(replace(self._merged(record, fact), text=text))
        return Change(kind=Kind.UPDATE, fact=fact, records=(fuller,), reason="It says more than the record did.")

    def place(self, fact: Fact, timeline: Sequence[MemoryRecord]) -> Change:
        """A new record, between what was said before it and after it; of these, oldest first, one holds at a time."""
        said = fact.said_at
        before = [one for one in timeline if holds_at(one, said)]
        after = next((one for one in timeline if begins(one) > said), None)
        since = [confirmed(one) for one in before if confirmed(one) > said]
        ends = [one.valid_to for one in before if one.valid_to is not None]
        new = self._record(
            fact, valid_to=min([*ends, *since, *([] if after is None else [begins(after)])], default=None)
        )
        if told_over := self._over.get((fact.text, fact.sources)):
            new = replace(new, metadata={SUPERSEDES: told_over, **new.metadata})
        if not before or since:
            return self._added(fact, new)
        new = self._put(replace(new, metadata={**new.metadata, SUPERSEDES: before[-1].id}))
        old = [self._put(replace(one, valid_to=said)) for one in before]
        return Change(kind=Kind.SUPERSEDE, fact=fact, records=(new, *old), reason=f"It was {before[-1].text!r} before.")

    def end(self, fact: Fact, records: Sequence[MemoryRecord]) -> Change:
        """The records hold no longer, since it was said; a fact in the same words takes their place."""
        holding = [one for one in records if _yields(one, fact.said_at)]
        if not holding:
            return Change(kind=Kind.SKIP, fact=fact, reason="Nothing that it ends is known.")
        ended = tuple(self._put(replace(one, valid_to=fact.said_at)) for one in holding)
        self._over[fact.text, fact.sources] = ended[-1].id
        return Change(kind=Kind.SUPERSEDE, fact=fact, records=ended, reason="It holds no longer.")

    def _ended(self, fact: Fact, subject: str) -> list[MemoryRecord]:
        if subject:
            value = fact.value.casefold()
            subjects = [subject, *map(subject_key, fact.also)]
            meant = [one for each in subjects for one in self.shelf.meant(each, fact.said_at)]
            return [one for one in meant if value in one.text.casefold() or has_value(one, fact.value)]
        known = self.shelf.saying(fact.text, fact.said_at)
        return [*self.shelf.opposed(fact.text), *([known] if known else [])]

    def _added(self, fact: Fact, new: MemoryRecord) -> Change:
        late = new.valid_to is not None
        reason = "It was said before what is known, and holds no longer." if late else "It is new."
        return Change(kind=Kind.ADD, fact=fact, records=(self._put(new),), reason=reason)

    def _put(self, record: MemoryRecord) -> MemoryRecord:
        self.shelf.put(record)
        return record

    def _merged(self, record: MemoryRecord, fact: Fact) -> MemoryRecord:
        """The record with the fact's provenance, and what else it says, added to its own."""
        said_again = max(confirmed(record), fact.said_at)
        metadata = {**fact.metadata, **record.metadata}
        if said_again > min(begins(record), fact.said_at):
            metadata[CONFIRMED] = said_again.isoformat()
        return replace(
            record,
            valid_from=min(begins(record), fact.said_at),
            importance=max(record.importance, min(fact.importance, 1.0)),
            sources=_joined(record.sources, fact.sources),
            expires_at=_later(record.expires_at, self._expiry()) if record.expires_at else None,
            metadata=metadata,
        )

    def _record(self, fact: Fact, *, valid_to: datetime | None) -> MemoryRecord:
        return MemoryRecord(
            id=record_id(fact, self._namespace, self._strategy.name),
            text=fact.text,
            namespace=self._namespace,
            strategy=self._strategy.name,
            importance=min(max(fact.importance, 0.0), 1.0),
            created_at=self._now,
            valid_from=fact.said_at,
            valid_to=valid_to,
            expires_at=self._expiry(),
            sources=fact.sources,
            metadata={**fact.metadata, **_named(fact)},
        )

    def _expiry(self) -> datetime | None:
        days = self._strategy.expires_after
        return self._now + timedelta(days=days) if days else None


def record_id(fact: Fact, namespace: str, strategy: str) -> str:
    """The id of the record that a fact makes: the same for the same words from the same messages, whoever asks.

    So a range that is extracted a second time, after a crash or in another process, writes what
    is there already. 40 hexadecimal digits of a SHA-256.
    """
    told = [strategy, namespace, fact.metadata.get(SESSION, ""), fact.sources, fact.text]
    return f"mem-{sha256(json.dumps(told).encode()).hexdigest()[:40]}"


def _yields(record: MemoryRecord, moment: datetime) -> bool:
    """Whether it held at that moment, and was not said again since."""
    return holds_at(record, moment) and confirmed(record) <= moment


def _separated(record: MemoryRecord, said: datetime, timeline: Sequence[MemoryRecord]) -> bool:
    """Whether something else came between a moment and a record that begins after it."""
    return any(said < begins(one) < begins(record) for one in timeline if one.id != record.id)


def _joined(sources: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    every = tuple(dict.fromkeys((*sources, *more)))
    return every if len(every) <= MOST_SOURCES else (every[0], *every[1 - MOST_SOURCES :])


def _named(fact: Fact) -> dict[str, str]:
    """What a record keeps of the fact beside its text, where it is known."""
    known = {SUBJECT: fact.subject, VALUE: fact.value if fact.subject else ""}
    return {name: value for name, value in known.items() if value}


def _by_value(timeline: Sequence[MemoryRecord], fact: Fact) -> tuple[list[MemoryRecord], list[MemoryRecord]]:
    """Those that give the fact's own value, and those that give another, or nobody knows which."""
    if not (fact.value and fact.subject):
        return [], list(timeline)
    same = [one for one in timeline if VALUE in one.metadata and has_value(one, fact.value)]
    return same, [one for one in timeline if one not in same]


def _later(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)
