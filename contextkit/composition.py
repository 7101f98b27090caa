"""Composition: what the tokens of a prompt are, as far as a tokenizer may treat them differently."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from contextkit.contents import ContentCache
from contextkit.estimate import kind_of
from contextkit.seams import segments
from contextkit.types import Message, TokenCounter, Tool

CLASSES = ("prose", "code", "json", "cjk", "hangul", "script")
"""What has a ratio of its own: the content kinds, with Korean apart from Chinese and Japanese, and prose in
alphabets other than Latin apart from the rest. (Of voyage-3 over o200k_base: 0.83 for Chinese and Japanese
prose, 1.18 for Korean, 1.0 for English, 1.2 for Russian, 2.5 for Hindi.)"""

_DIGITS = re.compile(r"[0-9]+")
_HANGUL = re.compile("[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]")
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff]")
_SCRIPT = re.compile("[\u0370-\u10ff\u1200-\u1dff]")
_COMPOSITIONS_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What a prompt's counted tokens are: text by class, and what is not text (framing, media).

    `digits` are the tokens that the same text would have more, were each digit a token of its own.
    """

    prose: int = 0
    code: int = 0
    json: int = 0
    cjk: int = 0
    hangul: int = 0
    script: int = 0
    digits: int = 0
    other: int = 0

    @property
    def by_class(self) -> tuple[int, ...]:
        return self.prose, self.code, self.json, self.cjk, self.hangul, self.script

    @property
    def texts(self) -> int:
        return sum(self.by_class)

    def __add__(self, more: Composition) -> Composition:
        return Composition(
            prose=self.prose + more.prose,
            code=self.code + more.code,
            json=self.json + more.json,
            cjk=self.cjk + more.cjk,
            hangul=self.hangul + more.hangul,
            script=self.script + more.script,
            digits=self.digits + more.digits,
            other=self.other + more.other,
        )


def compose(counter: TokenCounter, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Composition:
    """What a prompt is made of, as `counter` (uncalibrated) counts it: what `Calibration.observe` takes."""
    parts = [of_message(counter, message) for message in messages]
    schemas = Composition(json=sum(map(counter.tool, tools)), other=counter.framing(len(messages), len(tools)))
    return sum(parts, schemas)


def of_message(counter: TokenCounter, message: Message) -> Composition:
    """A message's tokens: its text and the arguments of its calls by class, all else as `other`."""
    calls = (of_text(counter, call.arguments) for call in message.tool_calls)
    known = sum(calls, of_text(counter, message.text))
    return known + Composition(other=counter.message(message) - known.texts)


_COMPOSITIONS = ContentCache[Composition](_COMPOSITIONS_BYTES)


def of_text(counter: TokenCounter, text: str) -> Composition:
    """A text's tokens by the kinds of its segments, so that texts that join are made of what their parts are."""
    key = f"{counter.name}\n{text}"
    known = _COMPOSITIONS.get(key)
    if known is None:
        known = sum((_of_segment(counter, segment) for segment in segments(text)), Composition())
        _COMPOSITIONS.put(key, known)
    return known


def _of_segment(counter: TokenCounter, text: str) -> Composition:
    digits = sum(map(_grouped, _DIGITS.findall(text)))
    return Composition(**{_class_of(text): counter.text(text)}, digits=digits)


def _grouped(digits: str) -> int:
    """The tokens that a run of digits saves by being written up to three at once."""
    return len(digits) - (len(digits) + 2) // 3


def _class_of(text: str) -> str:
    kind, sample = kind_of(text), text[:4_096]
    if kind == "cjk" and len(_HANGUL.findall(sample)) > len(_CJK.findall(sample)):
        return "hangul"
    if kind == "prose" and 4 * len(_SCRIPT.findall(sample)) > len(sample):
        return "script"
    return kind
