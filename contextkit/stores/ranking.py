"""Ranking memory records in process: what a store does that has no search of its own."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contextkit.rank.among import Among
from contextkit.rank.fuse import DENSE
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.subwords import index_terms
from contextkit.stores import MemoryRecord, ScoredMemory
from contextkit.stores.codec import to_micros
from contextkit.stores.exchange import Exchange
from contextkit.stores.metadata import check_wanted, with_metadata
from contextkit.transcript import day

Shown: TypeAlias = NDArray[np.bool_]
"""Of each record, by its number, whether it may be shown."""

SUBJECT: Final = "subject"
"""The key of a record's metadata for what it is a value of ("employer of Ana"), which it is found by as well: the
record itself may only say that she works at Siemens."""

_ALWAYS: Final = -(2**63)
_NEVER: Final = 2**63 - 1


class MemoryIndex:
    """Records with their words and, where they have them, their vectors; built once, searched often.

    `rows` numbers the records that the rows of `vectors` (L2-normalised) belong to. Those that hold no
    longer, do not hold yet or have expired are in it as well; what is shown of them is a question of the time.
    Of records that stood in a `former` index, by their ids, only what is searched anew is analysed.
    """

    def __init__(
        self,
        records: Sequence[MemoryRecord],
        rows: Sequence[int],
        vectors: NDArray[np.float32],
        former: MemoryIndex | None = None,
    ) -> None:
        self._records = list(records)
        self._rows = np.asarray(rows, np.int64)
        self._vectors = vectors
        self._times = _times(records)
        self._words = _Words()
        self._documents = np.full(len(records), _NEW, np.int64)
        if former is not None:
            known = former._known(range(len(former)), self._records)
            if former._words.has_room(len(self), int(np.count_nonzero(known == _NEW))):
                self._words, self._documents = former._words, known
        self._analyse()

    def changed(
        self, gone: Sequence[int], come: Sequence[MemoryRecord], vectors: Sequence[bytes | None]
    ) -> tuple[MemoryIndex, Exchange] | None:
        """The index once some records are gone and others have come, with the vectors they have, and where all stand.

        It is the same as one made anew, and takes a fraction of the time. All records are `in_order`, those that come
        too, and the places of those that go ascend; an edited record goes and comes. None where it has to be made anew.
        """
        if not self._words.has_room(len(self) - len(gone) + len(come), len(come)):
            return None
        exchange = Exchange(len(self), gone, [bisect_left(self._records, in_order(one), key=in_order) for one in come])
        after = copy(self)
        after._records = exchange.listed(self._records, list(come))
        after._times = exchange.of(self._times, _times(come))
        after._documents = exchange.of(self._documents, self._known(gone, come))
        if not after._exchange_vectors(exchange, gone, vectors):
            return None
        after._analyse()
        return after, exchange

    def _exchange_vectors(self, exchange: Exchange, gone: Sequence[int], vectors: Sequence[bytes | None]) -> bool:
        """Have the vectors of those who stand here now; False where none is left, or one is not of the others' size."""
        coming = [(place, vector) for place, vector in zip(exchange.come, vectors, strict=True) if vector is not None]
        going = np.flatnonzero(np.isin(self._rows, gone))
        moved = exchange.moved(self._rows)
        if not coming and not len(going):
            self._rows = moved
            return True
        size = self._vectors[:1].nbytes
        if len(going) == len(moved) or any(len(vector) != size for _, vector in coming):
            return False
        places = np.asarray([place for place, _ in coming], np.int64)
        own = Exchange(len(moved), going.tolist(), np.searchsorted(moved, places).tolist())
        made = np.frombuffer(b"".join(vector for _, vector in coming), np.float32).reshape(-1, self._vectors.shape[1])
        if not (np.array_equal(own.come, going) and np.array_equal(self._vectors[going], made)):
            self._vectors = own.of(self._vectors, made)  # no record only ended, of which the vector stays
        self._rows = own.of(moved, places)
        return True

    def _known(self, places: Iterable[int], records: Sequence[MemoryRecord]) -> NDArray[np.int64]:
        """The documents of records, as far as those at these places are the same to who searches."""
        here = {self._records[place].id: place for place in places}
        found = [(here.pop(record.id, None), record) for record in records]
        return np.asarray(
            [
                _NEW if place is None or not _alike(self._records[place], record) else self._documents[place]
                for place, record in found
            ],
            np.int64,
        )

    def _analyse(self) -> None:
        """Take in the words of the records whose documents are not known."""
        new = np.flatnonzero(self._documents == _NEW)
        self._documents[new] = self._words.add([_searched(self._records[place]) for place in new.tolist()])
        self._among = self._words.among(self._documents)

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._records)

    def shown(self, now: int, active: bool) -> Shown:
        """Which records there are at a time, in microseconds since 1970: those that hold, or all that are unexpired."""
        begins, ends, expires = self._times.T
        unexpired: Shown = expires > now
        return unexpired & (begins <= now) & (ends > now) if active else unexpired

    def having(self, metadata: Mapping[str, Any] | None) -> Shown:
        """Which records have this metadata, among other."""
        if not check_wanted(metadata):
            return np.ones(len(self._records), np.bool_)
        return np.fromiter(map(with_metadata(metadata), self._records), np.bool_, len(self._records))

    def listed(self, shown: Shown) -> list[MemoryRecord]:
        """The records shown, in their order."""
        return [self._records[row] for row in np.flatnonzero(shown).tolist()]

    def search(
        self,
        query: str,
        vector: NDArray[np.float32] | None,
        limit: int,
        shown: Shown | None = None,
        active: Shown | None = None,
    ) -> list[ScoredMemory]:
        """The records that match best, best first; of equals the newer. Scores are above 0 and at most 1.

        Records that share nothing with the query are left out, and so are those not `shown` (None: all are).
        `active` says which of them hold (None: all do).
        """
        if vector is None or self._vectors.shape[1] != len(vector):
            return self.best(self.lexical(query, shown), None, limit, active)
        near = self._spread(self._rows, self._vectors @ vector)
        dense = near if shown is None else np.where(shown, near, np.float32(0))
        return self.best(self.lexical(query, shown), dense, limit, active)

    def lexical(self, query: str, shown: Shown | None = None) -> Scores:
        """How well each record matches by its words, by its number; 0 for those not `shown`."""
        scores = self._words.scores(self._among, query)
        return scores if shown is None else np.where(shown, scores, np.float32(0))

    def dense(self, cosines: Mapping[int, float]) -> Scores:
        """How well each record matches by its meaning, of which some are known, by their numbers; 0 for the others."""
        return self._spread(list(cosines), list(cosines.values()))

    def _spread(self, rows: ArrayLike, values: ArrayLike) -> Scores:
        dense = np.zeros(len(self._records), np.float32)
        dense[np.asarray(rows, np.int64)] = values
        return dense

    def best(
        self, lexical: Scores, dense: Scores | None, limit: int, active: Shown | None = None
    ) -> list[ScoredMemory]:
        """The same by scores that are known: by words, and by meaning where there are vectors.

        At most `limit` of those that are `active`, and at most as many others.
        """
        scores = _scaled(lexical)
        if dense is not None:
            scores = (1 - DENSE) * scores + DENSE * _scaled(dense)
        matching = np.flatnonzero(scores > 0)
        ranked = matching[np.lexsort((-matching, -scores[matching]))]
        holds = np.ones(len(ranked), np.bool_) if active is None else active[ranked]
        within = np.where(holds, np.cumsum(holds), np.cumsum(~holds)) <= limit
        return [
            ScoredMemory(self._records[row], float(scores[row]), held)
            for row, held in zip(ranked[within].tolist(), holds[within].tolist(), strict=True)
        ]


