"""Edits: what a graph's state has in other words than its session, told anew from there on.

What was said stays said: a session only grows. So where a question or an answer is edited in the state, it is appended
once more, and with it all that the state has behind it, under ids that tell which edit they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from contextkit.types import Message


def is_reworded(said: Message, stored: Message) -> bool:
    """Whether somebody has edited what the user or the model said.

    Results of tools are none of it: middleware clears them to save room, and the builder does so by itself.
    """
    return said.role in ("user", "assistant") and (said.text, said.tool_calls) != (stored.text, stored.tool_calls)


def told_anew(said: Sequence[Message], there: Mapping[str, int]) -> list[Message]:
    """What a state says from an edited message on, as it is to be appended to a session that has the messages `there`,
    by id the number of each.

    What the session has from before the edit gets another id; what was said since keeps its own.
    """
    edited = said[0]
    mark = blake2b(repr((edited.text, edited.tool_calls)).encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    copied_at = there.get(_copy(edited, mark))
    found = []
    for message in said:
        before = there.get(message.id or "")
        since = before is None or (copied_at is not None and before > copied_at)
        copied = _copy(message, mark) in there or not since
        found.append(replace(message, id=_copy(message, mark)) if copied else message)
    return found


def _copy(message: Message, mark: str) -> str:
    return f"{message.id}~{mark}"
