"""An extractor whose facts a test writes into its messages: `employer of Ana: Ana works at Acme.`"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from contextkit.errors import ExtractionFailed
from contextkit.memory.facts import Batch, Fact
from contextkit.memory.strategy import MemoryStrategy
from contextkit.types import Message

MONDAY = datetime(2024, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def day(number: int) -> datetime:
    """Noon, so many days after the first Monday of 2024."""
    return MONDAY + number * DAY


def said(text: str, on: int = 0, *, subject: str = "", value: str = "", by: str = "m", ends: bool = False) -> Fact:
    """A fact said on that day, in the message of that id."""
    return Fact(text=text, sources=(by,), said_at=day(on), subject=subject, value=value, ends=ends)


class Sayings:
    """Makes a fact of each message of the user, once it has raised what `mishaps` says for its calls in turn."""

    def __init__(self, mishap: Callable[[int], Exception | None] = lambda _: None) -> None:
        self.batches: list[Batch] = []
        self._mishap = mishap

    def __call__(self, _: MemoryStrategy) -> Sayings:
        return self

    def extract(self, batch: Batch) -> list[Fact]:
        self.batches.append(batch)
        error = self._mishap(len(self.batches))
        if error is not None:
            raise error
        return [fact_of(message) for message in batch.messages if message.role == "user"]


def every_third(call: int) -> Exception | None:
    """Fails in calls 3, 6, 9 …"""
    return None if call % 3 else ExtractionFailed("The model answered: Error 503, overloaded.", "Try again later.")


def fact_of(message: Message) -> Fact:
    """`subject: text`, or the text alone; `subject: -` ends the subject."""
    subject, colon, text = message.text.partition(": ")
    assert message.id is not None
    assert message.created_at is not None
    return Fact(
        text=text if colon else message.text,
        sources=(message.id,),
        said_at=message.created_at,
        subject=subject if colon else "",
        ends=text == "-",
    )


def turns(texts: Sequence[str], start: int = 1) -> list[Message]:
    """One message of the user for each text, a day apart, named m1, m2 …"""
    return [
        Message(role="user", content=text, id=f"m{number}", created_at=day(number))
        for number, text in enumerate(texts, start)
    ]
