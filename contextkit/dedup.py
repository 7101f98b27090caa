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

import re
from collections.abc import Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, TypeAlias, TypeVar

from contextkit.dedup_marks import beginnings, marks_needed
from contextkit.dedup_words import CHANGERS, EMPTY, FOLLOWING, NEGATIONS, PAUSES, SPEAKER
from contextkit.rank.terms import STOPWORDS, terms

Id = TypeVar("Id", bound=Hashable)

_LARGEST: Final = 20_000
"""Characters of a text that is compared by its sentences; a larger one is only a duplicate of the very same text."""

_SENTENCE: Final = re.compile(r"[^.!?。！？\n]*(?:[.!?](?!\s|$)[^.!?。！？\n]*)*(?:[.!?。！？]+|\n|$)")
_UNSPACED: Final = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_SYMBOLS: Final = (
    "\u00a7\u00ac\u00b0\u00b1\u00d7\u00f7\u2030-\u203a\u203c-\u205e\u20a0-\u259f\u2600-\u2bff\U0001f000-\U0001faff"
)
"""Signs that mean something by themselves: ≤, ✅, °, →, ₽, emoji. Not the bullets of lists."""

_LETTER: Final = rf"[^\W\d_{_UNSPACED}]"
_REST: Final = r"(?:'[^\W\d_]+)*"
_NUMBER: Final = r"\d+(?:[.,:/]\d+)*%?"
_TOKEN: Final = re.compile(
    rf"{_LETTER}{{3,}}{_REST}|{_NUMBER}"
    rf"|(?=[<>\-−+±~≈$€£¥₹])(?:[<>]=?\s?)?(?:(?<![\w.])[-−+±~≈])?[$€£¥₹]?{_NUMBER}|[{_UNSPACED}]"
    rf"|{_LETTER}{{1,2}}(?:(?:\+\+|[#+*-])(?!\w)|{_REST})|[{_SYMBOLS}]|\s[-–—]+\s"
    r"|[,;:()\[\]{}\"“”|、，；：*>#@/\\_+=<&]"
)
"""A word, a number with its sign and what it is compared by, a character of a script without spaces, a short word (also
"C#" and "A+"), a symbol, or a mark. What is commonest comes first, as each is tried in turn."""

_INSIDE: Final = re.compile(r"[,\s]")
"""What may stand inside of a number and says nothing: "1,200" is 1200."""

_NEGATED: Final = re.compile("ない|ません|なかった|[不没沒無无非未别別勿]")


_SUBSTANCE: Final = 2
"""Words of content that make a statement: "likes tea"."""

_MANY: Final = 64
"""Statements of one sentence above which it is looked for by how they begin: a long one in which every other word may
begin or end one."""

_Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence as its words in order, what qualifies them, and how many are words of content.

    A statement may begin with the words numbered `begins`, and end before those numbered `ends`;
    `keys` is what each of these statements is found by.
    """

    words: _Words
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    keys: tuple[int, ...]
    qualifiers: frozenset[str]
    content: int

    @property
    def sought(self) -> tuple[int, int]:
        """What the sentence is looked for by: as one of few statements, and as one of many."""
        return hash(self.words), _opening(self.words)

    def holds(self, other: _Sentence) -> bool:
        """Whether this sentence says what the other does."""
        if self.qualifiers != other.qualifiers:
            return False
        size = len(other.words)
        return any(self.words[at : at + size] == other.words and at + size in self.ends for at in self.begins)


class SeenTexts(Generic[Id]):
    """Texts that stand in the prompt already, and whether another would repeat one of them.

    Adding a text looks at the beginnings of its words only: it is read once another is looked up that it
    might say, by its marks. Looking one up takes, mostly, no more than one look for its rarest sentence.
    Not safe for use by several threads at once.
    """

    def __init__(self) -> None:
        self._ids: list[Id] = []
        self._texts: list[str] = []
        self._read: dict[int, tuple[_Sentence, ...]] = {}
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
        if len(text) > _LARGEST:
            self._same.setdefault(text, []).append(number)
            return
        if read:
            self._read_text(number)
            return
        bit = 1 << number
        self._unread |= bit
        for mark in _marks_of(text):
            self._marked[mark] = self._marked.get(mark, 0) | bit

    def match(self, text: str, among: Container[Id] | None = None) -> Id | None:
        """The id of a text that says all that this one says, of those `among` the given ids; None where there is none.

        A text without two words of content in one sentence ("Yes, please.") says nothing by
        itself and repeats nothing.
        """
        said = _sentences(text)
        for number in self._same.get(text, ()) if len(text) > _LARGEST else self._candidates(said):
            text_id, held = self._ids[number], self._read.get(number, ())
            known = among is None or text_id in among
            if known and all(any(each.holds(sentence) for each in held) for sentence in said):
                return text_id
        return None

    def _candidates(self, sentences: Sequence[_Sentence]) -> Iterable[int]:
        """The numbers of the texts that may hold all the sentences, the first added first."""
        if not any(sentence.content >= _SUBSTANCE for sentence in sentences):
            return ()
        self._read_marked(sentences)
        rarest: Sequence[Sequence[int]] = ()
        for sentence in sentences:
            found = [numbers for key in sentence.sought if (numbers := self._stated.get(key)) is not None]
            if not found:
                return ()
            if not rarest or sum(map(len, found)) < sum(map(len, rarest)):
                rarest = found
        return sorted(set().union(*rarest))

    def _read_marked(self, sentences: Sequence[_Sentence]) -> None:
        """Read the texts that have all the marks of these sentences."""
        unread = self._unread
        for sentence in sentences:
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
        said = self._read[number] = _sentences(self._texts[number])
        for key in (key for sentence in said for key in sentence.keys):
            self._stated.setdefault(key, []).append(number)


def _sentences(text: str) -> tuple[_Sentence, ...]:
    """The sentences of a text; none of one that is too large to be compared by them."""
    return () if len(text) > _LARGEST else _sentences_of(text)


@lru_cache(maxsize=4096)
def _sentences_of(text: str) -> tuple[_Sentence, ...]:
    """Remembered: the same documents and memories are candidates build after build."""
    spoken = _spoken(text)
    found = (_sentence(match.group()) for match in _SENTENCE.finditer(spoken))
    return tuple(sentence for sentence in found if sentence.words)


def _marks_of(text: str) -> set[str]:
    """The marks that a text has: those of all that it may say, and others."""
    spoken = _spoken(text)
    found = beginnings(spoken)
    if not spoken.isascii():
        for each in _TOKEN.findall(spoken):
            if not each.isascii():
                found.update(marks_needed((*_token(each).words, *_unit(each).words)))
    return found


def _spoken(text: str) -> str:
    return text.lower().replace("’", "'")


def _sentence(spoken: str) -> _Sentence:
    words: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    content = 0
    fresh = True  # nothing but words for the speaker since the sentence or they began
    number = False
    for each in _TOKEN.findall(spoken):
        token = _token(each)
        if token.follows:
            ends.append(len(words))
        if token.words:
            if number:  # this is its unit, or am or pm, and stands as it is
                token = _unit(each)
            if fresh:
                begins.append(len(words))
            words += token.words
            content += token.content
            fresh, number = False, token.number
        elif token.speaker:
            fresh = True
    ends.append(len(words))
    keys = tuple(_keys(tuple(words), begins, ends))
    return _Sentence(tuple(words), tuple(begins), tuple(ends), keys, _qualifiers(spoken, words), content)


def _keys(words: _Words, begins: Sequence[int], ends: Sequence[int]) -> Iterator[int]:
    """What each statement of a sentence is found by: itself, or, where there are many, how it begins."""
    if len(begins) * len(ends) <= _MANY:
        yield from (hash(words[at:end]) for at in begins for end in ends if end > at)
    else:
        yield from (_opening(words[at:end]) for at in begins for end in {at + 1, len(words)})


def _opening(words: _Words) -> int:
    """A number for the first two words of a statement, or for its only one."""
    return hash(("", *words[:2]))


def _is_content(word: str) -> bool:
    return word in NEGATIONS or (word not in STOPWORDS and word not in CHANGERS)


def _qualifiers(spoken: str, words: Sequence[str]) -> frozenset[str]:
    found = CHANGERS.intersection(words)
    if spoken.rstrip().endswith(("?", "？")):
        found |= {"?"}
    return found | {"not"} if not spoken.isascii() and _NEGATED.search(spoken) else found


@dataclass(frozen=True, slots=True)
class _Token:
    """A token's words (none for one that does not count), and what it does to a statement beside it."""

    words: tuple[str, ...]
    speaker: bool = False
    follows: bool = False
    """Whether it may follow a statement without becoming part of its last word."""

    number: bool = False
    content: int = 0
    """How many of its words are words of content."""


@lru_cache(maxsize=65_536)
def _token(token: str) -> _Token:
    words = () if token in PAUSES or token in SPEAKER or token in EMPTY or token[0].isspace() else _words(token)
    follows = not words or token in FOLLOWING or token.endswith("ly")
    return _Token(words, token in SPEAKER, follows, token[-1].isdigit(), sum(map(_is_content, words)))


@lru_cache(maxsize=4_096)
def _unit(token: str) -> _Token:
    """A token as it stands after a number."""
    return _Token((token,), number=token[-1].isdigit(), content=_is_content(token))


_CONTRACTED: Final = {"can't": ("cannot",), "won't": ("will", "not"), "shan't": ("shall", "not"), "ain't": ("not",)}
_ENDINGS: Final = (("n't", "not"), ("'ll", "will"), ("'d", "would"))


def _words(token: str) -> tuple[str, ...]:
    if token[0].isdigit() or not token[-1].isalpha():
        return (_INSIDE.sub("", token),)
    if token in _CONTRACTED:
        return _CONTRACTED[token]
    for ending, meaning in _ENDINGS:
        if token.endswith(ending):
            return (*_token(token.removesuffix(ending)).words, meaning)
    return (token if token in CHANGERS else _stem(token.removesuffix("'s")),)


def _stem(word: str) -> str:
    """The stem; one of a past is marked, since what was is not what is."""
    found = terms(word)
    stem = found[0] if len(found) == 1 else word
    return stem + "+" if word.endswith("ed") and stem != word else stem
