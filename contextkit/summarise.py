"""Summarise: what the history cursor has moved past, kept in a few lines of the stable prefix.

The cursor moving on breaks the provider's cached prefix anyway, so that is when the summary
changes, and the only time. It reads the messages that just left the window and nothing older.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contextkit.blocks import line_tokens, section_cost
from contextkit.compress.summary import Summarizer, Summary, roll
from contextkit.deadline import begun, timely
from contextkit.strategy import Section, tokens_of
from contextkit.types import Item, Message, Notice, Provenance, Request, TokenCounter
from contextkit.zones import local

LEAST: Final = 32
"""Tokens below which a summary says nothing worth a place."""


def summary_item(stored: str | None, counter: TokenCounter) -> Item | None:
    """The stored summary as a candidate of the stable prefix; None where there is none."""
    summary = Summary() if stored is None else Summary.from_json(stored)
    if not summary.shown:
        return None
    return Item(
        id="summary",
        section="summary",
        text=summary.shown,
        tokens=line_tokens(counter, "", summary.shown),
        provenance=Provenance(source=f"summary by {summary.made_by}"),
    )


def rolled(
    request: Request, section: Section, left: Sequence[Message], available: int, summarizer: Summarizer | None
) -> tuple[str, Notice | None]:
    """The summary with the messages that just left the window in it, as the view keeps it.

    A summarizer that fails or takes longer than the section's deadline is replaced by an
    extract, with a notice.
    """
    stored = request.view.summary
    before = None if stored is None else Summary.from_json(stored)
    room = tokens_of(section.ceiling, available) - section_cost(section.name, request.counter) - 2
    timely = None if summarizer is None else _Timely(summarizer, section.deadline)
    said = [local(message, request.zone) for message in left]
    summary, problem = roll(before, said, max(room, LEAST), request.counter, summarizer=timely)
    return summary.to_json(), None if problem is None else Notice("summary extracted", problem)


class _Timely:
    """A summarizer that raises `TimeoutError` when it takes too long; its thread is left behind."""

    def __init__(self, summarizer: Summarizer, deadline: float) -> None:
        self.name = getattr(summarizer, "name", type(summarizer).__name__)
        self._summarizer = summarizer
        self._deadline = deadline

    def __call__(self, previous: str, turns: Sequence[Message], limit: int) -> str:
        return timely(begun("summarizer", lambda: self._summarizer(previous, turns, limit)), self._deadline)
