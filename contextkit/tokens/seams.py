"""Seams: the places in a text that no token of o200k_base or cl100k_base can span.

After a newline, before anything that is neither white space nor a slash, both vocabularies always
begin a new token, whatever stands around: their splitting patterns take a newline only together
with white space, marks and slashes before and after it. So the tokens of a text are the sum of
those of its segments, and `count(a + b) == count(a) + count(b)` wherever `joins(a, b)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

SLICE: Final = 16_384
"""Characters tokenized at once. Time per character grows with a piece; here it is still that of short texts."""

PER_HARD_CUT: Final = 4
"""Added where a slice ends at no safe place. A cut can hide tokens: 2 in 27,000 random cuts of nine kinds
of text with hardly a safe place (letters of one to 52 kinds, base64, DNA, Han, marks, white space)."""

_SEARCH: Final = 2_048
_SEAM: Final = re.compile(r"(?<=\n)(?=[^\s/])")
_SAFE: Final = re.compile(
    r"(?<=\S\n)(?=[^\s/])"
    r"|(?<=[A-Za-z])(?= [A-Za-z])"
    r"|(?<=[^\W_])(?=[,.;:!?()\[\]{}<>=\"，。、；：？！「」（）])"
)
"""Places where every vocabulary of tiktoken begins a new token: also before a word, and before a mark after a word."""


def joins(a: str, b: str) -> bool:
    """Whether `count(a + b) == count(a) + count(b)` is certain, for o200k_base and cl100k_base."""
    return not a or not b or (a[-1] == "\n" and not b[0].isspace() and b[0] != "/")


def segments(text: str) -> Iterator[str]:
    """The text cut at every seam."""
    start = 0
    for seam in _SEAM.finditer(text):
        yield text[start : seam.start()]
        start = seam.start()
    yield text[start:]


def slices(text: str) -> Iterator[tuple[str, int]]:
    """The text in pieces of at most `SLICE` characters, each with the tokens its end may hide.

    Pieces end at seams. A segment that is longer than a piece stands alone and is cut by itself,
    so that its count does not depend on what stands around it.
    """
    start = 0
    while len(text) - start > SLICE:
        end = _last_seam(text, start, start + SLICE)
        if end is None:
            end = _next_seam(text, start + SLICE)
            yield from _cut(text[start:end])
        else:
            yield text[start:end], 0
        start = end
    if start < len(text):
        yield text[start:], 0


def _last_seam(text: str, start: int, end: int) -> int | None:
    at = text.rfind("\n", start, end) + 1
    while at > start:
        if joins(text[at - 1], text[at]):
            return at
        at = text.rfind("\n", start, at - 1) + 1
    return None


def _next_seam(text: str, start: int) -> int:
    found = _SEAM.search(text, start)
    return found.start() if found else len(text)


def _cut(segment: str) -> Iterator[tuple[str, int]]:
    start = 0
    while len(segment) - start > SLICE:
        safe = _SAFE.search(segment, start + SLICE - _SEARCH, start + SLICE)
        end = safe.start() if safe else start + SLICE
        yield segment[start:end], 0 if safe else PER_HARD_CUT
        start = end
    yield segment[start:], 0
