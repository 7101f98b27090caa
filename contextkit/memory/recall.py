"""Recall: which of an actor's records a prompt should offer, and in what order.

What matches the query best comes first; of two that match alike, the more recent and the more
important one. Nothing here does I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from contextkit.memory.consolidate import SUPERSEDES
from contextkit.memory.shelf import confirmed, holds_at, subject_of
from contextkit.rank.texts import text_scores
from contextkit.rank.times import periods
from contextkit.stores import MemoryRecord, ScoredMemory

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
"""Records found below which all records are looked at. Where many are known, a query nearly always finds as many."""

_PAST: Final = re.compile(
    r"\b(?:before|previous(?:ly)?|former(?:ly)?|earlier|originally|initially|at first|first|used to|once|no longer"
    r"|any ?more|anymore|old|past|back then|prior|until|changed?|moved|switched|instead of|ex)\b"
    r"|\b(?:where|what|who|which|how|when)\b.{0,40}?\b(?:was|were|did|had)\b"
    r"|以前|之前|曾经|原来|原先|过去|当时|本来|前任"
    r"|\b(?:trước|ngày xưa|hồi đó|từng|ban đầu|lúc đầu)\b"
    r"|\b(?:früher|vorher|zuvor|ehemals|damals|avant|autrefois|auparavant|antes|anterior|anteriormente)\b",
    re.IGNORECASE,
)
"""What a question about the past says, in English first; a few words of other languages."""


def asks_about_past(query: str, now: datetime) -> bool:
    """Whether the query may be about what no longer holds: by its words, or by a day, month or year that is over."""
    if _PAST.search(query):
        return True
    years = range(now.year, now.year + 1)
    return any(period.end <= now.date() for period in periods(query, now, years))


def weighed(found: Sequence[ScoredMemory], now: datetime) -> list[ScoredMemory]:
    """The records by relevance, recency and importance, best first; of equals the one said last, then by id.

    The score is `relevance × (1 - RECENCY - IMPORTANCE + RECENCY × 2^(-age / HALF_LIFE) + IMPORTANCE × importance)`:
    what does not match cannot win by being new.
    """
    scored = [replace(one, score=one.score * _worth(one.record, now)) for one in found]
    return sorted(scored, key=lambda one: (-one.score, -confirmed(one.record).timestamp(), one.record.id))


def needs_all(query: str, found: Sequence[ScoredMemory], now: datetime) -> bool:
    """Whether `recalled` wants every record, and not only the active ones that a search found."""
    return len(found) < FEW or asks_about_past(query, now)


def recalled(
    query: str, found: Sequence[ScoredMemory], records: Sequence[MemoryRecord], now: datetime, *, past: bool
) -> list[ScoredMemory]:
    """What to offer of the active records that a search found and of all `records`, best first.

    Records that hold no longer are offered only for a question about the `past`. What has taken the
    place of one that bears on the query always is: "moved to Antwerp" shares no word with
    "Where do I live?", and "lives in Ghent", which it superseded, does.
    """
    ended = superseded(query, found, records, now)
    known = {one.record.id for one in found}
    successors = [one for one in in_place_of(ended, records, now) if one.record.id not in known]
    return weighed([*found, *successors, *(ended if past else ())], now)


def superseded(
    query: str, active: Sequence[ScoredMemory], records: Sequence[MemoryRecord], now: datetime
) -> list[ScoredMemory]:
    """Those of the records that hold no longer and bear on the query, scored so that they compare with the active.

    By their words; and where one of the active took their place, or is about the same subject,
    right behind it.
    """
    ended = [record for record in records if record.valid_to is not None and record.valid_to <= now]
    if not ended:
        return []
    by_words = _scores_beside(query, [record.text for record in ended], active)
    followed = _followed(active)
    found = [
        ScoredMemory(record, max(score, BEFORE * max(followed.get(record.id, 0.0), followed.get(_place(record), 0.0))))
        for record, score in zip(ended, by_words, strict=True)
    ]
    return [one for one in found if one.score > 0]


def in_place_of(ended: Sequence[ScoredMemory], records: Sequence[MemoryRecord], now: datetime) -> list[ScoredMemory]:
    """The records that hold now where one of these held before, each right behind the best of them."""
    scores: dict[str, float] = {}
    for one in ended:
        for name in filter(None, (one.record.id, _place(one.record))):
            scores[name] = max(scores.get(name, 0.0), one.score)
    by_id = {record.id: record for record in records}
    found = [
        ScoredMemory(record, BEFORE * max(scores.get(name, 0.0) for name in (_place(record), *_line(record, by_id))))
        for record in records
        if holds_at(record, now)
    ]
    return [one for one in found if one.score > 0]


def _line(record: MemoryRecord, by_id: Mapping[str, MemoryRecord]) -> list[str]:
    """The ids of the records before it, each of which the one behind it superseded."""
    line: list[str] = []
    current: MemoryRecord | None = record
    while current is not None and isinstance(before := current.metadata.get(SUPERSEDES), str) and before not in line:
        line.append(before)
        current = by_id.get(before)
    return line


def _scores_beside(query: str, texts: Sequence[str], active: Sequence[ScoredMemory]) -> list[float]:
    """Scores of texts on the scale of the records found: 1 for one that matches as well as the best of all."""
    scores = text_scores(query, [*texts, *(one.record.text for one in active)])
    best = max(scores, default=0.0)
    return [score / best if best else 0.0 for score in scores[: len(texts)]]


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
    subject = subject_of(record)
    return f"{record.namespace}\n{subject}" if subject else ""


def _worth(record: MemoryRecord, now: datetime) -> float:
    age = max(now - confirmed(record), timedelta())
    return 1 - RECENCY - IMPORTANCE + RECENCY * float(0.5 ** (age / HALF_LIFE)) + IMPORTANCE * record.importance
