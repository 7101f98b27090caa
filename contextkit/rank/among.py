"""Among: some documents of an index, scored as if there were no others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.lexical import LexicalIndex, Scores, joint_scores
from contextkit.rank.packed import Ints
from contextkit.rank.subwords import are_foreign, query_terms


class Among:
    """These documents of an index, by their numbers, each once and in any order, numbered anew in that order.

    Of an index that grows, later documents are none of these.
    """

    def __init__(self, index: LexicalIndex, documents: NDArray[np.int64]) -> None:
        self._index = index
        self._lengths: Ints = index.lengths[documents]
        self._total = int(self._lengths.sum(dtype=np.int64))
        self._places = np.full(int(documents.max(initial=-1)) + 1, -1, np.int64)
        self._places[documents] = np.arange(len(documents))
        self._whole = bool((self._places == np.arange(len(self._places))).all())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._lengths)

    @property
    def lengths(self) -> Ints:
        """The number of terms of each."""
        return self._lengths

    @property
    def total(self) -> int:
        """The number of terms of all."""
        return self._total

    def postings(self, term: str) -> tuple[NDArray[Any], Ints]:
        """Those that the term stands in, and how often it stands in each."""
        documents, counts = self._index.postings(term)
        early = int(np.searchsorted(documents, np.uint32(len(self._places))))  # they ascend
        documents, counts = documents[:early], counts[:early]
        if self._whole:
            return documents, counts
        places = self._places[documents]
        these = places >= 0
        return places[these], counts[these]

    def frequency(self, term: str) -> int:
        """How many of them the term stands in."""
        return len(self.postings(term)[0])

    def scores(self, query: str) -> Scores:
        """BM25 of each of them, in an index made of `index_terms`; 0 where nothing that the query seeks stands."""
        return joint_scores([self], query_terms(query, foreign=are_foreign(self)))
