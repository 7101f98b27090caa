"""ImpactIndex: what each term adds to each document's score, reckoned once for a set that stays.

Where `LexicalIndex` grows message by message, this one is made for a fixed set (a catalogue of
tools) whose documents weigh their own terms: a word in a name counts for more than one in a
remark. Everything but the query is settled when it is built, so a query costs one gathering of
lists and one sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contextkit.rank.lexical import Scores


class ImpactIndex:
    """BM25 over documents given as weights of terms, without length normalisation.

    A term of weight w in a document adds `idf × w / (w + saturation)`: fields are weighed before
    they saturate, as in BM25F (Robertson, Zaragoza and Taylor, 2004).
    """

    def __init__(self, documents: Sequence[Mapping[str, float]], *, saturation: float) -> None:
        self._count = len(documents)
        self._ids: dict[str, int] = {}
        terms = np.array([self._ids.setdefault(term, len(self._ids)) for each in documents for term in each], np.intp)
        weights = np.array([weight for document in documents for weight in document.values()], np.float32)
        owners = np.repeat(np.arange(self._count), [len(document) for document in documents])
        order = np.argsort(terms, kind="stable")
        frequency = np.bincount(terms, minlength=len(self._ids))
        rarity = np.log1p((self._count - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        impacts = weights / (weights + np.float32(saturation)) * rarity[terms]
        self._starts = np.concatenate([[0], np.cumsum(frequency)]).tolist()
        self._documents = owners[order]
        self._impacts = impacts[order]
        ends = np.cumsum([len(document) for document in documents])[:-1]
        self._own = list(zip(np.split(terms, ends), np.split(impacts, ends), strict=True))

    def __len__(self) -> int:
        """Documents in the index."""
        return self._count

    def scores(self, query: Mapping[str, float]) -> Scores:
        """The score of every document for a weight of each term; 0 where no term is shared."""
        known = [(self._ids[term], weight) for term, weight in query.items() if term in self._ids]
        return self._summed([term for term, _ in known], [weight for _, weight in known])

    def kin(self, count: int) -> Kin:
        """Each document's `count` nearest others by cosine, weighted by its square; weights sum to 1."""
        count = min(count, self._count - 1)
        if count < 1:
            return Kin(np.zeros((self._count, 0), np.intp), np.zeros((self._count, 0), np.float32))
        lengths = np.array([np.sqrt((own * own).sum()) for _, own in self._own], np.float32)
        lengths[lengths == 0] = 1
        nearest = np.empty((self._count, count), np.intp)
        weights = np.empty((self._count, count), np.float32)
        for document, (terms, own) in enumerate(self._own):
            cosines = self._summed(terms.tolist(), own.tolist()) / lengths / lengths[document]
            cosines[document] = 0
            nearest[document] = np.argsort(-cosines, kind="stable")[:count]
            weights[document] = cosines[nearest[document]] ** 2
        totals = weights.sum(axis=1, keepdims=True)
        return Kin(nearest, np.divide(weights, totals, out=weights, where=totals > 0))

    def _summed(self, terms: Sequence[int], weights: Sequence[float]) -> Scores:
        if not terms:
            return np.zeros(self._count, np.float32)
        spans = [slice(self._starts[term], self._starts[term + 1]) for term in terms]
        documents = np.concatenate([self._documents[span] for span in spans])
        sizes = [span.stop - span.start for span in spans]
        gains = np.concatenate([self._impacts[span] for span in spans]) * np.repeat(weights, sizes)
        return np.bincount(documents, gains, minlength=self._count).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Kin:
    """Documents most like each document (n × count), and the weight of each (rows sum to 1, or to 0)."""

    nearest: NDArray[np.intp]
    weights: NDArray[np.float32]

    def lent(self, scores: Scores) -> Scores:
        """What each document is lent by its kin: their weighted mean score."""
        return np.asarray((scores[self.nearest] * self.weights).sum(axis=1), np.float32)
