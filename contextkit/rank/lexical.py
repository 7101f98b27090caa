"""LexicalIndex: which documents share a query's words, by BM25, over an index that grows.

Documents are numbered 0, 1, 2 … as they are added and never analysed again. The index keeps,
for each term, the documents it stands in and how often: one packed block of arrays for what was
loaded, and short growing lists for what was added since. Scoring reads the lists of the query's
terms and nothing else.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit.errors import InvalidInput
from contextkit.rank.columns import Columns, column
from contextkit.rank.drawers import drawers, opened_drawers
from contextkit.rank.numbered import Numbered
from contextkit.rank.packed import Ints, Packed
from contextkit.rank.sealed import opened, seal

K1: Final = 1.2
"""How soon repeating a term stops adding to a score (Robertson and Zaragoza, 2009)."""

B: Final = 0.75
"""How far long documents are held back, 0 to 1 (Robertson and Zaragoza, 2009)."""

_KIND: Final = b"cklx3"
_HEAD: Final = struct.Struct("<IIII")

Scores: TypeAlias = NDArray[np.float32]

Postings: TypeAlias = tuple[NDArray[np.int64], Ints, Ints]
"""What stands where, as three columns: term, document, and how often."""


class Documents(Protocol):
    """Documents with their terms, as they are scored."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    @property
    def lengths(self) -> Ints:
        """The number of terms of every document, by document number."""
        ...

    @property
    def total(self) -> int:
        """The number of terms of all documents."""
        ...

    def postings(self, term: str) -> tuple[NDArray[Any], Ints]:
        """The documents the term stands in, in any order, and how often it stands in each."""
        ...

    def frequency(self, term: str) -> int:
        """The number of documents the term stands in."""
        ...


