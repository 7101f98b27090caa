"""Marks: how the words of a text begin, by which most texts that cannot say what another does are told at a glance.

To know all that a text states takes a stemmer and some hundred times as long as to see how its
words begin. Nearly all words begin as their stems do; those that may not (went and go, dying and
die) leave no mark. So a text that lacks a mark of a statement cannot make it, and need not be read.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import Final

from contextkit.rank.irregular import IRREGULAR
from contextkit.rank.terms import terms

SHARED: Final = ((7, 5), (5, 3), (2, 2))
"""How many letters words share at least with their stem, by how many that has: "cries" has "cri", "sensibility" has
"sensibl"."""

SOUGHT: Final = 8
"""Words of a sentence whose marks a text must have to be read."""

_BEGINNING: Final = re.compile(r"([a-z]{2,5})[a-z]*")
_PLAIN: Final = re.compile(r"(?<![\w'])[a-z]{5,}(?![\w'])")
_NUMBER: Final = re.compile(r"[0-9]+(?:[.,:/][0-9]+)*")
_AS_WORD: Final = re.compile(r"\W*([0-9]+(?:[.:/][0-9]+)*)\W*")
"""A number as it is compared, with its sign and unit."""

_OTHERWISE: Final = frozenset(("die", "lie", "tie", "cannot", "not", "will", "would"))
"""What also stands for dying, lying and tying, and for n't, 'll and 'd."""


def beginnings(spoken: str) -> set[str]:
    """The marks that a text in lower case has by its plain letters and its numbers: those of all that these say, and
    others."""
    found = set(_BEGINNING.findall(spoken))
    numbers = [number.replace(",", "") for number in _NUMBER.findall(spoken)]
    return found.union([mark[:3] for mark in found], [mark[:2] for mark in found], numbers)


def plain_words(spoken: str) -> list[str]:
    """The longer words of a text in lower case that stand by themselves, in plain letters."""
    return _PLAIN.findall(spoken)


@lru_cache(8_192)
def marks_needed(words: tuple[str, ...]) -> tuple[str, ...]:
    """Marks of a text that has these words, of a sentence as it is compared: of the longest, which are the rarest.

    The rarest mark comes first."""
    longest = sorted(set(words), key=lambda word: (word[-1:].isdigit(), len(word)))[-SOUGHT:]
    return rarest_first({mark for mark in map(_mark, longest) if mark is not None})


def rarest_first(marks: Collection[str]) -> tuple[str, ...]:
    """Marks in the order in which they are best looked for: longer ones are rarer."""
    return tuple(sorted(sorted(marks), key=len, reverse=True))


@lru_cache(65_536)
def _mark(word: str) -> str | None:
    if not word.isascii():
        return word
    if number := _AS_WORD.fullmatch(word):
        return number[1]
    stem = word.removesuffix("+")
    if not stem.isalpha() or stem in _OTHERWISE or stem in _irregular():
        return None
    return next((stem[:shared] for letters, shared in SHARED if len(stem) >= letters), None)


@cache
def _irregular() -> frozenset[str]:
    """The stems of words that have a form which begins otherwise."""
    bases = {base for form, base in IRREGULAR.items() if form[:5] != base[:5]}
    return frozenset(stem for base in bases for stem in terms(base)) | bases
