"""Packed postings: which documents each of many terms stands in, and how often, in a few arrays."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.uint32]


class Packed:
    """Postings side by side: those of term t are `documents[starts[t]:starts[t + 1]]`, and `counts` alike."""

    __slots__ = ("counts", "documents", "starts")

    def __init__(self, starts: Ints, documents: Ints, counts: Ints) -> None:
        self.starts = starts
        self.documents = documents
        self.counts = counts

    @classmethod
    def empty(cls) -> Packed:
        """Of no term."""
        nothing = np.zeros(0, np.uint32)
        return cls(np.zeros(1, np.uint32), nothing, nothing)

    @classmethod
    def sorted(cls, owners: NDArray[np.int64], documents: Ints, counts: Ints, terms: int) -> Packed:
        """From columns in any order of terms, documents ascending within each."""
        narrow = owners.astype(np.uint16) if terms <= 1 << 16 else owners  # which is sorted in a third of the time
        order = np.argsort(narrow, kind="stable")
        starts = np.zeros(terms + 1, np.uint32)
        np.cumsum(np.bincount(owners, minlength=terms), out=starts[1:])
        return cls(starts, documents[order], counts[order])

    @classmethod
    def of_steps(cls, frequencies: Ints, steps: Ints, counts: Ints) -> Packed:
        """The inverse of `frequencies` and `steps`."""
        starts = np.zeros(len(frequencies) + 1, np.uint32)
        np.cumsum(frequencies, out=starts[1:])
        walked = np.cumsum(steps, dtype=np.uint32)
        begun = starts[:-1]
        firsts = np.cumsum(steps[begun], dtype=np.uint32)
        documents = walked - np.repeat(walked[begun] - firsts, frequencies)
        return cls(starts, documents, counts)

    @property
    def frequencies(self) -> Ints:
        """How many documents each term stands in."""
        return np.diff(self.starts)

    def steps(self) -> Ints:
        """The documents as distances, small numbers: of a term's first one from that of the term before it, and of
        each other from the one before."""
        steps = np.diff(self.documents, prepend=np.uint32(0))
        begun = self.starts[:-1]
        steps[begun] = np.diff(self.documents[begun], prepend=np.uint32(0))
        return steps

    def lengths(self, documents: int) -> Ints:
        """How many terms each document has, repetitions included."""
        return np.bincount(self.documents, self.counts, documents).astype(np.uint32)

    def of(self, term: int) -> tuple[Ints, Ints]:
        """The documents of a term and its counts there; nothing for a term that is not here."""
        if not 0 <= term < len(self.starts) - 1:
            return self.documents[:0], self.counts[:0]
        part = slice(int(self.starts[term]), int(self.starts[term + 1]))
        return self.documents[part], self.counts[part]

    def owners(self, postings: NDArray[np.intp]) -> NDArray[np.int64]:
        """The term of each of these postings, given by position."""
        return np.searchsorted(self.starts, postings, side="right") - 1
