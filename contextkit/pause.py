"""Pause: hours or months in which nothing was said, told where they lie.

Messages stand word for word and bear no date. "It arrives tomorrow" is news a minute later and history a week
later: a model that is not told which it is answers as if no time had passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from contextkit.blocks import block_message
from contextkit.fence import close_fence, open_fence
from contextkit.transcript import weekday
from contextkit.types import Item, Provenance, TokenCounter

PAUSE: Final = "pause"
"""What a pause is called: in its item's id, and in its fence."""

LEAST: Final = timedelta(hours=6)
"""The shortest pause worth its tokens: a night, not a lunch. Within it "now", "today" and "later" mean the same."""

IN_HOURS: Final = timedelta(days=2)
"""A pause below this is told in hours."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch of time between two messages of a session."""

    since: datetime
    until: datetime

    @classmethod
    def between(cls, before: datetime | None, after: datetime | None) -> Pause | None:
        """The pause between two messages of these times; None where there is none, or a time is not known."""
        if before is None or after is None or after - before < LEAST:
            return None
        return cls(before, after)

    def text(self, zone: tzinfo = UTC) -> str:
        """`96 days passed here, from Monday 2 March 2026 to Saturday 6 June 2026.`"""
        since, until = self.since.astimezone(zone), self.until.astimezone(zone)
        passed, days = self.until - self.since, (until.date() - since.date()).days  # the days named below
        length = f"{days} days" if passed >= IN_HOURS else f"{passed // timedelta(hours=1)} hours"
        return f"{length} passed here, from {weekday(since)} to {weekday(until)}."

    def item(self, order: int, section: str, counter: TokenCounter, zone: tzinfo) -> Item:
        """The message that tells of it in that zone, behind message number `order`."""
        return _item(self, order, section, counter, zone)


@lru_cache(maxsize=4_096)
def _item(pause: Pause, order: int, section: str, counter: TokenCounter, zone: tzinfo) -> Item:
    """Remembered: a talk of years has hundreds of nights, the same in every build."""
    message = block_message(f"{open_fence(PAUSE)}{pause.text(zone)}\n{close_fence(PAUSE)}")
    return Item(
        id=f"{PAUSE}-{order}",
        section=section,
        text=message.text,
        tokens=counter.message(message),
        order=order,
        message=message,
        provenance=Provenance(source="contextkit"),
    )


def most_pauses(times: Iterable[datetime | None]) -> int:
    """The most pauses there can be between messages of these times, whichever of them stand."""
    known = [time for time in times if time is not None]
    if not known:
        return 0
    found, earliest = 0, known[0]
    for time in known:  # of thousands, in every build
        if time - earliest >= LEAST:
            found += 1
            earliest = time
        elif time < earliest:
            earliest = time
    return found
