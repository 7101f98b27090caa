"""The prompt as LangChain messages: the one renderer that imports `langchain_core`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from contextkit.messages.arguments import argument_object
from contextkit.messages.langchain import decoded, with_calls
from contextkit.render.attached import Room, thinned_message
from contextkit.render.bygone import telling_bygones
from contextkit.render.cues import cues
from contextkit.render.family import ANTHROPIC, BEDROCK, Family, is_own
from contextkit.render.langchain_blocks import (
    NAMING,
    common_content,
    is_blank,
    placed_calls,
    with_attachments,
    with_documents,
)
from contextkit.render.langchain_cache import CacheStyle, marked
from contextkit.render.langchain_calls import with_fitting_calls
from contextkit.render.langchain_family import FAMILIES, is_v1, keeps_v1
from contextkit.render.openai import fitting_name
from contextkit.render.request import NO_BREAKPOINTS, Breakpoints, encodable, opening
from contextkit.render.turns import CLOSING, NO_OUTPUT, OPENING, usable_parts
from contextkit.types import Message, Role, ToolCall


def to_langchain(
    messages: Sequence[Message], breakpoints: Breakpoints = NO_BREAKPOINTS, cache: CacheStyle | None = None
) -> list[BaseMessage]:
    """The messages as LangChain's; one that came from LangChain leaves as an equal message.

    Content blocks are passed on as they came: LangChain's chat models convert them. Arguments
    that are no JSON object make an invalid tool call. With `cache`, breakpoints are marked for chat
    models of that style (`contextkit.render.langchain_cache`).
    """
    shaped = [_message(message) for message in messages]
    return shaped if cache is None else marked(shaped, breakpoints, cache)


@telling_bygones
def to_langchain_prompt(
    messages: Sequence[Message],
    breakpoints: Breakpoints = NO_BREAKPOINTS,
    cache: CacheStyle | None = None,
    family: Family | None = None,
) -> list[BaseMessage]:
    """The messages with what LangChain's chat models pass on as it is, and providers refuse, put right.

    `family` is whose chat model they are for: that of the style, if it is not given; None where it is not known.

    * A system message behind others becomes the user's, where it stands: Anthropic's chat models refuse it there, and
      Converse's puts it in front of all that was cached. (`to_openai` and `to_responses` leave it the system's.)
    * What is only OpenAI's, a `ChatMessage`, a `FunctionMessage` and the call it answers, is told in the kinds that
      every chat model takes.
    * Calls have ids and names that every provider takes, and arguments that are no JSON object are passed as
      `{"unparsed": text}` (`contextkit.render.langchain_calls`).
    * What another provider's servers did, and what only MCP or its own client shapes so, is told in words or in
      LangChain's blocks (`contextkit.render.langchain_blocks`).
    * A message with nothing in it is left out: Anthropic refuses blank text.
    * Where the assistant would speak first, a user's `(continued)` is put before it: Bedrock, Anthropic, Gemini. Where
      it spoke last, as an agent did that another follows, a user's `(continue)` is put behind it: Bedrock, Anthropic.
    * A failed tool result with nothing in it says `(no output)`: Anthropic.
    * Under which id OpenAI keeps an answer is left out: from there on `ChatOpenAI(use_previous_response_id=True)` would
      send the rest of the prompt alone, and the model would read whatever was said before, at any length.
    * Names of users and agents have no white space: OpenAI, to whom LangChain passes on what an agent is called. Where
      LangChain does not, an agent's name stands in the user's turn before, if others answered too
      (`contextkit.render.cues`).
    * Of more pictures and documents than Bedrock takes, the last are sent and the others told in words
      (`contextkit.render.attached`).
    * Reasoning that an answer ends in is left out, since nothing came of it: Anthropic, Bedrock, the Responses API.
    * What a thinking model's server tells beside the content (`reasoning_content`) stays where LangChain put it:
      whether it goes back is for the chat model. `ChatOpenAI` and `ChatDeepSeek` leave it out, and DeepSeek and Kimi
      then answer with an error where tools were called; `Context.to_openai` has it, for OpenAI's own client.
    """
    start = opening(messages)
    if family is None and cache is not None:
        family = FAMILIES.get(cache)
    fitting = enumerate(with_fitting_calls(messages, signed=family == "openai"))
    common = [_common(message, family, leading=place < start) for place, message in fitting]
    if family not in (*ANTHROPIC, *BEDROCK):
        common = [*with_attachments(common)]
    if family not in ANTHROPIC:
        common = [*with_documents(common)]
    if family in BEDROCK:
        room = Room()
        common = [thinned_message(message, room) for message in reversed(common)][::-1]
    said = zip(to_langchain(common, breakpoints, cache), common, _cues(common, family), strict=True)
    shown = [(one, cue) for one, message, cue in said if not _is_nothing(message)]
    return _opened([each for one, cue in shown for each in ([HumanMessage([_text(cue)]), one] if cue else [one])])


def _cues(messages: Sequence[Message], family: Family | None) -> Sequence[str | None]:
    """Who gave which answer, for chat models that do not pass on names."""
    return [None] * len(messages) if family in NAMING else cues(messages)


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _common(message: Message, family: Family | None, *, leading: bool) -> Message:
    """The message as the kind that every chat model takes."""
    role: Role = "user" if message.role == "system" and not leading else message.role
    metadata = {key: value for key, value in message.metadata.items() if key not in _ONLY_OPENAI}
    for field, left_out in _ONLY_OPENAI_S_OWN:
        if field in metadata:
            metadata[field] = _without(metadata[field], left_out)
    if metadata.get("role") == "function":
        del metadata["role"]
    if "content_calls" in metadata:
        metadata["content_calls"] = placed_calls(message, family)
    if family is not None and is_own(message, family) is False:
        metadata["response_metadata"] = {}  # by which chat models read the blocks as those of another provider
    elif is_v1(message) and not keeps_v1(message, family):
        metadata["response_metadata"] = _without(metadata["response_metadata"], "output_version")
    fits = message.name is None or role == "tool" or family not in (*NAMING, "other")
    name = message.name if fits else fitting_name(str(message.name))
    return _worded(replace(message, role=role, name=name, content=common_content(message, family), metadata=metadata))


_ONLY_OPENAI = ("langchain_type", "function_call")
"""What the metadata says of messages of kinds that only OpenAI has."""

_ONLY_OPENAI_S_OWN = (("additional_kwargs", "function_call"), ("response_metadata", "id"))
"""The same within what LangChain keeps of a message; and under which id OpenAI's servers keep an answer."""


