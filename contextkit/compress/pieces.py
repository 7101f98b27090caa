"""Pieces: a text cut into what may be kept or left out, and the drafts made of them.

Each way of shortening (prose, Markdown, logs, code, tables) only says where the pieces are and what each
is worth. Which of them stand in a draft, and how a gap reads, is decided here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import Final, TypeAlias

from contextkit.compress.search import byte_size, richest
from contextkit.types import TokenCounter

GapMark: TypeAlias = Callable[[str, int, int], str]
"""Says in few words what is left out between two positions of a text."""

GAP_BYTES: Final = 30
"""About what a gap mark costs, in bytes of text of the same token count."""

_REPEATED: Final = (1.0, 0.35, 0.12, 0.04)
"""What a term is worth that was shown 0, 1, 2 … times. SumBasic (Nenkova & Vanderwende 2005) squares a term's
probability each time, which for those that matter leaves about a third or less. It stops falling after the third,
so that a text of one sentence a million times over is ranked in a few passes."""

_MOST_SHOWN: Final = len(_REPEATED) - 1

_SIZE_POWER: Final = 0.5
"""Worth is divided by size to this power: 0 favours long pieces, 1 short ones (Lin & Bilmes 2010)."""

_ENOUGH: Final = 10
"""Bytes ranked per token of the limit: no text worth showing has tokens much longer than that."""

_EXTRA: Final = 3
"""Smaller pieces tried in the room that the last one left."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text: where it is, what it is about (each term once), and what it is worth apart from that.

    `needs` are the pieces, by their indices, that it is never shown without.
    """

    start: int
    end: int
    terms: tuple[str, ...] = ()
    bonus: float = 0.0
    needs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A text with its pieces, in order, and what each term they are about is worth."""

    text: str
    pieces: Sequence[Piece]
    weights: Mapping[str, float]
    gap: GapMark

    def draft(self, kept: Iterable[int]) -> str:
        """The pieces with these indices in the text's order, verbatim, every gap between them marked."""
        out: list[str] = []
        position = 0
        for index in sorted(kept):
            piece = self.pieces[index]
            out.append(self._between(position, piece.start))
            out.append(self.text[piece.start : piece.end])
            position = piece.end
        out.append(self._between(position, len(self.text)))
        return "".join(out)

    def sizes(self) -> list[int]:
        """The bytes of each piece."""
        return [byte_size(self.text[piece.start : piece.end]) for piece in self.pieces]

    def _between(self, start: int, end: int) -> str:
        if start >= end:
            return ""
        if end - start <= GAP_BYTES and not self.text[start:end].strip():
            return self.text[start:end]
        mark = self.gap(self.text, start, end)
        return mark if end - start > len(mark) else self.text[start:end]


class Ranking:
    """The pieces of an outline, those most worth having first, worked out as far as it is asked for."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.order: list[tuple[int, ...]] = []
        """The pieces by their indices, each behind those it needs that were not there before."""
        self.sizes = [GAP_BYTES]
        """About the bytes of the draft of the first 0, 1, 2 … pieces; never falling."""
        self.of_piece = outline.sizes()
        """The bytes of each piece."""
        self._more = _by_worth(outline, self.of_piece)
        self._kept: set[int] = set()
        self._total = GAP_BYTES

    def upto(self, room: int) -> int:
        """How many of the first pieces fill about `room` bytes."""
        while self.sizes[-1] <= room:
            index = next(self._more, None)
            if index is None:
                break
            if index not in self._kept:
                self._take((*(each for each in self.outline.pieces[index].needs if each not in self._kept), index))
        return max(bisect_right(self.sizes, room) - 1, 0)

    def draft(self, count: int) -> str:
        """The draft of the first so many pieces."""
        return self.outline.draft(index for indices in self.order[:count] for index in indices)

    def within(self, room: int) -> str:
        """The best draft of about `room` bytes; nothing is counted."""
        return self.draft(self.upto(room))

    def _take(self, indices: tuple[int, ...]) -> None:
        last = len(self.outline.pieces) - 1
        for index in indices:
            beside = (index == 0 or index - 1 in self._kept) + (index == last or index + 1 in self._kept)
            self._total += self.of_piece[index] + GAP_BYTES * (1 - beside)
            self._kept.add(index)
        self.order.append(indices)
        self.sizes.append(max(self._total, self.sizes[-1]))


def _by_worth(outline: Outline, sizes: Sequence[int]) -> Iterator[int]:
    """Greedy by worth for its size, while there is any; a term counts less each time it is shown again.

    What a piece adds only ever falls as others are taken, so a piece that still leads after its
    worth is brought up to date is the best there is (Minoux 1978).
    """
    shown: Counter[str] = Counter()
    weights = outline.weights
    adds = dict(weights)  # what each term adds where it is shown next
    cost = [float((size + GAP_BYTES) ** _SIZE_POWER) for size in sizes]

    def worth(index: int) -> float:
        piece = outline.pieces[index]
        value = piece.bonus
        for more in map(adds.get, piece.terms):
            if more is not None:
                value += more
        return value / cost[index]

    heap = [(-worth(index), index) for index in range(len(outline.pieces))]
    heapify(heap)
    while heap:
        known, index = heap[0]
        now = -worth(index)
        if now > known:
            heapreplace(heap, (now, index))
            continue
        if now >= 0:
            return  # nothing left that is worth its room
        heappop(heap)
        yield index
        said = outline.pieces[index].terms
        shown.update(said)
        adds |= {term: weights[term] * _REPEATED[min(shown[term], _MOST_SHOWN)] for term in said if term in weights}


def fit(outline: Outline, limit: int, counter: TokenCounter) -> str | None:
    """The best draft of an outline within `limit` tokens; None where not even one piece fits."""
    ranking = Ranking(outline)
    count = ranking.upto(limit * _ENOUGH)
    best = richest(ranking.draft, ranking.sizes.__getitem__, count, limit, counter)
    if best is None or best[0] == 0:
        return None
    return _filled(ranking, best, limit, counter)


def _filled(ranking: Ranking, best: tuple[int, str], limit: int, counter: TokenCounter) -> str:
    """The draft with what else fits from further down the ranking, after a piece that was too large."""
    count, text = best
    kept = {index for indices in ranking.order[:count] for index in indices}
    used = counter.text(text)
    per_token = byte_size(text) / max(used, 1)
    tried = 0
    for *_, index in ranking.order[count + 1 :]:
        room = (limit - used) * per_token - GAP_BYTES
        if tried == _EXTRA or room <= 0:
            break
        if ranking.of_piece[index] > room:
            continue
        tried += 1
        more = kept.union((index,), ranking.outline.pieces[index].needs)
        fuller = ranking.outline.draft(more)
        tokens = counter.text(fuller)
        if tokens <= limit:
            kept = more
            text, used = fuller, tokens
    return text
