"""Judging a text without a vocabulary: what it mostly is, and how many tokens it has at most, very likely."""

from __future__ import annotations

import re

from contextkit.types import ContentKind

_SAMPLE = 4_096
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_JSON_START = re.compile(r'\s*(?:\{\s*["}]|\[\s*(?:["\d{\[\]-]|true\b|false\b|null\b))')
_JSON_MARK = re.compile(r'[{}\[\]":,]')
_CODE_MARK = re.compile(r"[{}()\[\]=<>;_/\\|&*#$@^~`+]")
_SPACE = re.compile(r"\s+")


def kind_of(text: str) -> ContentKind:
    """What a text mostly is, from at most 4,096 characters of its beginning, middle and end.

    CJK from a quarter of the characters on, where it is half of the tokens. JSON by its first
    character and the density of its marks, code by the density of operators and brackets.
    """
    sample = _sample(text)
    visible = _SPACE.sub("", sample)
    if len(_CJK.findall(visible)) * 4 > len(visible):
        return "cjk"
    if _JSON_START.match(sample) and len(_JSON_MARK.findall(visible)) * 12 > len(visible):
        return "json"
    return "code" if len(_CODE_MARK.findall(visible)) * 20 > len(visible) else "prose"


def _sample(text: str) -> str:
    if len(text) <= _SAMPLE:
        return text
    third, middle = _SAMPLE // 3, len(text) // 2
    return text[:third] + text[middle : middle + third] + text[-third:]


_PIECES = re.compile(
    r"(?P<word> ?[A-Za-z]+)|(?P<digits>[0-9]+)|(?P<space>[ \t]+|\n+|\r+)"
    r"|(?P<mark>[!-/:-@\[-`{-~]+)|(?P<other>[^\x00-\x7f]+)|(?P<control>.)",
    re.DOTALL,
)


def estimate(text: str) -> int:
    """Tokens of a text, at most very likely."""
    return sum(map(_piece, _PIECES.finditer(text)))


def _piece(match: re.Match[str]) -> int:
    piece = match.group()
    size = len(piece)
    match match.lastgroup:
        case "word":
            return 1 + (size - 1) // 5
        case "digits":
            return (size + 2) // 3
        case "space":
            return (size + 15) // 16
        case "mark":
            return (size + 1) // 2
        case "other":
            return (len(piece.encode("utf-8", "surrogatepass")) + 1) // 2
        case _:
            return size
