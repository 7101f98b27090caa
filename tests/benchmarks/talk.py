"""Conversations, tools, documents and memories made up for the benchmarks, the same ones in every run.

Words are drawn as often as they occur in the demo's conversation and documents, so that common
words are common and rare ones rare, and people stay with a subject for a while: what a tokenizer
and an index take depends on little else. A message has 33 tokens on average (LoCoMo's have 38), and
as many messages bear on a question as in LoCoMo: of 700 some 20, of 2,800 some 30, by the `agent`
strategy's measure.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from contextkit.demo import load
from contextkit.rank.terms import STOPWORDS
from contextkit.stores import MemoryRecord
from contextkit.types import Message, Tool

BEGAN = datetime(2024, 1, 8, 9, 0, tzinfo=UTC)

SENTENCE = (6, 16)
"""Words of the shortest and of the longest sentence."""

SUBJECTS, SUBJECT_WORDS = 500, 30
"""Subjects there are to talk about, and the words that each has of its own."""

ON_SUBJECT = 0.25
"""The part of all words that belong to the subject."""

STAYS = (6, 40)
"""Messages after which the subject changes, at the least and at the most."""


ASKED = 5
"""Words of a message that a question about it takes up."""


class Speech:
    """Sentences drawn at random, from a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._words, self._sums = _words()

    def sentence(self, subject: Sequence[str] = ()) -> str:
        size = self.chance.randint(*SENTENCE)
        said = self.chance.choices(self._words, cum_weights=self._sums, k=size)
        if subject:
            said = [self.chance.choice(subject) if self.chance.random() < ON_SUBJECT else word for word in said]
        text = " ".join(said)
        return f"{text[0].upper()}{text[1:]}."

    def text(self, least: int, most: int, subject: Sequence[str] = ()) -> str:
        """A text of that many sentences."""
        return " ".join(self.sentence(subject) for _ in range(self.chance.randint(least, most)))

    def subject(self) -> Sequence[str]:
        return self.chance.choice(_subjects())


@cache
def _words() -> tuple[list[str], list[int]]:
    demo = load()
    texts = [message.text for message in demo.messages if message.role != "tool"]
    texts += [document.text for document in demo.documents]
    counts = Counter(word for text in texts for word in re.findall(r"[a-z']{1,14}", text.lower()))
    total, sums = 0, []
    for count in counts.values():
        total += count
        sums.append(total)
    return list(counts), sums


@cache
def _subjects() -> list[list[str]]:
    chance = random.Random(0)
    rare = [word for word in _words()[0] if len(word) > 3 and word not in STOPWORDS]
    return [chance.sample(rare, SUBJECT_WORDS) for _ in range(SUBJECTS)]


def messages(count: int, *, seed: int = 1) -> list[Message]:
    """A conversation of questions and answers, one to four sentences each, over the months."""
    speech = Speech(seed)
    found: list[Message] = []
    subject, until = speech.subject(), 0
    for number in range(count):
        if number >= until:
            subject, until = speech.subject(), number + speech.chance.randint(*STAYS)
        asked = number % 2 == 0
        found.append(
            Message(
                role="user" if asked else "assistant",
                content=speech.text(1, 3 if asked else 4, subject),
                id=f"message-{number}",
                created_at=BEGAN + number * timedelta(minutes=7),
            )
        )
    return found


def questions(said: Sequence[Message], *, seed: int = 2) -> Iterator[str]:
    """Questions without end, each about something that was said."""
    chance = random.Random(seed)
    telling = [words for message in said if len(words := _content(message.text)) >= ASKED]
    while True:
        yield f"What did we say about {' '.join(chance.sample(chance.choice(telling), ASKED))}?"


def _content(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z']{3,}", text.lower()) if word not in STOPWORDS]


def tools(count: int, *, seed: int = 3) -> list[Tool]:
    """Tools of two to five parameters."""
    speech = Speech(seed)
    return [
        Tool(
            f"tool_{number}",
            speech.sentence(),
            {
                "type": "object",
                "properties": {
                    f"value_{place}": {"type": "string", "description": speech.sentence()}
                    for place in range(2 + number % 4)
                },
                "required": ["value_0"],
            },
        )
        for number in range(count)
    ]


def documents(count: int, *, seed: int = 4) -> list[tuple[str, str]]:
    """Titles and texts of about 150 words, each on a subject."""
    speech = Speech(seed)
    return [(f"Page {number}", speech.text(10, 18, speech.subject())) for number in range(count)]


def memories(count: int, *, seed: int = 5) -> list[MemoryRecord]:
    """Facts of a sentence each."""
    speech = Speech(seed)
    return [
        MemoryRecord(
            id=f"memory-{number}",
            text=speech.sentence(speech.subject()),
            created_at=BEGAN + number * timedelta(hours=5),
        )
        for number in range(count)
    ]
