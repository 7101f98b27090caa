"""A turn as Anthropic and Bedrock shape it: text, calls and results in one message; ours are separate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contextkit.errors import InvalidMessage, shortened
from contextkit.messages.check import checked_message
from contextkit.messages.openai import extra
from contextkit.types import Message, ToolCall

_FIELDS = frozenset({"role", "content", "id", "name", "created_at", "metadata"})


@dataclass(frozen=True, slots=True)
class Result:
    """A tool result inside a turn."""

    tool_call_id: object
    content: object
    failed: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """The content of one provider message, sorted into what stands apart with us."""

    results: list[Result] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    rest: list[object] = field(default_factory=list)

    def messages(self, data: Mapping[Any, Any]) -> list[Message]:
        """One tool message for each result, then one message for all else.

        With an `id`, the messages after the first are named `id/2`, `id/3` …, so that appending
        the same dict again changes nothing.
        """
        if self.results and data.get("role") != "user":
            raise InvalidMessage(
                f"A message of role {shortened(data.get('role'))} holds tool results.",
                "Put them in a message of role user.",
                value=data,
            )
        count = len(self.results) + bool(self.rest or self.calls or not self.results)
        ids = _ids(data.get("id"), count)
        metadata = extra(data, _FIELDS)
        created_at = data.get("created_at")
        messages = [
            checked_message(
                "tool",
                plain(result.content),
                id=ids[index],
                tool_call_id=result.tool_call_id,
                created_at=created_at,
                metadata={**metadata, "status": "error"} if result.failed else metadata,
            )
            for index, result in enumerate(self.results)
        ]
        if len(messages) < count:
            messages.append(
                checked_message(
                    data.get("role"),
                    plain(self.rest),
                    id=ids[-1],
                    name=data.get("name"),
                    tool_calls=self.calls,
                    created_at=created_at,
                    metadata=metadata,
                )
            )
        return messages


def plain(content: object) -> object:
    """Content that is nothing but one bare text block, as that text."""
    if isinstance(content, Sequence) and len(content) == 1:
        block = content[0]
        if isinstance(block, Mapping) and block.keys() == {"type", "text"} and block["type"] == "text":
            return block["text"]
    return content


def _ids(first: object, count: int) -> list[object]:
    if first is None:
        return [None] * count
    return [first, *(f"{first}/{number}" for number in range(2, count + 1))]
