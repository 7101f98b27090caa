"""Terms: what a text is about, as the ranking sees it.

`terms` turns a text into the words it is searched by: lower-cased, accents folded, identifiers
split into their parts, English words reduced to their stem (irregular forms too), scripts written without spaces cut
into overlapping pairs. The work is done once per distinct word and remembered, so that a
message of words seen before costs little more than finding where its words begin.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, pairwise
from typing import Final

import snowballstemmer

from contextkit.rank.irregular import IRREGULAR

_MARKS: Final = (
    "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0e4e"
    "\u0e50-\u0e59\u0e80-\u0fff\u1000-\u1049\u1780-\u17d3\u17dd"
)
_WORD: Final = re.compile(rf"[\w'’{_MARKS}]+")
"""A word as it stands in the text, apostrophes and, in scripts where `\\w` leaves them out, vowel signs included."""

_FORM: Final = re.compile(rf"[\w{_MARKS}]+")
"""The same without apostrophes, at which a word ends."""

_ENDS: Final = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) in "_'")}
"""What no word of an ASCII text has in it, as spaces: words are told by these in half the time."""

_FORM_ENDS: Final = _ENDS | {ord("'"): " "}
"""The same with apostrophes."""

_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
"""A part of an ASCII identifier: `getHTTPResponse2` is get, HTTP, Response, 2."""

_NUMBERED: Final = re.compile(r"(?<![\w.])[vV]?(\d+(?:\.\d+)+)(?!\w)")
"""The number of a clause, a version or an address: of 12.3 there is one, and of clauses that have a 12 or a 3 many.

Of 240 clauses of one contract asked for by number, of 180 versions in release notes and of 200 addresses in a list,
187, 153 and 187 stand in a prompt of 1,300 tokens by the parts of their numbers, and 234, 180 and 187 so; from
pieces of 600 characters 230, 180 and 197, and 240, 180 and 200. Sentences of Python's reference and turns of LoCoMo
are found alike.
"""

_APOSTROPHE: Final = re.compile("['’]")

UNSPACED: Final = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
"""Thai to Burmese, Khmer, kana, Han and Hangul: words are not, or not reliably, set apart by spaces."""

_REMEMBERED: Final = 200_000
"""Distinct words kept; a large vocabulary of one language, some 30 MB at most."""

_LONGEST: Final = 48
"""Characters of a word worth remembering; what is longer is a hash, a key or a run of Han."""

_STEMMED: Final = 24
"""Characters of a word that may have an English ending; longer ones, and any with digits, are names, ids and hashes."""

_BLOB: Final = 256
"""Characters of an ASCII word that is no word any more but encoded data: only its beginning is indexed."""

_STEMS: Final = 100_000
"""Distinct parts of words whose stems are kept: what is seen only once, as hashes and keys, has parts seen often."""

_FUNCTION_WORDS: Final = """
a about above after again against all am an and any are aren as at be because been before being below between
both but by can cannot could couldn d did didn do does doesn doing don down during each few for from further
had hadn has hasn have haven having he her here hers herself him himself his how i if in into is isn it its
itself just ll m me mightn more most mustn my myself needn no nor not now o of off on once only or other our
ours ourselves out over own re s same shan she should shouldn so some such t than that the their theirs them
themselves then there these they this those through to too under until up ve very was wasn we were weren what
when where which while who whom whose why will with won would wouldn you your yours yourself yourselves
"""
STOPWORDS: Final = frozenset(_FUNCTION_WORDS.split())
"""English function words: they say how a sentence is built, not what it is about."""

IDENTIFIES: Final = 3.0
"""Weight of an identifier in what is looked for in a conversation: an order's number stands for one thing, and the
other words for what is asked of many. But where a tool lists all orders again and again, it is no rarer than those."""

_IDENTIFIER: Final = re.compile(r"(?!(?:19|20)\d\d$)(?=\w*\d)\w{4,}")

_ACCENT: Final = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670]+")
"""Accents, and the points and vowel signs of Hebrew and Arabic, which are mostly left out."""


_SOFT: Final = "\u00ad"
"""A hyphen that is only seen where a line ends there. Pages of German are full of them."""

_DIVIDED: Final = re.compile(r"(?<![^\W_])[^\W\d_]+-\r?\n[ \t]*[^\W\d_]+")
"""A word at the end of a line, as texts taken out of PDFs have them. Whether its hyphen is its own, nobody can tell."""

_JOINT: Final = re.compile(r"[-.,&+#](?:(?<=\w[-.,&])(?=\w)|(?<=\w\+)(?=\+)|(?<=\w#))")
"""What such a word may be told by: looked for first, since most texts have none."""

_COMPOUND: Final = r"(?<![\w-])(?:[^\W\d_]{1,2}-[^\W\d_]+|[^\W\d_]+-(?:in|off|on|out|up))(?![\w-])"
"""What is as often written in one word: e-mail, sign-up; but not "est-ce"."""

_THOUSANDS: Final = r"(?<![\w.,])\d{1,3}(?:[.,]\d{3})+(?!\d)"
_INITIALS: Final = r"(?<![\w.])(?:[A-Za-z]\.){2,}"
_SYMBOLS: Final = r"\b[A-Za-z]{1,3}&[A-Za-z]{1,3}\b|\b[A-Za-z](?:\+\+|#)"
_IN_PARTS: Final = re.compile("|".join((_COMPOUND, _THOUSANDS, _INITIALS, _SYMBOLS)))
"""What stands in parts, and is one word: 12,500, U.S.A., AT&T, C++."""

_SPELLED: Final = {"&": "and", "+": "plus", "#": "sharp"}
_WHOLE: Final = str.maketrans({**_SPELLED, **dict.fromkeys("-., \t\r\n")})


class _Known(dict[str, tuple[str, ...]]):
    """The terms of words, each analysed when it is first asked for."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        analysed = tuple(_analyse(word))
        if len(word) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[word] = analysed
        return analysed


