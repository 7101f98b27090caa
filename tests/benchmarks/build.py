"""A whole warm build against bare exact `trim_messages` on the same list, in the same run.

python -m tests.benchmarks.build [--messages 20000] [--window 100000] [--runs 15]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import tiktoken
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, trim_messages

from contextkit import Budget, Context, ContextBuilder
from contextkit.sources import Documents, History, Memories, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message
from contextkit.vocabulary import VOCABULARIES, find, parse
from tests.benchmarks import talk

WARM_UP = 3
"""Builds before those that are timed: the first reads and indexes the session."""

SYSTEM = "You are the assistant of a shop. Answer from what you are shown."


def builder(store: SQLiteStore, window: int, strategy: str = "agent") -> ContextBuilder:
    sources = [System(SYSTEM), Tools(talk.tools(60)), Documents(talk.documents(80)), Memories(), History()]
    return ContextBuilder(store=store, sources=sources, strategy=strategy, budget=Budget(window=window))


def peer(window: int) -> Callable[[list[BaseMessage]], list[BaseMessage]]:
    vocabulary = VOCABULARIES["o200k_base"]
    data = find(vocabulary)
    if data is None:
        raise SystemExit("The vocabulary of o200k_base is not at hand: pip install 'contextkit-sdk[offline]'.")
    ranks = parse(data)
    encode = tiktoken.Encoding(
        "o200k", pat_str=vocabulary.pattern, mergeable_ranks=ranks, special_tokens={}
    ).encode_ordinary

    def count(messages: list[BaseMessage]) -> int:
        return sum(4 + len(encode(message.content)) for message in messages)

    return lambda messages: trim_messages(messages, max_tokens=window, token_counter=count, strategy="last")


def as_langchain(message: Message) -> BaseMessage:
    return (HumanMessage if message.role == "user" else AIMessage)(message.text)


def warm(messages: list[Message], window: int, runs: int) -> tuple[list[float], Context]:
    """Seconds of warm builds over a session of these messages in a file, each for another question."""
    with tempfile.TemporaryDirectory() as folder, SQLiteStore(Path(folder) / "store.db") as store:
        for start in range(0, len(messages), 5_000):
            store.append("user", "session", messages[start : start + 5_000])
        store.put_memories("user", talk.memories(50))
        build = builder(store, window).build
        seconds = []
        for question in talk.questions(runs + WARM_UP):
            began = perf_counter()
            context = build(question, actor_id="user", session_id="session")
            seconds.append(perf_counter() - began)
    return seconds[WARM_UP:], context


def timed(call: Callable[[list[BaseMessage]], object], messages: list[BaseMessage], runs: int) -> list[float]:
    seconds = []
    for _ in range(runs):
        began = perf_counter()
        call(messages)
        seconds.append(perf_counter() - began)
    return seconds


def measure(messages: int, window: int, runs: int, growth: tuple[int, int]) -> dict[str, Any]:
    conversation = talk.messages(messages)
    ours, context = warm(conversation, window, runs)
    theirs = timed(peer(window), list(map(as_langchain, conversation)), max(3, runs // 5))
    small, large = (median(warm(talk.messages(size), window, runs)[0]) for size in growth)
    return {
        "benchmark": "build",
        "messages": messages,
        "window": window,
        "prompt_tokens": context.tokens,
        "prompt_messages": len(context.messages),
        "contextkit_ms": round(median(ours) * 1000, 2),
        "trim_messages_ms": round(median(theirs) * 1000, 1),
        "times_faster": round(median(theirs) / median(ours), 1),
        "growth": {
            "messages": growth,
            "ms": [round(small * 1000, 2), round(large * 1000, 2)],
            "ratio": round(large / small, 2),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--window", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--growth", type=int, nargs=2, default=(1_000, 100_000))
    options = parser.parse_args()
    print(json.dumps(measure(options.messages, options.window, options.runs, tuple(options.growth)), indent=2))


if __name__ == "__main__":
    main()
