"""Ranking memory records in process: what a store does that has no search of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.fuse import DENSE
from contextkit.rank.lexical import LexicalIndex, Scores
from contextkit.rank.subwords import index_terms, scores
from contextkit.stores import MemoryRecord, ScoredMemory
from contextkit.stores.codec import to_micros
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
    Where the records begin with those of a `former` index, only the words of the others are analysed.
    """

    def __init__(
        self,
        records: Sequence[MemoryRecord],
        rows: Sequence[int],
        vectors: NDArray[np.float32],
        former: MemoryIndex | None = None,
    ) -> None:
        self._records = records
        self._rows = np.asarray(rows, np.int64)
        self._vectors = vectors
        self._words: _Words = _Words() if former is None else former._words
        texts = [_searched(record) for record in records]
        if not self._words.grow(texts):
            self._words = _Words()
            self._words.grow(texts)
        self._begins = _times((record.valid_from for record in records), _ALWAYS)
        self._ends = _times((record.valid_to for record in records), _NEVER)
        self._expires = _times((record.expires_at for record in records), _NEVER)

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._records)

    def shown(self, now: int, active: bool) -> Shown:
        """Which records there are at a time, in microseconds since 1970: those that hold, or all that are unexpired."""
        unexpired = self._expires > now
        return unexpired & (self._begins <= now) & (self._ends > now) if active else unexpired

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
        near = zip(self._rows.tolist(), (self._vectors @ vector).tolist(), strict=True)
        cosines = {row: cosine for row, cosine in near if shown is None or shown[row]}
        return self.best(self.lexical(query, shown), cosines, limit, active)

    def lexical(self, query: str, shown: Shown | None = None) -> Scores:
        """How well each record matches by its words, by its number; 0 for those not `shown`."""
        scores = self._words.scores(query, len(self._records))
        return scores if shown is None else np.where(shown, scores, np.float32(0))

    def best(
        self, lexical: Scores, cosines: Mapping[int, float] | None, limit: int, active: Shown | None = None
    ) -> list[ScoredMemory]:
        """The same by scores that are known: by words, and by meaning where there are vectors.

        At most `limit` of those that are `active`, and at most as many others.
        """
        scores = _scaled(lexical)
        if cosines is not None:
            dense = np.zeros_like(scores)
            dense[list(cosines)] = list(cosines.values())
            scores = (1 - DENSE) * scores + DENSE * _scaled(dense)
        ranked = np.lexsort((-np.arange(len(scores)), -scores))
        ranked = ranked[scores[ranked] > 0]
        holds = np.ones(len(ranked), np.bool_) if active is None else active[ranked]
        within = np.where(holds, np.cumsum(holds), np.cumsum(~holds)) <= limit
        return [
            ScoredMemory(self._records[row], float(scores[row]), held)
            for row, held in zip(ranked[within].tolist(), holds[within].tolist(), strict=True)
        ]


class _Words:
    """The words of texts, in an index that grows, shared by threads and by the indexes of fewer records."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._index = LexicalIndex()
        self._lock = threading.Lock()

    def grow(self, texts: Sequence[str]) -> bool:
        """Take in what these texts have more; False where they are others."""
        with self._lock:
            known = len(self._texts)
            if self._texts != texts[:known]:
                return False
            self._index.add_all(map(index_terms, texts[known:]))
            self._texts += texts[known:]
            return True

    def scores(self, query: str, count: int) -> Scores:
        """How well the first so many texts match."""
        with self._lock:
            return scores(self._index, query)[:count]


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


def _times(times: Iterable[datetime | None], otherwise: int) -> NDArray[np.int64]:
    return np.fromiter((otherwise if time is None else to_micros(time) for time in times), np.int64)


def _scaled(scores: Scores) -> Scores:
    """Scores with the best at 1, and no match at 0.

    Standard scores, as `rank.fuse` has them, would say of a single match that it is nothing special.
    """
    matching = np.maximum(scores, 0)
    return np.asarray(matching / max(matching.max(initial=0), np.finfo(np.float32).tiny), np.float32)
