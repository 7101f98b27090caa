"""Recall: which of an actor's records a prompt should offer, and in what order.

What matches the query best comes first; of two that match alike, the more recent and the more
important one. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from contextkit.memory.consolidate import SUPERSEDES
from contextkit.memory.shelf import confirmed, holds_at, subject_of
from contextkit.memory.subject import subject_key
from contextkit.stores import MemoryRecord, ScoredMemory
from contextkit.stores.ranking import SUBJECT

RECENCY: Final = 0.2
"""Part of a record's score that fades with its age.

Chosen on LoCoMo's development conversations with one record per turn (`tests/benchmarks/recall_weights.py`): so
much costs 0.2 points of evidence recall in 20 records, although their questions favour no age; 0.3
costs 0.4, 0.5 costs 1.2.
"""

HALF_LIFE: Final = timedelta(days=30)
"""Over which that part halves, counted from when the record was last said. Three times as long does the same there."""

IMPORTANCE: Final = 0.2
"""Part of a record's score that is proportional to its importance, as much as recency. LoCoMo knows no importance;
with one drawn at random, so much of pure noise costs less than a point there."""

BEFORE: Final = 0.9
"""Score of a superseded record, as a part of the score of what took its place, and of that as a part of its own:
they stand side by side."""

FEW: Final = 3
"""Records found below which those that hold no longer are looked at as well. Where many are known, a query nearly
always finds as many."""


def weighed(found: Sequence[ScoredMemory], now: datetime) -> list[ScoredMemory]:
    """The records by relevance, recency and importance, best first; of equals the one said last, then by id.

    The score is `relevance × (1 - RECENCY - IMPORTANCE + RECENCY × 2^(-age / HALF_LIFE) + IMPORTANCE × importance)`:
    what does not match cannot win by being new.
    """
    scored = [replace(one, score=one.score * _worth(one.record, now)) for one in found]
    return sorted(scored, key=lambda one: (-one.score, -confirmed(one.record).timestamp(), one.record.id))


@dataclass(frozen=True, slots=True)
class Found:
    """What a store's search found: what is `active`, and what has `ended`, where that is of use."""

    active: Sequence[ScoredMemory]
    ended: Sequence[ScoredMemory] = ()

    def needs_line(self, *, past: bool) -> bool:
        """Whether `recalled` wants every record, in order to follow what took the place of what.

        Something has ended that bears on the query; or something that holds may have had another before it.
        """
        follows = (SUPERSEDES in one.record.metadata or _place(one.record) for one in self.active)
        return bool(self.ended) or (past and any(follows))


def found_of(every: Sequence[ScoredMemory], now: datetime, *, past: bool) -> Found:
    """What of a search of the records of all times is of use: what has ended, for a question about the `past`.

    Otherwise only where little else is found, since it may lead to what holds now; and the best of
    what holds then scores 1, as if nothing else had been there. What is to come is never of use.
    """
    ended = [one for one in every if not one.active and has_ended(one.record, now)]
    active = [one for one in every if one.active]
    if past:
        return Found(active, ended)
    best = max((one.score for one in active), default=1.0)
    return Found([replace(one, score=one.score / best) for one in active], ended if len(active) < FEW else ())


def overview(records: Iterable[MemoryRecord], now: datetime, limit: int) -> list[ScoredMemory]:
    """What to tell whoever asks for all that is known: the records by importance and recency, best first.

    What several strategies keep in the same words stands once.
    """
    unlike: dict[str, ScoredMemory] = {}
    for one in weighed([ScoredMemory(record, 1.0) for record in records], now):
        unlike.setdefault(one.record.text, one)
    return list(unlike.values())[:limit]


def has_ended(record: MemoryRecord, now: datetime) -> bool:
    """Whether it holds no longer."""
    return record.valid_to is not None and record.valid_to <= now


