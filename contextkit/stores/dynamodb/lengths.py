"""Lengths: about how long messages are, so that as many are read along with a session as its window holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contextkit.types import Message

TOKENS: Final = 64
"""Tokens of a message, as far as none is known: between a chat's, of 30 to 60, and an agent's."""

FEWEST: Final = 16
"""Messages read along, however small the window is."""

UNKNOWN_MOST: Final = 256
"""Messages read along at the most before any is known: the rest is read when it is known how long they are."""

MOST: Final = 2_048
"""The same afterwards: about what one page of a query holds."""

SPARE: Final = 1.125
"""More are read along than the mean asks for: a few too many cost less than another call for a few too few."""

_WEIGHT: Final = 64
"""What was known counts for as many messages at the most, so that what was seen last counts for more."""


class Lengths:
    """The mean length of messages as this process has read and written them. Shared by threads.

    It is only a guess at the next session's. Of two threads that learn at once one may be forgotten.
    """

    def __init__(self) -> None:
        self._mean = float(TOKENS)
        self._known = 0

    def learn(self, messages: Sequence[Message]) -> None:
        sizes = [message.tokens for message in messages if message.tokens is not None]
        if sizes:
            part = len(sizes) / (len(sizes) + self._known)
            self._mean += part * (sum(sizes) / len(sizes) - self._mean)
            self._known = min(self._known + len(sizes), _WEIGHT)

    def messages(self, tokens: int) -> int:
        """About how many messages hold so many tokens."""
        most = MOST if self._known else UNKNOWN_MOST
        return min(max(round(SPARE * tokens / max(self._mean, 1.0)), FEWEST), most)
