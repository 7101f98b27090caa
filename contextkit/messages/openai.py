"""Messages that arrive as OpenAI-style dicts: the shape of chat completions and of most JSONL files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contextkit.errors import InvalidMessage, shortened
from contextkit.messages.arguments import argument_text
from contextkit.messages.check import checked_message, plain_model
from contextkit.types import Message, ToolCall

_FIELDS = frozenset(
    {"role", "content", "id", "name", "tool_calls", "tool_call_id", "created_at", "metadata", "function_call"}
)
_MODERN = {"developer": "system", "function": "tool"}
"""Roles that are another's younger or older name; the original stays in `metadata["role"]`."""

_LANGCHAIN = {"human": "user", "ai": "assistant"}
"""What LangChain calls them, and those who write its messages as dicts or pairs."""


_AROUND = {
    "choices": "This is a whole response: pass its message, `response.choices[0].message`.",
    "output": 'This is a whole response: pass its message, `response["output"]["message"]` of Converse.',
    "message": "Pass the `message` in it.",
    "messages": "Pass its `messages`.",
    "data": "LangChain's own JSON is read by `messages_from_dict` of `langchain_core.messages`: pass what that gives.",
    "parts": 'Write its parts as "content", and the role "model" as "assistant".',
}
"""What has a message in it, by the key that shows it, and where that is."""

_RESPONSES = "This is a whole response of the Responses API: pass its items, `*response.output`."


def from_openai(data: Mapping[Any, Any]) -> Message:
    """One message from a dict with `role` and `content`.

    Optional keys: `name`, `id`, `tool_calls`, `tool_call_id`, `created_at` and `metadata`; any
    others are kept in the metadata. The legacy `function_call` and role `function` become a tool
    call and its result.
    """
    role = _LANGCHAIN.get(str(data.get("role")), data.get("role"))
    calls = [_tool_call(call) for call in _sequence(data.get("tool_calls"))]
    metadata = extra(data, _FIELDS)
    given = map(plain_model, _sequence(data.get("tool_calls")))
    extras = [call.get("extra_content") if isinstance(call, Mapping) else None for call in given]
    if any(extras):
        metadata["call_extras"] = extras
    answered = data.get("tool_call_id")
    if isinstance(role, str) and role in _MODERN:
        metadata["role"] = role
    if role == "function" and answered is None:
        answered = function_call_id(data.get("name"))
    if data.get("function_call") is not None:
        calls.append(_function_call(data["function_call"]))
        metadata["function_call"] = True
    if "content" not in data and not calls:
        raise InvalidMessage(f"The message {shortened(dict(data))} has no content.", _remedy(data), value=data)
    return checked_message(
        _MODERN.get(role, role) if isinstance(role, str) else role,
        data.get("content"),
        id=data.get("id"),
        name=data.get("name"),
        tool_calls=calls,
        tool_call_id=answered,
        created_at=data.get("created_at"),
        metadata=metadata,
    )


def extra(data: Mapping[Any, Any], known: frozenset[str]) -> dict[Any, Any]:
    """What a dict holds beyond the known keys, together with its own `metadata`."""
    metadata = data.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise InvalidMessage(f"The metadata {shortened(metadata)} is not a dict.", "Pass a dict.", value=metadata)
    return {**{key: value for key, value in data.items() if key not in known and value is not None}, **metadata}


def function_call_id(name: object) -> str:
    """The id that stands in for the one that legacy function calls never had."""
    if not isinstance(name, str) or not name:
        raise InvalidMessage("A function message or call has no name.", "Give it its function's name.", value=name)
    return f"function-{name}"


def _remedy(data: Mapping[Any, Any]) -> str:
    """What to do with a dict that is no message."""
    if isinstance(data.get("output"), list):
        return _RESPONSES
    return next((remedy for key, remedy in _AROUND.items() if key in data), 'Give it a "content" (it may be empty).')


def _sequence(calls: object) -> Sequence[object]:
    if calls is None:
        return ()
    if isinstance(calls, list | tuple):
        return calls
    raise InvalidMessage(f"tool_calls is {shortened(calls)}, which is not a list.", "Pass a list.", value=calls)


def _tool_call(given: object) -> ToolCall:
    if isinstance(given, ToolCall):
        return given
    call = plain_model(given)
    if isinstance(call, Mapping):
        function = call.get("function")
        if isinstance(function, Mapping):
            return ToolCall(call.get("id", ""), function.get("name", ""), argument_text(function.get("arguments")))
        if "args" in call:
            return ToolCall(call.get("id", ""), call.get("name", ""), argument_text(call["args"]))
    raise InvalidMessage(
        f"The tool call {shortened(call)} is not a function call.",
        'Use {"id": …, "type": "function", "function": {"name": …, "arguments": "{…}"}}.',
        value=call,
    )


def _function_call(call: object) -> ToolCall:
    if not isinstance(call, Mapping):
        raise InvalidMessage(f"function_call is {shortened(call)}, which is not a dict.", "Pass a dict.", value=call)
    return ToolCall(function_call_id(call.get("name")), call.get("name", ""), argument_text(call.get("arguments")))
