"""Content blocks as LangChain's chat models take them.

They convert LangChain's blocks and each its own provider's, and pass on or refuse any other. Of which provider a chat
model is, only the style of its cache marks tells. So where a session's blocks came from elsewhere:

* Texts of the Responses API and of MCP become LangChain's, and so do their pictures, sounds and files.
* Pictures and files go to Anthropic's chat models in Anthropic's shape, and to all others in LangChain's, each file
  under a name of its own, as Converse wants it. What a model made is mentioned to them: they take none of it back.
* Where no style says whose chat model it is, a file of mere text is told as text, for which there is no shape that all
  take. And what a tool's result has besides text follows in a user's message, behind the results of all the calls it
  belongs with: OpenAI's chat completions answer with an error to anything else.
* Reasoning that is signed goes to Anthropic's chat models in Anthropic's shape, and other reasoning does not.
* A user's name stands before what the user says, for Anthropic's and Converse's chat models, which pass on none. The
  blocks that contextkit makes need none there.
* Anthropic's own blocks stay for chat models of that style, and Converse's for those of that one; else they are told
  in words (`contextkit.render.told`), and so is what other servers did in an answer of LangChain's v1 shape. Where no
  style says, those stay that one chat model or another converts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from contextkit.fence import BLOCK_NAME
from contextkit.messages.converse import is_converse
from contextkit.parts import Other, Reasoning, Text, part, parts, unusable
from contextkit.parts.media import Media
from contextkit.render.anthropic import NATIVE, media_block
from contextkit.render.converse import ATTACHED, document_name, free_name
from contextkit.render.langchain_cache import CacheStyle
from contextkit.render.openai import ATTACHED as ATTACHED_TO_RESULTS
from contextkit.render.openai import BELOW
from contextkit.render.told import mentioned, told_block
from contextkit.render.turns import to_be_cited
from contextkit.types import Block, Message

_ELSEWHERE_S = ("resource", "input_image", "input_file")
"""What pictures, sounds and files are called that only MCP or the Responses API shapes so."""

_PROVIDERS: Mapping[CacheStyle, str] = {"anthropic": "anthropic", "converse": "bedrock_converse"}
"""What LangChain's chat models of each style call their provider. They convert what its servers did, and no other's."""

_LEFT = ("non_standard", "json", "guard_content")
"""LangChain's own wrapping, and kinds of block that `ChatBedrockConverse` alone has."""

_NOTHING: Block = {"type": "text", "text": ""}
"""What those chat models leave out. It keeps the places of the blocks, which the calls among them go by."""


def common_content(message: Message, style: CacheStyle | None) -> str | tuple[Block, ...]:
    """The content with blocks that a chat model of the style takes; LangChain's v1 blocks as they are.

    White space alone is nothing: before a call, `ChatAnthropic` passes it on, and Anthropic refuses it.
    """
    content = _taken(message, style)
    if style is None or message.role != "user" or not message.name or message.name == BLOCK_NAME or is_blank(message):
        return content
    return _introduced(content, f"{message.name}:")


def is_blank(message: Message) -> bool:
    """Whether there is nothing in it but white space."""
    return all(isinstance(found, Text) and not found.text.strip() for found in parts(message))


def _introduced(content: str | tuple[Block, ...], name: str) -> str | tuple[Block, ...]:
    match content:
        case str():
            return f"{name} {content}"
        case ({"type": "text", "text": text} as first, *others):
            return ({**first, "text": f"{name} {text}"}, *others)
    return ({"type": "text", "text": name}, *content)


def _taken(message: Message, style: CacheStyle | None) -> str | tuple[Block, ...]:
    if isinstance(message.content, str):
        return message.content if message.content.strip() else ""
    made = message.metadata.get("response_metadata", {})
    if made.get("output_version") != "v1":
        return tuple(_common(block, message, style) for block in message.content)
    if style is None:
        return message.content
    own = made.get("model_provider") == _PROVIDERS[style]
    return tuple(_v1(block, message, own=own) for block in message.content)


def _v1(block: Block, message: Message, *, own: bool) -> Block:
    """A block of an answer in LangChain's v1 shape; `own` is one of a model of the same provider."""
    found = part(block)
    words = None
    if isinstance(found, Media):
        words = mentioned(found)
    elif isinstance(found, Other) and not own:
        words = told_block(found.block, message)
    return {"type": "text", "text": words} if words else block


