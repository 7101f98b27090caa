"""Tool calls as every chat model of LangChain's passes them on to a provider that takes them.

They pass on ids and names as they are, whichever provider or MCP server these came from. A call whose arguments are no
JSON object they leave out, or empty, while its result stays: so it is told as one, with its text under `unparsed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contextkit.messages.arguments import argument_object
from contextkit.messages.langchain import ARGUMENTS
from contextkit.render.request import check_pairs, finished, with_fitting_ids
from contextkit.render.turns import call_input
from contextkit.types import Message, ToolCall

_CALL_ID = re.compile(r"[a-zA-Z0-9_-]{1,40}")
"""The characters that Anthropic and Bedrock take, and as many of them as OpenAI does."""


def with_fitting_calls(messages: Sequence[Message], *, signed: bool = False) -> Iterator[Message]:
    """The messages with calls that every provider takes. What fits stays as it is, among the blocks too.

    `signed` is as for `with_fitting_ids`.
    """
    check_pairs(messages)
    for said, message in zip(messages, with_fitting_ids(finished(messages), _CALL_ID, signed=signed), strict=True):
        yield _with_calls(message, said) if said.tool_calls else message


def _with_calls(message: Message, said: Message) -> Message:
    """`said` is the message as it came, with other ids and names maybe."""
    calls = tuple(map(_parsed, message.tool_calls))
    metadata = {key: value for key, value in message.metadata.items() if key != "invalid_tool_calls"}
    if "content_calls" in metadata:
        now = {before.id: (before, call) for before, call in zip(said.tool_calls, calls, strict=True)}
        metadata["content_calls"] = [[place, _block(block, now)] for place, block in metadata["content_calls"]]
    return replace(message, tool_calls=calls, metadata=metadata)


def _parsed(call: ToolCall) -> ToolCall:
    if argument_object(call.arguments) is not None:
        return call
    return replace(call, arguments=json.dumps(call_input(call), ensure_ascii=False))


def _block(block: Mapping[str, Any], now: Mapping[str, tuple[ToolCall, ToolCall]]) -> Mapping[str, Any]:
    """A call's block under the id and the name that the call has now, to which its arguments are added later.

    A block that says what the call says stays as it is. Where a person changed the call, it does not.
    """
    key = "call_id" if block.get("call_id") else "id"
    before, call = now.get(block.get(key) or "", (None, None))
    if call is None or (call == before and _says(block, call)):
        return block
    kind = "tool_call" if block["type"] == "invalid_tool_call" else block["type"]
    kept = {name: value for name, value in block.items() if name not in (ARGUMENTS[kind], "partial_json", "error")}
    return {**kept, "type": kind, key: call.id, "name": call.name}


def _says(block: Mapping[str, Any], call: ToolCall) -> bool:
    given = block.get(ARGUMENTS[block["type"]])
    if isinstance(given, str):
        given = argument_object(given)
    return given is None or given == argument_object(call.arguments)
