"""Prose, shortened by choosing sentences.

A sentence is worth keeping for the query's terms it has (the rarer in this text, the better),
for being about what the whole text is about, for its place, and for the facts in it: numbers,
dates and names. Each term counts less once it has been shown, so that a thing said twice is
kept once. The chosen sentences stand verbatim and in order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Final

from contextkit.compress.asked import Asked, weights
from contextkit.compress.lines import in_parts, spread
from contextkit.compress.pieces import GapMark, Outline, Piece
from contextkit.rank.languages import is_foreign_text
from contextkit.rank.subwords import index_terms
from contextkit.types import Span

_FIRST: Final = 0.6
_LAST: Final = 0.3
_PLAIN: Final = 0.05
_PARAGRAPH: Final = 0.15
_NUMBER: Final = 0.25
_NAME: Final = 0.15
_MOST_FACTS: Final = 4
_QUERY_WORTH: Final = 20.0
"""What the terms of the query are worth together, the unit being a sentence about the text's main subject."""

_AROUND: Final = (1, 3, 0.15)
"""Sentences before and after one that bears on the query, and the share of its worth they get: answers stand next to
what is asked about, and mostly behind it.

Both were chosen on 25 chapters of Rust's books, asked for the first sentences of a section by its heading. Of these
29% stand in a tenth of the text and 50% in a fourth with a worth of 6, and 0.15 lent to the next sentence; 38 and 54%
with 20; 45 and 64% with 0.15 lent to three. Of facts planted in the Python reference (tests/benchmarks/compression.py)
what is asked for survives all the same, and of the others as many: a term that was shown is worth less.
"""

_END: Final = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+\s+|[。！？｡]+[”’」』）]*\s*|\n\s*")
"""Marks are looked at where a run of them begins, and once: of 100,000 dots each would be looked at from each."""

_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(\"'“])(?:[A-Za-z]|[A-Za-z]\.[A-Za-z]|mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|etc|no|nr|fig|approx|inc|ltd|co"
    r"|jr|sr|dept|est|cf|al|vol|pp|ca|bzw|z\.b|d\.h)\.$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION: Final = 8
_WRAPPED: Final = 50
"""A line at least this long that does not end a sentence goes on in the next."""

_GOES_ON: Final = re.compile(r"[^\W\d_](?!\w*:)")
_NUMBERS: Final = re.compile(r"\d+(?:[.,:/-]\d+)*")
_NAMES: Final = re.compile(r"(?<=[a-z,;] )[A-Z][\w’'-]+")


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The sentences of the spans, none of more than about `longest` characters, and what they are worth."""
    whole = [sentence for span in spans for sentence in sentences(text, span, len(text))]
    found = [part for start, end in whole for part in in_parts(text, start, end, longest)]
    starts = [start for start, _ in whole]
    return valued(text, found, [text[start:end] for start, end in found], query, partial(_left_out, starts, spans))


def valued(text: str, found: Sequence[Span], bodies: Sequence[str], query: str, gap: GapMark) -> Outline:
    """Stretches of a text that read as sentences do, and what they are worth."""
    foreign = is_foreign_text(text)
    about = [tuple(dict.fromkeys(index_terms(body, foreign=foreign))) for body in bodies]
    wanted = Asked(query).terms
    sought = [[term for term in each if term in wanted] for each in about]
    asked = weights(sought, _QUERY_WORTH)
    direct = [sum(asked[term] for term in each) for each in sought]
    lent = spread(direct, *_AROUND)
    said: set[str] = set()
    pieces: list[Piece] = []
    for n, (start, end) in enumerate(found):
        said_now = bodies[n].strip()
        if not said_now or said_now in said:
            pieces.append(Piece(start, end))
            continue
        said.add(said_now)
        pieces.append(Piece(start, end, about[n], _standing(bodies, n) + lent[n]))
    return Outline(text, pieces, _subject(about) | asked, gap)


def sentences(text: str, span: Span, longest: int) -> Iterator[Span]:
    """Sentences with the space after them; also headings, list entries and lines of a conversation."""
    start, end = span
    for match in _END.finditer(text, start, end):
        if match.end() > start and _ends_sentence(text, start, match):
            yield from in_parts(text, start, match.end(), longest)
            start = match.end()
    yield from in_parts(text, start, end, longest)


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] == "\n":
        line = match.start() - text.rfind("\n", 0, match.start()) - 1
        wrapped = line >= _WRAPPED and mark.count("\n") == 1
        return not (wrapped and _GOES_ON.match(text, match.end()))
    if mark[0] == ".":
        goes_on = "\n" not in mark and text[match.end() : match.end() + 1].islower()
        numbers = text[start : match.start()].strip().isdigit()
        near = max(start, match.start() - _LONGEST_ABBREVIATION)
        return not (goes_on or numbers or _ABBREVIATION.search(text, near, match.start() + 1))
    return True


def _subject(about: Sequence[Sequence[str]]) -> dict[str, float]:
    """What each term says about the text as a whole, scaled so that an average sentence is worth 1.

    A term weighs by the share of sentences it stands in (its probability, as in SumBasic), and
    nothing when it stands in one only.
    """
    found = Counter(chain.from_iterable(about))
    average = sum(count * count for count in found.values() if count > 1) / max(len(about), 1)
    return {term: count / average for term, count in found.items() if count > 1}


def _standing(bodies: Sequence[str], n: int) -> float:
    sentence = bodies[n]
    facts = min(len(_NUMBERS.findall(sentence)), _MOST_FACTS) * _NUMBER
    facts += min(len(_NAMES.findall(sentence)), _MOST_FACTS) * _NAME
    facts += _PLAIN
    if n == 0:
        return facts + _FIRST
    if n == len(bodies) - 1:
        return facts + _LAST
    return facts + (_PARAGRAPH if bodies[n - 1].count("\n") > 1 else 0.0)


SMALL_GAP: Final = 400
"""Characters left out that need no count: one to three sentences."""


def _left_out(starts: Sequence[int], spans: Sequence[Span], text: str, start: int, end: int) -> str:
    """The mark for what is left out between two positions, with the space that was after it.

    Where part of it was not even read, its sentences are not known, and its characters are given.
    """
    space = "\n\n" if _ends_paragraph(text, start, end) else " " if end < len(text) else ""
    if end - start <= SMALL_GAP:
        return "[…]" + space
    if not any(first <= start and end <= last for first, last in spans):
        return f"[… {end - start:,} characters left out …]" + space
    count = max(bisect_left(starts, end) - bisect_left(starts, start), 1)
    return f"[… {count:,} sentence{'s' * (count != 1)} left out …]" + space


def _ends_paragraph(text: str, start: int, end: int) -> bool:
    return "\n" in text[max(start, end - 4) : end] and end < len(text)