class LexicalIndex:
    """An incremental BM25 index over lists of terms.

    One writer at a time; the owner holds a lock where threads share an index that grows.
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._packed = Packed.empty()
        self._filled: dict[int, list[tuple[Ints, Ints]]] = {}
        self._recent: dict[int, array[int]] = {}
        self._lengths = array("I")
        self._total = 0

    def __len__(self) -> int:
        """Documents in the index."""
        return len(self._lengths)

    def __contains__(self, term: str) -> bool:
        return term in self._ids

    def add(self, terms: Iterable[str]) -> int:
        """Add one document by its terms, repetitions included; returns its number."""
        document = len(self._lengths)
        length = 0
        for term, count in Counter(terms).items():
            postings = self._recent.setdefault(self._ids.setdefault(term, len(self._ids)), array("I"))
            postings.extend((document, count))
            length += count
        self._lengths.append(length)
        self._total += length
        return document

    def add_all(self, documents: Iterable[Iterable[str]]) -> None:
        """Add documents, each by its terms. To an index that is empty this takes a fifth of the time."""
        if len(self):
            for document in documents:
                self.add(document)
        else:
            self._take(Numbered.of(documents))

    @classmethod
    def of(cls, documents: Numbered) -> LexicalIndex:
        """An index of these documents."""
        index = cls()
        index._take(documents)
        return index

    def _take(self, documents: Numbered) -> None:
        self._ids = dict(documents.ids)
        self._packed = documents.packed()
        self._lengths, self._total = array("I", documents.lengths.tobytes()), len(documents.found)

    @property
    def lengths(self) -> Ints:
        """The number of terms of every document, by document number."""
        return np.frombuffer(self._lengths.tobytes(), np.uint32)

    @property
    def total(self) -> int:
        """The number of terms of all documents."""
        return self._total

    @property
    def mean_length(self) -> float:
        """Terms per document; 1 where there are none."""
        return self._total / len(self) if self._total else 1.0

    def postings(self, term: str) -> tuple[Ints, Ints]:
        """The documents the term stands in, ascending, and how often it stands in each."""
        known = self._ids.get(term)
        return self._postings(-1 if known is None else known)

    def frequency(self, term: str) -> int:
        """The number of documents the term stands in."""
        return len(self.postings(term)[0])

    def scores(self, query: Iterable[str] | Mapping[str, float], *, k1: float = K1, b: float = B) -> Scores:
        """The BM25 score of every document, by document number; 0 where no term is shared.

        `query` gives the terms, each counting as often as it occurs, or a weight for each.
        """
        return joint_scores([self], query, k1=k1, b=b)

    def extend(self, others: Iterable[LexicalIndex]) -> None:
        """Append every document of the others, in turn, numbered on from this index's last."""
        taken = list(others)
        if not taken:
            return
        columns = [self._all(0, len(self))]
        for other in taken:
            columns.append(self._of(other, len(self)))
            self._lengths.extend(other._lengths)
            self._total += other._total
        self._packed = Packed.sorted(*_joined(columns), len(self._ids))
        self._filled, self._recent = {}, {}

    def fill(self, others: Iterable[tuple[int, LexicalIndex]]) -> None:
        """Take in terms of documents that this index has already, each other's from a number of this one's on.

        It costs what they have, however much is here.
        """
        for first, other in others:
            for term, number in other._ids.items():
                documents, counts = other._postings(number)
                place = self._filled.setdefault(self._ids.setdefault(term, len(self._ids)), [])
                place.append((documents + np.uint32(first), counts))

    @classmethod
    def without_terms(cls, lengths: Ints) -> LexicalIndex:
        """An index of documents of which only the lengths are known, to be filled."""
        index = cls()
        index._lengths = array("I", lengths.astype(np.uint32).tobytes())
        index._total = sum(index._lengths)
        return index

    def to_bytes(self, start: int = 0, stop: int | None = None) -> bytes:
        """The documents from number `start` to before `stop`, as `from_bytes` reads them: small, once compressed.

        The commonest terms come first, so that the numbers next to each other are alike.
        """
        documents = len(self._lengths[start:stop])
        owners, numbers, counts = self._all(start, start + documents)
        return self._encoded((owners, numbers - np.uint32(start), counts), documents)

    def to_parts(self, parts: int) -> list[bytes]:
        """All documents in so many parts, each with the terms for which `part_of` names it, to `fill` an index with."""
        owners, documents, counts = self._all(0, len(self))
        home = np.array([part_of(term, parts) for term in self._ids], np.uint32)[owners]
        order = np.argsort(home, kind="stable")
        ends = np.searchsorted(home[order], np.arange(1, parts))
        columns = (np.split(column[order], ends) for column in (owners, documents, counts))
        return [self._encoded(postings, len(self)) for postings in zip(*columns, strict=True)]

    def to_drawers(self, count: int) -> list[bytes]:
        """The same as `to_parts` in drawers, which `from_drawers` reads: for many parts of a few terms each."""
        owners, documents, counts = self._all(0, len(self))
        home = np.array([part_of(term, count) for term in self._ids], np.int64)
        order = np.lexsort((owners, home[owners]))
        begun = np.flatnonzero(np.diff(owners[order], prepend=-1))
        used = owners[order[begun]]
        postings = Packed(np.append(begun, len(order)).astype(np.uint32), documents[order], counts[order])
        names = self._vocabulary(used).split(b"\n")[: len(used)]
        return drawers(names, postings, np.bincount(home[used], minlength=count), len(self))

    @classmethod
    def from_drawers(cls, stored: Sequence[bytes]) -> LexicalIndex:
        """The terms of some drawers, to `fill` an index with. Of bytes that were not written, what it raises is open:
        who stores them must tell."""
        names, postings = opened_drawers(stored)
        index = cls()
        index._ids = {term.decode("utf-8", "surrogatepass"): number for number, term in enumerate(names)}
        index._packed = postings
        return index

    @classmethod
    def from_bytes(cls, data: bytes) -> LexicalIndex:
        """The index `to_bytes` wrote. Raises `StoreCorrupt` where these are not the bytes that were written."""
        payload = opened(_KIND, data)
        documents, terms, postings, names = _HEAD.unpack_from(payload)
        vocabulary = payload[_HEAD.size : _HEAD.size + names].decode("utf-8", "surrogatepass")
        columns = Columns(payload, _HEAD.size + names)
        index = cls()
        index._ids = {term: number for number, term in enumerate(vocabulary.split("\n")[:terms])}
        index._packed = Packed.of_steps(columns.next(terms), columns.next(postings), columns.next(postings))
        index._lengths = array("I", index._packed.lengths(documents).tobytes())
        index._total = sum(index._lengths)
        return index

    def _encoded(self, postings: Postings, documents: int) -> bytes:
        """These postings of so many documents, as `from_bytes` reads them."""
        owners, numbers, counts = postings
        used = _commonest_first(owners, numbers, len(self._ids))
        places = np.zeros(len(self._ids), np.int64)
        places[used] = np.arange(len(used))
        packed = Packed.sorted(places[owners], numbers, counts, len(used))
        vocabulary = self._vocabulary(used)
        head = _HEAD.pack(documents, len(used), len(packed.documents), len(vocabulary))
        columns = (packed.frequencies, packed.steps(), packed.counts)
        return seal(_KIND, b"".join((head, vocabulary, *map(column, columns))))

    def _of(self, other: LexicalIndex, first: int) -> Postings:
        """The postings of another index, by this one's terms, with its documents numbered from `first` on."""
        ids = np.array([self._ids.setdefault(term, len(self._ids)) for term in other._ids], np.int64)
        owners, documents, counts = other._all(0, len(other))
        return ids[owners], documents + np.uint32(first), counts

    def _vocabulary(self, terms: NDArray[np.intp]) -> bytes:
        """These terms, one to a line."""
        names = list(self._ids)
        lines = "\n".join([names[term] for term in terms.tolist()])
        if lines.count("\n") >= max(1, len(terms)):
            raise InvalidInput("A term has a line break in it.", "Split texts into words.")
        return lines.encode("utf-8", "surrogatepass")

    def _postings(self, term: int) -> tuple[Ints, Ints]:
        """The documents a term stands in, ascending, and how often in each."""
        packed, filled, recent = self._packed.of(term), self._filled.get(term, ()), self._recent.get(term)
        if recent is None and not filled:
            return packed
        pieces = [packed, *filled, _pairs(b"" if recent is None else recent.tobytes())]
        documents, counts = (np.concatenate(column) for column in zip(*pieces, strict=True))
        if not filled:
            return documents, counts
        ascending = np.argsort(documents, kind="stable")
        return documents[ascending], counts[ascending]

    def _all(self, start: int, stop: int) -> Postings:
        """Every posting of the documents from `start` to before `stop`. Documents ascend within a term."""
        recent = {term: part for term, part in self._recent.items() if part[-2] >= start}
        added, counted = _pairs(b"".join(part.tobytes() for part in recent.values()))
        owners = np.repeat(np.fromiter(recent, np.int64, len(recent)), [len(part) // 2 for part in recent.values()])
        late = (added >= start) & (added < stop)
        packed = np.flatnonzero((self._packed.documents >= start) & (self._packed.documents < stop))
        columns = [
            (self._packed.owners(packed), self._packed.documents[packed], self._packed.counts[packed]),
            (owners[late], added[late], counted[late]),
        ]
        return _joined(columns) if not self._filled else _ascending(_joined([*columns, *self._filled_in(start, stop)]))

    def _filled_in(self, start: int, stop: int) -> Iterator[Postings]:
        """The postings of documents from `start` to before `stop` that this index was filled with."""
        for term, pieces in self._filled.items():
            for documents, counts in pieces:
                inside = (documents >= start) & (documents < stop)
                yield np.full(np.count_nonzero(inside), term, np.int64), documents[inside], counts[inside]


def joint_scores(
    indexes: Sequence[Documents], query: Iterable[str] | Mapping[str, float], *, k1: float = K1, b: float = B
) -> Scores:
    """The BM25 score of every document of several indexes, one after another, as if all were in one."""
    if not indexes:
        return np.zeros(0, np.float32)
    lengths = np.concatenate([index.lengths for index in indexes])
    mean = sum(index.total for index in indexes) / len(lengths) if len(lengths) else 0
    firsts = np.cumsum([0, *map(len, indexes)]).astype(np.uint32)
    scores = np.zeros(len(lengths), np.float32)
    norms = np.float32(k1) * (np.float32(1 - b) + np.float32(b / (mean or 1.0)) * lengths)
    for term, weight in Counter(query).items():
        found = [index.postings(term) for index in indexes]
        documents = np.concatenate([places + first for (places, _), first in zip(found, firsts, strict=False)])
        counts = np.concatenate([counted for _, counted in found])
        gain = np.float32(weight * inverse_frequency(len(lengths), len(documents)) * (k1 + 1))
        scores[documents] += gain * counts / (counts + norms[documents])
    return scores


def _pairs(recent: bytes) -> tuple[Ints, Ints]:
    """The documents and counts of postings that stand one after another."""
    pairs = np.frombuffer(recent, np.uint32).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _ascending(postings: Postings) -> Postings:
    """The same in the order of their documents."""
    owners, documents, counts = postings
    order = np.argsort(documents, kind="stable")
    return owners[order], documents[order], counts[order]


def _joined(columns: Sequence[Postings]) -> Postings:
    owners, documents, counts = zip(*columns, strict=True)
    return np.concatenate(owners), np.concatenate(documents), np.concatenate(counts)


def _commonest_first(owners: NDArray[np.int64], documents: Ints, terms: int) -> NDArray[np.intp]:
    """The terms that have postings: the commonest first, and of equally common ones that of the earliest document."""
    frequencies = np.bincount(owners, minlength=terms)
    firsts = np.zeros(terms, np.uint32)
    firsts[owners[::-1]] = documents[::-1]  # the first document of each is written last
    return np.lexsort((firsts, -frequencies))[: np.count_nonzero(frequencies)]


def part_of(term: str, parts: int) -> int:
    """The part of an index that has this term, of so many: by its CRC-32, which is the same everywhere."""
    return zlib.crc32(term.encode("utf-8", "surrogatepass")) % parts


def inverse_frequency(documents: int, having: int) -> float:
    """BM25's weight of a term that `having` of the `documents` share: ln(1 + (N - n + ½) / (n + ½))."""
    return float(np.log1p((documents - having + 0.5) / (having + 0.5)))
