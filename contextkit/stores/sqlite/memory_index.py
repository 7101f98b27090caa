"""An index of an actor's records in some namespaces: made of all of them, or brought up to date by what changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit.stores.embedding import matrix
from contextkit.stores.ranking import MemoryIndex
from contextkit.stores.sqlite.memory_rows import COLUMNS, IN_NAMESPACE, record_of

FOLLOWED: Final = 1_000
"""Changed records that are followed one by one; behind more, all are read anew."""

Within: TypeAlias = tuple[str, str, str | bytes]
"""An actor, and the half-open range of namespaces."""

_ALL: Final = f"SELECT id, {COLUMNS}, vector FROM memories WHERE {IN_NAMESPACE} ORDER BY created_at, record_id"
_CHANGED: Final = f"""
SELECT id, {COLUMNS}, vector, namespace >= ?2 AND namespace < ?3 FROM memories
WHERE actor_id = ?1 AND changed > ?4 ORDER BY created_at, record_id LIMIT {FOLLOWED + 1}
"""
_COUNT: Final = f"SELECT count(*) FROM memories WHERE {IN_NAMESPACE}"
_IDS: Final = f"SELECT group_concat(id) FROM memories WHERE {IN_NAMESPACE}"
"""As one text, which takes a third of the time that as many rows take."""


@dataclass(frozen=True, slots=True)
class Read:
    """All records as they were read at one moment, and the number of the last change there was then."""

    rows: list[tuple[Any, ...]]
    last: int

    @classmethod
    def of(cls, connection: sqlite3.Connection, within: Within) -> Read:
        """What the snapshot that is open has."""
        return cls(connection.execute(_ALL, within).fetchall(), _last(connection))


@dataclass(frozen=True, slots=True)
class Kept:
    """An index of the records of all times, the stamp of those it was made of and the number of the last change that
    is in it: another process's change shows in either.

    `ids` are their rows in the table, by their numbers in the index. `even` says that no vector was left out of it.
    """

    index: MemoryIndex
    ids: NDArray[np.int64]
    stamp: int | None
    last: int
    even: bool

    @classmethod
    def of(cls, read: Read, stamp: int | None, former: Kept | None) -> Kept:
        """An index of all records, which takes over what the former one knows of their words."""
        having = [(number, row[-1]) for number, row in enumerate(read.rows) if row[-1] is not None]
        numbers, vectors = matrix(having)
        records = [record_of(row[1:-1]) for row in read.rows]
        return cls(
            index=MemoryIndex(records, numbers, vectors, None if former is None else former.index),
            ids=np.fromiter((row[0] for row in read.rows), np.int64, len(read.rows)),
            stamp=stamp,
            last=read.last,
            even=len(numbers) == len(having),
        )

    def followed(self, connection: sqlite3.Connection, within: Within, stamp: int | None) -> Kept | None:
        """The index brought up to date by the records that have changed since; None where it has to be made anew.

        A row that is deleted leaves no word of it, but there is one less than there would be.
        """
        last = _last(connection)
        changed = connection.execute(_CHANGED, (*within, self.last)).fetchall()
        if not self.even or last < self.last or len(changed) > FOLLOWED:
            return None
        come = [row for row in changed if row[-1]]
        goes = np.isin(self.ids, [row[0] for row in changed])
        (count,) = connection.execute(_COUNT, within).fetchone()
        if count != len(self.ids) - np.count_nonzero(goes) + len(come):
            (there,) = connection.execute(_IDS, within).fetchone()
            goes |= ~np.isin(self.ids, np.fromstring(there or "", np.int64, sep=","))
        gone = np.flatnonzero(goes).tolist()
        if len(gone) > FOLLOWED:
            return None
        moved = self.index.changed(gone, [record_of(row[1:-2]) for row in come], [row[-2] for row in come])
        if moved is None:
            return None
        index, exchange = moved
        ids = exchange.of(self.ids, np.asarray([row[0] for row in come], np.int64))
        return Kept(index=index, ids=ids, stamp=stamp, last=last, even=True)


def _last(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("SELECT number FROM memory_clock").fetchone()
    return int(number)
