"""What a text is, for the purpose of shortening it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Final, TypeAlias

from contextkit.compress import code, diff, logs, markdown, markup, prose, records, tables, usage
from contextkit.compress.html import is_page
from contextkit.compress.pieces import Outline
from contextkit.types import Span

Outliner: TypeAlias = Callable[[str, Sequence[Span], str, int], Outline]
"""Cuts the spans of a text into pieces of at most so many characters, and says what each is worth for a query."""

_LOOKED_AT: Final = 200
"""Lines that decide."""

_IN_RECORDS: Final = 400
"""The same for whether they are records of several: these may be long."""

_MEASURED: Final = 40_000
"""Characters those lines are taken from."""

_CODE: Final = re.compile(
    r"\s*(?:[^\s].*[{};,(\[:]|[})\]].*|(?:@|#include|#\[|//|/\*|\*/|\"\"\"|[']{3}).*"
    r"|(?:def|class|import|from|function|func|fn|pub|const|let|var|return|if|for|while|try|except|raise|throw|package|using"
    r"|static|async|await|export|pass|break|continue|assert|del|yield|end|else)\b.*"
    r"|[\w.\[\]\"'$]+\s*(?:[-+*/|&:]?=|:=)\s*\S.*|[\w.]+\(.*\))\s*$"
)
"""A line as most languages have them: opening or closing something, set by a keyword, assigning, or calling."""

_DEFINES: Final = re.compile(r"from [\w.]+ import |import [\w.]+$|(?:async )?def \w+\(|class \w+[^.]*:$|#!|\"\"\"")
"""A line that begins what only a script has: Markdown has it in blocks of code, as a rule."""

_SENTENCE_END: Final = re.compile(r"[.!?。！？][\"'”’)\]]*\s*$")
_STAMPED: Final = re.compile(
    r"\s*[\[(<]?(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\w{3} +\d+ \d\d:\d\d|\d{10,}|"
    r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b)",
    re.IGNORECASE,
)


def outliner_of(text: str) -> Outliner:
    """How to cut a text that is not JSON."""
    if diff.is_diff(text[:_MEASURED]):
        return diff.outline
    lines = [line for line in text[:_MEASURED].splitlines()[:_IN_RECORDS] if line.strip()]
    some = lines[:_LOOKED_AT]
    if not any(map(_DEFINES.match, some)) and (begin := records.begin_of(lines)):
        return partial(records.outline, begin=begin)
    if markdown.is_markdown(some) and not _is_script(list(markdown.prose_of(some))):
        return markdown.outline
    if markup.is_template(text):
        return code.outline
    if record := markup.record_of(text):
        return partial(markup.data, record=record)
    if len(some) < _FEW:
        return prose.outline
    if mark := tables.separated(some):
        return partial(tables.outline, mark=mark)
    reads = _reads_as_prose(some)
    if _share(some, _STAMPED) >= _MANY or (not reads and "Traceback (most recent call last)" in text[:_MEASURED]):
        return logs.outline
    if usage.is_usage(some):
        return usage.outline
    if _share(some, _CODE) >= _MOST:
        return code.outline
    if tables.aligned(some):
        return partial(tables.outline, mark=tables.GAP)
    return prose.outline if reads else logs.outline


def flows(text: str) -> bool:
    """Whether a part of the text reads by itself: it is prose or Markdown, and no data, code, log, table or page."""
    if text.lstrip()[:1] + text.rstrip()[-1:] in ("{}", "[]"):
        return False
    return not is_page(text) and outliner_of(text) in (prose.outline, markdown.outline)


_FEW: Final = 4
_MANY: Final = 0.3
_MANY_OF_SCRIPT: Final = 0.45
_MOST: Final = 0.6


def _share(some: list[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for line in some if pattern.match(line)) / len(some)


def _is_script(some: list[str]) -> bool:
    """Whether lines beside what may be headings are code, so that these are its comments."""
    return bool(some) and (any(map(_DEFINES.match, some)) or _share(some, _CODE) >= _MANY_OF_SCRIPT)


def _reads_as_prose(some: list[str]) -> bool:
    """Sentences that end where lines end, or lines that go on in the next with a word in small letters."""
    ended = sum(1 for line in some if _SENTENCE_END.search(line))
    goes_on = sum(1 for line, after in pairwise(some) if len(line) >= _WRAPPED and _goes_on(line, after))
    return (ended + goes_on) / len(some) >= _MANY or _average(some) > _LONG


def _goes_on(line: str, after: str) -> bool:
    """Whether a sentence may go on from one line to the next: not in a path, or what begins with a hash.

    Of lines that are indented alike, only behind a word: the calls in which an error arose end in brackets.
    """
    indent = len(line) - len(line.lstrip())
    if len(after) - len(after.lstrip()) != indent:
        return False
    end = _OPEN_WORD if indent else _OPEN_END
    return after[indent].islower() and _WORD.match(after, indent) is not None and end.search(line) is not None


_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*(?:[\s,.;:!?)\"”]|$)")
_OPEN_END: Final = re.compile(r"[\w,;:'’\"”)–—-]\s*$")
_OPEN_WORD: Final = re.compile(r"[\w,;]\s*$")

_WRAPPED: Final = 40
"""Characters of a line that may go on in the next."""

_LONG: Final = 300
"""Characters of a line that is a paragraph."""


def _average(some: list[str]) -> float:
    return sum(map(len, some)) / len(some)
