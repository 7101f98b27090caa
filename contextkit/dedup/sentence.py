"""Sentences as what they state: their words in order, and what qualifies these."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from contextkit.dedup.marks import SOUGHT, beginnings, marks_needed, plain_words, rarest_first
from contextkit.dedup.words import CHANGERS, EMPTY, FOLLOWING, NEGATIONS, PAUSES, SPEAKER
from contextkit.rank.terms import STOPWORDS, terms

LARGEST: Final = 20_000
"""Characters of a text that is compared by its sentences; a larger one is only a duplicate of the very same text."""

SHORT: Final = 1_000
"""Characters of a text that is itself looked through for marks; of a longer one they are listed first."""

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

_MANY: Final = 64
"""Statements of one sentence above which it is looked for by how they begin: a long one in which every other word may
begin or end one."""

_Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
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

    def holds(self, other: Sentence) -> bool:
        """Whether this sentence says what the other does."""
        if self.qualifiers != other.qualifiers:
            return False
        size = len(other.words)
        return any(self.words[at : at + size] == other.words and at + size in self.ends for at in self.begins)


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text; none of one that is too large to be compared by them."""
    return () if len(text) > LARGEST else _sentences_of(text)


@lru_cache(maxsize=4096)
def _sentences_of(text: str) -> tuple[Sentence, ...]:
    """Remembered: the same documents and memories are candidates build after build."""
    spoken = _spoken(text)
    found = (_sentence(match.group()) for match in _SENTENCE.finditer(spoken))
    return tuple(sentence for sentence in found if sentence.words)


@lru_cache(maxsize=512)
def marks_of(text: str) -> frozenset[str]:
    """The marks that a text has: those of all that it may say, and others. Remembered, as its sentences are."""
    spoken = _spoken(text)
    found = beginnings(spoken)
    if not spoken.isascii():
        for each in _TOKEN.findall(spoken):
            if not each.isascii():
                found.update(marks_needed((*_token(each).words, *_unit(each).words)))
    return frozenset(found)


def having_marks(text: str) -> Container[str]:
    """What has the marks of a text, for the few times it is asked: a short text itself, of which they are parts, or
    else those marks."""
    if len(text) > SHORT or not text.isascii():
        return marks_of(text)
    return text.lower().replace(",", "")  # as in numbers


@lru_cache(maxsize=4096)
def marks_sought(text: str) -> tuple[str, ...]:
    """Some of the marks that a text must have to say all that this one says, told without reading this one either."""
    spoken = _spoken(text)
    found = {*plain_words(spoken)}
    if not spoken.isascii():
        found.update(each for each in _TOKEN.findall(spoken) if not each.isascii())
    longest = sorted(sorted(found), key=len)[-SOUGHT:]
    return rarest_first({mark for each in longest for mark in _marks_of_token(each)})


@lru_cache(maxsize=65_536)
def _marks_of_token(token: str) -> tuple[str, ...]:
    return marks_needed(_token(token).words)


def _spoken(text: str) -> str:
    return text.lower().replace("’", "'")


def _sentence(spoken: str) -> Sentence:
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
    return Sentence(tuple(words), tuple(begins), tuple(ends), keys, _qualifiers(spoken, words), content)


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
        if token == ending:  # as some corpora are written: "do n't"
            return (meaning,)
        if token.endswith(ending):
            return (*_token(token.removesuffix(ending)).words, meaning)
    return (token if token in CHANGERS else _stem(token.removesuffix("'s")),)


def _stem(word: str) -> str:
    """The stem; one of a past is marked, since what was is not what is."""
    found = terms(word)
    stem = found[0] if len(found) == 1 else word
    return stem + "+" if word.endswith("ed") and stem != word else stem
