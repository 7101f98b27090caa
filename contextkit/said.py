"""Said: what the messages of sessions say, kept warm so that no build reads them all again."""

from __future__ import annotations

import threading
from collections.abc import Container, Sequence
from typing import Final

from contextkit.dedup import SeenTexts
from contextkit.dedup.sentence import LARGEST
from contextkit.fence import BLOCK_NAME
from contextkit.recent import Recent
from contextkit.types import Item, Request

REMEMBERED: Final = 100_000
"""Texts kept of all sessions, some hundred bytes each, and ten times that of those that were read; the session used
least recently is forgotten first."""

SESSION: Final = 8
"""What a session counts for besides its texts."""


def told(item: Item) -> str:
    """What an item says and, of a message or a recalled one whose speaker has a name, who says it.

    "I take the fish" of one guest repeats nobody else's. A text that is only compared as a whole stays as it is.
    """
    name = item.message.name if item.message is not None else None
    if item.section in ("recall", "sessions"):
        name = item.provenance.title
    return f"{name}: {item.text}" if name and name != BLOCK_NAME and len(item.text) < LARGEST - len(name) else item.text


class Said:
    """The texts of one session's messages, and whether another text repeats one of them."""

    def __init__(self) -> None:
        self._texts: SeenTexts[str] = SeenTexts()
        self._read_to = 0
        self._lock = threading.Lock()

    def read(self, history: Sequence[Item]) -> None:
        """Take in the messages that are new since the last time."""
        with self._lock:
            for item in history[self._first_new(history) :]:
                self._texts.add(item.id, told(item))
                self._read_to = item.order

    def by(self, text: str, standing: Container[str]) -> str | None:
        """The id of a message that stands in the prompt and says all that `text` says."""
        with self._lock:
            return self._texts.match(text, among=standing)

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self._texts)

    def _first_new(self, history: Sequence[Item]) -> int:
        return next((len(history) - i for i, item in enumerate(reversed(history)) if item.order <= self._read_to), 0)


class SaidInSessions:
    """What was said, by session."""

    def __init__(self) -> None:
        self._sessions = Recent[tuple[object, ...], Said](REMEMBERED, lambda said: SESSION + len(said))

    def of(self, request: Request, history: Sequence[Item]) -> Said:
        """What the request's session has said, brought up to date with its history."""
        key = (request.actor_id, request.session_id, request.life)
        with self._sessions.using(key, Said) as said:
            said.read(history)
        return said
