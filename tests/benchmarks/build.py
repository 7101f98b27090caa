"""A whole warm build against bare exact `trim_messages` on the same list; and how it grows with the session.

    python -m tests.benchmarks.build [--messages 20000] [--window 100000] [--strategy agent] [--runs 25]

Ours is a whole build from five sources (system prompt, 60 tools, 80 documents, 300 memories, the
session's messages) with another question each time, from an SQLite file that other processes may
write to at any time. The peer is langchain-core's `trim_messages` with `strategy="last"`, counting
every message exactly with tiktoken; it gets the list in memory, and no tools, documents, memories
or questions. Both in turns, in one process, with the same counting rule; medians.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import tiktoken
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, trim_messages

from contextkit import Budget, Context, ContextBuilder
from contextkit.sources import Documents, History, Memories, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens.vocabulary import VOCABULARIES, find, parse
from contextkit.types import Message
from tests.benchmarks import talk

WARM_UP = 3
"""Builds before those that are timed: the first reads and indexes the session."""

PEER_RUNS = 3
"""Runs of `trim_messages` at every size: one at 100,000 messages takes seconds."""

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


class Session:
    """A session of so many messages in a file, and builds in it that are each asked another question."""

    def __init__(self, folder: str, messages: list[Message], window: int, strategy: str) -> None:
        self._store = SQLiteStore(Path(folder) / f"{len(messages)}.db")
        for start in range(0, len(messages), 5_000):
            self._store.append("user", "session", messages[start : start + 5_000])
        self._store.put_memories("user", talk.memories(300))
        self._builder = builder(self._store, window, strategy)
        self._questions = talk.questions(messages)
        for _ in range(WARM_UP):
            self.build()

    def build(self) -> Context:
        return self._builder.build(next(self._questions), actor_id="user", session_id="session")


def in_turns(runs: int, **tasks: Callable[[], object]) -> dict[str, float]:
    """Each task's median in milliseconds; every run does each of them once, so that all meet the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(runs):
        for name, task in tasks.items():
            began = perf_counter()
            task()
            taken[name].append(perf_counter() - began)
    return {name: round(median(times) * 1000, 2) for name, times in taken.items()}


def against_trim(folder: str, messages: int, window: int, strategy: str, runs: int) -> dict[str, Any]:
    conversation = talk.messages(messages)
    session = Session(folder, conversation, window, strategy)
    trim, converted = peer(window), list(map(as_langchain, conversation))
    times = in_turns(runs, contextkit=session.build, trim_messages=lambda: trim(converted))
    prompt = session.build()
    return {
        "messages": messages,
        "tokens_per_message": round(sum(message.tokens or 0 for message in prompt.messages) / len(prompt.messages)),
        "prompt": {"tokens": prompt.tokens, "messages": len(prompt.messages)},
        "trimmed": {"messages": len(trim(converted))},
        "ms": times,
        "times_faster": round(times["trim_messages"] / times["contextkit"], 1),
    }


def growth(folder: str, sizes: Sequence[int], window: int, strategy: str, runs: int) -> dict[str, Any]:
    """The same build in sessions of every size; the peer, whose time is known, is given fewer runs."""
    conversations = {str(size): talk.messages(size) for size in sizes}
    sessions = {name: Session(folder, said, window, strategy) for name, said in conversations.items()}
    times = in_turns(runs, **{name: session.build for name, session in sessions.items()})
    tokens = {name: session.build().tokens for name, session in sessions.items()}
    trim, lists = peer(window), {name: list(map(as_langchain, said)) for name, said in conversations.items()}
    peer_times = in_turns(PEER_RUNS, **{name: partial(trim, said) for name, said in lists.items()})
    first, last = str(sizes[0]), str(sizes[-1])
    return {
        "ms": times,
        "trim_messages_ms": peer_times,
        "prompt_tokens": tokens,
        "ratio": round(times[last] / times[first], 2),
        "trim_messages_ratio": round(peer_times[last] / peer_times[first], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--window", type=int, default=100_000)
    parser.add_argument("--strategy", default="agent")
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--growth", type=int, nargs="+", default=[1_000, 3_000, 10_000, 30_000, 100_000])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {
            "benchmark": "build",
            "window": given.window,
            "strategy": given.strategy,
            "against_trim_messages": against_trim(folder, given.messages, given.window, given.strategy, given.runs),
            "growth": growth(folder, given.growth, given.window, given.strategy, given.runs),
        }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
