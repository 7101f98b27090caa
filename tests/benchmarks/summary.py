"""Rolling summaries without a model: how much of what is asked later stands in them.

    python -m tests.benchmarks.summary --data FILE [--limit 400 1200]

The data are LoCoMo's conversations, with questions, answers, and the turns that hold the evidence. Of each such turn
the sentence is needed that shares most words with the question and its answer (two at least; adversarial questions
need none). A conversation is summarised 40 messages at a time, as it leaves a window, and a sentence counts as kept
where the last summary has it word for word. A summary's share of the conversation's tokens is what chance would keep.

The peers take sentences into the same number of tokens: the newest, as a window does; or evenly from all of them.
Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from contextkit.compress import Summary, roll
from contextkit.compress.prose import sentences
from contextkit.rank.terms import terms
from contextkit.types import Message
from tests.benchmarks.locomo_data import CATEGORIES, COUNTER, Conversation, Question, conversations

STEP = 40
"""Messages that leave a window at once."""

_LONGEST = 400
_SHARED = 2

Summarised: TypeAlias = Callable[[Sequence[Message], int], str]


def said(message: Message) -> Iterator[str]:
    text = message.text
    for start, end in sentences(text, (0, len(text)), _LONGEST):
        yield " ".join(text[start:end].split())


def needed(conversation: Conversation) -> Iterator[str]:
    """The sentence that each question needs of each turn of its evidence."""
    for question in conversation.questions:
        if CATEGORIES[question.category - 1] != "adversarial":
            for turn in question.evidence:
                yield from _needed(question, conversation.messages[turn])


def _needed(question: Question, message: Message) -> Iterator[str]:
    asked = set(terms(f"{question.text} {question.answer}"))
    shared = [(len(asked.intersection(terms(sentence))), len(sentence), sentence) for sentence in said(message)]
    count, _, sentence = max(shared, default=(0, 0, ""))
    if count >= _SHARED:
        yield sentence


def contextkit(messages: Sequence[Message], limit: int) -> str:
    summary: Summary | None = None
    for start in range(0, len(messages), STEP):
        summary, _ = roll(summary, messages[start : start + STEP], limit, COUNTER)
    return summary.text if summary else ""


def newest(messages: Sequence[Message], limit: int) -> str:
    return _within(_lines(messages)[::-1], limit)


def evenly(messages: Sequence[Message], limit: int) -> str:
    lines = _lines(messages)
    every = max(1, round(sum(map(COUNTER.text, lines)) / limit))
    return _within(lines[::every], limit)


def _lines(messages: Sequence[Message]) -> list[str]:
    return [f"{message.name}: {sentence}\n" for message in messages for sentence in said(message)]


def _within(lines: Sequence[str], limit: int) -> str:
    kept, room = [], limit
    for line in lines:
        room -= COUNTER.text(line)
        if room < 0:
            break
        kept.append(line)
    return "".join(kept)


SYSTEMS: dict[str, Summarised] = {"contextkit": contextkit, "newest": newest, "evenly": evenly}


def main() -> None:
    parser = argparse.ArgumentParser(description="What a summary without a model keeps of LoCoMo; prints JSON.")
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo conversations, as JSON")
    parser.add_argument("--limit", type=int, nargs="+", default=[400, 1200], help="tokens of a summary")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"Skipped: there is no {options.data}.", file=sys.stderr)
        return
    talks = [(talk.messages, list(needed(talk))) for talk in conversations(options.data)]
    count = sum(len(asked) for _, asked in talks)
    tokens = sum(COUNTER.text(message.text) for messages, _ in talks for message in messages)

    def kept(system: Summarised, limit: int) -> float:
        found = 0
        for messages, asked in talks:
            summary = system(messages, limit)
            found += sum(sentence in summary for sentence in asked)
        return round(100 * found / count, 1)

    result = {
        "benchmark": "summary",
        "sentences": count,
        "by_chance": {str(limit): round(100 * limit * len(talks) / tokens, 1) for limit in options.limit},
        "kept": {
            name: {str(limit): kept(system, limit) for limit in options.limit} for name, system in SYSTEMS.items()
        },
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
