"""LoCoMo with memories: what records made by rules alone add to the history, in prompts of one size.

    python -m tests.benchmarks.memory_locomo --data FILE [--budget 1000 2000]

Each conversation is remembered by the engine with the built-in rules. Each question is asked in
that conversation with `History()`, and with `History()` and `Memories()`, under the same strategy and
budget; and in a new conversation, where there is nothing but the memories, or nothing but what was said before, each
day in a session of its own (`Sessions()`). Two figures, each the share of a question's evidence turns, averaged over
questions:

* `verbatim`: the turn's text stands in the prompt, as the benchmark `locomo` counts it.
* `carried`: it does, or a memory that was made from that turn stands there. A memory says in fewer
  words what its turn said, and sometimes less than that; so this is what the prompt can be traced to,
  not what a model would answer from.

Also how fast messages were remembered. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from contextkit import Budget, Context, ContextBuilder
from contextkit.memory.engine import MemoryEngine
from contextkit.sources import History, Memories, Sessions
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Source
from tests.benchmarks.locomo_data import Conversation, Question, conversations, size

ACTOR, SESSION = "user", "conversation"
TALKER = "talker"
"""Whose sessions are those of the conversation, one by one, and of whom nothing is remembered."""

SYSTEMS: dict[str, tuple[str, str, Callable[[], list[Source]]]] = {
    "history": (ACTOR, SESSION, lambda: [History()]),
    "history + memories": (ACTOR, SESSION, lambda: [History(), Memories()]),
    "memories, in a new conversation": (ACTOR, "new", lambda: [History(), Memories(limit=100, fresh=timedelta())]),
    "sessions, in a new conversation": (TALKER, "new", lambda: [History(), Sessions(limit=50)]),
}
"""Who asks a question, in which session, and the sources."""

Shares: TypeAlias = tuple[float, float]
"""Of one question: the share of its evidence that stands verbatim, and the share that is carried."""


@dataclass(frozen=True)
class Remembered:
    """A conversation in a store, with its memories; `sources` are the turns each memory was made from."""

    conversation: Conversation
    store: SQLiteStore
    sources: dict[str, tuple[str, ...]]
    seconds: float

    def context(self, actor: str, session: str, sources: list[Source], question: Question, budget: int) -> Context:
        builder = ContextBuilder(store=self.store, sources=sources, strategy="recall", budget=Budget(window=budget))
        return builder.build(question.text, actor_id=actor, session_id=session)

    def shares(self, context: Context, question: Question, budget: int) -> Shares:
        prompt = list(context.messages)
        if size(prompt) > budget:
            raise SystemExit(f"A prompt of {size(prompt)} tokens exceeds the budget of {budget}: {question.text}")
        shown = "\n".join(message.text for message in prompt[:-1])
        standing = (one.item_id for one in context.report.decisions if one.outcome in ("kept", "shortened"))
        traced = {turn for item in standing for turn in self.sources.get(item, ())}
        turns = [self.conversation.messages[row] for row in question.evidence]
        verbatim = [turn.text in shown for turn in turns]
        carried = [stands or turn.id in traced for stands, turn in zip(verbatim, turns, strict=True)]
        return sum(verbatim) / len(turns), sum(carried) / len(turns)


def remembered(conversation: Conversation) -> Remembered:
    """The conversation as the engine leaves it, by rules alone."""
    store = SQLiteStore(":memory:")
    store.append(ACTOR, SESSION, conversation.messages)
    for day, said in groupby(conversation.messages, key=lambda message: message.created_at):
        store.append(TALKER, str(day), [*said])
    start = time.perf_counter()
    MemoryEngine(store).run(ACTOR, SESSION, flush=True)
    seconds = time.perf_counter() - start
    sources = {record.id: record.sources for record in store.memories(ACTOR, active=False)}
    return Remembered(conversation, store, sources, seconds)


def measure(name: str, data: Sequence[Remembered], budgets: Sequence[int]) -> dict[str, Any]:
    """Both shares by budget, over all questions."""
    print(f"{name} …", file=sys.stderr)
    found = []
    actor, session, make = SYSTEMS[name]
    for one in data:
        sources = make()
        for question in one.conversation.questions:
            asked = ((one.context(actor, session, sources, question, budget), budget) for budget in budgets)
            found.append([one.shares(context, question, budget) for context, budget in asked])
    mean = 100 * np.array(found).mean(axis=0)
    return {
        figure: {str(budget): round(float(value), 1) for budget, value in zip(budgets, mean[:, place], strict=True)}
        for place, figure in enumerate(("verbatim", "carried"))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="LoCoMo evidence recall with and without memories; prints JSON.")
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo conversations, as JSON")
    parser.add_argument("--budget", type=int, nargs="+", default=[1000, 2000], help="tokens, whole prompt")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"Skipped: there is no {options.data}.", file=sys.stderr)
        return
    data = [remembered(conversation) for conversation in conversations(options.data)]
    messages = sum(len(one.conversation.messages) for one in data)
    result = {
        "benchmark": "memory_locomo",
        "questions": sum(len(one.conversation.questions) for one in data),
        "messages": messages,
        "memories": sum(len(one.sources) for one in data),
        "messages_per_second": round(messages / sum(one.seconds for one in data)),
        "systems": {name: measure(name, data, options.budget) for name in SYSTEMS},
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
