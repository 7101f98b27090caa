"""Encoded data within a text: a picture in a page, or a file, as base64. It costs thousands of tokens, and no model
reads it."""

from __future__ import annotations

import re
from typing import Final

LEAST: Final = 1_000
"""Characters of what is taken for data without being marked as such: most keys and tokens are shorter."""

_LEAST_MARKED: Final = 200

_SYMBOL: Final = r"[A-Za-z0-9+/_-]"
_DATA: Final = re.compile(
    rf"(?<=;base64,){_SYMBOL}{{{_LEAST_MARKED},}}+={{0,2}}|(?<!{_SYMBOL}){_SYMBOL}{{{LEAST},}}+={{0,2}}"
)
_MIXED: Final = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"))
"""What all stands in base64, and not in what is long for other reasons: a gene, a number, a line of dashes."""


def without_data(text: str) -> str:
    """The text with a mark in the place of each piece of encoded data."""
    return _DATA.sub(_mark, text) if ";base64," in text or _has_long_word(text) else text


def _mark(found: re.Match[str]) -> str:
    data = found.group()
    if not all(kind.search(data) for kind in _MIXED):
        return data
    return f"[… {len(data):,} characters of data left out …]"


def _has_long_word(text: str) -> bool:
    """Whether there may be one of `LEAST` characters: half of that has no white space in it."""
    half = LEAST // 2
    return any(len(text[at : at + half].split(None, 1)) == 1 for at in range(0, len(text) - half + 1, half))
