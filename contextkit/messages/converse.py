"""Messages that arrive as Bedrock Converse dicts, whose blocks are named by their only key."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from contextkit.errors import InvalidMessage, shortened
from contextkit.messages.arguments import argument_text
from contextkit.messages.turn import Result, Turn
from contextkit.parts.formats import mime_type
from contextkit.types import Message, ToolCall

_KEYS = frozenset(
    {
        "text",
        "image",
        "document",
        "video",
        "audio",
        "toolUse",
        "toolResult",
        "reasoningContent",
        "cachePoint",
        "guardContent",
        "citationsContent",
        "searchResult",
        "json",
    }
)


def is_converse(blocks: Sequence[object]) -> bool:
    """True for content whose every block is a dict with one key, and that key one of Converse's."""
    return bool(blocks) and all(
        isinstance(block, Mapping) and len(block) == 1 and block.keys() <= _KEYS for block in blocks
    )


def from_converse(data: Mapping[Any, Any]) -> list[Message]:
    """The messages in one dict: each toolResult apart, toolUse blocks as tool calls.

    What Bedrock's own tools did while the model answered is nobody's to run: their calls and results stay blocks.
    Strands notes beside a call how Gemini signed it (`reasoningSignature`), which `metadata["call_signatures"]` keeps.
    Bytes become base64 text in a block of LangChain's standard shape. Cache points are left
    out: where they stand is decided anew for every prompt.
    """
    turn = Turn()
    signatures: list[object] = []
    for block in data["content"]:
        if _is_of_server(block):
            turn.rest.append(block)
        elif "toolResult" in block:
            turn.results.append(_result(_dict(block["toolResult"], "toolResult")))
        elif "toolUse" in block:
            use = _dict(block["toolUse"], "toolUse")
            turn.calls.append(ToolCall(use.get("toolUseId", ""), use.get("name", ""), argument_text(use.get("input"))))
            signatures.append(use.get("reasoningSignature"))
        elif "cachePoint" not in block:
            turn.rest.append(_standard(block))
    return turn.messages({**data, "call_signatures": signatures} if any(signatures) else data)


def _is_of_server(block: Mapping[str, Any]) -> bool:
    """Whether it is a call or a result of a tool that Bedrock itself runs, such as Nova's web grounding: it says so."""
    return any("type" in _dict(block[kind], kind) for kind in ("toolUse", "toolResult") if kind in block)


def _result(result: Mapping[Any, Any]) -> Result:
    content = result.get("content")
    if not isinstance(content, list | tuple):
        raise _misshapen(content, "toolResult content", "list")
    parts = [_standard(_dict(part, "toolResult content")) for part in content]
    return Result(result.get("toolUseId"), parts, result.get("status") == "error")


def _standard(block: Mapping[str, Any]) -> Mapping[str, Any]:
    if "text" in block:
        return {"type": "text", "text": block["text"]}
    if "json" in block:
        return {"type": "text", "text": argument_text(block["json"])}
    if "reasoningContent" in block:
        return _reasoning(_dict(block["reasoningContent"], "reasoningContent"))
    if "image" in (guarded := _dict(block.get("guardContent", {}), "guardContent")):
        image = _media("image", _dict(guarded["image"], "image"))
        return block if image is None else {**image, "extras": {"guarded": True}}
    for kind in ("image", "document", "video", "audio"):
        if kind in block:
            return _media(kind, _dict(block[kind], kind)) or block
    return block


def _media(kind: str, value: Mapping[Any, Any]) -> Mapping[str, Any] | None:
    """The standard block for media that came as bytes; None for media that stays where it is."""
    data = _dict(value.get("source"), f"{kind} source").get("bytes")
    if data is None:
        return None
    standard: dict[str, Any] = {
        "type": "file" if kind == "document" else kind,
        "base64": _base64(data),
        "mime_type": mime_type(kind, str(value.get("format", ""))),
    }
    if extras := {key: value[key] for key in ("name", "citations", "context") if key in value}:
        standard["extras"] = extras
    return standard


def _reasoning(value: Mapping[Any, Any]) -> Mapping[str, Any]:
    if "redactedContent" in value:
        return {"type": "redacted_thinking", "data": _base64(value["redactedContent"])}
    text = _dict(value.get("reasoningText"), "reasoningText")
    standard: dict[str, Any] = {"type": "reasoning", "reasoning": text.get("text", "")}
    if "signature" in text:
        standard["extras"] = {"signature": text["signature"]}
    return standard


def _base64(data: object) -> str:
    if not isinstance(data, bytes | bytearray):
        raise _misshapen(data, "bytes", "bytes object")
    return base64.b64encode(data).decode()


def _dict(value: object, where: str) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    raise _misshapen(value, where, "dict")


def _misshapen(value: object, where: str, wanted: str) -> InvalidMessage:
    return InvalidMessage(
        f"A Converse block's {where} is {shortened(value)}, which is no {wanted}.",
        "Pass the block as the Converse API shapes it.",
        value=value,
    )
