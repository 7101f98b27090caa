"""Cache breakpoints for LangChain's chat models: in messages, and in the tools for `bind_tools`.

LangChain has no breakpoint of its own. Each chat model passes on what its provider understands:

* `"anthropic"`: `cache_control` on a content block. `ChatAnthropic`, `ChatAnthropicBedrock`, and
  `ChatBedrock` with a model of Anthropic's.
* `"converse"`: a `cachePoint` block of its own. `ChatBedrockConverse`, and `ChatBedrock` with
  `beta_use_converse_api`.
* `"nova"`: the same for Amazon's Nova, which takes a cache point in the system prompt and in what a user says, but not
  after tools, and in no message with a call of one or a result.

Where a mark may stand is what those models pass on (read in langchain-anthropic 1.7 and
langchain-aws 1.9, and tested against them): on text and on a tool's result. On a tool call it is
lost, and in an answer kept as LangChain's v1 blocks lost or an error; it then stands on the message
before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from contextkit.errors import InvalidInput, shortened
from contextkit.render.openai import openai_tool
from contextkit.render.request import Breakpoints, encodable, shown
from contextkit.render.turns import MAX_BREAKPOINTS
from contextkit.types import Tool

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

CacheStyle: TypeAlias = Literal["anthropic", "converse", "nova"]
"""How a chat model is told what to cache: as Anthropic's Messages API is, as Bedrock's Converse API is, or as that is
for Nova."""

Caching: TypeAlias = CacheStyle | Literal["auto"] | None
"""A style, or whichever the chat model has that a prompt is for; None for no marks at all."""

_Blocks: TypeAlias = list[Any]


def marked(messages: Sequence[BaseMessage], points: Breakpoints, style: CacheStyle) -> list[BaseMessage]:
    """The messages with at most four breakpoints marked, the one after the tools included, and no other marks.

    What a message is apart from a mark never depends on where the marks are: the prefix has to stay the same.
    """
    _check(style)
    points = replace(points, after_tools=points.after_tools and style != "nova")
    can_bear = [
        _can_bear(message) and (style != "nova" or _is_plain(messages, at)) for at, message in enumerate(messages)
    ]
    places = {_bearer(can_bear, index) for index in points.at_most(MAX_BREAKPOINTS).messages}
    write, mark = (_for_anthropic, _with_control) if style == "anthropic" else (_for_converse, _with_point)
    return [
        message.model_copy(update={"content": mark(write(message)) if place in places else write(message)})
        for place, message in enumerate(messages)
    ]


def langchain_tools(
    tools: Sequence[Tool], points: Breakpoints, style: CacheStyle | None = None
) -> list[dict[str, Any]]:
    """The tools for `bind_tools`, in the shape that every chat model takes; marked for one of a style.

    Raises `InvalidTool` for what no provider takes.
    """
    tools = shown(tools)
    shaped: list[dict[str, Any]] = [dict(openai_tool(tool)) for tool in tools]
    if style is not None:
        _check(style)
        if shaped and points.after_tools and style != "nova":
            shaped = _marked_tools(shaped, tools[-1], style)
    return encodable(shaped)


def _check(style: object) -> None:
    if style not in get_args(CacheStyle):
        raise InvalidInput(
            f"The cache style {shortened(style)} is unknown.",
            'Use "anthropic" for ChatAnthropic and ChatBedrock, "converse" for ChatBedrockConverse, "nova" for that '
            "with a model of Amazon's, None for others.",
            value=style,
        )


def _marked_tools(shaped: list[dict[str, Any]], last: Tool, style: CacheStyle) -> list[dict[str, Any]]:
    if style == "converse":
        return [*shaped, _point()]
    native = {"name": last.name, "description": last.description or last.name, "input_schema": dict(last.parameters)}
    return [*shaped[:-1], native | _control()]


def _bearer(can_bear: Sequence[bool], index: int) -> int | None:
    """The place of the last message up to `index` that can be marked."""
    upto = range(min(index, len(can_bear) - 1), -1, -1)
    return next((place for place in upto if can_bear[place]), None)


def _is_plain(messages: Sequence[BaseMessage], place: int) -> bool:
    """Whether it is the system's, or a user's in a turn without a tool's result."""
    kind = messages[place].type
    before = next((one.type for one in reversed(messages[:place]) if one.type != "human"), None)
    return kind == "system" or (kind == "human" and before != "tool")


def _can_bear(message: BaseMessage) -> bool:
    if message.type == "tool":
        return True
    if message.response_metadata.get("output_version") == "v1":
        return False
    return _last_text(_blocks(message.content)) is not None


_Content: TypeAlias = str | _Blocks


def _unmarked(message: BaseMessage) -> _Content:
    """The content without the marks it came with: every prompt places its own, and a fifth would be refused."""
    if isinstance(message.content, str):
        return message.content
    return [_without_control(block) for block in message.content if "cachePoint" not in block]


def _without_control(block: Any) -> Any:
    return {key: value for key, value in block.items() if key != "cache_control"} if isinstance(block, dict) else block


def _for_converse(message: BaseMessage) -> _Content:
    """The content in blocks, but a tool's: what one role says in a row is joined, texts into one and blocks apart."""
    content = _unmarked(message)
    return _blocks(content) if message.type != "tool" and _can_bear(message) else content


def _for_anthropic(message: BaseMessage) -> _Content:
    """The content in blocks; a tool's result as one, since Anthropic refuses a mark on a part of it."""
    if message.type != "tool":
        return _for_converse(message)
    content = _unmarked(message)
    result = {
        "type": "tool_result",
        "tool_use_id": getattr(message, "tool_call_id", None),
        "content": _plain(content),
        "is_error": getattr(message, "status", None) == "error",
    }
    return [result]


def _plain(content: _Content) -> _Content:
    """A single text as such: of a result in blocks, `ChatBedrock` keeps no mark."""
    if isinstance(content, list) and len(content) == 1 and _is_text(content[0]):
        return str(content[0]["text"])
    return content


def _blocks(content: _Content) -> _Blocks:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _last_text(blocks: _Blocks) -> int | None:
    texts = [place for place, block in enumerate(blocks) if _is_text(block)]
    return texts[-1] if texts else None


def _is_text(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "text" and bool(str(block.get("text", "")).strip())


def _with_control(content: _Content) -> _Blocks:
    """The content with `cache_control` on its last text, or on the tool's result that it is."""
    blocks = _blocks(content)
    at = _last_text(blocks)
    bearer = len(blocks) - 1 if at is None else at
    return [block | _control() if place == bearer else block for place, block in enumerate(blocks)]


def _with_point(content: _Content) -> _Blocks:
    """The content with a cache point after its last text; `ChatBedrockConverse` moves it behind a tool's result."""
    blocks = _blocks(content)
    at = _last_text(blocks)
    behind = len(blocks) if at is None else at + 1
    return [*blocks[:behind], _point(), *blocks[behind:]]


def _control() -> dict[str, Any]:
    return {"cache_control": {"type": "ephemeral"}}


def _point() -> dict[str, Any]:
    return {"cachePoint": {"type": "default"}}