class _Words:
    """The words of texts, each a document of an index that grows, shared by threads and by indexes of some of them."""

    def __init__(self) -> None:
        self._index = LexicalIndex()
        self._lock = threading.Lock()

    def has_room(self, count: int, new: int) -> bool:
        """Whether an index of so many texts, so many of them new, may be made of these words: those that nobody needs
        any more are not to outnumber it."""
        return len(self._index) + new <= _SPARE * count + _SPARED

    def add(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Take in these texts; their numbers."""
        with self._lock:
            first = len(self._index)
            self._index.add_all(map(index_terms, texts))
            return np.arange(first, len(self._index))

    def among(self, documents: NDArray[np.int64]) -> Among:
        """The texts of these numbers."""
        with self._lock:
            return Among(self._index, documents)

    def scores(self, among: Among, query: str) -> Scores:
        """How well some of the texts match, as if there were no others."""
        with self._lock:
            return among.scores(query)


_SPARE: Final = 2
_SPARED: Final = 200
"""Texts in an index at the most: so many for each that is needed, and so many more."""

_NEW: Final = -1
"""The number of a document that is still to be made."""


_ASKED: Final = {
    "home city": "live 住在 sống",
    "home country": "live 住在 sống",
    "employer": "work 工作 làm việc",
    "age": "old",
}
"""Words by which people ask for what subjects name otherwise: "Where do I live?" for "Ana moved to Porto"."""


def _searched(record: MemoryRecord) -> str:
    """What a record is found by: its text, the day from which it holds, and its subject.

    Of 53 subjects that rules find, asked for by name among 92 records, 52 come first with their subjects, and 35 by
    their texts alone. With LoCoMo's turns as records, of what questions that name a month or year need 51, 60 and 65%
    are among the first 5, 10 and 20 without the day, and 66, 75 and 87% with it; of what others need 46.9, 53.9 and
    61.4%, and 47.9, 54.5 and 62.0%.
    """
    text = f"{record.text}\n{day(record.valid_from or record.created_at)}"
    subject = record.metadata.get(SUBJECT)
    if not isinstance(subject, str):
        return text
    return f"{text}\n{subject}\n{_ASKED.get(subject.partition(' of ')[0], '')}"


def in_order(record: MemoryRecord) -> tuple[datetime, str]:
    """By what records are sorted, oldest first."""
    return record.created_at, record.id


def _alike(one: MemoryRecord, other: MemoryRecord) -> bool:
    """Whether two records are found by the same words."""
    return one is other or _searched(one) == _searched(other)


def _times(records: Sequence[MemoryRecord]) -> NDArray[np.int64]:
    """Of each record, from when to when it holds, and when it expires."""
    times = [
        (_micros(one.valid_from, _ALWAYS), _micros(one.valid_to, _NEVER), _micros(one.expires_at, _NEVER))
        for one in records
    ]
    return np.asarray(times, np.int64).reshape(-1, 3)


def _micros(time: datetime | None, otherwise: int) -> int:
    return otherwise if time is None else to_micros(time)


def _scaled(scores: Scores) -> Scores:
    """Scores with the best at 1, and no match at 0.

    Standard scores, as `rank.fuse` has them, would say of a single match that it is nothing special.
    """
    matching = np.maximum(scores, 0)
    return np.asarray(matching / max(matching.max(initial=0), np.finfo(np.float32).tiny), np.float32)
