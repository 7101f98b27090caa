"""Markdown, shortened by choosing sentences, entries of lists, rows of tables and blocks of code.

What is kept stands under its headings, code between its fences, and a list or code behind the sentence that leads to
it; a heading of which nothing is kept is left out. Badges, tags and the addresses of links say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from contextkit.compress.asked import Asked
from contextkit.compress.lines import lines, lines_left_out
from contextkit.compress.pieces import Outline, Piece
from contextkit.compress.prose import SMALL_GAP, sentences, valued
from contextkit.compress.tables import is_rule
from contextkit.types import Span

_Kind: TypeAlias = Literal["heading", "text", "entry", "code", "line", "table", "silent"]

_HEADING: Final = re.compile(r" {0,3}(?P<level>#{1,6})[ \t]+\S.{0,200}$")
_ENTRY: Final = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+\S")
_FENCE: Final = re.compile(r"\s*(?P<fence>```+|~~~(?!~))[^`\n]{0,80}$")
_SILENT: Final = re.compile(
    r"\s*(?:\[?!\[(?!!)|\[[^\]]+\]:\s|<!--|</?[a-z][^<>]*>\s*$|(?:[-*_]\s*){3,}$)", re.IGNORECASE
)
"""Pictures and badges, where links go to, comments, tags alone, and rules."""

_ENDED: Final = re.compile(r"[.!?:…。！？][\"'”’)\]*_`]*\s*$")
_LEADS: Final = re.compile(r":[*_]*\s*$")
_MARKED: Final = re.compile(r"\]\(|\*\*|`")

_OF_SECTION: Final = (0.6, 20)
"""Share of what a heading is worth for the query that the pieces under it get, and after how many that is half."""

_OF_LINES: Final = 0.3
"""Share of what a sentence would be worth that a row or a line of a long block of code is: it says little by itself."""

_OPENS: Final = (1.0, 0.5)
"""What a title and the first words, and those under any other heading, are worth beside what they say: they tell what
follows."""

_WHOLE: Final = 400
"""Characters of a block of code that is kept or left out as one."""


def is_markdown(some: Sequence[str]) -> bool:
    """Whether these lines, none of them blank, may be Markdown with headings or blocks of code; or a script with
    comments."""
    levels = [len(found["level"]) for line in some if (found := _HEADING.match(line))]
    fences = sum(1 for line in some if _FENCE.match(line))
    if fences:
        return fences > 1 or bool(levels)
    return len(levels) > 1 and max(levels) > 1 and any(_MARKED.search(line) or _ENTRY.match(line) for line in some)


def prose_of(some: Sequence[str]) -> Iterator[str]:
    """Of these lines those that are neither headings nor in a block of code, nor lead to one."""
    fenced = False
    for line in some:
        if _FENCE.match(line):
            fenced = not fenced
        elif not (fenced or _HEADING.match(line) or _LEADS.search(line)):
            yield line


def outline(text: str, spans: Sequence[Span], query: str, longest: int) -> Outline:
    """The pieces of the spans and what they are worth."""
    reader = _Reader(text, longest)
    for span in spans:
        reader.read(span)
    found = reader.found
    bodies = [text[one.start : one.end] if one.kind != "silent" else "" for one in found]
    plain = valued(text, [(one.start, one.end) for one in found], bodies, query, _left_out)
    wanted = Asked(query)
    asked = {
        n: sum(plain.weights.get(term, 0.0) for term in wanted.found(bodies[n]))
        for n, one in enumerate(found)
        if one.kind == "heading"
    }
    pieces = [_in_section(piece, n, found[n], asked, wanted.terms) for n, piece in enumerate(plain.pieces)]
    return replace(plain, pieces=pieces)


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of Markdown that is kept or left out as one: by their indices, the headings it stands under, and what
    else it is never shown without; and whether it is the first under its heading."""

    start: int
    end: int
    kind: _Kind
    under: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    opens: bool = False


