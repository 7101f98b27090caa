"""Subwords: parts of words, by which texts are found that are not in English.

English words meet by their stems (see `terms`). In most other languages a word has more endings than in English,
and no one stemmer knows them: a Finnish text has "kirjeessä" where the question asks for "kirjeet". So in these a
word is also found by its beginnings. Where words are not set apart, it is by single characters: of Han and Hangul
many are a word. Vietnamese words, which only accents tell apart, are found by these as well; whoever types none
finds them all the same.

Chosen on the help of an office suite, whose pages are the same in each language: 600 entries of its index are asked
for, and counted how often the page that one is of is among the first ten of 270, by its paragraphs joined to some
700 characters, and by single ones (tests/benchmarks/languages.py). Of English pages it is in 95 and 94%; subwords cost
these up to 2, and are left out. In percent, by terms alone and with subwords:

    Finnish    57 → 84, 57 → 81      Greek       83 → 90, 80 → 84      Dutch    84 → 91, 81 → 87
    Hungarian  69 → 86, 66 → 82      Czech       82 → 90, 80 → 86      Italian  89 → 92, 85 → 88
    Swedish    73 → 84, 70 → 79      German      83 → 92, 78 → 87      Spanish  92 → 93, 88 → 90
    Turkish    74 → 85, 72 → 82      Portuguese  89 → 92, 86 → 88      French   93 → 94, 88 → 90
    Russian    78 → 86, 72 → 80      Indonesian  82 → 85, 79 → 80      Chinese  86 → 87, 85 → 85
    Polish     82 → 90, 78 → 88      Vietnamese  82 → 86, 82 → 84      Japanese 84 → 85, 79 → 83

Korean has 88 → 87 and 86 → 86. Snowball's stemmers of Finnish, Russian and Turkish find less than the beginnings do, by
9, 1 and 5 points of the longer pieces.

None of it was chosen on the help of GNOME, of which 120 pages are asked for by title and by what they are said to be
about. In the mean of its twenty other languages 93 → 97 are found, and 92 → 96 by single paragraphs; none loses by the
longer pieces, and French 0.4 by the others. Arabic words begin with their article, so beginnings are those of what
follows it. In the Arabic handbook of Debian's administrators 75 → 77% of the sections are found by title, 70 → 71 by a
sentence of theirs and 74 → 77 by a paragraph, none of which is searched then.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache
from itertools import chain
from typing import Final

from contextkit.escapes import written_out
from contextkit.rank.languages import ACCENTED, VIETNAMESE, has_english, is_foreign
from contextkit.rank.lexical import Documents, LexicalIndex, Scores
from contextkit.rank.terms import STOPWORDS, UNSPACED, folded, terms_of, words

FOREIGN: Final = "~"
"""A term of every text whose ASCII words are indexed by their beginnings, though no query seeks it: where many have it,
these are worth seeking."""

BEGINNINGS: Final = {4: 4, 6: 7}
"""Letters of a word's beginnings, each with how many letters the word has at the least. By one of 3 to 5 letters
alone 1 to 3% less is found."""

BEGINNING: Final = 0.7
"""What a beginning adds to a query, beside the word's stem. In full, Russian, Finnish and Turkish have 1% more, and at
a half 2% less; French and Indonesian paragraphs the other way round."""

AGAIN: Final = 0.5
"""What a single character, or a word with its accents, adds: it says again what a pair said, or the word without."""

_ARTICLE: Final = re.compile(r"\b(?:[وف]?[بلك]?ال|و?لل)(?=\w{3})")
"""The Arabic article with the particles that may be written before it, as light stemmers cut it off (Larkey,
Ballesteros and Connell 2002). Particles alone are left: as many words begin with these letters themselves."""

_ROOT: Final = re.compile("[\u0621-\u064a]{3}")
"""An Arabic word of three letters, which is found under its article, too."""

_SPLIT: Final = re.compile(rf"['’_\d]+|{UNSPACED.pattern}")
_SINGLE: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_REMEMBERED: Final = 100_000
"""Words whose beginnings are kept."""


def index_terms(text: str, *, foreign: bool | None = None) -> list[str]:
    """What a text is found by: its terms and, where it is not in English, subwords. Any text is accepted.

    A part of a text that is known to be `foreign`, or not to be, need not tell by itself.
    """
    text = written_out(text)
    found = words(text)
    return _found_by(text, found, is_foreign(found) if foreign is None else foreign)


def sentence_terms(sentences: Sequence[str]) -> Iterator[list[str]]:
    """What each sentence of a text is found by, whose language they tell together."""
    sentences = [*map(written_out, sentences)]
    found = [*map(words, sentences)]
    foreign = is_foreign([*chain.from_iterable(found)])
    return (_found_by(sentence, said, foreign) for sentence, said in zip(sentences, found, strict=True))


def _found_by(text: str, found: Sequence[str], foreign: bool) -> list[str]:
    if text.isascii() and not foreign:
        return terms_of(found)
    if VIETNAMESE.search(text):
        return [*terms_of(found), *_again(found, accents=True)]
    marks = [FOREIGN] if foreign else []
    return [*terms_of(found), *marks, *_beginnings(found, foreign), *_again(found, accents=False)]


def query_terms(text: str, *, foreign: bool = False) -> dict[str, float]:
    """What a query seeks, and how much each counts, by how often it stands there: terms, and subwords.

    A few words may be of any language: where none of them is English, they are taken for `foreign` if what is
    searched is (see `are_foreign`).
    """
    found = words(text)
    told = _told_foreign(found)
    return _sought(text, found, foreign if told is None else told)


def is_beginning(term: str) -> bool:
    """Whether a term of a text or a query is the beginning of a word, of which it has a mark."""
    return term.startswith(FOREIGN)


def needed_terms(text: str) -> Set[str]:
    """The terms whose postings an index must have at hand where this query is asked, whatever it may have."""
    found = words(text)
    told = _told_foreign(found)
    sought = _sought(text, found, told is not False).keys()
    return sought | {FOREIGN} if sought and told is None else sought


def are_foreign(*indexes: Documents) -> bool:
    """Whether many documents of indexes made of `index_terms` are not in English: of messages a third is too short
    to tell by."""
    return 3 * sum(index.frequency(FOREIGN) for index in indexes) > sum(map(len, indexes))


def scores(index: LexicalIndex, query: str) -> Scores:
    """BM25 of every document of an index made of `index_terms`; 0 where nothing that the query seeks stands."""
    return index.scores(query_terms(query, foreign=are_foreign(index)))


def _told_foreign(words: Sequence[str]) -> bool | None:
    """Whether a query's words are foreign; None where they are too few to tell."""
    if is_foreign(words):
        return True
    return False if has_english(words) else None


