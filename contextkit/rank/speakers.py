"""Speakers: who takes part in a conversation, and whom of them a question names.

In a channel they may be hundreds, so each name is analysed once and not with every question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from contextkit.rank.subwords import query_terms
from contextkit.rank.terms import terms


class Speakers:
    """The names of a conversation's speakers, numbered 0, 1, 2 … in the order they came in.

    An empty name stands for all who have none. One writer at a time.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}
        self._analysed = 0
        self._called: dict[str, set[int]] = {}
        self._terms: set[str] = set()

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def number(self, name: str) -> int:
        """The number of that speaker, who is new if nobody was called so."""
        return self._numbers.setdefault(name, len(self._numbers))

    def named(self, query: str) -> set[int]:
        """The speakers that the question names, by any part of a name."""
        self._analyse()
        return set[int]().union(*(self._called.get(word, ()) for word in frozenset(terms(query))))

    def topic(self, sought: Mapping[str, float]) -> Mapping[str, float]:
        """What is sought without the names of the speakers; all of it where nothing else is sought."""
        self._analyse()
        return {term: weight for term, weight in sought.items() if term not in self._terms} or sought

    def _analyse(self) -> None:
        """Take in the names that have come since."""
        for number, name in enumerate(islice(self._numbers, self._analysed, None), self._analysed):
            self._terms.update(query_terms(name, foreign=True))
            for word in terms(name):
                self._called.setdefault(word, set()).add(number)
        self._analysed = len(self._numbers)
