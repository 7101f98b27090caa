"""Apart: messages of a session that do not belong to the conversation which a prompt goes on with.

Agents may work beside each other in one session, and a graph may go back to before something was said. What others
said stays in the session, but a prompt tells it as no part of its own dialogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

Stretch: TypeAlias = tuple[int, int]
"""The sequence numbers of the first and the last of some messages in a row."""


@dataclass(frozen=True, slots=True)
class Apart:
    """What of a session a prompt leaves to others.

    * `numbers`: the sequence numbers of messages that stand neither in its history nor in its turn.
    * `unheard`: those of them that are not recalled either: they are being said at the same time, or were taken back.
    * `own`: those of messages that are known to belong to the conversation.
    * `branch`: which of those that speak at the same time this is; empty for the session's own conversation.
    """

    numbers: frozenset[int] = frozenset()
    unheard: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()
    branch: str = ""

    def still(self, left: Iterable[Stretch]) -> Apart:
        """With what the conversation's last prompt left to others, but for what belongs to it by now."""
        before = {number for first, last in left for number in range(first, last + 1)} - self.own
        return replace(self, numbers=self.numbers | before) if before else self

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The numbers as stretches without a gap, in order."""
        found: list[Stretch] = []
        for number in sorted(self.numbers):
            follows = bool(found) and found[-1][1] == number - 1
            found[-1:] = [(found[-1][0], number)] if follows else [*found[-1:], (number, number)]
        return tuple(found)


NOTHING: Final = Apart()

_found: ContextVar[Callable[[], Apart] | None] = ContextVar("contextkit_apart", default=None)


@contextmanager
def setting_apart(find: Callable[[], Apart]) -> Iterator[None]:
    """Have builds within a `with` block leave out what this finds, once they have read the session."""
    token = _found.set(find)
    try:
        yield
    finally:
        _found.reset(token)


def apart() -> Apart:
    """What the build is to leave out."""
    find = _found.get()
    return NOTHING if find is None else find()