def _sought(text: str, words: Sequence[str], foreign: bool) -> dict[str, float]:
    beginnings = () if VIETNAMESE.search(text) else _beginnings(words, foreign)
    sought = {term: AGAIN * count for term, count in Counter(_again(words, accents=True)).items()}
    sought |= {term: BEGINNING * count for term, count in Counter(beginnings).items()}
    return sought | {term: float(count) for term, count in Counter(terms_of(words)).items()}


def _beginnings(words: Iterable[str], foreign: bool) -> Iterator[str]:
    """The beginnings of ASCII words where they are foreign, and of all others."""
    for word in words:
        if foreign or not word.isascii():
            yield from _of_word(word)


def _again(words: Iterable[str], accents: bool) -> Iterator[str]:
    """The single characters of words that are not set apart; and words as they stand, if their `accents` matter."""
    for word in words:
        if word.isascii():
            continue
        if accents and ACCENTED.search(word):
            yield f"={word.casefold()}"
        elif len(word) > 1:
            yield from _SINGLE.findall(word)


@lru_cache(_REMEMBERED)
def _of_word(word: str) -> tuple[str, ...]:
    """The beginnings of a word's parts that are long enough."""
    parts = [part for part in _SPLIT.split(_ARTICLE.sub("", folded(word))) if part not in STOPWORDS]
    begun = [part[:size] for part in parts for size, least in BEGINNINGS.items() if len(part) >= least]
    return tuple(f"~{each}" for each in [*begun, *filter(_ROOT.fullmatch, parts)])
