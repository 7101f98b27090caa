"""The records of one namespace as consolidation sees them: by what they are about, by what they say, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from contextkit.dedup import SeenTexts
from contextkit.dedup.words import CHANGERS, NEGATIONS
from contextkit.memory.subject import is_short, subject_key
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.terms import terms
from contextkit.stores import MemoryRecord
from contextkit.stores.ranking import SUBJECT

VALUE: Final = "value"
"""The key of a record's metadata for that value by itself, where it is known."""

CONFIRMED: Final = "confirmed_at"
"""The key of a record's metadata for when it was last said again."""

_WORD: Final = re.compile(r"[\w']+")
_DENIED: Final = re.compile(r"\b(?:not|never|no longer|cannot)\b|n['’]t\b")
_DENYING: Final = NEGATIONS | {"longer", "anymore", "any", "more"}
_QUALIFYING: Final = CHANGERS - _DENYING
_LEAST_CONTENT: Final = 2
"""Words of content that two statements share before one is taken for a denial of the other."""


def begins(record: MemoryRecord) -> datetime:
    """From when the record holds; since it was made where it does not say."""
    return record.valid_from or record.created_at


def ends_after(record: MemoryRecord, moment: datetime) -> bool:
    """Whether it had not ended by then; it may not have begun either."""
    return record.valid_to is None or record.valid_to > moment


def holds_at(record: MemoryRecord, moment: datetime) -> bool:
    """Whether it was true at that moment, as far as is known."""
    return begins(record) <= moment and ends_after(record, moment)


def confirmed(record: MemoryRecord) -> datetime:
    """When it was last said."""
    said = record.metadata.get(CONFIRMED)
    return max(begins(record), datetime.fromisoformat(said)) if isinstance(said, str) else begins(record)


