"""What recency and importance cost recall where they should not matter: how their weights were chosen.

    python -m tests.benchmarks.recall_weights --data FILE [--limit 20]

Each turn of a LoCoMo conversation is one record, dated like the turn. For each question the best
records are found by words and weighed as `contextkit.memory.recall` does, with other constants.
LoCoMo's questions favour no age and know no importance, which is drawn at random here: whatever a
weight changes is what it costs. Prints JSON: evidence recall in percent, by weight.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np

from contextkit.memory.recall import HALF_LIFE, IMPORTANCE, RECENCY
from contextkit.stores import MemoryRecord, ScoredMemory
from contextkit.stores.ranking import MemoryIndex
from tests.benchmarks.locomo_data import Conversation, conversations

Weigh: TypeAlias = Callable[[ScoredMemory, datetime], float]


def weighing(recency: float, half_life: timedelta, importance: float) -> Weigh:
    """The score as `contextkit.memory.recall.weighed` has it, with these constants."""

    def weigh(one: ScoredMemory, now: datetime) -> float:
        age = (now - one.record.created_at) / half_life
        return one.score * (1 - recency - importance + recency * 0.5**age + importance * one.record.importance)

    return weigh


def recalls(conversation: Conversation, ways: Sequence[Weigh], limit: int) -> Iterator[list[float]]:
    """For each question, what each way of weighing recalls of its evidence."""
    drawn = random.Random(7)
    times = [message.created_at for message in conversation.messages if message.created_at is not None]
    records = [
        MemoryRecord(id=str(row), text=message.text, created_at=time, importance=drawn.random())
        for row, (message, time) in enumerate(zip(conversation.messages, times, strict=True))
    ]
    index = MemoryIndex(records, [], np.zeros((0, 0), np.float32))
    now = max(times) + timedelta(days=1)
    for question in conversation.questions:
        found = index.search(question.text, None, 2 * limit)
        yield [_recalled(question.evidence, sorted(found, key=lambda one: -weigh(one, now))[:limit]) for weigh in ways]


def _recalled(evidence: Sequence[int], found: Sequence[ScoredMemory]) -> float:
    rows = {int(one.record.id) for one in found}
    return sum(row in rows for row in evidence) / len(evidence)


def main() -> None:
    parser = argparse.ArgumentParser(description="What recency and importance cost recall on LoCoMo; prints JSON.")
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo conversations, as JSON")
    parser.add_argument("--limit", type=int, default=20, help="records that count as recalled")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"Skipped: there is no {options.data}.", file=sys.stderr)
        return
    ways = {"relevance alone": weighing(0, HALF_LIFE, 0)}
    for weight in (0.1, 0.2, 0.3, 0.5):
        ways[f"recency {weight}"] = weighing(weight, HALF_LIFE, 0)
        ways[f"recency {weight}, three times the half-life"] = weighing(weight, 3 * HALF_LIFE, 0)
    for weight in (0.1, 0.2, 0.3):
        ways[f"recency {RECENCY}, importance {weight}"] = weighing(RECENCY, HALF_LIFE, weight)
    ways["as it is"] = weighing(RECENCY, HALF_LIFE, IMPORTANCE)
    found = [
        recall
        for conversation in conversations(options.data)
        for recall in recalls(conversation, list(ways.values()), options.limit)
    ]
    means = 100 * np.mean(found, axis=0)
    result = {name: round(float(mean), 1) for name, mean in zip(ways, means, strict=True)}
    print(json.dumps({"benchmark": "recall_weights", "questions": len(found), "recall": result}, indent=2))


if __name__ == "__main__":
    main()