def _without(fields: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != key}


def _is_nothing(message: Message) -> bool:
    return is_blank(message) and message.role != "tool" and not message.tool_calls


def _worded(message: Message) -> Message:
    failed = message.role == "tool" and message.metadata.get("status") == "error"
    return replace(message, content=NO_OUTPUT) if failed and not usable_parts(message) else message


def _opened(prompt: Sequence[BaseMessage]) -> list[BaseMessage]:
    speaks = next((place for place, message in enumerate(prompt) if message.type != "system"), len(prompt))
    before = [HumanMessage(OPENING)] if [message.type for message in prompt[speaks : speaks + 1]] == ["ai"] else []
    behind = [HumanMessage(CLOSING)] if [message.type for message in prompt[-1:]] == ["ai"] else []
    return [*prompt[:speaks], *before, *prompt[speaks:], *behind]


def _message(message: Message) -> BaseMessage:
    fields = _fields(message)
    if message.metadata.get("langchain_type") == "chat":
        return ChatMessage(**encodable({**fields, "role": message.metadata.get("role", message.role)}))
    match message.role:
        case "assistant":
            return AIMessage(**encodable(fields | _calls(message)))
        case "tool" if "function" in (message.metadata.get("langchain_type"), message.metadata.get("role")):
            return FunctionMessage(**encodable(fields))
        case "tool":
            return ToolMessage(**encodable(fields | _result(message)))
        case "system":
            return SystemMessage(**encodable(fields))
    return HumanMessage(**encodable(fields))


def _fields(message: Message) -> dict[str, Any]:
    """What all kinds of LangChain message have, and whatever else this one arrived with."""
    metadata = message.metadata
    content = message.content
    blocks = content if isinstance(content, str) else with_calls([decoded(block) for block in content], message)
    return {
        **metadata.get("model_extra", {}),
        "content": blocks,
        "id": message.id,
        "name": message.name,
        "additional_kwargs": _additional(message),
        "response_metadata": metadata.get("response_metadata", {}),
    }


def _additional(message: Message) -> dict[str, Any]:
    additional = dict(message.metadata.get("additional_kwargs", {}))
    if message.metadata.get("role") == "developer" and "langchain_type" not in message.metadata:
        additional["__openai_role__"] = "developer"
    if message.metadata.get("function_call") and message.tool_calls:
        call = message.tool_calls[-1]
        additional["function_call"] = {"name": call.name, "arguments": call.arguments}
    return additional


def _result(message: Message) -> dict[str, Any]:
    return {
        "tool_call_id": message.tool_call_id,
        "artifact": message.metadata.get("artifact"),
        "status": message.metadata.get("status", "success"),
    }


def _calls(message: Message) -> dict[str, Any]:
    """The valid and the invalid tool calls. A legacy function call is neither: it stands in the additional fields."""
    said = {call.id: call for call in message.tool_calls}
    records = message.metadata.get("invalid_tool_calls", [])
    valid: list[dict[str, Any]] = []
    invalid: list[dict[str, Any]] = [_invalid(record, said.pop(record["id"], None)) for record in records]
    for call in said.values() if not message.metadata.get("function_call") else ():
        arguments = argument_object(call.arguments)
        if arguments is None:
            invalid.append(_invalid({"name": call.name, "id": call.id, "error": None}, call))
        else:
            valid.append({"name": call.name, "args": arguments, "id": call.id})
    usage = message.metadata.get("usage_metadata")
    return {"tool_calls": valid, "invalid_tool_calls": invalid, "usage_metadata": usage}


def _invalid(record: dict[str, Any], call: ToolCall | None) -> dict[str, Any]:
    return {**record, "args": call.arguments} if call else record
