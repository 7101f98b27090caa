"""Orders: what a user told an agent that holds on, however long it works.

In a conversation both sides say what is worth remembering. Where an assistant works with tools, the user sets the task
and its limits in a few short messages, and hundreds of results follow: what the user said comes before all of what the
assistant says between its calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contextkit.compress.patterns import anywhere, plain, words
from contextkit.types import Message

ORDER_WORTH: Final = 10.0
"""What a user's sentence is worth beyond its salience where tools are at work: more than any other has."""

BINDING_WORTH: Final = 5.0
"""The same for a sentence that forbids or obliges, and for the task itself, beyond other orders."""

SHORT: Final = 6
"""Sentences of a message that may all be orders; of a longer one, which is mostly material, each is worth less."""

_BINDING: Final = words(r"""
    never | always | do not | don'?t | must | must not | mustn'?t
    | only | avoid | make sure | ensure | requires? | without
    | leave .{1,60} alone | keep | rule | no longer | instead of | at (?:most|least) | nobody | nothing
    | đừng | không được | luôn | phải | chỉ | niemals | immer | nicht | jamais | toujours | nunca | siempre | sempre
""")
_BINDING_HAN: Final = anywhere("不要|不得|不能|不许|必须|必須|务必|禁止|只能|只用|始终|总是|一定|别")


def at_work(turns: Iterable[Message]) -> bool:
    """Whether tools are called in these turns."""
    return any(message.tool_calls or message.role == "tool" for message in turns)


def order_worth(sentence: str, sentences: int = 1) -> float:
    """What a user's sentence is worth as an order, in a message of so many."""
    said = plain(sentence)
    bound = _BINDING.search(said) or _BINDING_HAN.search(said)
    return (ORDER_WORTH + (BINDING_WORTH if bound else 0.0)) * min(1.0, SHORT / max(1, sentences))