def recalled(found: Found, records: Sequence[MemoryRecord], now: datetime, *, past: bool) -> list[ScoredMemory]:
    """What to offer of what was found, and of all `records` where its line is needed, best first.

    Records that hold no longer are offered only for a question about the `past`. What has taken the
    place of one that bears on the query always is: "moved to Antwerp" shares no word with
    "Where do I live?", and "lives in Ghent", which it superseded, does.
    """
    ended = superseded(found, records, now)
    known = {one.record.id for one in found.active}
    successors = [one for one in in_place_of(ended, records, now) if one.record.id not in known]
    return weighed([*found.active, *successors, *(ended if past else ())], now)


def superseded(found: Found, records: Sequence[MemoryRecord], now: datetime) -> list[ScoredMemory]:
    """What holds no longer and bears on the query.

    What was found itself; and, right behind it, that whose place one of the active has taken, or
    which is about the same subject.
    """
    ended = {one.record.id: one for one in found.ended}
    followed = _followed(found.active)
    for record in _among(records, followed):
        if has_ended(record, now):
            behind = BEFORE * max(followed.get(record.id, 0.0), followed.get(_place(record), 0.0))
            beside = ended.get(record.id)
            ended[record.id] = ScoredMemory(record, max(behind, beside.score if beside else 0.0))
    return list(ended.values())


def in_place_of(ended: Sequence[ScoredMemory], records: Sequence[MemoryRecord], now: datetime) -> list[ScoredMemory]:
    """The records that hold now where one of these held before, each right behind the best of them."""
    after = _after(records) if ended else {}
    found: dict[str, ScoredMemory] = {}
    for one in sorted(ended, key=lambda one: -one.score):
        for record in _line(one.record.id, after):
            found.setdefault(record.id, ScoredMemory(record, BEFORE * one.score))
    places = {place: one.score for one in sorted(ended, key=lambda one: one.score) if (place := _place(one.record))}
    for record in _among(records, places):
        score = max(BEFORE * places.get(_place(record), 0.0), found[record.id].score if record.id in found else 0.0)
        found[record.id] = ScoredMemory(record, score)
    return [one for one in found.values() if holds_at(one.record, now)]


def _after(records: Iterable[MemoryRecord]) -> dict[str, list[MemoryRecord]]:
    """What superseded what: by its id, the records that took its place."""
    after: dict[str, list[MemoryRecord]] = {}
    for record in records:
        before = record.metadata.get(SUPERSEDES)
        if isinstance(before, str):
            after.setdefault(before, []).append(record)
    return after


def _line(record_id: str, after: Mapping[str, Sequence[MemoryRecord]]) -> list[MemoryRecord]:
    """The records that took its place, those that took theirs, and so on to the end."""
    line = {record.id: record for record in after.get(record_id, ())}
    waiting = list(line)
    while waiting:
        for record in after.get(waiting.pop(), ()):
            if record.id not in line:
                line[record.id] = record
                waiting.append(record.id)
    return list(line.values())


def _among(records: Sequence[MemoryRecord], names: Collection[str]) -> list[MemoryRecord]:
    """Those of the records whose id or place is among the names. There may be thousands, and few are."""
    subjects = {name.partition("\n")[2] for name in names} - {""}
    about = [
        record
        for record in records
        if record.id in names
        or (isinstance(said := record.metadata.get(SUBJECT), str) and subject_key(said) in subjects)
    ]
    return [record for record in about if record.id in names or _place(record) in names]


def _followed(active: Sequence[ScoredMemory]) -> dict[str, float]:
    """What the active records followed: ids and subjects, each with the best score of one that did."""
    followed: dict[str, float] = {}
    for one in active:
        before = one.record.metadata.get(SUPERSEDES)
        for name in filter(None, (before, _place(one.record))):
            followed[name] = max(followed.get(name, 0.0), one.score)
    return followed


def _place(record: MemoryRecord) -> str:
    """Where on which subject a record stands; empty where it has none. A newline is in no id we make."""
    subject = subject_of(record) if SUBJECT in record.metadata else ""
    return f"{record.namespace}\n{subject}" if subject else ""


def _worth(record: MemoryRecord, now: datetime) -> float:
    age = max(now - confirmed(record), timedelta())
    return 1 - RECENCY - IMPORTANCE + RECENCY * float(0.5 ** (age / HALF_LIFE)) + IMPORTANCE * record.importance