_known: Final = _Known()


def terms(text: str) -> list[str]:
    """The search terms of a text, in its order and with repetitions; function words are left out.

    Any text is accepted, also an empty one or one of lone surrogates. Two spellings that Unicode
    holds compatible give the same terms.
    """
    return terms_of(words(text))


def words(text: str) -> list[str]:
    """The words of a text as they stand, which `terms_of` reads; those in parts once more, whole."""
    if text.isascii():
        return [*text.translate(_ENDS).split(), *_whole(text)]
    text = unicodedata.normalize("NFKC", text.replace(_SOFT, ""))
    return [*_WORD.findall(text), *_whole(text)]


def _whole(text: str) -> Iterator[str]:
    """The words that stand in parts, as they are written in one."""
    parted = _DIVIDED.findall(text) if "-\n" in text or "-\r" in text else []
    if _JOINT.search(text):
        parted += chain.from_iterable(map(_IN_PARTS.findall, filter(_JOINT.search, text.split())))
    return (one.translate(_WHOLE) for one in parted)


def terms_of(words: Iterable[str]) -> list[str]:
    """The terms of these words."""
    return [*chain.from_iterable(map(_known.__getitem__, words))]


def forms(text: str) -> list[str]:
    """The words of a text as they stand, in its order and with repetitions; function words are left out.

    Only capitals do not matter. Numbers with points stand once more, behind the others. For who looks for these very
    words. Any text is accepted.
    """
    if text.isascii():
        found = text.lower().translate(_FORM_ENDS).split()
    else:
        text = unicodedata.normalize("NFKC", text)
        found = _FORM.findall(text.casefold())
    plain = [word for word in found if word not in STOPWORDS and len(word) <= _LONGEST]
    return plain + _NUMBERED.findall(text) if "." in text else plain


def weight_of(term: str) -> float:
    """What a term weighs in what is looked for in a conversation, beside how rare it is."""
    return IDENTIFIES if is_identifier(term) else 1.0


def is_identifier(term: str) -> bool:
    """Whether a term is a number or code that names something: it has a digit, and is neither a year nor so short that
    it may be a count."""
    return _IDENTIFIER.fullmatch(term) is not None


def _analyse(word: str) -> Iterator[str]:
    """The terms of one word: of its parts, and of the whole where an identifier has several."""
    if len(word) > _BLOB and word.isascii():
        word = word[:_LONGEST]
    for piece in _APOSTROPHE.split(word):
        parts = _parts(piece)
        if len(parts) > 1 and piece.isascii():
            yield from _of_word(piece.replace("_", "").lower())
        for part in parts:
            yield from _of_part(part)


def _parts(piece: str) -> list[str]:
    if piece.islower() and piece.isalpha():
        return [piece]
    if piece.isascii():
        return _PART.findall(piece)
    return [part for part in piece.split("_") if part]


def _of_part(part: str) -> Iterator[str]:
    if part.isascii():
        yield from _of_word(part.lower())
        return
    bare = folded(part)
    position = 0
    for run in UNSPACED.finditer(bare):
        yield from _of_word(bare[position : run.start()])
        yield from _pairs(run.group())
        position = run.end()
    yield from _of_word(bare[position:])


def _of_word(word: str) -> Iterator[str]:
    if word and word not in STOPWORDS:
        yield _stem(IRREGULAR.get(word, word)) if len(word) <= _STEMMED and word.isalpha() else word


@lru_cache(_STEMS)
def _stem(word: str) -> str:
    stemmer = snowballstemmer.stemmer("english")  # of one's own, since it keeps the word it works on in itself
    return str(stemmer.stemWord(word))


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for left, right in pairwise(run):
        yield left + right


def folded(part: str) -> str:
    """Lower case without accents, so that `Café` is found as `cafe`; other scripts keep their marks."""
    lower = part.casefold()
    if lower.isascii():
        return lower
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", lower)))
