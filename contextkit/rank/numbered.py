"""Numbered: documents by the numbers of their terms, as an index is made of them at once."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contextkit.rank.packed import Ints, Packed


@dataclass(frozen=True, slots=True)
class Numbered:
    """Documents one after another: the number of each of their terms, repetitions included.

    `ids` numbers the terms, `found` has the terms' numbers of all documents, and `lengths` how many are each one's.
    """

    ids: Mapping[str, int]
    found: Ints
    lengths: Ints

    @classmethod
    def of(cls, documents: Iterable[Iterable[str]]) -> Numbered:
        """Each of these documents, by its terms."""
        ids = _Ids()
        found, lengths = array("I"), array("I")
        for document in documents:
            before = len(found)
            found.extend(map(ids.__getitem__, document))
            lengths.append(len(found) - before)
        return cls(ids, np.asarray(found, np.uint32), np.asarray(lengths, np.uint32))

    def joined(self, sizes: Ints) -> Numbered:
        """The same with neighbours made one document: so many of them each, one at the least."""
        lengths = np.add.reduceat(self.lengths, starts_of(sizes), dtype=np.uint32) if len(sizes) else self.lengths
        return replace(self, lengths=lengths)

    def packed(self) -> Packed:
        """The postings: of each term, in which documents it stands, and how often."""
        count = max(1, len(self.lengths))
        standing = self.found.astype(np.int64)  # made and sorted in place: it is the largest thing there is
        standing *= count
        standing += np.repeat(np.arange(len(self.lengths), dtype=np.uint32), self.lengths)
        standing.sort()
        begun = np.flatnonzero(np.append(True, standing[1:] != standing[:-1])[: len(standing)])
        counts = np.diff(begun, append=len(standing))
        owners, documents = np.divmod(standing[begun], count)
        starts = np.zeros(len(self.ids) + 1, np.uint32)
        np.cumsum(np.bincount(owners, minlength=len(self.ids)), out=starts[1:])
        return Packed(starts, documents.astype(np.uint32), counts.astype(np.uint32))


def starts_of(sizes: ArrayLike) -> NDArray[np.intp]:
    """Where each of the stretches begins that have these sizes."""
    ends = np.cumsum(sizes, dtype=np.intp)
    return ends - np.asarray(sizes, np.intp)


class _Ids(dict[str, int]):
    """Terms, each numbered when it is first asked for."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number
