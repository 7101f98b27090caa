"""Messages that arrive as items of OpenAI's Responses API: a response's `output`, and the outputs of its calls.

What the model said at once stands there as several items: reasoning, messages, calls. With us it is one message, with
the reasoning and whatever else only that API knows as content blocks. Between the calls `metadata["content_calls"]`
tells where among the blocks they stood, as for LangChain's messages: reasoning goes back in front of what it led to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, TypeVar

from contextkit.errors import InvalidMessage, shortened
from contextkit.messages.arguments import argument_text
from contextkit.messages.check import checked_message, dumped, is_model
from contextkit.messages.openai import from_openai
from contextkit.types import Message, ToolCall

T = TypeVar("T")
Item = Mapping[str, Any]

NATIVE: Final = re.compile(
    r"(web_search|file_search|code_interpreter|image_generation|mcp)_call|mcp_list_tools|compaction"
)
"""Items of what OpenAI's servers do by themselves: they go back as they came, and nobody has to answer them."""

_ITEM = re.compile(rf"reasoning|function_call|function_call_output|{NATIVE.pattern}")
_OTHER = re.compile(r"\w+_(call|output)|mcp_approval_\w+|item_reference|program|additional_tools")
"""Items that the client has to answer otherwise than a function's call, or that stand for something elsewhere."""


@dataclass(frozen=True, slots=True)
class Output:
    """Items that follow each other in a list and were said at once."""

    items: Sequence[Item]


def joined(values: Iterable[object]) -> Iterator[object]:
    """The values, and in the place of items that the model said at once, one `Output`."""
    for run in at_once(map(plain_item, values), lambda value: value):
        items = [item for item in run if isinstance(item, Mapping)]
        yield Output(items) if len(items) > 1 else run[0]


def at_once(values: Iterable[T], item: Callable[[T], object]) -> Iterator[list[T]]:
    """The values, each in a list: with those that the model said at once, or alone. `item` gives what one of them is.

    Messages by themselves stay apart: nothing between them has to stand together.
    """
    for said, run in groupby(values, lambda value: _is_said(item(value))):
        found = list(run)
        if said and any(_kind(item(value)) != "message" for value in found):
            yield found
        else:
            yield from ([value] for value in found)


def plain_item(value: object) -> object:
    """The dict that an item of OpenAI's client stands for, as the server sent it; any other value as it is."""
    if not is_model(value) or hasattr(value, "additional_kwargs"):
        return value
    data = dumped(value, "A message", exclude_unset=True)
    return data if is_item(data) else value


def is_item(data: Mapping[Any, Any]) -> bool:
    """Whether it is one of these items, and no message in another shape."""
    kind = _kind(data)
    if kind == "message":
        return _is_answer(data)
    return "role" not in data and isinstance(kind, str) and bool(_ITEM.fullmatch(kind) or _OTHER.fullmatch(kind))


def from_item(data: Mapping[Any, Any]) -> Message:
    """The message that a single item is."""
    match _kind(data):
        case "function_call_output":
            kept = {key: value for key, value in data.items() if key not in ("type", "status", "output", "call_id")}
            return from_openai(
                {**kept, "role": "tool", "content": data.get("output"), "tool_call_id": data.get("call_id")}
            )
        case "message":
            kept = {key: value for key, value in data.items() if key not in ("type", "status", "phase")}
            return from_openai({**kept, "content": _plain(_texts(data))})
    return from_output([data])


def from_output(items: Sequence[Item]) -> Message:
    """The one message that these items are. It has the id of the first, so that they are stored once."""
    said = _Said()
    for item in items:
        said.add(item)
    return checked_message(
        "assistant",
        said.content if said.ordered else _plain(said.content),
        id=next((item["id"] for item in items if item.get("id")), None),
        tool_calls=said.calls,
        metadata={"content_calls": said.placed} if said.ordered and said.placed else {},
    )


@dataclass(slots=True)
class _Said:
    """What the model said, sorted into what stands apart with us. `ordered` where it matters what stood where."""

    content: list[Item] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    placed: list[list[Any]] = field(default_factory=list)
    ordered: bool = False

    def add(self, item: Item) -> None:
        kind = str(_kind(item))
        if kind == "message":
            self.content += _texts(item)
        elif kind == "function_call":
            self.placed.append([len(self.content) + len(self.calls), _given(item, "arguments")])
            arguments = argument_text(item.get("arguments"))
            self.calls.append(ToolCall(item.get("call_id") or "", item.get("name") or "", arguments))
        elif kind == "reasoning" or NATIVE.fullmatch(kind):
            self.content.append(_given(item) if kind == "reasoning" else item)
            self.ordered = True
        else:
            raise InvalidMessage(
                f"An item of type {shortened(kind)} has no place in a conversation of contextkit's.",
                "Append messages, reasoning, function calls and their outputs; offer the model functions in its stead.",
                value=item,
            )


def _is_said(value: object) -> bool:
    return isinstance(value, Mapping) and is_item(value) and _kind(value) != "function_call_output"


def _is_answer(data: Mapping[Any, Any]) -> bool:
    """Whether it is a message as a response has it, not one that somebody wrote by hand."""
    content = data.get("content")
    return (
        data.get("role") == "assistant"
        and isinstance(content, list | tuple)
        and all(_kind(part) in ("output_text", "refusal") for part in content)
    )


def _texts(item: Item) -> list[Item]:
    """A message's texts as blocks, with what they need to go back: the message's id, and its phase."""
    beside = {key: item[key] for key in ("id", "phase") if item.get(key)}
    return [{**_text(part), **beside} for part in item["content"]]


def _text(part: Item) -> Item:
    if part["type"] == "refusal":
        return {"type": "refusal", "refusal": part.get("refusal")}
    cited = {"annotations": part["annotations"]} if part.get("annotations") else {}
    return {"type": "text", "text": part.get("text"), **cited}


def _plain(blocks: Sequence[Item]) -> object:
    """Blocks that are nothing but one bare text, as that text."""
    if len(blocks) == 1 and blocks[0].keys() <= {"type", "text", "id"} and isinstance(blocks[0].get("text"), str):
        return blocks[0]["text"]
    return blocks


def _kind(value: object) -> object:
    return value.get("type") if isinstance(value, Mapping) else None


def _given(item: Item, but: str = "") -> Item:
    """What an item says; some clients write what it does not as null."""
    return {key: value for key, value in item.items() if value is not None and key != but}
