"""LoCoMo as the benchmarks see it: conversations, questions, prompts, and what a prompt costs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from contextkit import Message
from contextkit.tokens import get_counter

CATEGORIES = ("multi-hop", "temporal", "open-domain", "single-hop", "adversarial")
COUNTER = get_counter("o200k_base")


@dataclass(frozen=True)
class Question:
    text: str
    category: int
    evidence: tuple[int, ...]
    answer: str = ""


@dataclass(frozen=True)
class Conversation:
    messages: list[Message]
    questions: list[Question]


Prompt: TypeAlias = list[Message]
Recaller: TypeAlias = Callable[[Question, int], Prompt]
"""Makes the prompt for a question within a budget in tokens."""

System: TypeAlias = Callable[[Conversation], Recaller]
"""Takes a conversation in, once for all its questions."""


def conversations(path: Path) -> Iterator[Conversation]:
    for record in json.loads(path.read_text("utf-8")):
        order = {turn["id"]: number for number, turn in enumerate(record["turns"])}
        messages = [_message(number, turn, record["speakers"][0]) for number, turn in enumerate(record["turns"], 1)]
        questions = [
            Question(
                q["question"],
                q["category"],
                tuple(dict.fromkeys(order[turn] for turn in q["evidence"])),
                str(q.get("answer", "")),
            )
            for q in record["questions"]
        ]
        yield Conversation(messages, questions)


def _message(seq: int, turn: dict[str, Any], first_speaker: str) -> Message:
    """A turn; what its picture shows is part of what was said."""
    caption = turn.get("image_caption")
    return Message(
        role="user" if turn["speaker"] == first_speaker else "assistant",
        content=turn["text"] + (f" [image: {caption}]" if caption else ""),
        id=turn["id"],
        name=turn["speaker"],
        created_at=datetime.strptime(turn["session_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC),
        seq=seq,
    )


def named(message: Message) -> str:
    """A turn as the peers search it: questions name people, and dense and lexical search find more with the name."""
    return f"{message.name}: {message.text}"


def dated(message: Message) -> str:
    """A turn as the peers show it, so that they know as much about it as ours does."""
    return f"[{message.created_at:%d %B %Y}] {named(message)}"


def framed(lines: str, question: Question) -> Prompt:
    """What was recalled, and then the question."""
    block = f"<recall>\n{lines}</recall>"
    return [Message(role="user", content=block), Message(role="user", content=question.text)]


def size(prompt: Prompt) -> int:
    """Tokens of a whole prompt, framing included."""
    return sum(COUNTER.message(message) for message in prompt) + COUNTER.framing(len(prompt), 0)
