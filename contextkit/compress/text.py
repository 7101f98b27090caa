"""`shorten`: a shorter form of any text, by what the text is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from contextkit.compress.detect import outliner_of
from contextkit.compress.pages import page_text
from contextkit.compress.pieces import Outline, Ranking, fit
from contextkit.compress.sample import parts
from contextkit.compress.search import byte_size, fits, richest
from contextkit.compress.structured import LARGEST, parse, parse_lines, shorten_json, shorten_json_lines
from contextkit.errors import InvalidInput
from contextkit.types import Span, TokenCounter


def shorten(text: str, limit: int, counter: TokenCounter, *, query: str = "") -> str:
    """A shorter form of a text that counts at most `limit` tokens, or the text itself where it fits.

    What is kept stands verbatim and in order, and every gap is marked in its place. JSON stays
    JSON, with an entry for what was pruned; of prose, sentences are kept; of Markdown, also entries
    and blocks of code, under their headings; of logs, code, tables and diffs, lines; of XML, and of
    what is printed on several lines each, whole records. A page of HTML, or a fragment of one, is
    read as `page_text` says it, which may do. What bears on the query is kept first. The same
    arguments give the same bytes.

    However long the text, only a few hundred thousand characters of it (its ends, and where the
    query's terms and failures stand) are read; JSON and pages beyond 4 million characters are
    shortened as text. With a limit too small for a mark the result is empty. Raises `InvalidInput`
    for a negative limit.
    """
    if limit < 0:
        raise InvalidInput(f"The limit {limit} is negative.", "Pass a number of tokens, 0 or more.", value=limit)
    if fits(text, limit, counter):
        return text
    said = page_text(text)
    return _shortened(said, limit, counter, query) if said is text or not fits(said, limit, counter) else said


def _shortened(text: str, limit: int, counter: TokenCounter, query: str) -> str:
    return (
        _structured(text, limit, counter, query)
        or fit(_outline(text, limit, query, _longest(limit)), limit, counter)
        or fit(_outline(text, limit, query, _LEAST), limit, counter)
        or _cut(text, limit, counter)
    )


def shorten_within(text: str, span: Span, limit: int, counter: TokenCounter, *, query: str) -> str:
    """The same for a text that is not JSON, of which nothing is kept but what stands between two positions.

    Empty where the limit is too small for that.
    """
    outlined = outliner_of(text)
    drafts = (fit(outlined(text, [span], query, longest), limit, counter) for longest in (_longest(limit), _LEAST))
    return next(filter(None, drafts), "").strip()


def _structured(text: str, limit: int, counter: TokenCounter, query: str) -> str | None:
    """The text as pruned JSON or JSON Lines, if it is either."""
    ends = text[:_EDGE].lstrip()[:1] + text[-_EDGE:].rstrip()[-1:]
    if ends not in ("{}", "[]") or len(text) > LARGEST:
        return None
    excerpts = partial(_excerpts, query=query)
    try:
        return shorten_json(parse(text), limit, counter, query, excerpts)
    except (ValueError, RecursionError):
        pass  # not one JSON value: perhaps one on each line
    try:
        return shorten_json_lines(parse_lines(text), limit, counter, query, excerpts)
    except (ValueError, RecursionError):
        return None


_EDGE: Final = 1_000
"""Characters at either end that may be white space around JSON."""


def _excerpts(text: str, query: str) -> Callable[[int], str]:
    """What gives an excerpt of about so many characters, chosen and marked as `shorten` does; nothing is counted."""
    rankings: list[Ranking] = []

    def excerpt(characters: int) -> str:
        if characters < _CHOOSE:
            return text[:characters].rstrip() + " […]"
        if not rankings:
            rankings.append(Ranking(_outline(page_text(text), _CHOOSE, query, _USUAL)))
        return rankings[0].within(characters)

    return excerpt


_CHOOSE: Final = 200
"""Characters from which on there is something to choose; below, the beginning is taken."""


def _outline(text: str, limit: int, query: str, longest: int) -> Outline:
    spans = parts(text, limit, query)
    return outliner_of(text)(text, spans, query, longest)


def _longest(limit: int) -> int:
    """Characters of the largest piece: a small part of the limit, so that there is a choice to make."""
    return max(_USUAL, min(_MOST, limit * 4 // 5))


_LEAST: Final = 40
_USUAL: Final = 240
_MOST: Final = 800
"""Most sentences and lines have fewer than 240 characters; where not even one such piece fits, parts of 40 may."""


def _cut(text: str, limit: int, counter: TokenCounter) -> str:
    """The beginning of a text, marked; the mark alone, or nothing, where there is no room for more."""
    head = text.lstrip()[: limit * _CHARACTERS_PER_TOKEN]
    best = richest(lambda n: head[:n].rstrip() + "[…]", lambda n: byte_size(head[:n]) + 3, len(head), limit, counter)
    return best[1] if best else ""


_CHARACTERS_PER_TOKEN: Final = 8
