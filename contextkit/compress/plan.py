"""Plan: the list of what is to be done that an agent keeps by calling a tool, and calls again when it changes.

Only the newest is of use, and it is what an agent goes by: `write_todos`, `TodoWrite`, `update_plan` and their like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from contextkit.types import Message, ToolCall

_NAMES: Final = frozenset(("todo", "todos", "plan"))
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LIST: Final = re.compile(r"\[\s*[\[{\"]|\\n")
"""Arguments with a list, or a text of several lines: a call for a single entry tells no plan."""


def newest_plan(messages: Iterable[Message]) -> ToolCall | None:
    """The last call that told a whole plan; None where none did."""
    plans = [call for message in messages for call in message.tool_calls if _tells_plan(call)]
    return plans[-1] if plans else None


def _tells_plan(call: ToolCall) -> bool:
    """Whether a call tells a whole plan, by the tool's name and what it is called with."""
    parts = {part.lower() for part in _PART.findall(call.name)}
    return not parts.isdisjoint(_NAMES) and _LIST.search(call.arguments) is not None
