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

import tiktoken
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, trim_messages

from contextkit import Budget, ContextBuilder
from contextkit.sources import Documents, History, Memories, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message
from contextkit.vocabulary import VOCABULARIES, find, parse
from tests.benchmarks import talk

SYSTEM = "You are the assistant of a shop. Answer from what you are shown."


def builder(store: SQLiteStore, window: int, strategy: str = "agent") -> ContextBuilder:
    sources = [System(SYSTEM), Tools(talk.tools(60)), Documents(talk.documents(80)), Memories(), History()]
    return ContextBuilder(store=store, sources=sources, strategy=strategy, budget=Budget(window=window))


def peer(window: int) -> Callable[[list[BaseMessage]], list[BaseMessage]]:
    vocabulary = VOCABULARIES["o200k_base"]
    data = find(vocabulary)
    encode = tiktoken.Encoding(vocabulary.name, pat_str=vocabulary.pattern, mergeable_ranks=parse(data), special_tokens={}).encode_ordinary

    def count(messages: list[BaseMessage]) -> int:
        return sum(4 + len(encode(message.content)) for message in messages)

    return lambda messages: trim_messages(messages, max_tokens=window, token_counter=count, strategy="last")


def as_langchain(message: Message) -> BaseMessage:
    return (HumanMessage if message.role == "user" else AIMessage)(message.text)
