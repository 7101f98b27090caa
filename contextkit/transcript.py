"""Transcript: how recalled messages stand in a prompt.

    8 May 2023
    Caroline: I went to a support group yesterday.
    Melanie: How was it?
    25 May 2023
    …

The date stands once per run of messages of one day, the speaker in front of each message, and
its words verbatim. Every line ends in a newline and begins with neither whitespace nor a slash.
Tokenizers that split text the way tiktoken's do never join tokens across such a seam, so the
tokens of lines add up to the tokens of their transcript.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contextkit.readable import readable
from contextkit.types import Message

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def heading(message: Message) -> str:
    """What stands above the messages of one day: `8 May 2023`; empty where the date is unknown."""
    return "" if message.created_at is None else day(message.created_at)


def day(when: datetime) -> str:
    """The day of a time, in the zone that it is told in, in English: `8 May 2023`."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def weekday(when: datetime) -> str:
    """The same with its name: `Monday 8 May 2023`."""
    return f"{_WEEKDAYS[when.weekday()]} {day(when)}"


def speaker(message: Message) -> str:
    """Who speaks: the name, in a form that is safe at the start of a line, or else the role."""
    name = " ".join((message.name or "").split()).lstrip("/ ")
    return name or message.role


def line(message: Message) -> str:
    """One message as it stands in a transcript."""
    return f"{speaker(message)}: {readable(message)}\n"
