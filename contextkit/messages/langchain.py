"""LangChain messages, told by their shape: langchain itself is never imported here.

What has no field of ours is kept in the metadata under LangChain's own names
(`additional_kwargs`, `response_metadata`, `usage_metadata`, `artifact`, `status` …), so that
`render.langchain` can give back an equal message. Tool calls that also stand among the content
blocks are kept once, as tool calls; `metadata["content_calls"]` remembers where they stood.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from contextkit.errors import InvalidMessage, shortened
from contextkit.messages.anthropic import from_anthropic, is_anthropic
from contextkit.messages.arguments import argument_object, argument_text
from contextkit.messages.check import CALL_BLOCKS, checked_message
from contextkit.messages.openai import function_call_id
from contextkit.parts.media import Media
from contextkit.types import Message, ToolCall

_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "tool"}
_CHUNKS = {
    "HumanMessageChunk": "human",
    "AIMessageChunk": "ai",
    "SystemMessageChunk": "system",
    "ToolMessageChunk": "tool",
    "FunctionMessageChunk": "function",
    "ChatMessageChunk": "chat",
}
_KEPT = ("additional_kwargs", "response_metadata", "usage_metadata", "artifact")
ARGUMENTS = {"tool_use": "input", "tool_call": "args", "invalid_tool_call": "args", "function_call": "arguments"}
"""Where each kind of call block keeps its arguments."""


def is_langchain(value: object) -> bool:
    """True for any object that has what LangChain's `BaseMessage` has."""
    return isinstance(getattr(value, "type", None), str) and all(
        hasattr(value, name) for name in ("content", "additional_kwargs", "response_metadata")
    )


def from_langchain(value: Any) -> list[Message]:
    """The messages in one LangChain message: one, unless Anthropic tool results stand among its blocks."""
    kind = _CHUNKS.get(value.type, value.type)
    role = _role(kind, value)
    metadata = _metadata(kind, value)
    content = value.content
    if isinstance(content, list) and role == "user" and is_anthropic(content):
        return from_anthropic({"role": role, "content": content, "id": value.id, "metadata": metadata})
    calls = _tool_calls(value, metadata)
    if isinstance(content, list) and role == "assistant":
        content = [_encoded(block) for block in _without_calls(content, calls, metadata)]
    return [
        checked_message(
            role,
            content,
            id=value.id,
            name=value.name,
            tool_calls=calls,
            tool_call_id=_answered(kind, value),
            metadata=metadata,
        )
    ]


def _role(kind: str, value: Any) -> str:
    if kind == "chat":
        return "system" if value.role == "developer" else str(value.role)
    if kind in _ROLES:
        return _ROLES[kind]
    raise InvalidMessage(
        f"LangChain messages of type {shortened(kind)} are no part of a conversation.",
        "Apply it to your message list first, and pass the list's human, ai, system and tool messages.",
        value=kind,
    )


def _metadata(kind: str, value: Any) -> dict[str, Any]:
    metadata = {name: kept for name in _KEPT if (kept := getattr(value, name, None))}
    if more := getattr(value, "model_extra", None):
        metadata["model_extra"] = more
    if getattr(value, "status", "success") == "error":
        metadata["status"] = "error"
    if kind in ("chat", "function"):
        metadata["langchain_type"] = kind
    if (kind == "chat" and value.role == "developer") or value.additional_kwargs.get("__openai_role__") == "developer":
        metadata["role"] = "developer"
    return metadata


def _answered(kind: str, value: Any) -> object:
    return function_call_id(value.name) if kind == "function" else getattr(value, "tool_call_id", None)


def _tool_calls(value: Any, metadata: dict[str, Any]) -> list[ToolCall]:
    """The message's calls: valid ones, then those whose arguments could not be parsed."""
    invalid = getattr(value, "invalid_tool_calls", None) or []
    named = [call for call in invalid if call["id"] and call["name"]]
    if invalid:
        metadata["invalid_tool_calls"] = [{**call, "args": None} if call in named else call for call in invalid]
    calls = [_call(call) for call in (*getattr(value, "tool_calls", ()), *named)]
    function = value.additional_kwargs.get("function_call")
    if function and not calls:
        metadata["function_call"] = True
        calls.append(ToolCall(function_call_id(function["name"]), function["name"], function["arguments"]))
    return calls


def _call(call: Mapping[str, Any]) -> ToolCall:
    return ToolCall(call["id"] or "", call["name"], "" if call["args"] is None else argument_text(call["args"]))


def _without_calls(content: list[Any], calls: list[ToolCall], metadata: dict[str, Any]) -> list[Any]:
    """The content without its call blocks. What they hold and `calls` does not is added to it."""
    known = {call.id: call for call in calls}
    kept: list[Any] = []
    placed: list[list[Any]] = []
    for index, block in enumerate(content):
        kind = block.get("type") if isinstance(block, Mapping) else None
        if kind not in CALL_BLOCKS:
            kept.append(block)
            continue
        call_id = block.get("call_id") or block.get("id") or ""
        if call_id not in known:
            known[call_id] = ToolCall(call_id, block.get("name") or "", argument_text(block.get(ARGUMENTS[kind])))
            calls.append(known[call_id])
        placed.append([index, _slim(block, kind, known[call_id])])
    if placed:
        metadata["content_calls"] = placed
    return kept


_SEALED = "redacted_content"
"""Where `ChatBedrockConverse` keeps the bytes of reasoning that only its provider can read."""


def _encoded(block: Any) -> Any:
    """The block with those bytes as base64, which JSON can say."""
    key = _sealed_in(block)
    sealed = block[key][_SEALED] if key else None
    if not isinstance(sealed, bytes):
        return block
    return {**block, key: {**block[key], _SEALED: base64.b64encode(sealed).decode()}}


def decoded(block: Any) -> Any:
    """The block with those bytes as bytes, as Bedrock's client takes them."""
    key = _sealed_in(block)
    sealed = block[key][_SEALED] if key else None
    if not isinstance(sealed, str):
        return block
    return {**block, key: {**block[key], _SEALED: Media(kind="file", data=sealed).raw}}


def _sealed_in(block: Any) -> str | None:
    """Under which key of the block they are: of its own shape, or of LangChain's v1."""
    if not isinstance(block, Mapping):
        return None
    places = ("reasoning_content", "extras")
    return next((key for key in places if isinstance(block.get(key), Mapping) and _SEALED in block[key]), None)


def _slim(block: Mapping[str, Any], kind: str, call: ToolCall) -> dict[str, Any]:
    """The block, its arguments left out where the call itself says them."""
    return {key: value for key, value in block.items() if key != ARGUMENTS[kind] or value != call_payload(kind, call)}


def call_payload(kind: str, call: ToolCall) -> object:
    """A call's arguments as that kind of block holds them: an object, or text where the block holds text."""
    return argument_object(call.arguments) if kind in ("tool_use", "tool_call") else call.arguments


def with_calls(blocks: list[Any], message: Message) -> list[Any]:
    """The content blocks with the message's call blocks back where `from_langchain` found them."""
    known = {call.id: call for call in message.tool_calls}
    restored = list(blocks)
    for index, block in message.metadata.get("content_calls", ()):
        call = known.get(block.get("call_id") or block.get("id") or "")
        payload = {ARGUMENTS[block["type"]]: call_payload(block["type"], call)} if call else {}
        restored.insert(index, {**payload, **block})
    return restored
