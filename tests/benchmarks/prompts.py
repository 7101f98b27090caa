"""Prompts of agents at work: what they cost, whether a provider takes them, and what of them was cached."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from contextkit.messages import groups
from contextkit.tokens import get_counter
from contextkit.types import Message

COUNTER = get_counter()


def cost(prompt: Sequence[Message]) -> int:
    """The tokens of a prompt."""
    return COUNTER.framing(len(prompt), 0) + sum(map(COUNTER.message, prompt))


def is_valid(prompt: Sequence[Message]) -> bool:
    """Whether every call has its results and every result its call."""
    return all(group.whole for group in groups(prompt))


def cached(prompt: Sequence[Message], last: Sequence[Message]) -> list[Message]:
    """The messages with which a prompt begins as the last one did."""
    return [one for one, _ in takewhile(lambda pair: _same(*pair), zip(prompt, last, strict=False))]


def _same(one: Message, other: Message) -> bool:
    return (one.role, one.content, one.tool_calls) == (other.role, other.content, other.tool_calls)
