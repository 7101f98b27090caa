"""Which messages of a session are due to be extracted, and in what batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from contextkit.clock import zone_in
from contextkit.memory.progress import Progress, Range
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import Session, SessionStore
from contextkit.types import Message
from contextkit.zones import local

BATCH: Final = 50
"""Messages extracted at once, at most: the managed service's most, too (its message trigger ends there)."""

BATCH_TOKENS: Final = 8_000
"""Tokens of messages extracted at once, at most, save for a single longer message: what leaves a small
window of 16,000 as much again for the prompt, the records and the answer. A choice, not a measurement."""


@dataclass(frozen=True, slots=True)
class Due:
    """Looks for what is due in one session, as of one moment.

    With `flush` everything new is due, whatever the triggers say. Messages have their times in the zone that `now` is
    told in.
    """

    store: SessionStore
    session: Session
    now: datetime
    flush: bool = False

    def batch(self, strategy: MemoryStrategy, progress: Progress) -> Sequence[Message]:
        """The next messages to extract together; none where nothing is due.

        After failures it is smaller, half as many for each: a message that no extraction
        survives is so set aside with few others.
        """
        done = progress.done.get(strategy.name, 0)
        new = self._after(done, BATCH)
        if not self._triggered(strategy, self.session.last_seq - done, new):
            return ()
        return _first_of(new, BATCH >> progress.attempts.get(strategy.name, 0))

    def again(self, span: Range) -> Sequence[Message]:
        """The first messages of a range that was set aside."""
        return _first_of(self._after(span.first - 1, min(BATCH, len(span))), BATCH)

    def before(self, strategy: MemoryStrategy, first: int) -> Sequence[Message]:
        """The messages just ahead of that one, to understand it by."""
        history = strategy.triggers.history
        return self._after(max(0, first - 1 - history), min(history, first - 1))

    def _after(self, done: int, count: int) -> list[Message]:
        if not count:
            return []
        last = min(done + count, self.session.last_seq)
        read = self.store.messages(self.session.actor_id, self.session.session_id, after=done, before=last + 1)
        return [local(message, zone_in(self.now)) for message in read]

    def _triggered(self, strategy: MemoryStrategy, count: int, new: Sequence[Message]) -> bool:
        triggers = strategy.triggers
        if not new or self.flush or count >= triggers.messages:
            return bool(new)
        newest = new[-1].created_at or self.now
        return _tokens(new) >= triggers.tokens or self.now - newest >= timedelta(seconds=triggers.idle)


def _first_of(messages: Sequence[Message], count: int) -> Sequence[Message]:
    """The first so many of them, or as many as are short enough together; one at least."""
    sizes = accumulate(message.tokens or 0 for message in messages)
    fitting = sum(size <= BATCH_TOKENS for size in sizes)
    return messages[: max(1, min(count, fitting))]


def _tokens(messages: Sequence[Message]) -> int:
    return sum(message.tokens or 0 for message in messages)
