"""Recall in a channel: what of LoCoMo's evidence is found where many people talk at once.

    python -m tests.benchmarks.channel --data FILE [--budget 500 1000 2000 4000] [--systems NAME …]

All conversations of the file are one session, as in a channel of a chat: up to ten people, whose
names stand on their messages. Exchanges, a LoCoMo session each, come in the order of their dates:

* `exchange after exchange`: each whole,
* `bursts of 3 to 6`: five at a time, in turns of so many messages, so three or four pairs talk at once,
* `message by message`: the same five, in turns of one message.

Exchanges that run at once bear the date of the middle one, which moves them by days. Conversations
are moved by whole years to the last one's, along with the years that they and their questions name,
or they would hardly meet. Where two conversations have a speaker of one name, the channel has one
person who talks with both. Everything else is as in `locomo`. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from contextkit import Message
from tests.benchmarks.locomo import measured_of, systems
from tests.benchmarks.locomo_data import Conversation, conversations

AT_ONCE: Final = 5
"""Exchanges that run at the same time."""

Turns: TypeAlias = tuple[int, int]
"""The fewest and the most messages that an exchange gets in before another goes on."""

DEGREES: Final[dict[str, Turns | None]] = {
    "exchange after exchange": None,
    "bursts of 3 to 6": (3, 6),
    "message by message": (1, 1),
}

Place: TypeAlias = tuple[int, int]
"""A message: the number of its conversation, and its row there."""

Exchange: TypeAlias = list[Place]


def channel(data: Sequence[Conversation], turns: Turns | None, seed: int = 7) -> Conversation:
    """All conversations as one session, interleaved in turns of so many messages; without turns, not at all."""
    data = in_one_year(data)
    drawn, order, messages = random.Random(seed), dict[Place, int](), list[Message]()
    found, at_once = exchanges(data), AT_ONCE if turns else 1
    for group in (found[first : first + at_once] for first in range(0, len(found), at_once)):
        number, row = group[len(group) // 2][0]
        date = data[number].messages[row].created_at
        for place in interleaved(group, turns, drawn) if turns else group[0]:
            order[place] = len(messages)
            said = data[place[0]].messages[place[1]]
            messages.append(
                replace(said, id=f"{place[0]}:{said.id}", role="user", seq=len(messages) + 1, created_at=date)
            )
    questions = [
        replace(question, evidence=tuple(order[number, row] for row in question.evidence))
        for number, conversation in enumerate(data)
        for question in conversation.questions
    ]
    return Conversation(messages, questions)


def exchanges(data: Sequence[Conversation]) -> list[Exchange]:
    """The exchanges of all conversations, in the order of their dates."""
    found: dict[tuple[datetime, int], Exchange] = {}
    for number, conversation in enumerate(data):
        for row, message in enumerate(conversation.messages):
            found.setdefault((dated(message), number), []).append((number, row))
    return [found[begun] for begun in sorted(found)]


def interleaved(group: Sequence[Exchange], turns: Turns, drawn: random.Random) -> Iterator[Place]:
    """The messages of exchanges that run at once: who goes on is drawn, the more often the more there is to say.

    Exchanges of one conversation follow each other.
    """
    left: dict[int, list[Place]] = {}
    for exchange in group:
        left.setdefault(exchange[0][0], []).extend(exchange)
    last = -1
    while left:
        others = [number for number in left if number != last] or list(left)
        (last,) = drawn.choices(others, [len(left[number]) for number in others])
        count = drawn.randint(*turns)
        yield from left[last][:count]
        del left[last][:count]
        if not left[last]:
            del left[last]


def in_one_year(data: Sequence[Conversation]) -> list[Conversation]:
    """The conversations moved by whole years, so that the middle of each is in the year of the last one's."""
    years = [dated(conversation.messages[len(conversation.messages) // 2]).year for conversation in data]
    return [_moved(conversation, max(years) - year) for conversation, year in zip(data, years, strict=True)]


def _moved(conversation: Conversation, years: int) -> Conversation:
    if not years:
        return conversation

    def text(said: str) -> str:
        return re.sub(r"\b20\d\d\b", lambda year: str(int(year[0]) + years), said)

    return Conversation(
        [
            replace(message, content=text(message.text), created_at=_later(dated(message), years))
            for message in conversation.messages
        ],
        [replace(question, text=text(question.text)) for question in conversation.questions],
    )


def _later(date: datetime, years: int) -> datetime:
    leap = (date.month, date.day) == (2, 29)
    return date.replace(year=date.year + years, day=28 if leap else date.day)


def dated(message: Message) -> datetime:
    """When a message was written; LoCoMo tells of all."""
    assert message.created_at is not None
    return message.created_at


def main() -> None:
    parser = argparse.ArgumentParser(description="LoCoMo evidence recall in a channel of many speakers; prints JSON.")
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo conversations, as JSON")
    parser.add_argument("--budget", type=int, nargs="+", default=[500, 1000, 2000, 4000], help="tokens, whole prompt")
    parser.add_argument("--systems", nargs="+", default=["contextkit", "bm25s"], metavar="NAME", help="as in `locomo`")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"Skipped: there is no {options.data}.", file=sys.stderr)
        return
    data = list(conversations(options.data))
    wanted = {name: make for name, make in systems(None).items() if name in options.systems}
    degrees = {
        name: dict(measured_of(wanted, [channel(data, turns)], options.budget)) for name, turns in DEGREES.items()
    }
    facts = {
        "speakers": len({message.name for conversation in data for message in conversation.messages}),
        "questions": sum(len(conversation.questions) for conversation in data),
    }
    print(json.dumps({"benchmark": "channel", **facts, "degrees": degrees}, indent=2))


if __name__ == "__main__":
    main()