_SPARE: Final = 64
"""Texts that were replaced or dropped and may stay in the indexes of a small shelf before it is built anew."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """The versions of records that pass a test of a moment, for `SeenTexts.match`."""

    shelf: Shelf
    moment: datetime
    test: Callable[[MemoryRecord, datetime], bool]

    def __contains__(self, version: object) -> bool:
        record = self.shelf.current(version)
        return record is not None and self.test(record, self.moment)


class Shelf:
    """Records to compare new facts with; it changes as they are placed. Not for several threads at once."""

    def __init__(self, records: Iterable[MemoryRecord]) -> None:
        self._records: dict[str, MemoryRecord] = {}
        self._versions: dict[str, int] = {}
        self._subjects: dict[str, list[str]] = {}
        self._cores: dict[_Core, list[str]] = {}
        self._seen: SeenTexts[tuple[str, int]] = SeenTexts()
        self._words = LexicalIndex()
        self._rows: list[tuple[str, int]] = []
        for record in records:
            self.put(record)

    def sync(self, records: Iterable[MemoryRecord]) -> Shelf:
        """A shelf of exactly these records: this one, where that is less work than a new one."""
        wanted = {record.id: record for record in records}
        gone = self._records.keys() - wanted.keys()
        if len(gone) > len(wanted) or len(self._rows) > 2 * len(wanted) + _SPARE:
            return Shelf(wanted.values())
        for name in gone:
            del self._records[name], self._versions[name]
        for name, record in wanted.items():
            known = self._records.get(name)
            if known is not record and known != record:
                self.put(record)
        return self

    def put(self, record: MemoryRecord) -> None:
        """Add a record, or replace the one of its id."""
        former = self._records.get(record.id)
        self._records[record.id] = record
        if former is None or subject_of(former) != subject_of(record):
            self._subjects.setdefault(subject_of(record), []).append(record.id)
        if former is None or former.text != record.text:
            self._index(record)

    def get(self, record_id: str) -> MemoryRecord | None:
        """The record of that id as it is now."""
        return self._records.get(record_id)

    def current(self, version: object) -> MemoryRecord | None:
        """The record of this version of a text, unless its text has been replaced since."""
        if isinstance(version, tuple) and self._versions.get(version[0]) == version[1]:
            return self._records[version[0]]
        return None

    def saying(self, text: str, moment: datetime) -> MemoryRecord | None:
        """A record that says all that this text says: one that held at that moment, or else one that began later."""
        for test in (holds_at, ends_after):
            version = self._seen.match(text, _Versions(self, moment, test))
            if version is not None:
                return self._records[version[0]]
        return None

    def within(self, text: str, subject: str, moment: datetime) -> MemoryRecord | None:
        """A record on the same subject of which this text says all and more, and that had not ended by then."""
        whole: SeenTexts[str] = SeenTexts()
        whole.add("", text)
        for record in self.timeline(subject) if subject else self.near(text, limit=8):
            if subject_of(record) == subject and ends_after(record, moment) and whole.match(record.text) is not None:
                return record
        return None

    def timeline(self, subject: str) -> list[MemoryRecord]:
        """Every record on the subject, oldest first; of those that begin at once, the one that holds stands last."""
        on_it = [record for record in self._named(self._subjects.get(subject, ())) if subject_of(record) == subject]
        return sorted(on_it, key=lambda record: (begins(record), record.valid_to is None))

    def meant(self, subject: str, moment: datetime) -> list[MemoryRecord]:
        """Every record on the subject, and on the one it is short for, if only one held then: the course, the dog."""
        longer = [held for known in self._subjects if is_short(subject, known) and (held := self._held(known, moment))]
        return [*self.timeline(subject), *(longer[0] if len(longer) == 1 else ())]

    def _held(self, subject: str, moment: datetime) -> list[MemoryRecord]:
        return [record for record in self.timeline(subject) if holds_at(record, moment)]

    def opposed(self, text: str) -> list[MemoryRecord]:
        """Records that deny in the same words what this text states, or state what it denies, oldest first."""
        denied, core = _is_denial(text), _core(text)
        if len(core.content) < _LEAST_CONTENT:
            return []
        same = [record for record in self._named(self._cores.get(core, ())) if _core(record.text) == core]
        found = [record for record in same if _is_denial(record.text) is not denied]
        return sorted(found, key=lambda record: (begins(record), record.valid_to is None))

    def near(self, text: str, *, limit: int) -> list[MemoryRecord]:
        """The records that share most with a text, best first."""
        scores = self._words.scores(dict.fromkeys(terms(text), 1.0))
        found: list[MemoryRecord] = []
        for row in _best(scores, limit + len(self._rows) - len(self._records)):
            record = self.current(self._rows[row])
            if record is not None and len(found) < limit:
                found.append(record)
        return found

    def _named(self, names: Iterable[str]) -> list[MemoryRecord]:
        return [self._records[name] for name in dict.fromkeys(names) if name in self._records]

    def _index(self, record: MemoryRecord) -> None:
        version = (record.id, len(self._rows))
        self._versions[record.id] = version[1]
        self._seen.add(version, record.text)
        self._words.add(terms(record.text))
        self._rows.append(version)
        self._cores.setdefault(_core(record.text), []).append(record.id)


def subject_of(record: MemoryRecord) -> str:
    """What the record is a value of, as subjects are compared; empty where it does not say."""
    subject = record.metadata.get(SUBJECT)
    return subject_key(subject) if isinstance(subject, str) else ""


def has_value(record: MemoryRecord, value: str) -> bool:
    """Whether the record gives this value: it names it as its own, or, naming none, in its text."""
    own = record.metadata.get(VALUE)
    if isinstance(own, str):
        return _folded(own) == _folded(value) and _is_denial(own) is _is_denial(value)
    return set(_folded(value)) <= set(_folded(record.text))


def says_more(text: str, other: str) -> bool:
    """Whether all that the other speaks of is spoken of in this text, too."""
    return set(_folded(other)) <= set(_folded(text))


def _folded(text: str) -> list[str]:
    return terms(text) or [text.strip().casefold()]


def _best(scores: Scores, count: int) -> list[int]:
    """The rows of the so many highest scores above 0, best first; of equals the first."""
    if count < len(scores):
        least = np.partition(scores, -count)[-count]
        rows = np.flatnonzero((scores >= least) & (scores > 0))
    else:
        rows = np.flatnonzero(scores > 0)
    order = np.argsort(-scores[rows], kind="stable")[:count]
    return [int(row) for row in rows[order]]


@dataclass(frozen=True, slots=True)
class _Core:
    """What a statement speaks of, denied or not: its words of content in order, and what qualifies them."""

    content: tuple[str, ...]
    qualifiers: frozenset[str]


def _core(text: str) -> _Core:
    words = _WORD.findall(text.lower())
    content = tuple(term for word in words if word not in _DENYING for term in terms(word))
    asked = {"?"} if text.rstrip().endswith("?") else set()
    return _Core(content, _QUALIFYING.intersection(words) | asked)


def _is_denial(text: str) -> bool:
    return _DENIED.search(text.lower()) is not None
