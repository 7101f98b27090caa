"""DividedSegments: of the segments of an index that are stored in parts, those parts that were needed so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from contextkit.errors import StoreCorrupt
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import Divided, Parts
from contextkit.rank.lexical import LexicalIndex
from contextkit.rank.segments import Segment, beneath, segments_named
from contextkit.stores import SomeParts

if TYPE_CHECKING:
    from contextkit.stores import SessionStore


class DividedSegments:
    """Those of one session, and which of their parts an index has.

    A part that is not there any more, or damaged, raises `StoreCorrupt`, and its segment is `damaged` then.
    """

    def __init__(self, actor_id: str, session_id: str) -> None:
        self.damaged: set[Segment] = set()
        self._actor_id = actor_id
        self._session_id = session_id
        self._divided: dict[Segment, Divided] = {}
        self._at_hand: Parts = {}

    def __len__(self) -> int:
        """How many segments there are."""
        return len(self._divided)

    def offer(self, parts: Parts) -> None:
        """Parts that were read already, by the names of their segments and their numbers."""
        self._at_hand = parts

    def add(self, parts: Divided) -> None:
        """Know of a segment of which the index has the head."""
        self._divided[parts.segment] = parts

    def outdated(self, names: Iterable[str]) -> bool:
        """Whether some of them are no longer what the index is made of which is stored under these names."""
        found = segments_named(names)
        return not self._divided.keys() <= set(found).difference(beneath(found))

    def clear(self) -> None:
        """Forget which parts the index has, which has nothing any more."""
        self._divided.clear()

    def look_up(self, store: SessionStore, index: ConversationIndex, query: str) -> None:
        """Have the parts with the query's terms in the index, and whatever is at hand."""
        terms = index.topic(query) if self._divided else ()
        at_hand = self._at_hand
        wanted = {segment: parts.lacking(terms) | parts.among(at_hand) for segment, parts in self._divided.items()}
        self._fill(store, index, wanted)
        if self._at_hand is at_hand:
            self._at_hand = {}

    def complete(self, store: SessionStore, index: ConversationIndex, first: int, last: float = inf) -> None:
        """Have all parts in the index of the segments within these messages, the `last` included."""
        within = (segment for segment in self._divided if first <= segment.first and segment.last <= last)
        self._fill(store, index, {segment: self._divided[segment].unread for segment in within})

    def _fill(self, store: SessionStore, index: ConversationIndex, wanted: Mapping[Segment, Collection[int]]) -> None:
        wanted = {segment: numbers for segment, numbers in wanted.items() if numbers}
        if not wanted:
            return
        found = self._found(store, wanted)
        rows = np.searchsorted(index.seqs, [segment.first for segment in wanted]).tolist()
        parts = [self._opened(segment, numbers, found) for segment, numbers in wanted.items()]
        index.fill((row, part) for row, opened in zip(rows, parts, strict=True) for part in opened)
        for segment, numbers in wanted.items():
            self._divided[segment].read.update(numbers)

    def _found(self, store: SessionStore, wanted: Mapping[Segment, Collection[int]]) -> Parts:
        """The parts that are wanted, as far as they are there: those that are not at hand are read."""
        at_hand = self._at_hand
        missing = {
            segment.name: SomeParts(self._divided[segment].parts, lacking)
            for segment, numbers in wanted.items()
            if (lacking := set(numbers) - self._divided[segment].among(at_hand))
        }
        read = store.derived_parts(self._actor_id, self._session_id, missing) if missing else {}
        return {**at_hand, **read}

    def _opened(self, segment: Segment, numbers: Collection[int], found: Parts) -> list[LexicalIndex]:
        try:
            return self._divided[segment].opened(numbers, found)
        except StoreCorrupt:
            self.damaged.add(segment)
            raise
