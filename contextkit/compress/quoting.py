"""Quoting: the best stretches of a long text, as they stand, instead of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from contextkit.compress.detect import flows
from contextkit.compress.pieces import GAP_BYTES, Outline, Piece
from contextkit.compress.search import byte_size, richest
from contextkit.compress.text import shorten_within
from contextkit.types import Span, TokenCounter


def reads_in_parts(text: str, cut: Sequence[Span]) -> bool:
    """Whether a text that is cut so is long, and each part of it reads by itself."""
    return len(cut) > 1 and flows(text)


def quoted(text: str, best: Sequence[Span], limit: int, counter: TokenCounter, *, query: str) -> str:
    """As many of these stretches of a text, which do not overlap, as count at most `limit` tokens together.

    They come best first, and stand verbatim in the text's order, every gap marked. Of the best one what bears on the
    query stands where it does not fit itself.
    """
    places = {span: place for place, span in enumerate(sorted(best))}
    outline = Outline(text, [Piece(*span) for span in places], {}, _left_out)
    sizes = [*accumulate((byte_size(text[start:end]) + GAP_BYTES for start, end in best), initial=GAP_BYTES)]

    def draft(count: int) -> str:
        return outline.draft(places[span] for span in best[:count])

    found = richest(draft, sizes.__getitem__, len(best), limit, counter)
    if found is not None and found[0]:
        return found[1].strip()
    return shorten_within(text, best[0], limit, counter, query=query)


def _left_out(text: str, _: int, end: int) -> str:
    """The mark for what is left out before this position, with the end of line that was there.

    As between pieces under one heading it is short: it stands at every passage, and the extract says how much all is.
    """
    space = "" if end == len(text) else "\n" if text[end - 1] == "\n" else " "
    return f"[…]{space}"