def _common(block: Block, message: Message, style: CacheStyle | None) -> Block:
    found = part(block)
    match found:
        case Text(text) if block.get("type") != "text" and (style or block.get("type") != "refusal"):
            return {"type": "text", "text": text}
        case Reasoning(text, signature) if style == "anthropic":
            return {"type": "thinking", "thinking": text, "signature": signature} if signature else _NOTHING
        case Media() if style is not None and message.role == "assistant":
            return {"type": "text", "text": mentioned(found)}
        case Media() if style == "anthropic" and (shaped := media_block(found)):
            return shaped  # `ChatBedrock` passes on what a result holds as it is
        case Media(url=str(url)) if style == "converse" and not url.startswith("s3://"):
            raise unusable(found, message, "Bedrock Converse")
        case Media(kind="file") if style is None and message.role != "assistant":
            return _file(found, block)
        case Media() if _is_elsewhere_s(block) or (style == "converse" and found.data):
            return _standard(found)
        case Other() if not _is_taken(block, message, style) and (words := told_block(block, message)):
            return {"type": "text", "text": words}
    return block


def _is_elsewhere_s(block: Block) -> bool:
    return (
        block["type"] in _ELSEWHERE_S
        or "mimeType" in block
        or "file" in block
        or isinstance(block.get("image_url"), str)
    )


def _file(file: Media, block: Block) -> Block:
    """A file for a chat model of whichever provider. Text that is to be cited stays Anthropic's, who alone cites it."""
    if file.data and file.mime.startswith("text/"):
        told = "\n".join(filter(None, (file.name, file.context, file.raw.decode(errors="replace"))))
        return block if file.cited else {"type": "text", "text": told}
    return _standard(file) if file.data or _is_elsewhere_s(block) or "source" in block else block


def _standard(media: Media) -> Block:
    where = {"base64": media.data} if media.data else {"url": media.url} if media.url else {"file_id": media.file_id}
    named = {"name": media.name, "filename": media.name, "title": media.name} if media.name else {}
    mime = {"mime_type": media.mime} if media.mime else {}
    return {"type": media.kind, **where, **mime, **named, **to_be_cited(media)}


def with_attachments(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages with what the results of tools have besides text in a user's message behind them."""
    attached: list[Block] = []
    for message in messages:
        if attached and message.role != "tool":
            yield _attachment(attached)
            attached = []
        if message.role != "tool" or isinstance(message.content, str):
            yield message
            continue
        media = [isinstance(part(block), Media) for block in message.content]
        rest = tuple(block for block, apart in zip(message.content, media, strict=True) if not apart)
        yield replace(message, content=rest or (BELOW if any(media) else ""))
        attached += [block for block, apart in zip(message.content, media, strict=True) if apart]
    if attached:
        yield _attachment(attached)


def _attachment(blocks: Sequence[Block]) -> Message:
    return Message(role="user", content=({"type": "text", "text": ATTACHED_TO_RESULTS}, *blocks))


def with_documents(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages with each file under a name that Converse takes, once, and a user's never without a word."""
    names: set[str] = set()
    for message in messages:
        if isinstance(message.content, str) or not any(map(_is_file, message.content)):
            yield message
            continue
        content = tuple(_named(block, names) if _is_file(block) else block for block in message.content)
        words = message.role == "tool" or any(part.text.strip() for part in parts(message) if isinstance(part, Text))
        yield replace(message, content=content if words else (*content, {"type": "text", "text": ATTACHED}))


def _is_file(block: Block) -> bool:
    return block.get("type") == "file" and "base64" in block


def _named(block: Block, names: set[str]) -> Block:
    return {**block, "name": free_name(document_name(block.get("name")), names)}


def _is_taken(block: Block, message: Message, style: CacheStyle | None) -> bool:
    kind = block.get("type")
    if kind is None:
        converse_s = is_converse([block]) and (style == "converse" or (style is None and "guardContent" in block))
        return converse_s or "cachePoint" in block
    if kind in _LEFT:
        return style == "converse" or (style is None and (kind != "json" or message.role != "tool"))
    if style == "anthropic" or message.role == "tool":
        return bool(NATIVE.fullmatch(str(kind)))
    return style is None or message.role != "assistant"
