"""Marks: how the words of a text begin, by which most texts that cannot say what another does are told at a glance.

To know all that a text states takes a stemmer and some hundred times as long as to see how its
words begin. Nearly all words begin as their stems do; those that may not (went and go, dying and
die) leave no mark. So a text that lacks a mark of a statement cannot make it, and need not be read.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from sys import intern
from typing import Final

from contextkit.rank.irregular import IRREGULAR
from contextkit.rank.terms import folded, terms

LONG: Final = 5
"""Letters from which a stem begins with the same three letters as its words; a shorter one does with the same two:
"cry" and "cries" have the stem "cri", "skies" has "sky"."""

SOUGHT: Final = 8
"""Words of a sentence whose marks a text must have to be read."""

UNSPACED: Final = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
"""Characters of scripts without spaces, each of which is compared as a word."""

_CHARACTER: Final = re.compile(f"[{UNSPACED}]")
_BEGINNING: Final = re.compile(r"(?<![a-z])[a-z]{2,3}")
_OTHERWISE: Final = frozenset(("die", "lie", "tie", "cannot", "not", "will", "would"))
"""What also stands for dying, lying and tying, and for n't, 'll and 'd."""


@lru_cache(2_048)
def marks_of(text: str) -> tuple[str, ...]:
    """The marks that a text has: those of all it may say, and others. Remembered: the same documents and memories stand
    in prompt after prompt."""
    spoken = text.lower()
    found = _beginnings(spoken)
    if not spoken.isascii():
        found |= _beginnings(folded(unicodedata.normalize("NFKC", spoken)))
        found.update(map(_character, _CHARACTER.findall(spoken)))
    return tuple(map(intern, found))


def _beginnings(spoken: str) -> set[str]:
    found = set(_BEGINNING.findall(spoken))
    return found.union([mark[:2] for mark in found])


@lru_cache(65_536)
def _character(character: str) -> str:
    """A character as it stands among the words of a sentence."""
    return next(iter(terms(character)), character)


@lru_cache(8_192)
def marks_needed(words: tuple[str, ...]) -> tuple[str, ...]:
    """Marks of a text that has these words, of a sentence as it is compared: of the longest, which are the rarest."""
    longest = sorted(set(words), key=len)[-SOUGHT:]
    return tuple({mark for mark in map(_mark, longest) if mark is not None})


@lru_cache(65_536)
def _mark(word: str) -> str | None:
    if _CHARACTER.fullmatch(word):
        return word
    stem = word.removesuffix("+")
    if len(stem) < 2 or not (stem.isascii() and stem.isalpha()) or stem in _OTHERWISE or stem in _irregular():
        return None
    return stem[:3] if len(stem) >= LONG else stem[:2]


@cache
def _irregular() -> frozenset[str]:
    """The stems of words that have a form which begins otherwise."""
    bases = {base for form, base in IRREGULAR.items() if form[:3] != base[:3]}
    return frozenset(stem for base in bases for stem in terms(base)) | bases
