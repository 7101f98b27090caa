"""Records, shortened by choosing whole ones: a name without the value that belongs to it says nothing.

Markup has them as elements. Most other tools print them as blocks of lines that all begin alike, one line for each
field: YAML, TOML, calendars, address cards, indented JSON within a text, a database's expanded rows, or plain `key:
value` lines. Of those the first line of a block is the one that comes again and again, at even distances, and first.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, pairwise
from operator import sub
from statistics import median, median_low
from typing import Final

from contextkit.compress.lines import lines, lines_left_out
from contextkit.compress.pieces import Outline
from contextkit.compress.tables import Rows
from contextkit.types import Span

_LEAST: Final = 5
"""Records that make a list."""

_SHARED: Final = 0.6
"""Part of the records that have a line which belongs to what a record is."""

_ALIKE: Final = 0.6
"""Part of the lines, at the least, that belong to what a record is."""

_LABELLED: Final = 0.4
"""Part of the lines, at the least, that begin with a label, or are one, as they come again and again."""

_SHORTEST: Final = 3
"""Lines of a record, at the least: what two speakers say in turns is none."""

_EVEN: Final = 4
"""How many times as long as the usual the longest record may be that tells where others begin."""

_TITLE: Final = 3
"""Lines above a record's first field that may be what it is called."""

_LARGER: Final = 2
"""A record may have so many times the characters of other pieces and still be kept or left out as one."""

_SMALL: Final = 100
"""Characters of pieces so small that no record could be one."""

_LABEL: Final = re.compile(r"(?P<before>[^\w\n]*)(?P<name>[^\W_][\w .'/-]{0,40}?)[\"'\s]*[:=|>;](?!//)")
"""What a line begins with that names its value."""

_FIELD: Final = "\n"
"""Ends the kind of a line that begins with a label."""

_ENDS: Final = re.compile(r"\s*(?:[)\]}]|</|end\b)", re.IGNORECASE)
"""What ends a record, and never begins one."""

_ROW: Final = re.compile(r"\|[^|]")
_CELLS: Final = re.compile(r"[|;\t]")
_VARIABLE: Final = re.compile(r"\b[^\W\d]*\d\w*")
_LINE_END: Final = re.compile(r"\n")
_CHARACTERS: Final = 40
"""Those of a line without a label that tell whether it is like another."""


def outline(text: str, spans: Sequence[Span], query: str, longest: int, *, begin: str) -> Outline:
    """The records whose first fields are so, and what they are worth; what stands before them tells what they are."""
    begins = [start for start, end in lines(text, spans, len(text)) if like(text[start:end]) == begin]
    begins = _with_first(spans, _with_titles(text, begins))
    return of_begins(text, spans, query, longest, begins, _LINE_END)


