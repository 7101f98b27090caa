"""Composition: what the tokens of a prompt are, as far as a tokenizer may treat them differently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import add, attrgetter
from typing import Final

from contextkit.tokens.contents import ContentCache
from contextkit.tokens.estimates import kind_of
from contextkit.tokens.seams import segments
from contextkit.types import Message, TokenCounter, Tool

CLASSES: Final = ("prose", "code", "json", "cjk", "hangul", "script")
"""What has a ratio of its own: the content kinds, with Korean apart from Chinese and Japanese, and prose in
alphabets other than Latin apart from the rest. (Of voyage-3 over o200k_base: 0.83 for Chinese and Japanese
prose, 1.18 for Korean, 1.0 for English, 1.2 for Russian, 2.5 for Hindi.)"""

TRAITS: Final = ("han", "hiragana", "katakana", "syllables", "runs", "contractions")
"""What vocabularies differ on within a class, in characters or places: characters of each East Asian script
(`syllables` are Korean) and the unbroken runs of them; and English contractions such as `it's`, which
o200k_base and its kin alone write as one token. Chosen among sixty such counts, as those that kept a fit to five
prompts near the truth for every vocabulary (see `contextkit.calibration.regression`). Letters, words, capitals, marks,
indentation and lines helped some vocabularies on some text, and misled others on more."""

TERMS: Final = (*CLASSES, *TRAITS)
"""What a fit weighs: the tokens of each class, then each trait."""

_EAST: Final = "\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef"
_RUN: Final = re.compile(f"[{_EAST}]+")
_HANGUL: Final = re.compile("[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]")
_PATTERNS: Final = {
    "han": re.compile("[\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff]"),
    "hiragana": re.compile("[\u3041-\u309f]"),
    "katakana": re.compile("[\u30a0-\u30ff]"),
    "syllables": _HANGUL,
    "runs": _RUN,
    "contractions": re.compile("(?<=[A-Za-z])'(?:[sdmt]|ll|ve|re)(?![A-Za-z])"),
}
_DIGITS: Final = re.compile(r"[0-9]+")
_SCRIPT: Final = re.compile("[\u0370-\u10ff\u1200-\u1dff]")
_COMPOSITIONS_BYTES: Final = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What a prompt's counted tokens are: text by class, and what is not text (framing, media).

    `digits` are the tokens that the same text would have more, were each digit a token of its own;
    the fields named in `TRAITS` count characters and places.
    """

    prose: int = 0
    code: int = 0
    json: int = 0
    cjk: int = 0
    hangul: int = 0
    script: int = 0
    han: int = 0
    hiragana: int = 0
    katakana: int = 0
    syllables: int = 0
    runs: int = 0
    contractions: int = 0
    digits: int = 0
    other: int = 0

    @property
    def by_class(self) -> tuple[int, ...]:
        return _BY_CLASS(self)

    @property
    def terms(self) -> tuple[int, ...]:
        """How much there is of each of `TERMS`."""
        return _TERMS(self)

    @property
    def texts(self) -> int:
        return sum(self.by_class)

    def __add__(self, more: Composition) -> Composition:
        return Composition(**dict(zip(_FIELDS, map(add, _ALL(self), _ALL(more)), strict=True)))


_FIELDS: Final = (*TERMS, "digits", "other")
_BY_CLASS, _TERMS, _ALL = attrgetter(*CLASSES), attrgetter(*TERMS), attrgetter(*_FIELDS)


def compose(counter: TokenCounter, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Composition:
    """What a prompt is made of, as `counter` (uncalibrated) counts it: what `Calibration.observe` takes.

    That is the texts of its messages and the schemas of its tools by class, all else as `other`.
    """
    texts = total(of_text(counter, text) for message in messages for text in texts_of(message))
    framing = sum(map(counter.message, messages)) - texts.texts + counter.framing(len(messages), len(tools))
    return texts + Composition(json=sum(map(counter.tool, tools)), other=framing)


def texts_of(message: Message) -> Iterator[str]:
    """A message's text and the arguments of its calls, which are counted as any text is."""
    yield message.text
    yield from (call.arguments for call in message.tool_calls)


def total(parts: Iterable[Composition]) -> Composition:
    """All of them together."""
    return Composition(**dict(zip(_FIELDS, map(sum, zip(*map(_ALL, parts), strict=True)), strict=False)))


_COMPOSITIONS: Final = ContentCache[Composition](_COMPOSITIONS_BYTES)


def of_text(counter: TokenCounter, text: str) -> Composition:
    """A text's tokens by the kinds of its segments, so that texts that join are made of what their parts are."""
    key = f"{counter.name}\n{text}"
    known = _COMPOSITIONS.get(key)
    if known is None:
        tokens = Counter[str]()
        for segment in segments(text):
            for name, counted in _classes_of(counter, segment):
                tokens[name] += counted
        digits = sum(map(_grouped, _DIGITS.findall(text)))
        known = Composition(**tokens, **_traits(text), digits=digits)
        _COMPOSITIONS.put(key, known)
    return known


def _traits(text: str) -> dict[str, int]:
    """Each trait of a text. No pattern reaches over a newline, so those of parts that join add up."""
    names = ("contractions",) if text.isascii() else TRAITS
    return {name: len(_PATTERNS[name].findall(text)) for name in names}


def _grouped(digits: str) -> int:
    """The tokens that a run of digits saves by being written up to three at once."""
    return len(digits) - (len(digits) + 2) // 3


def _classes_of(counter: TokenCounter, segment: str) -> Iterator[tuple[str, int]]:
    """A segment's tokens by class: what East Asian text is mixed with is counted by itself."""
    tokens = counter.text(segment)
    if segment.isascii() or not _RUN.search(segment):
        yield _class_of(segment), tokens
        return
    rest = _RUN.sub("", segment)
    apart = min(tokens, counter.text(rest)) if rest.strip() else 0
    yield _class_of(rest), apart
    yield _script_of(segment), tokens - apart


def _class_of(text: str) -> str:
    sample = text[:4_096]
    if not text.isascii() and 4 * len(_SCRIPT.findall(sample)) > len(sample):
        return "script"
    return kind_of(text)


def _script_of(text: str) -> str:
    return "hangul" if 2 * len(_HANGUL.findall(text)) > sum(map(len, _RUN.findall(text))) else "cjk"
