"""The prompt as OpenAI's Responses API takes it.

A request holds the whole prompt and refers to nothing that a server stores: it sets no `previous_response_id` and no
`conversation`, beside which the prompt would stand there twice, and leaves `store` and `include` to the caller. So
where a prompt does not fit:

* System messages at its start become the `instructions`; a later one is an item of its own.
* An answer becomes the items that it was, reasoning included where it may go back (`contextkit.render.answer`).
* A user's name, for which there is no field, stands before the user's text, and an assistant's before its answer, where
  others answered too (`contextkit.render.cues`). A message with nothing in it is left out.
* Functions are not strict: where a request does not say, the API may take schemas as strict that were not written so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NotRequired, TypedDict

from contextkit.errors import InvalidMessage
from contextkit.parts import Part, Text, introduced, parts
from contextkit.parts.media import Media
from contextkit.render.answer import answer
from contextkit.render.bygone import telling_bygones
from contextkit.render.cues import cues
from contextkit.render.request import (
    MOST_OPENAI_TOOLS,
    NO_BREAKPOINTS,
    Breakpoints,
    check_count,
    check_pairs,
    encodable,
    finished,
    opening,
    shown,
    with_fitting_ids,
)
from contextkit.render.strict import is_strict
from contextkit.render.told import told
from contextkit.render.turns import Json
from contextkit.types import Message, Tool

_CALL_ID = re.compile(r".{1,64}", re.DOTALL)
"""The API answers with an error to call ids longer than 64 characters, and takes any characters in them."""

MAX_EXPLICIT = 3
"""The marks that are written to the cache beside the one that the API places itself (its `prompt_cache_options`)."""

PROVIDER = "OpenAI's Responses API"


class ResponsesTool(TypedDict):
    """One of `tools`."""

    type: Literal["function"]
    name: str
    parameters: Json
    strict: bool
    description: NotRequired[str]


class ResponsesRequest(TypedDict):
    """Keyword arguments for `client.responses.create`. No `instructions` or `tools` where there are none."""

    input: list[Json]
    instructions: NotRequired[str]
    tools: NotRequired[list[ResponsesTool]]


@telling_bygones
def to_responses(
    messages: Sequence[Message],
    tools: Sequence[Tool] = (),
    breakpoints: Breakpoints = NO_BREAKPOINTS,
    *,
    most_tools: int = MOST_OPENAI_TOOLS,
) -> ResponsesRequest:
    """The prompt for the Responses API; how it is made to fit is told in `contextkit.render.responses`.

    Breakpoints become a `prompt_cache_breakpoint` each, the first and the last two at most: GPT-5.6 and later models
    take them, others refuse them. `instructions` cannot be marked, so that with breakpoints all system messages are
    items. Sound and film are refused, as are images of unknown type, and more than `most_tools`.
    """
    check_pairs(messages)
    check_count(tools, most_tools, PROVIDER)
    tools = shown(tools)
    points = replace(breakpoints, after_tools=False).at_most(MAX_EXPLICIT)
    start = 0 if points.messages else opening(messages)
    request: ResponsesRequest = {"input": _input(messages, start, points)}
    if instructions := "\n\n".join(filter(None, map(_instructions, messages[:start]))):
        request["instructions"] = instructions
    if tools:
        request["tools"] = [_tool(tool) for tool in tools]
    return encodable(request)


def _tool(tool: Tool) -> ResponsesTool:
    strict = bool(is_strict(tool, "openai"))  # which the API takes for granted where nothing is said
    parameters = dict(tool.parameters)
    shaped: ResponsesTool = {"type": "function", "name": tool.name, "parameters": parameters, "strict": strict}
    if tool.description:
        shaped["description"] = tool.description
    return shaped


def _instructions(message: Message) -> str:
    return "\n".join(_content(part, message)["text"] for part in _filled(message))


def _input(messages: Sequence[Message], start: int, points: Breakpoints) -> list[Json]:
    items: list[Json] = []
    fitting = with_fitting_ids(finished(messages), _CALL_ID)
    for index, (said, message, cue) in enumerate(zip(messages, fitting, cues(messages), strict=True)):
        if message.role == "assistant":
            answered = [*answer(message, said, PROVIDER)]
            if cue and answered:
                items.append({"role": "user", "content": [{"type": "input_text", "text": cue}]})
            items += answered
        elif index >= start:
            items += _items(message, listed=bool(points.messages))
        if index in points.messages:
            _mark(items)
    if not items:
        raise InvalidMessage("The prompt says nothing besides its system prompt.", "Add the user's message.")
    return items


def _items(message: Message, listed: bool) -> list[Json]:
    """What was not the model's. A result that is only text is a text, unless `listed`: only blocks can be marked."""
    content = [_content(part, message) for part in introduced(_filled(message), message)]
    if message.role == "tool":
        plain = not content or (len(content) == 1 and "text" in content[0] and not listed)
        output = "".join(block["text"] for block in content) if plain else content
        return [{"type": "function_call_output", "call_id": message.tool_call_id, "output": output}]
    role = "developer" if message.metadata.get("role") == "developer" else message.role
    return [{"role": role, "content": content}] if content else []


def _filled(message: Message) -> list[Part]:
    return [part for part in parts(message) if part != Text("")]


def _content(found: Part, message: Message) -> Json:
    match found:
        case Text(text):
            return {"type": "input_text", "text": text}
        case Media() if message.role in ("user", "tool") and (media := _media(found)):
            return media
    return {"type": "input_text", "text": told(found, message, PROVIDER)}


def _media(media: Media) -> Json | None:
    source = _source(media)
    if source and media.kind == "image":
        return {"type": "input_image", "detail": media.detail or "auto", **source}
    return {"type": "input_file", **source} if source and media.kind == "file" else None


def _source(media: Media) -> Json | None:
    where = "image_url" if media.kind == "image" else "file_url"
    if media.url:
        return {where: media.url}
    if media.file_id:
        return {"file_id": media.file_id}
    if not media.data or not media.mime:
        return None
    return {where: media.data_url} if media.kind == "image" else _embedded(media)


def _embedded(media: Media) -> Json:
    return {"filename": media.name or "file", "file_data": media.data_url}


def _mark(items: list[Json]) -> None:
    """Mark the last block that may be marked: nothing that the model said may."""
    for item in reversed(items):
        blocks = item.get("output" if item.get("type") == "function_call_output" else "content")
        markable = item.get("role", "user") != "assistant" and item.get("type") in (None, "function_call_output")
        if markable and blocks and isinstance(blocks, list):
            blocks[-1]["prompt_cache_breakpoint"] = {"mode": "explicit"}
            return
