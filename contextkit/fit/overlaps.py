"""Overlaps: pieces of one document that overlap stand as the text they were cut from.

A splitter lets a piece begin with the end of the one before it, so that no sentence is torn from what
it follows on. Where both stand, the text goes on from one to the other and what they share is said
once; each stands verbatim all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contextkit.blocks import Chosen, heading, line
from contextkit.types import Form, Item, TokenCounter

LEAST: Final = 32
"""Characters of an overlap: fewer may agree by chance, and hardly pay."""

REACH: Final = 8_000
"""Characters at the end of a piece among which the next one may begin."""

_LARGER: Final = 2
"""How many times as large a piece is that is looked through for another: those of one splitter are much alike."""

_KEY: Final = 16
"""Characters by which the beginning of a piece is looked up."""

_WORD: Final = re.compile(r"\W\w{5,}")
"""Where a longer word begins: the first one in a piece begins there in the piece before it too, wherever that was cut,
and few of a text's words are as long."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """So many characters with which `before` ends and `after` begins."""

    before: Item
    after: Item
    shared: int


def joined(chosen: Sequence[Chosen], counter: TokenCounter) -> list[Chosen]:
    """What was chosen, best first, with pieces that overlap as one text, which stands in the place of the best of them.

    Each counts what its own text adds to it. What was joined before is joined anew: another piece may stand between.
    """
    passages = [one for one in chosen if one.item.passage and one.form.rung == "full"]
    whole = [one.item for one in passages]
    ranks = {item.id: rank for rank, item in enumerate(whole)}
    forms = {
        one.item.id: Form("full", alone, one.item.tokens)
        for one in passages
        if one.form.text != (alone := line(one.item, one.item.text))
    }
    for passage in _passages(whole):
        pieces = [passage[0].before, *(one.after for one in passage)]
        best = min(pieces, key=lambda item: ranks[item.id])
        written = line(best, pieces[0].text + "".join(one.after.text[one.shared :] for one in passage))
        tokens = counter.text(written)
        if tokens < sum(piece.tokens for piece in pieces):
            forms |= {
                piece.id: Form("full", written, share) if piece is best else Form("full", "", share, within=best.id)
                for piece, share in zip(pieces, _shares(passage, tokens), strict=True)
            }
    return [replace(one, form=forms[one.item.id]) if one.item.id in forms else one for one in chosen]


def holds(item: Item, other: Item) -> bool:
    """Whether the other is a piece of the item: of one document, where both small and large pieces are searched."""
    if len(item.text) < _LARGER * len(other.text) or (item.heading, item.lead) != (other.heading, other.lead):
        return False
    return bool(item.heading) and item.trusted == other.trusted and other.text in item.text


def overlaps(items: Iterable[Item]) -> Iterator[Overlap]:
    """Every two of the items, under one heading, of which one begins as the other ends."""
    under: dict[tuple[str, str, bool], list[Item]] = {}
    for item in items:
        under.setdefault((heading(item), item.lead, item.trusted), []).append(item)
    for group in under.values():
        if len(group) > 1:
            yield from _overlaps(group)


def _overlaps(group: Sequence[Item]) -> Iterator[Overlap]:
    begins: dict[str, list[tuple[Item, int]]] = {}
    for item in group:
        if word := _WORD.search(item.text):
            at = word.start()
            begins.setdefault(item.text[at : at + _KEY], []).append((item, at))
    for before in group:
        text = before.text
        for word in _WORD.finditer(text, max(0, len(text) - REACH)):
            at = word.start()
            for after, offset in begins.get(text[at : at + _KEY], ()):
                shared = len(text) - at + offset
                fits = LEAST <= shared < min(len(text), len(after.text))
                if fits and after.text.startswith(text[-shared:]):
                    yield Overlap(before, after, shared)


def _passages(items: Sequence[Item]) -> Iterator[list[Overlap]]:
    """The overlaps by which each passage goes on, in the order of its text.

    A piece goes on in one other at the most, and follows one: the longest overlaps come first, as a piece shares
    more with the next one than with the one after that.
    """
    goes_on: dict[str, Overlap] = {}
    first = {item.id: item.id for item in items}  # the first piece of each passage so far, by its last
    last = dict(first)
    for one in sorted(overlaps(items), key=lambda one: -one.shared):
        before, after = one.before.id, one.after.id
        if before in first and after in last and first[before] != after:
            goes_on[before] = one
            start, end = first.pop(before), last.pop(after)
            first[end], last[start] = start, end
    for start in last:
        if start in goes_on:
            yield list(_from(start, goes_on))


def _from(piece: str, goes_on: Mapping[str, Overlap]) -> Iterator[Overlap]:
    while (overlap := goes_on.get(piece)) is not None:
        yield overlap
        piece = overlap.after.id


def _shares(passage: Sequence[Overlap], tokens: int) -> list[int]:
    """What each piece counts of a passage: what it does alone, but for what it shares with the one before it."""
    shares = [passage[0].before.tokens, *(one.after.tokens for one in passage)]
    shared = [0, *(-(-one.after.tokens * one.shared // len(one.after.text)) for one in passage)]
    saved = sum(shares) - tokens
    for most in (shared, tuple(shares)):
        for place in range(len(shares) - 1, -1, -1):
            cut = min(saved, most[place], shares[place])
            shares[place] -= cut
            saved -= cut
    return shares
