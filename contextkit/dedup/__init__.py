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

from collections.abc import Container, Hashable, Iterable, Sequence
from typing import Final, Generic, TypeVar

from contextkit.dedup.marks import marks_needed
from contextkit.dedup.sentence import LARGEST, Sentence, marks_of, sentences

Id = TypeVar("Id", bound=Hashable)

_SUBSTANCE: Final = 2
"""Words of content that make a statement: "likes tea"."""


class SeenTexts(Generic[Id]):
    """Texts that stand in the prompt already, and whether another would repeat one of them.

    Adding a text looks at the beginnings of its words only: it is read once another is looked up that it
    might say, by its marks. Looking one up takes, mostly, no more than one look for its rarest sentence.
    Not safe for use by several threads at once.
    """

    def __init__(self) -> None:
        self._ids: list[Id] = []
        self._texts: list[str] = []
        self._read: dict[int, tuple[Sentence, ...]] = {}
        self._stated: dict[int, list[int]] = {}
        self._same: dict[str, list[int]] = {}
        self._unread = 0
        self._marked: dict[str, int] = {}
        """Of each mark, the numbers of the texts that have it, as the bits of one integer; `_unread` alike."""

    def add(self, text_id: Id, text: str, *, read: bool = False) -> None:
        """Remember a text. Where several say the same, the one added first is the one matched.

        `read` it at once where it was looked up before, and so has been analysed already.
        """
        number = len(self._ids)
        self._ids.append(text_id)
        self._texts.append(text)
        if len(text) > LARGEST:
            self._same.setdefault(text, []).append(number)
            return
        if read:
            self._read_text(number)
            return
        bit = 1 << number
        self._unread |= bit
        for mark in marks_of(text):
            self._marked[mark] = self._marked.get(mark, 0) | bit

    def match(self, text: str, among: Container[Id] | None = None) -> Id | None:
        """The id of a text that says all that this one says, of those `among` the given ids; None where there is none.

        A text without two words of content in one sentence ("Yes, please.") says nothing by
        itself and repeats nothing.
        """
        said = sentences(text)
        for number in self._same.get(text, ()) if len(text) > LARGEST else self._candidates(said):
            text_id, held = self._ids[number], self._read.get(number, ())
            known = among is None or text_id in among
            if known and all(any(each.holds(sentence) for each in held) for sentence in said):
                return text_id
        return None

    def _candidates(self, said: Sequence[Sentence]) -> Iterable[int]:
        """The numbers of the texts that may hold all the sentences, the first added first."""
        if not any(sentence.content >= _SUBSTANCE for sentence in said):
            return ()
        self._read_marked(said)
        rarest: Sequence[Sequence[int]] = ()
        for sentence in said:
            found = [numbers for key in sentence.sought if (numbers := self._stated.get(key)) is not None]
            if not found:
                return ()
            if not rarest or sum(map(len, found)) < sum(map(len, rarest)):
                rarest = found
        return sorted(set().union(*rarest))

    def _read_marked(self, said: Sequence[Sentence]) -> None:
        """Read the texts that have all the marks of these sentences."""
        unread = self._unread
        for sentence in said:
            for mark in marks_needed(sentence.words):
                unread &= self._marked.get(mark, 0)
            if not unread:
                return
        self._unread ^= unread
        while unread:
            number = (unread & -unread).bit_length() - 1
            unread &= unread - 1
            self._read_text(number)

    def _read_text(self, number: int) -> None:
        said = self._read[number] = sentences(self._texts[number])
        for key in (key for sentence in said for key in sentence.keys):
            self._stated.setdefault(key, []).append(number)
