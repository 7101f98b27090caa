"""LoCoMo evidence recall: how much of what answers a question stands in the prompt, per token spent.

    python -m tests.benchmarks.locomo --data FILE --budget 500 1000 2000 4000 [--embedder minilm]

Each system builds one prompt per question from a conversation of hundreds of turns, and the
whole prompt, framing and question included, is at most the budget: every prompt is counted again
here and one that is larger ends the run. Recall is the share of a question's evidence turns
whose text stands verbatim in the prompt, averaged over questions; also given by category
(1 multi-hop, 2 temporal, 3 open-domain, 4 single-hop, 5 adversarial).

Which peers there are, and what each is given, is told in `locomo_peers.py`. Embedding is not part
of the times: every text is embedded once, for all systems. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextkit import Budget, ContextBuilder
from contextkit.sources import History
from contextkit.stores.sqlite import SQLiteStore
from tests.benchmarks.locomo_data import (
    CATEGORIES,
    Conversation,
    Prompt,
    Question,
    Recaller,
    System,
    conversations,
    size,
)
from tests.benchmarks.locomo_peers import peers
from tests.benchmarks.peers import Remembering, embedder


def ours(conversation: Conversation, embeddings: Remembering | None = None) -> Recaller:
    """The public API, as a user who reads the README would use it."""
    store = SQLiteStore(":memory:", embeddings=embeddings)
    store.append("user", "conversation", conversation.messages)
    sources = [History()]

    def recall(question: Question, budget: int) -> Prompt:
        builder = ContextBuilder(store=store, sources=sources, strategy="recall", budget=Budget(window=budget))
        return list(builder.build(question.text, actor_id="user", session_id="conversation").messages)

    return recall


def measure(name: str, system: System, data: Sequence[Conversation], budgets: Sequence[int]) -> dict[str, Any]:
    """Recall by budget over all questions and by category, and the mean time of a prompt."""
    print(f"{name} …", file=sys.stderr)
    recalls: list[list[float]] = []
    seconds = 0.0
    for conversation in data:
        recall = system(conversation)
        for question in conversation.questions:
            recalls.append([])
            for budget in budgets:
                start = time.perf_counter()
                prompt = recall(question, budget)
                seconds += time.perf_counter() - start
                recalls[-1].append(_recalled(conversation, question, prompt, budget))
    found = 100 * np.array(recalls)
    category = np.array([question.category for conversation in data for question in conversation.questions])
    return {
        "recall": _by_budget(budgets, found),
        "by_category": {
            name: _by_budget(budgets, found[category == number])
            for number, name in enumerate(CATEGORIES, 1)
            if number in category
        },
        "ms_per_prompt": round(1000 * seconds / found.size, 2),
    }


def _recalled(conversation: Conversation, question: Question, prompt: Prompt, budget: int) -> float:
    if size(prompt) > budget:
        raise SystemExit(f"A prompt of {size(prompt)} tokens exceeds the budget of {budget}: {question.text}")
    shown = "\n".join(message.text for message in prompt[:-1])
    hits = [conversation.messages[row].text in shown for row in question.evidence]
    return sum(hits) / len(hits)


def _by_budget(budgets: Sequence[int], recalls: NDArray[np.float64]) -> dict[str, float]:
    return {str(budget): round(float(mean), 1) for budget, mean in zip(budgets, recalls.mean(axis=0), strict=True)}


def systems(embeddings: Remembering | None) -> dict[str, System]:
    """What is measured: ours, and each peer that is installed."""
    found: dict[str, System] = {"contextkit": ours}
    if embeddings:
        found["contextkit + MiniLM"] = partial(ours, embeddings=embeddings)
    return found | peers(embeddings)


def measured_of(
    wanted: dict[str, System], data: Sequence[Conversation], budgets: Sequence[int]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each system's numbers. A peer that fails, as other people's releases may, is left out and said to be."""
    for name, system in wanted.items():
        try:
            yield name, measure(name, system, data, budgets)
        except Exception as error:
            if name.startswith("contextkit"):
                raise
            print(f"Skipped {name}: it failed ({type(error).__name__}: {error}).", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="LoCoMo evidence recall per token spent; prints JSON.")
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo conversations, as JSON")
    parser.add_argument("--budget", type=int, nargs="+", default=[500, 1000, 2000, 4000], help="tokens, whole prompt")
    parser.add_argument("--embedder", choices=["minilm"], help="also measure with these embeddings")
    parser.add_argument("--systems", nargs="+", metavar="NAME", help="only these, by their names in the results")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"Skipped: there is no {options.data}.", file=sys.stderr)
        return
    data = list(conversations(options.data))
    embeddings = embedder(options.embedder)
    wanted = {name: make for name, make in systems(embeddings).items() if name in (options.systems or [name])}
    measured = dict(measured_of(wanted, data, options.budget))
    questions = sum(len(conversation.questions) for conversation in data)
    print(json.dumps({"benchmark": "locomo", "questions": questions, "systems": measured}, indent=2))


if __name__ == "__main__":
    main()
