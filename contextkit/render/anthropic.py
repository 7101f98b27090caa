"""The prompt as Anthropic's Messages API takes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

from contextkit.parts import Other, Part, Reasoning, Redacted, Text
from contextkit.parts.media import Media, inner
from contextkit.render.bygone import telling_bygones
from contextkit.render.request import (
    NO_BREAKPOINTS,
    Breakpoints,
    check_pairs,
    encodable,
    finished,
    shown,
    with_fitting_ids,
)
from contextkit.render.strict import is_strict
from contextkit.render.told import told
from contextkit.render.turns import (
    CALL_ID,
    MAX_BREAKPOINTS,
    NO_OUTPUT,
    Dialect,
    Json,
    as_text,
    call_input,
    split,
    to_be_cited,
    usable_parts,
)
from contextkit.types import Message, Tool, ToolCall

NATIVE = re.compile(r"server_tool_use|mcp_tool_use|(?!server_)\w+_tool_result|search_result|document|container_upload")
"""Blocks that only Anthropic's API makes or takes: they go back as they came. A `server_tool_result` is LangChain's."""


class AnthropicMessage(TypedDict):
    """One of `messages`."""

    role: Literal["user", "assistant"]
    content: list[Json]


class AnthropicTool(TypedDict):
    """One of `tools`."""

    name: str
    input_schema: Json
    description: NotRequired[str]
    strict: NotRequired[bool]
    cache_control: NotRequired[dict[str, str]]


class AnthropicRequest(TypedDict):
    """Keyword arguments for `client.messages.create`. No `system` or `tools` where there are none."""

    messages: list[AnthropicMessage]
    system: NotRequired[list[Json]]
    tools: NotRequired[list[AnthropicTool]]


@telling_bygones
def to_anthropic(
    messages: Sequence[Message], tools: Sequence[Tool] = (), breakpoints: Breakpoints = NO_BREAKPOINTS
) -> AnthropicRequest:
    """The prompt for the Messages API; how it is made to fit is told in `contextkit.render.turns`.

    Breakpoints become `cache_control`, at most four. Sound and film are refused, as are images
    of unknown type.
    """
    check_pairs(messages)
    tools = shown(tools)
    points = breakpoints.at_most(MAX_BREAKPOINTS)
    fitting = with_fitting_ids(finished(messages), CALL_ID)
    system, turns = split(fitting if tools else as_text(fitting), points, _DIALECT)
    request: AnthropicRequest = {"messages": [{"role": turn.role, "content": turn.content} for turn in turns]}
    if system:
        request["system"] = system
    if tools:
        request["tools"] = [_tool(tool) for tool in tools]
        if points.after_tools:
            request["tools"][-1]["cache_control"] = {"type": "ephemeral"}
    return encodable(request)


def _tool(tool: Tool) -> AnthropicTool:
    shaped: AnthropicTool = {"name": tool.name, "input_schema": dict(tool.parameters)}
    if tool.description:
        shaped["description"] = tool.description
    if (strict := is_strict(tool, "anthropic")) is not None:
        shaped["strict"] = strict
    return shaped


def _blocks(message: Message) -> list[Json]:
    blocks = [_block(part, message) for part in usable_parts(message)]
    if message.role == "tool":
        return [_result(message, blocks)]
    return blocks + [_call(call, message) for call in message.tool_calls]


def _call(call: ToolCall, message: Message) -> Json:
    """The call, and where code of Claude's own made it, which: the code goes on with the result."""
    kept = (block for _, block in message.metadata.get("content_calls", ()) if block.get("id") == call.id)
    callers = [caller for block in kept if (caller := inner(block, "caller")) and caller.get("type") != "direct"]
    shaped: Json = {"type": "tool_use", "id": call.id, "name": call.name, "input": call_input(call)}
    return {**shaped, "caller": dict(callers[0])} if callers else shaped


def _result(message: Message, blocks: list[Json]) -> Json:
    content = blocks or [_text(NO_OUTPUT)]
    result: Json = {"type": "tool_result", "tool_use_id": message.tool_call_id, "content": content}
    if message.metadata.get("status") == "error":
        result["is_error"] = True
    return result


def _block(part: Part, message: Message) -> Json:
    match part:
        case Text(text):
            return _text(text)
        case Reasoning(text, signature) if message.role == "assistant":
            return {"type": "thinking", "thinking": text, "signature": signature}
        case Redacted(data) if message.role == "assistant":
            return {"type": "redacted_thinking", "data": data}
        case Media() if message.role in ("user", "tool") and (shaped := media_block(part)):
            return shaped
        case Other(block) if NATIVE.fullmatch(str(block.get("type"))):
            return {key: value for key, value in block.items() if key != "cache_control"}
    return _text(told(part, message, "Anthropic"))


def media_block(media: Media) -> Json | None:
    """The picture or file as Anthropic describes it; None for what it does not take."""
    source = _source(media)
    kind = "document" if media.kind == "file" else "image"
    return {"type": kind, "source": source, **_title(media), **to_be_cited(media)} if source else None


def _source(media: Media) -> Json | None:
    if media.kind not in ("image", "file"):
        return None
    if media.file_id:
        return {"type": "file", "file_id": media.file_id}
    if media.url:
        return {"type": "url", "url": media.url}
    if media.kind == "file" and media.mime.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": media.raw.decode(errors="replace")}
    mime = _ALSO.get(media.mime, media.mime)
    return {"type": "base64", "media_type": mime, "data": media.data} if mime in _TAKEN[media.kind] else None


_TAKEN = {
    "image": ("image/jpeg", "image/png", "image/gif", "image/webp"),
    "file": ("application/pdf",),
}
"""What it takes as data, by its own types; files of text beside them."""

_ALSO = {"image/jpg": "image/jpeg"}


def _title(media: Media) -> Json:
    return {"title": media.name} if media.kind == "file" and media.name else {}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _mark(blocks: list[Json]) -> None:
    """Mark the last block that may be marked: reasoning may not."""
    for block in reversed(blocks):
        if block["type"] not in ("thinking", "redacted_thinking"):
            block["cache_control"] = {"type": "ephemeral"}
            return


_DIALECT = Dialect(blocks=_blocks, text=_text, mark=_mark)