class _Reader:
    """Cuts Markdown into parts."""

    def __init__(self, text: str, longest: int) -> None:
        self.found: list[_Part] = []
        self._text = text
        self._longest = longest
        self._headings: list[tuple[int, int]] = []
        """The level and the index of each heading that what follows stands under."""
        self._titled = False
        """Whether there was a heading. The first is a title where it is of the first level, and kept for its worth."""
        self._opening = True
        """Whether what follows is the first under its heading."""
        self._lead: tuple[int, ...] = ()
        """The sentence that leads to the list that follows, and what that needs."""

    def read(self, span: Span) -> None:
        """The parts of a stretch, which begins and ends with a line."""
        for kind, start, end in _blocks(self._text, span):
            if kind == "heading":
                self._heading(start, end)
            elif kind == "code":
                self._code(start, end)
            elif kind == "table":
                self._table(start, end)
            else:
                self._sentences(kind, start, end)

    def _add(self, kind: _Kind, start: int, end: int, after: tuple[int, ...] = ()) -> None:
        under = tuple(index for _, index in self._headings if index < len(self.found))
        opens = self._opening and kind in ("text", "entry", "code")
        self.found.append(_Part(start, end, kind, under, after, opens))
        self._opening = self._opening and kind == "silent"

    def _heading(self, start: int, end: int) -> None:
        level = len(self._text[start:end].split(maxsplit=1)[0])
        self._headings = [each for each in self._headings if each[0] < level]
        self._lead = ()
        if level == 1 and not self._titled:
            self._add("text", start, end)
        else:
            self._headings.append((level, len(self.found)))
            self._add("heading", start, end)
        self._titled = self._opening = True

    def _sentences(self, kind: _Kind, start: int, end: int) -> None:
        after = self._lead if kind == "entry" else ()
        for piece in _flowing(self._text, start, end, self._longest):
            self._add(kind, *piece, after)
        if kind == "text":
            self._lead = self._leading()

    def _leading(self) -> tuple[int, ...]:
        """The part before, and what that needs, where it leads to what follows."""
        if not self.found or not _LEADS.search(self._text[self.found[-1].start : self.found[-1].end]):
            return ()
        return (*self.found[-1].after, len(self.found) - 1)

    def _code(self, start: int, end: int) -> None:
        """A block of code: one with the sentence that leads to it where both are short, in lines where it is long."""
        after, whole = self._leading(), max(self._longest, _WHOLE)
        closing = self._text.rfind("\n", start, start + len(self._text[start:end].rstrip())) + 1
        if after and end - self.found[-1].start <= whole:
            self.found[-1] = replace(self.found[-1], end=end)
            return
        if end - start <= whole or not closing:
            self._add("code", start, end, after)
            return
        opening, *within = lines(self._text, [(start, closing)], self._longest)
        fences = (*after, len(self.found), len(self.found) + len(within) + 1)
        self._add("silent", *opening)
        for piece in within:
            self._add("line", *piece, fences)
        self._add("silent", closing, end)

    def _table(self, start: int, end: int) -> None:
        rows = list(lines(self._text, [(start, end)], self._longest))
        header = 2 if len(rows) > 1 and is_rule(self._text[slice(*rows[1])]) else 0
        first = len(self.found)
        for n, row in enumerate(rows):
            self._add("table", *row, (*self._lead, *(range(first, first + header) if n >= header else ())))


def _blocks(text: str, span: Span) -> Iterator[tuple[_Kind, int, int]]:
    """Headings, paragraphs, entries, tables and blocks of code, each with the blank lines after it."""
    start, end = span
    begun = list(_begun(text, span)) or [("silent", start)]
    starts = [start, *(begin for _, begin in begun[1:]), end]
    for (kind, _), (begin, stop) in zip(begun, pairwise(starts), strict=True):
        yield kind, begin, stop


def _begun(text: str, span: Span) -> Iterator[tuple[_Kind, int]]:
    """What begins within a stretch, and where."""
    start, end = span
    kind: _Kind | None = None
    fence, blank = "", False
    for begin, stop in lines(text, [span], end - start):
        line = text[begin:stop]
        if fence:
            fence = "" if line.strip() == fence else fence
            continue
        if not line.strip():
            blank = True
            continue
        opening = _FENCE.match(line)
        now: _Kind = "code" if opening else _kind_of(line)
        if not _goes_on(kind, now, blank, line):
            yield now, begin
            kind = now
        fence, blank = opening["fence"] if opening else "", False


def _kind_of(line: str) -> _Kind:
    """What begins with a line that is neither blank nor a fence."""
    if _SILENT.match(line):
        return "silent"
    if _HEADING.match(line):
        return "heading"
    if line.lstrip()[0] == "|":
        return "table"
    return "entry" if _ENTRY.match(line) else "text"


def _goes_on(kind: _Kind | None, now: _Kind, blank: bool, line: str) -> bool:
    """Whether a line goes on with the block before it."""
    if now == "table":
        return kind == "table" and not blank
    if now != "text":
        return False
    return (kind in ("text", "entry") and not blank) or (kind == "entry" and line[0] in " \t")


def _flowing(text: str, start: int, end: int, longest: int) -> Iterator[Span]:
    """Sentences, which in Markdown go on from line to line however short these are."""
    for begin, stop in sentences(text, (start, end), longest):
        if start < begin and (_ENDED.search(text[start:begin]) or stop - start > longest):
            yield start, begin
            start = begin
    yield start, end


def _in_section(piece: Piece, n: int, part: _Part, asked: Mapping[int, float], wanted: frozenset[str]) -> Piece:
    """The piece with what its headings lend to it, and what it needs; headings are not chosen for themselves."""
    if part.kind in ("heading", "silent"):
        return Piece(piece.start, piece.end, needs=part.under)
    if part.kind in ("line", "table"):
        about = tuple(term for term in piece.terms if term in wanted)
        piece = replace(piece, terms=about, bonus=piece.bonus * _OF_LINES)
    share, half = _OF_SECTION
    lent = max((asked[head] * share / (1 + (n - head) / half) for head in part.under), default=0.0)
    opens = _OPENS[bool(part.under)] if part.opens else 0.0
    return replace(piece, bonus=piece.bonus + lent + opens, needs=tuple(dict.fromkeys((*part.under, *part.after))))


def _left_out(text: str, start: int, end: int) -> str:
    """The mark for what is left out between two positions, with the space that was after it."""
    if (not start or text[start - 1] == "\n") and text[end - 1] == "\n":
        return lines_left_out(text, start, end) + "\n" * text.endswith("\n\n", start, end)
    space = "\n\n" if text.endswith("\n\n", start, end) else "\n" if text[end - 1] == "\n" else " "
    if end - start <= SMALL_GAP:
        return "[…]" + space
    return f"[… {end - start:,} characters left out …]" + space
