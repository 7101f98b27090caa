"""Messages that arrive as Anthropic-style dicts with tool_use and tool_result blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contextkit.messages.arguments import argument_text
from contextkit.messages.turn import Result, Turn
from contextkit.types import Message, ToolCall


def is_anthropic(blocks: Sequence[object]) -> bool:
    """True for content that only Anthropic shapes so: tool calls or results among its blocks."""
    return any(_kind(block) in ("tool_use", "tool_result") for block in blocks)


def from_anthropic(data: Mapping[Any, Any]) -> list[Message]:
    """The messages in one dict: each tool result apart, tool_use blocks as tool calls, other blocks as they are.

    Which of the calls Claude's own code made (`caller`) is kept beside them, where they stood among the blocks.
    """
    turn = Turn()
    placed: list[list[object]] = []
    for index, block in enumerate(data["content"]):
        if _kind(block) == "tool_result":
            turn.results.append(Result(block.get("tool_use_id"), block.get("content"), block.get("is_error") is True))
        elif _kind(block) == "tool_use":
            turn.calls.append(ToolCall(block.get("id", ""), block.get("name", ""), argument_text(block.get("input"))))
            if _is_called_by_code(block):
                placed.append([index, {key: block[key] for key in ("type", "id", "name", "caller") if key in block}])
        else:
            turn.rest.append(block)
    return turn.messages({**data, "content_calls": placed} if placed else data)


def _is_called_by_code(block: Mapping[Any, Any]) -> bool:
    """Whether code that Claude wrote is waiting for the result, and not Claude itself."""
    caller = block.get("caller")
    return isinstance(caller, Mapping) and caller.get("type") != "direct"


def _kind(block: object) -> object:
    return block.get("type") if isinstance(block, Mapping) else None
