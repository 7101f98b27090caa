"""Markup, shortened by choosing elements: data (XML) is mostly one record after another, which are chosen as the rows
of a table are. What a page says is text (see `pages`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from contextkit.compress import records
from contextkit.compress.pieces import Outline
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
    return records.of_begins(text, spans, query, longest, begins, _MARKS)


def record_of(text: str) -> str | None:
    """The name of the element of which XML is a list: of those that come again and again, the one that does least
    often, and of these the first. None where there is none, or the text is no XML.

    Of a record in whose middle the look ends, the first elements come once more than the others."""
    if text.lstrip()[:1] != "<":
        return None
    tags = list(_TAG.finditer(text[:_LOOKED_AT]))
    closed = sum(1 for tag in tags if tag["close"] or tag[0].endswith("/>"))
    if closed < _LEAST or len(tags) * _DENSE < len(text[:_LOOKED_AT]):
        return None
    count = Counter(tag["name"] for tag in tags if not tag["close"])
    often = {name: times for name, times in count.items() if times >= _LEAST}
    return next((name for name, times in often.items() if times <= min(often.values()) + 1), None)
