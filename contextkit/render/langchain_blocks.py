"""Content blocks as LangChain's chat models take them.

They convert LangChain's blocks and each its own provider's, and pass on or refuse any other. Of which provider a chat
model is, only the style of its cache marks tells. So where a session's blocks came from elsewhere:

* Texts of the Responses API and of MCP become LangChain's, and so do MCP's pictures, sounds and files.
* A picture that a model made is mentioned to Anthropic's and Converse's, which take none of it back.
* Reasoning that is signed goes to Anthropic's chat models in Anthropic's shape, and other reasoning does not.
* Anthropic's own blocks stay for chat models of that style, and Converse's for those of that one; else they are told
  in words (`contextkit.render.told`). Where no style says, those stay that one chat model or another converts.
"""

from __future__ import annotations

from contextkit.messages.converse import is_converse
from contextkit.parts import Other, Reasoning, Text, part
from contextkit.parts.media import Media
from contextkit.render.anthropic import NATIVE, media_block
from contextkit.render.langchain_cache import CacheStyle
from contextkit.render.told import mentioned, told_block
from contextkit.types import Block, Message

_LANGCHAIN_S = ("text", "text-plain", "refusal")
"""What texts are called that LangChain's chat models know."""

_LEFT = ("non_standard", "json", "guard_content")
"""LangChain's own wrapping, and kinds of block that `ChatBedrockConverse` alone has."""

_NOTHING: Block = {"type": "text", "text": ""}
"""What those chat models leave out. It keeps the places of the blocks, which the calls among them go by."""


def common_content(message: Message, style: CacheStyle | None) -> str | tuple[Block, ...]:
    """The content with blocks that a chat model of the style takes; LangChain's v1 blocks as they are.

    White space alone is nothing: before a call, `ChatAnthropic` passes it on, and Anthropic refuses it.
    """
    if isinstance(message.content, str):
        return message.content if message.content.strip() else ""
    v1 = message.metadata.get("response_metadata", {}).get("output_version") == "v1"
    if v1:
        return message.content
    return tuple(_common(block, message, style) for block in message.content)


def _common(block: Block, message: Message, style: CacheStyle | None) -> Block:
    found = part(block)
    match found:
        case Text(text) if block.get("type") not in _LANGCHAIN_S:
            return {"type": "text", "text": text}
        case Reasoning(text, signature) if style == "anthropic":
            return {"type": "thinking", "thinking": text, "signature": signature} if signature else _NOTHING
        case Media() if style is not None and message.role == "assistant":
            return {"type": "text", "text": mentioned(found)}
        case Media() if style == "anthropic" and message.role == "tool" and (shaped := media_block(found)):
            return shaped  # `ChatBedrock` passes on what a result holds as it is
        case Media() if block.get("type") == "resource" or "mimeType" in block:
            return _standard(found)
        case Other() if not _is_taken(block, message, style) and (words := told_block(block, message)):
            return {"type": "text", "text": words}
    return block


def _standard(media: Media) -> Block:
    where = {"base64": media.data} if media.data else {"url": media.url} if media.url else {"file_id": media.file_id}
    return {"type": media.kind, **where, "mime_type": media.mime, **({"name": media.name} if media.name else {})}


def _is_taken(block: Block, message: Message, style: CacheStyle | None) -> bool:
    kind = block.get("type")
    if kind is None:
        converse_s = is_converse([block]) and (style == "converse" or (style is None and "guardContent" in block))
        return converse_s or "cachePoint" in block
    if kind in _LEFT:
        return style != "anthropic"
    if style == "anthropic" or message.role == "tool":
        return bool(NATIVE.fullmatch(str(kind)))
    return style is None or message.role != "assistant"
