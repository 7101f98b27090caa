"""What a content block is, whichever provider shaped it.

Blocks stay in a message exactly as they came. A renderer reads each as one of the parts below and
writes it in its own provider's shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from contextkit.errors import InvalidMessage, shortened
from contextkit.parts.media import Media, field, inner, mcp_resource, media
from contextkit.types import Block, Message


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A model's reasoning. Only its own provider takes it back, and only with its `signature`."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """Reasoning that only its provider can read, as base64."""

    data: str


@dataclass(frozen=True, slots=True)
class Other:
    """A block that is none of these."""

    block: Block


_TEXTS: Final = (None, "text", "text-plain", "input_text", "output_text")
"""What texts call themselves; Converse's do not call themselves anything."""

Part: TypeAlias = Text | Media | Reasoning | Redacted | Other


def parts(message: Message) -> list[Part]:
    """The message's content as parts, in order. Cache marks are left out: every prompt places its own."""
    if isinstance(message.content, str):
        return [Text(message.content)]
    return [part(block) for block in message.content if "cachePoint" not in block]


def words_beside(message: Message) -> str:
    """What a model of OpenAI's said beside its content: that it refuses, or the words of an answer that it spoke."""
    if message.role != "assistant" or not message.metadata:
        return ""
    places = (message.metadata, inner(message.metadata, "additional_kwargs"))
    refused = next((words for place in places if (words := field(place, "refusal"))), None)
    if refused is not None or not any("audio" in place for place in places) or message.text.strip():
        return refused or ""
    return next((words for place in places if (words := field(inner(place, "audio"), "transcript"))), "")


ThinkingField: TypeAlias = Literal["thinking_blocks", "reasoning_details", "reasoning_content", "reasoning"]
"""What servers that speak OpenAI's language call that which their model thought, beside the content; the fullest first:
LiteLLM for Claude; OpenRouter; DeepSeek, Kimi and many others; vLLM, Groq and Ollama."""

_THOUGHTS: Final[Mapping[ThinkingField, type]] = {
    "thinking_blocks": list,
    "reasoning_details": list,
    "reasoning_content": str,
    "reasoning": str,
}


def thoughts(message: Message) -> dict[ThinkingField, Any]:
    """What a model thought, as its server told it beside the content."""
    if message.role != "assistant" or not message.metadata:
        return {}
    told = {**inner(message.metadata, "additional_kwargs"), **message.metadata}
    return {name: told[name] for name, kind in _THOUGHTS.items() if isinstance(told.get(name), kind) and told[name]}


def part(block: Block) -> Part:
    """One block as a part: LangChain's v1 and v0 shapes, OpenAI's, Anthropic's, MCP's, and Bedrock's for reasoning."""
    kind = block.get("type")
    if kind == "non_standard" and isinstance(block.get("value"), Mapping):
        return part(block["value"])
    if (kind in _TEXTS or block.get("source_type") == "text") and isinstance(block.get("text"), str):
        return Text(block["text"])
    if kind == "refusal" and isinstance(block.get("refusal"), str):
        return Text(block["refusal"])
    return _reasoning(kind, block) or _resource(kind, block) or media(block) or Other(_whole(block))


def _whole(block: Block) -> Block:
    """The block without that by which LangChain put the chunks of a stream together."""
    if not block.keys() & {"index", "partial_json"}:
        return block
    kept = {key: value for key, value in block.items() if key not in ("index", "partial_json")}
    if (given := field(block, "partial_json")) and not kept.get("input"):
        try:
            kept["input"] = json.loads(given)
        except ValueError:  # the stream broke off: what there is of it
            kept["input"] = {"unparsed": given}
    return kept


def introduced(found: list[Part], message: Message) -> list[Part]:
    """The parts with a user's name before them, for providers that have no field for it."""
    if message.role != "user" or not message.name or not found:
        return found
    if isinstance(found[0], Text):
        return [Text(f"{message.name}: {found[0].text}"), *found[1:]]
    return [Text(f"{message.name}:"), *found]


def unusable(found: Part, message: Message, provider: str) -> InvalidMessage:
    """The refusal of a part that has no place in this provider's request."""
    which = f" ({message.id})" if message.id else ""
    return InvalidMessage(
        f"{provider} takes no {_described(found)} in a message of role {message.role}{which}.",
        "Replace that block by text or by a kind it takes, or use another provider's shape.",
        value=found,
    )


def _described(found: Part) -> str:
    if isinstance(found, Media):
        return found.described
    if isinstance(found, Other):
        return f"block of type {shortened(found.block.get('type', next(iter(found.block), None)))}"
    return "reasoning"


def _reasoning(kind: object, block: Block) -> Part | None:
    match kind:
        case "thinking":
            return Reasoning(field(block, "thinking") or "", field(block, "signature"))
        case "redacted_thinking":
            return Redacted(field(block, "data") or "")
        case "reasoning_content":
            return _bedrock_s(inner(block, "reasoning_content"), "text")
        case "reasoning":
            return _bedrock_s({**inner(block, "extras"), "reasoning": block.get("reasoning")}, "reasoning")
    return None


def _bedrock_s(said: Block, text: str) -> Part:
    """Reasoning as LangChain's chat model for Converse has it, in its own shape or in that of v1."""
    if sealed := field(said, "redacted_content"):
        return Redacted(sealed)
    return Reasoning(field(said, text) or "", field(said, "signature"))


def _resource(kind: object, block: Block) -> Part | None:
    """What an MCP tool's result embeds, or only points to."""
    match kind:
        case "resource":
            embedded = inner(block, "resource")
            text = embedded.get("text")
            return Text(text) if isinstance(text, str) else mcp_resource(embedded)
        case "resource_link":
            told = (field(block, "title", "name"), field(block, "uri"), field(block, "description"))
            return Text("\n".join(one for one in told if one))
    return None
