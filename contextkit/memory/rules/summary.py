"""A summary without a model: the sentences of a part of a conversation that are most worth remembering."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contextkit.compress.prose import sentences
from contextkit.compress.salience import salience
from contextkit.fence import unfenced
from contextkit.memory.secrets import spared
from contextkit.types import Message

LONGEST_SUMMARY: Final = 1_000
"""Characters of a summary, about 250 tokens."""

LEAST_SAID: Final = 300
"""Characters that were said, below which they are not worth a summary."""

_LONGEST_SENTENCE: Final = 300
_LONGEST_MESSAGE: Final = 8_000


def summary_of(messages: Sequence[Message]) -> str:
    """The sentences most worth remembering, in order, each after who said it; empty where little was said."""
    said = list(_said(messages))
    if sum(len(line) for line, _ in said) < LEAST_SAID:
        return ""
    left, chosen = LONGEST_SUMMARY, set[int]()
    for n in sorted(range(len(said)), key=lambda n: -said[n][1]):
        if len(said[n][0]) < left:
            chosen.add(n)
            left -= len(said[n][0]) + 1
    return "\n".join(said[n][0] for n in sorted(chosen))


def _said(messages: Sequence[Message]) -> Iterator[tuple[str, float]]:
    for message in messages:
        if message.role in ("user", "assistant"):
            text = spared(unfenced(message.text)[:_LONGEST_MESSAGE])
            for start, end in sentences(text, (0, len(text)), _LONGEST_SENTENCE):
                sentence = " ".join(text[start:end].split())
                if sentence:
                    yield f"{message.name or message.role}: {sentence}", salience(sentence, message.role)
