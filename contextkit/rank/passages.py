"""Passages: a long text in pieces, each found by what it says itself; and the sentences of these.

As one, its few telling words would be lost among thousands: BM25 holds long texts back.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

LONG: Final = 2_000
"""Characters above which a text is indexed in passages."""

PASSAGE: Final = 1_000
"""Characters of a passage: a long turn's length, so that passages and turns compare fairly."""

INDEXED: Final = 1_000_000
"""Characters of one text that are indexed, half of them from its beginning and half from its end."""

MOST_PASSAGES: Final = 512
"""Passages of one text at the most; those of a huge one are longer instead."""


def passages(text: str) -> Iterator[str]:
    """A long text in passages; a shorter one as it is."""
    if len(text) > INDEXED:
        text = text[: INDEXED // 2] + text[-INDEXED // 2 :]
    return _cut(text, max(PASSAGE, -(-len(text) // MOST_PASSAGES))) if len(text) > LONG else iter((text,))


def _cut(text: str, size: int) -> Iterator[str]:
    """Pieces of about `size` characters, cut at the ends of a JSON value's records, or else at the ends of lines, where
    there are any."""
    records = _record_ends(text) if text.lstrip()[:1] in ("{", "[") else []
    start = 0
    while start < len(text):
        end = _record_end(records, start + size, start + 2 * size)
        if end is None:
            line_end = text.find("\n", start + size, start + 2 * size)
            end = line_end + 1 if line_end >= 0 else start + size
        yield text[start:end]
        start = end


def _record_ends(text: str) -> list[tuple[int, int]]:
    """The positions behind objects and arrays in JSON, and how deep each of them lies."""
    ends: list[tuple[int, int]] = []
    depth = 0
    for match in _JSON_MARK.finditer(text):
        mark = match.group()
        if mark in ("{", "["):
            depth += 1
        elif mark in ("}", "]"):
            depth -= 1
            ends.append((match.end(), depth))
    return ends


def _record_end(ends: list[tuple[int, int]], first: int, last: int) -> int | None:
    """Where the outermost record ends that does between two positions, so that what it is called stands with it."""
    between = ends[bisect_left(ends, (first,)) : bisect_left(ends, (last,))]
    return min(between, key=lambda end: end[1])[0] if between else None


def are_apart(text: str, one: int, other: int) -> bool:
    """Whether two positions in JSON lie in different records: neither in the other's, or in what that holds."""
    first, last = sorted((one, other))
    depth = lowest = 0
    for match in _JSON_MARK.finditer(text, 0, last):  # from the beginning: a position may be in the middle of a string
        if match.start() < first:
            continue
        depth += (match.group() in ("{", "[")) - (match.group() in ("}", "]"))
        lowest = min(lowest, depth)
    return lowest < min(0, depth)


_JSON_MARK: Final = re.compile(r'[{}\[\]]|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""Begins or ends an object or array; or a string, in which nothing does."""


def sentences(text: str) -> list[str]:
    """The sentences of a text, paragraphs apart; the text itself where it has none."""
    found = _SENTENCE_END.split(text)
    if not text.isascii():
        found = [one for piece in found for one in _WIDE_END.split(piece)]
    return [one for one in found if one and not one.isspace()] or [text]


_SENTENCE_END: Final = re.compile(r"\s(?:(?<=[.!?]\s)\s*|(?<=\n)\s*\n)")
"""The space behind a sentence's last mark, or between paragraphs; it begins with a space, which is found soon."""

_WIDE_END: Final = re.compile(r"(?<=[。！？])")
