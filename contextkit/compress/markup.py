"""Markup, shortened by choosing elements: data (XML) is mostly one record after another, which are chosen as the rows
of a table are. What a page says is text (see `pages`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from contextkit.compress.lines import in_parts, lines_left_out
from contextkit.compress.pieces import Outline
from contextkit.compress.tables import Rows
from contextkit.types import Span

_TEMPLATE: Final = re.compile(r"\s*<(?:\?(?:php\b|=)|%|(?:template|script|style)\b)", re.IGNORECASE)
_EXPRESSION: Final = re.compile(r"<[a-z][^<>]*\s[\w:-]+=\{", re.IGNORECASE)
"""What an attribute is in JSX, and never in XML."""

_TAG: Final = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z_][\w:.-]*)(?:\s[^<>]*)?>")
_LEAST: Final = 5
"""Elements of one name that make a list of records."""

_DENSE: Final = 200
"""Characters for each tag, at most, of a text that is markup."""

_LOOKED_AT: Final = 40_000
"""Characters that tell what the records are."""

_MARKS: Final = re.compile(r"[<>\"']")
"""What stands around names, attributes and texts."""


def is_template(text: str) -> bool:
    """Whether a text is code that begins with a tag: PHP, JSP, JSX, or a component of Vue or Svelte."""
    if text.lstrip()[:1] != "<":
        return False
    return _TEMPLATE.match(text) is not None or _EXPRESSION.search(text[:_LOOKED_AT]) is not None


def data(text: str, spans: Sequence[Span], query: str, longest: int, *, record: str) -> Outline:
    """The elements of that name in XML and what they are worth; what stands before them tells what they are."""
    tags = (tag for span in spans for tag in _TAG.finditer(text, *span))
    begins = [tag.start() for tag in tags if tag["name"] == record and not tag["close"]]
    found = [piece for span in spans for each in _cut(span, begins) for piece in in_parts(text, *each, longest)]
    bodies = [text[start:end] for start, end in found]
    header = bisect_left(found, (begins[0],)) if begins else 0
    rows = Rows(found, bodies, [_MARKS.split(body) for body in bodies], header)
    return rows.outline(text, query, partial(_left_out, begins))


def record_of(text: str) -> str | None:
    """The name of the element of which XML is a list: of those that come again and again, the one that does least
    often, and of these the first. None where there is none, or the text is no XML."""
    if text.lstrip()[:1] != "<":
        return None
    tags = list(_TAG.finditer(text[:_LOOKED_AT]))
    closed = sum(1 for tag in tags if tag["close"] or tag[0].endswith("/>"))
    if closed < _LEAST or len(tags) * _DENSE < len(text[:_LOOKED_AT]):
        return None
    count = Counter(tag["name"] for tag in tags if not tag["close"])
    return min((name for name, times in count.items() if times >= _LEAST), key=count.__getitem__, default=None)


def _cut(span: Span, begins: Sequence[int]) -> Iterator[Span]:
    """A stretch, cut where records begin."""
    start, end = span
    for cut in begins[bisect_left(begins, start + 1) : bisect_left(begins, end)]:
        yield start, cut
        start = cut
    yield start, end


def _left_out(begins: Sequence[int], text: str, start: int, end: int) -> str:
    """The mark for what is left out between two positions, in records where there are whole ones."""
    first, last = bisect_left(begins, start), bisect_left(begins, end)
    count = last - first
    if not count or begins[first] != start:
        return lines_left_out(text, start, end)
    return f"[… {count:,} record{'s' * (count != 1)} left out …]" + "\n" * (text[end - 1] == "\n")
