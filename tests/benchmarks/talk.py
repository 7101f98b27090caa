"""Conversations, tools, documents and memories made up for the benchmarks, the same ones in every run.

Words are drawn as often as they occur in the demo's conversation and documents, so that common
words are common and rare ones rare: what an index and a tokenizer take depends on little else.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from contextkit.demo import load
from contextkit.stores import MemoryRecord
from contextkit.types import Message, Tool

BEGAN = datetime(2024, 1, 8, 9, 0, tzinfo=UTC)
SENTENCE = (6, 16)
"""Words of the shortest and of the longest sentence."""


class Speech:
    """Sentences drawn at random, from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        words, counts = _words()
        self._words, self._counts = words, counts

    def sentence(self) -> str:
        size = self._random.randint(*SENTENCE)
        said = " ".join(self._random.choices(self._words, cum_weights=self._counts, k=size))
        return f"{said[0].upper()}{said[1:]}."

    def text(self, least: int, most: int) -> str:
        """A text of that many sentences."""
        return " ".join(self.sentence() for _ in range(self._random.randint(least, most)))


@cache
def _words() -> tuple[list[str], list[int]]:
    demo = load()
    texts = [message.text for message in demo.messages] + [document.text for document in demo.documents]
    counts = Counter(word for text in texts for word in re.findall(r"[a-z']{2,14}|\d{1,4}", text.lower()))
    words, total, sums = list(counts), 0, []
    for word in words:
        total += counts[word]
        sums.append(total)
    return words, sums


def messages(count: int, *, seed: int = 1) -> list[Message]:
    """A conversation of questions and answers, one to six sentences each, over the months."""
    speech = Speech(seed)
    return [
        Message(
            role="user" if number % 2 == 0 else "assistant",
            content=speech.text(1, 4) if number % 2 == 0 else speech.text(2, 6),
            id=f"message-{number}",
            created_at=BEGAN + number * timedelta(minutes=7),
        )
        for number in range(count)
    ]


def questions(count: int, *, seed: int = 2) -> Iterator[str]:
    """Questions no two alike."""
    speech = Speech(seed)
    for _ in range(count):
        yield speech.sentence().replace(".", "?")


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
    """Titles and texts of about 150 words."""
    speech = Speech(seed)
    return [(f"Page {number}", speech.text(10, 18)) for number in range(count)]


def memories(count: int, *, seed: int = 5) -> list[MemoryRecord]:
    """Facts of a sentence each."""
    speech = Speech(seed)
    return [
        MemoryRecord(id=f"memory-{number}", text=speech.sentence(), created_at=BEGAN + number * timedelta(hours=5))
        for number in range(count)
    ]
