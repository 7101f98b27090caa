"""The prompt as OpenAI's chat completions take it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Any, Literal, NotRequired, TypedDict, cast

from contextkit.parts import Part, Reasoning, Redacted, Text, ThinkingField, parts, unusable, words_beside
from contextkit.parts.formats import short_format
from contextkit.parts.media import Media
from contextkit.render.bygone import telling_bygones
from contextkit.render.request import (
    MOST_OPENAI_TOOLS,
    asked,
    check_count,
    check_pairs,
    encodable,
    shown,
    with_fitting_ids,
)
from contextkit.render.strict import is_strict
from contextkit.render.thinking import Thinking, field_for, given_back
from contextkit.render.told import told
from contextkit.types import Message, Tool, ToolCall

_CALL_ID = re.compile(r".{1,40}", re.DOTALL)
"""OpenAI answers with an error to ids longer than 40 characters."""

ATTACHED = "Images and files of the tools' results above:"
BELOW = "(shown below)"

_PROVIDER = "OpenAI's chat completions API"

_NAME = re.compile(r"[\s<|\\/>]")
"""Characters that OpenAI refuses in a message's name."""


class OpenAIFunction(TypedDict):
    """A function as a tool describes it, or as a call names it."""

    name: str
    description: NotRequired[str]
    parameters: NotRequired[dict[str, Any]]
    strict: NotRequired[bool]
    arguments: NotRequired[str]


class OpenAIToolCall(TypedDict):
    """One of an assistant message's calls."""

    id: str
    type: Literal["function"]
    function: OpenAIFunction
    extra_content: NotRequired[dict[str, Any]]


class OpenAIMessage(TypedDict):
    """One of `messages`."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None
    name: NotRequired[str]
    tool_calls: NotRequired[list[OpenAIToolCall]]
    tool_call_id: NotRequired[str]
    refusal: NotRequired[str]
    audio: NotRequired[dict[str, Any]]
    reasoning_content: NotRequired[str]
    reasoning: NotRequired[str]
    reasoning_details: NotRequired[list[Any]]
    thinking_blocks: NotRequired[list[Any]]


class OpenAITool(TypedDict):
    """One of `tools`."""

    type: Literal["function"]
    function: OpenAIFunction


class OpenAIRequest(TypedDict):
    """Keyword arguments for `client.chat.completions.create`. No `tools` where there are none."""

    messages: list[OpenAIMessage]
    tools: NotRequired[list[OpenAITool]]


@telling_bygones
def to_openai(
    messages: Sequence[Message],
    tools: Sequence[Tool] = (),
    *,
    most_tools: int = MOST_OPENAI_TOOLS,
    thinking: Thinking = "auto",
) -> OpenAIRequest:
    """The prompt for chat completions.

    Reasoning among the content is left out, since chat completions take none back there. What a server tells of it
    beside the content goes back with calls of tools, under the name that it has in the last answers, or the one that
    `thinking` is (`contextkit.render.thinking`). No breakpoints are marked: models
    before GPT-5.6 need none, and refuse them. A tool's result may only be text there: its images and
    files follow in a user's message, behind the results of all the calls they belong with. More than
    `most_tools` are refused. What a server that speaks this API notes beside a call (`extra_content`: Gemini's, which
    refuses the call without) goes back to it within the turn, and so do ids that LiteLLM made to say as much.
    """
    check_pairs(messages)
    check_count(tools, most_tools, _PROVIDER)
    tools = shown(tools)
    fitting = [*with_fitting_ids(messages, _CALL_ID, signed=True)]
    turn = asked(messages)
    fitting[:turn] = map(_without_extras, fitting[:turn])
    field = field_for(messages, thinking, tools=bool(tools))
    request: OpenAIRequest = {"messages": [*_messages(fitting, field)]}
    if tools:
        request["tools"] = [openai_tool(tool) for tool in tools]
    return encodable(request)


def _messages(messages: Iterable[Message], field: ThinkingField | None) -> Iterator[OpenAIMessage]:
    """The messages, and after the results of a message's calls one with what of them is more than text."""
    attached: list[dict[str, Any]] = []
    for message in messages:
        if attached and message.role != "tool":
            yield _attachment(attached)
            attached = []
        yield cast("OpenAIMessage", {**_message(message), **given_back(message, field)})
        if message.role == "tool":
            attached += [_media_block(part, message) for part in parts(message) if isinstance(part, Media)]
    if attached:
        yield _attachment(attached)