def of_begins(
    text: str, spans: Sequence[Span], query: str, longest: int, begins: Sequence[int], mark: re.Pattern[str]
) -> Outline:
    """The records that begin at these positions, whose fields the mark sets apart, and what they are worth.

    Of one that is too large as a whole, parts stand under its first line.
    """
    largest, part = (_LARGER * longest, longest // 2) if longest >= _SMALL else (longest, longest)
    cut = [[*_parts(text, *record, largest, part)] for span in spans for record in _cut(span, begins)]
    found = [part for parts in cut for part in parts]
    titles = [None if n == 0 else parts[0] for parts in cut for n in range(len(parts))]
    bodies = [text[slice(*title or (0, 0))] + text[slice(*place)] for place, title in zip(found, titles, strict=True)]
    header = bisect_left(found, (begins[0],)) if begins else 0
    rows = Rows(found, bodies, [mark.split(body) for body in bodies], header)
    outlined = rows.outline(text, query, partial(_left_out, begins))
    pieces = [
        replace(piece, needs=(bisect_left(found, title),)) if title is not None and n > header else piece
        for n, (piece, title) in enumerate(zip(outlined.pieces, titles, strict=True))
    ]
    return replace(outlined, pieces=pieces)


def begin_of(some: Sequence[str]) -> str | None:
    """What the first field of each record is, where lines are records of several; else None.

    Of the kinds of line that come again and again at even distances it is the first of those that are indented least,
    if most lines are ones that most records have.
    """
    kinds, often = [*map(like, some)], Counter(some)
    constant = [often[line] >= _LEAST for line in some]
    labelled = sum(1 for kind, same in zip(kinds, constant, strict=True) if same or kind.endswith(_FIELD))
    if labelled < _LABELLED * len(kinds) or all(constant):
        return None
    places: dict[str, list[int]] = defaultdict(list)
    for n, kind in enumerate(kinds):
        places[kind].append(n)
    found = (kind for kind, begins in places.items() if not _ENDS.match(kind) and _begin_records(kinds, begins))
    return min(found, key=_indent, default=None)


def _begin_records(kinds: Sequence[str], begins: Sequence[int]) -> bool:
    """Whether these lines begin records which the rest of the lines are."""
    if len(begins) < _LEAST:
        return False
    ends = [*begins[1:], len(kinds)]
    sizes = [end - begin for begin, end in zip(begins, ends, strict=True)]
    usual = median(sizes)
    if usual < _SHORTEST or begins[0] > 2 * usual or max(sizes) > _EVEN * usual:
        return False
    records = [Counter(kinds[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    having = Counter(kind for record in records for kind in record)
    shared = {kind for kind, times in having.items() if times >= _SHARED * len(records)}
    lines_shared = sum(times for record in records for kind, times in record.items() if kind in shared)
    return len(shared) > 1 and lines_shared >= _ALIKE * sum(sizes)


def like(line: str) -> str:
    """What a line has in common with those of other records: what stands before its value, or all but its numbers."""
    bare = line.strip()
    if _ROW.match(bare) or sum(1 for cell in _CELLS.split(bare) if cell.strip()) > 2:
        return "|"  # a row of a table, whatever its first cell
    label = _LABEL.match(line)
    if label is None:
        return _VARIABLE.sub("#", line[:_CHARACTERS].rstrip())
    return _VARIABLE.sub("#", label["before"] + label["name"]) + _FIELD


def _with_first(spans: Sequence[Span], begins: list[int]) -> list[int]:
    """Where the records begin, and the first of them, before which a bracket may stand that those after it lack."""
    start = spans[0][0]
    usual = median(end - begin for begin, end in pairwise(begins)) if len(begins) > 1 else 0
    return [start, *begins] if begins and _AS_LONG * usual < begins[0] - start < usual / _AS_LONG else begins


_AS_LONG: Final = 0.7
"""Part of the characters that a usual record has, at the least, which tells that one stands before the others."""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _with_titles(text: str, begins: Sequence[int]) -> list[int]:
    """Where the records begin whose first fields do here, with as many lines of title as most of them have."""
    above = [_title(text, begin) for begin in begins]
    usual = median_low(map(len, above)) if above else 0
    return [found[usual - 1] if usual and len(found) >= usual else n for n, found in zip(begins, above, strict=True)]


def _title(text: str, begin: int) -> list[int]:
    """Where the lines above begin that belong to this one, the nearest first: those down from a blank one or a heading,
    or less indented."""
    above = text[max(0, begin - _REACH) : begin].splitlines(keepends=True)[::-1]
    starts = list(accumulate(map(len, above), sub, initial=begin))[1:]
    block = next((n for n, line in enumerate(above[: _TITLE + 1]) if not line.strip()), None)
    if block == 0 and above[1:] and above[1].startswith("#"):
        return starts[:2]
    if block is None:
        indent = _indent(text[begin : begin + _REACH])
        block = next((n for n, line in enumerate(above) if _indent(line) >= indent), len(above))
    return starts[: min(block, _TITLE)]


_REACH: Final = 400
"""Characters above a record that are looked at for what it is called."""


def _cut(span: Span, begins: Sequence[int]) -> Iterator[Span]:
    """A stretch, cut where records begin."""
    start, end = span
    for cut in begins[bisect_left(begins, start + 1) : bisect_left(begins, end)]:
        yield start, cut
        start = cut
    yield start, end


def _parts(text: str, start: int, end: int, largest: int, part: int) -> Iterator[Span]:
    """A record as it is; a larger one as its first line, and then whole lines, up to so many characters a part."""
    if end - start <= largest:
        yield start, end
        return
    for n, (line, line_end) in enumerate(lines(text, [(start, end)], part)):
        if n == 1 or (n and line_end - start > part):
            yield start, line
            start = line
    yield start, end


def _left_out(begins: Sequence[int], text: str, start: int, end: int) -> str:
    """The mark for what is left out between two positions, in records where there are whole ones."""
    first, last = bisect_left(begins, start), bisect_left(begins, end)
    count = last - first
    if not count or begins[first] != start:
        return lines_left_out(text, start, end)
    return f"[… {count:,} record{'s' * (count != 1)} left out …]" + "\n" * (text[end - 1] == "\n")
