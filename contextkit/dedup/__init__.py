"""Duplicates: the same fact in memory, documents and history is shown once.

A text is a duplicate of an earlier one that says, sentence by sentence, all that it says. What
must agree is strict, since a false duplicate loses information and a missed one only costs
tokens: the words of a sentence (inflection, articles and the first person aside) stand together
and in the same order in one sentence of the earlier text, whose other words do not change what
they mean. So "Prefers window seats." repeats "I prefer window seats on flights", and does not
repeat "My wife prefers window seats", "I used to prefer window seats" or "I prefer window seats
if I fly alone". Numbers, names, dates, prepositions, tense and negation all count.

Containment of whole phrases is what near-duplicate detection by shingles approximates (Broder
1997); a fact is short enough to look at it directly.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Sequence
from typing import Final, Generic, TypeVar

from contextkit.dedup.marks import marks_needed
from contextkit.dedup.sentence import LARGEST, Sentence, having_marks, marks_of, marks_sought, sentences

Id = TypeVar("Id", bound=Hashable)

_SUBSTANCE: Final = 2
"""Words of content that make a statement: "likes tea"."""


_FRESH: Final = 256
"""Texts that are gone through one by one at the most. Sorted they take less memory: each mark is there only once."""

_OFTEN: Final = 128
"""How often texts are gone through one by one before they are sorted: by then that has taken about as long."""


class SeenTexts(Generic[Id]):
    """Texts that stand in the prompt already, and whether another would repeat one of them.

    Adding a text looks at the beginnings of its words only, and so, mostly, does looking one up: a text is
    read once another is looked up that it might say, by its marks.
    Not safe for use by several threads at once.
    """

    def __init__(self) -> None:
        self._ids: list[Id] = []
        self._texts: list[str] = []
        self._read: dict[int, tuple[Sentence, ...]] = {}
        self._stated: dict[int, list[int]] = {}
        self._same: dict[str, list[int]] = {}
        self._compared = 0
        """The numbers of the texts that are compared by their sentences, as the bits of one integer, as all sets of
        numbers are."""
        self._unread = 0
        self._fresh: list[tuple[int, Container[str]]] = []
        """The texts that were added lately, with what has their marks."""
        self._gone_through = 0
        self._sorted = 0
        self._marked: dict[str, int] = {}
        """Of each mark, which of the other texts, the sorted ones, have it."""

    def __len__(self) -> int:
        """How many texts were added."""
        return len(self._ids)

    def add(self, text_id: Id, text: str) -> None:
        """Remember a text. Where several say the same, the one added first is the one matched."""
        number = len(self._ids)
        self._ids.append(text_id)
        self._texts.append(text)
        if len(text) > LARGEST:
            self._same.setdefault(text, []).append(number)
            return
        bit = 1 << number
        self._compared |= bit
        self._unread |= bit
        self._fresh.append((bit, having_marks(text)))
        if len(self._fresh) > _FRESH:
            self._sort()

    def match(self, text: str, among: Container[Id] | None = None) -> Id | None:
        """The id of a text that says all that this one says, of those `among` the given ids; None where there is none.

        A text without two words of content in one sentence ("Yes, please.") says nothing by
        itself and repeats nothing.
        """
        if len(text) > LARGEST:
            found = self._same.get(text, ())
            return next((self._ids[number] for number in found if among is None or self._ids[number] in among), None)
        having = self._having(marks_sought(text), self._compared)
        said = sentences(text) if having else ()
        if not any(sentence.content >= _SUBSTANCE for sentence in said):
            return None
        having = self._among(having, among)
        for number in self._candidates(said, having):
            held = self._read[number]
            if all(any(each.holds(sentence) for each in held) for sentence in said):
                return self._ids[number]
        return None

    def _among(self, numbers: int, ids: Container[Id] | None) -> int:
        """Those of the texts that have one of these ids."""
        if ids is None:
            return numbers
        return sum(1 << number for number in _numbers(numbers) if self._ids[number] in ids)

    def _having(self, marks: Sequence[str], among: int) -> int:
        """Those of the texts that have all these marks."""
        if not marks:
            return among
        having = among & self._sorted
        for mark in marks:
            if not having:
                break
            having &= self._marked.get(mark, 0)
        first = marks[0]
        for bit, its in self._fresh:
            if first in its and bit & among and all(mark in its for mark in marks):
                having |= bit
        self._gone_through += 1
        if self._gone_through > _OFTEN:
            self._sort()
        return having

    def _sort(self) -> None:
        """Have the texts that were added lately told by each mark, too."""
        for bit, _ in self._fresh:
            self._sorted |= bit
            for mark in marks_of(self._texts[bit.bit_length() - 1]):
                self._marked[mark] = self._marked.get(mark, 0) | bit
        self._fresh.clear()
        self._gone_through = 0

    def _candidates(self, said: Sequence[Sentence], having: int) -> list[int]:
        """Of the texts `having` some of their marks, in order, those that may hold all the sentences."""
        self._read_marked(said, having & self._unread)
        rarest: Sequence[Sequence[int]] = ()
        for sentence in said:
            found = [numbers for key in sentence.sought if (numbers := self._stated.get(key)) is not None]
            if not found:
                return []
            if not rarest or sum(map(len, found)) < sum(map(len, rarest)):
                rarest = found
        return sorted(number for number in set().union(*rarest) if having >> number & 1)

    def _read_marked(self, said: Sequence[Sentence], unread: int) -> None:
        """Read those of the unread texts that have all the marks of these sentences."""
        for sentence in said:
            if not unread:
                return
            unread = self._having(marks_needed(sentence.words), unread)
        self._unread ^= unread
        for number in _numbers(unread):
            self._read_text(number)

    def _read_text(self, number: int) -> None:
        said = self._read[number] = sentences(self._texts[number])
        for key in (key for sentence in said for key in sentence.keys):
            self._stated.setdefault(key, []).append(number)


def _numbers(bits: int) -> Iterator[int]:
    """The places of the bits that are 1, the lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