def _attachment(blocks: list[dict[str, Any]]) -> OpenAIMessage:
    return {"role": "user", "content": [{"type": "text", "text": ATTACHED}, *blocks]}


def _message(message: Message) -> OpenAIMessage:
    shaped: OpenAIMessage = {"role": message.role, "content": _content(message)}
    if message.role == "tool":
        shaped["tool_call_id"] = str(message.tool_call_id)
    elif message.name:
        shaped["name"] = fitting_name(message.name)
    if message.tool_calls:
        extras = chain(message.metadata.get("call_extras", ()), repeat(None))
        shaped["tool_calls"] = [_call(*call) for call in zip(message.tool_calls, extras, strict=False)]
        shaped["content"] = shaped["content"] or None
    if message.metadata.get("role") == "developer":
        shaped["role"] = "developer"
    if message.role == "assistant":
        _add_extras(shaped, message)
    return shaped


def fitting_name(name: str) -> str:
    """A user's or an agent's name as OpenAI takes it: it answers with an error to white space in one."""
    return _NAME.sub("_", name)[:64]


def _add_extras(shaped: OpenAIMessage, message: Message) -> None:
    if isinstance(refusal := message.metadata.get("refusal"), str):
        shaped["refusal"] = refusal
    if isinstance(audio := message.metadata.get("audio"), dict) and "id" in audio:
        shaped["audio"] = {"id": audio["id"]}


def _call(call: ToolCall, extra: dict[str, Any] | None) -> OpenAIToolCall:
    function: OpenAIFunction = {"name": call.name, "arguments": call.arguments}
    shaped: OpenAIToolCall = {"id": call.id, "type": "function", "function": function}
    return {**shaped, "extra_content": extra} if extra else shaped


def _without_extras(message: Message) -> Message:
    """A message of an earlier turn: how Gemini signed a call is asked for in the turn alone, and unknown to OpenAI."""
    kept = {key: value for key, value in message.metadata.items() if key != "call_extras"}
    return replace(message, metadata=kept) if "call_extras" in message.metadata else message


def openai_tool(tool: Tool) -> OpenAITool:
    """One tool as OpenAI describes it; LangChain's `bind_tools` takes this shape for every model."""
    function: OpenAIFunction = {"name": tool.name, "parameters": dict(tool.parameters)}
    if tool.description:
        function["description"] = tool.description
    if (strict := is_strict(tool, "openai")) is not None:
        function["strict"] = strict
    return {"type": "function", "function": function}


def _content(message: Message) -> str | list[dict[str, Any]]:
    words = "" if {"refusal", "audio"} & message.metadata.keys() else words_beside(message)
    if isinstance(message.content, str):
        return message.content or words
    kept = [part for part in parts(message) if not isinstance(part, Reasoning | Redacted)]
    kept += [Text(words)] if words else []
    if message.role == "tool" and any(isinstance(part, Media) for part in kept):
        kept = [part for part in kept if not isinstance(part, Media)] or [Text(BELOW)]
    return [_block(part, message) for part in kept] or ""


def _block(part: Part, message: Message) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, Media) and message.role == "user":
        return _media_block(part, message)
    return {"type": "text", "text": told(part, message, _PROVIDER)}


def _media_block(media: Media, message: Message) -> dict[str, Any]:
    block = _media(media)
    if block is None:
        raise unusable(media, message, _PROVIDER)
    return block


def _media(media: Media) -> dict[str, Any] | None:
    url = media.url or (media.data_url if media.data and media.mime else None)
    if media.kind == "image" and url:
        return {"type": "image_url", "image_url": {"url": url, **({"detail": media.detail} if media.detail else {})}}
    if media.kind == "audio" and media.data and media.mime:
        return {"type": "input_audio", "input_audio": {"data": media.data, "format": short_format(media.mime)}}
    if media.kind == "file" and media.file_id:
        return {"type": "file", "file": {"file_id": media.file_id}}
    if media.kind == "file" and url and not media.url:
        return {"type": "file", "file": {"filename": media.name or "file", "file_data": url}}
    return None
