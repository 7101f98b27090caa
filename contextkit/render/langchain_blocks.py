"""Content blocks as LangChain's chat models take them.

They convert LangChain's blocks and each its own provider's, and pass on, lose or refuse any other: so a prompt goes by
whose chat model it is for (`contextkit.render.langchain_family`). Where a session's blocks came from elsewhere:

* Texts become LangChain's, without what their provider noted of them: its citations, its ids.
* Pictures and files go to Anthropic's chat models in Anthropic's shape, and to all others in LangChain's, each file
  under a name of its own, as Converse wants it. What a model made is mentioned to them: they take none of it back.
* For any but Anthropic's and Bedrock's, a file of mere text is told as text, for which there is no shape that all
  take. And what a tool's result has besides text follows in a user's message, behind the results of all the calls it
  belongs with: OpenAI's chat completions answer with an error to anything else.
* Reasoning goes back to those who can read it: Claude's, where it is signed or sealed, to Claude through whichever API,
  and any other to its own provider. Chat completions take none back.
* A user's name stands before what the user says, where the chat model does not pass it on. The blocks that contextkit
  makes need none there.
* What servers did for another provider's model is told in words (`contextkit.render.told`).

Where it is not known whose chat model it is, blocks that one or another converts stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from contextkit.fence import BLOCK_NAME
from contextkit.messages.converse import is_converse
from contextkit.messages.responses import NATIVE as OPENAI_S
from contextkit.parts import Other, Reasoning, Redacted, Text, part, parts, unusable, words_beside
from contextkit.parts.media import Media
from contextkit.render.anthropic import NATIVE, media_block
from contextkit.render.converse import ATTACHED, document_name, free_name
from contextkit.render.family import ANTHROPIC, BEDROCK, Family, is_own
from contextkit.render.langchain_family import is_v1, keeps_v1
from contextkit.render.maker import may_be_claude_s
from contextkit.render.openai import ATTACHED as ATTACHED_TO_RESULTS
from contextkit.render.openai import BELOW
from contextkit.render.responses import PROVIDER as RESPONSES
from contextkit.render.told import mentioned, told_block
from contextkit.render.turns import to_be_cited
from contextkit.types import Block, Message

_ELSEWHERE_S = ("resource", "input_image", "input_file", "text-plain")
"""What pictures, sounds and files are called that only MCP or the Responses API shapes so."""

_LEFT = ("non_standard", "json", "guard_content")
"""LangChain's own wrapping, and kinds of block that `ChatBedrockConverse` alone has."""

_BEDROCK_S = ("server_tool_use", "server_tool_result")
"""What it calls what Bedrock's own tools did for its answers."""

_NOTHING: Block = {"type": "text", "text": ""}
"""What those chat models leave out. It keeps the places of the blocks, which the calls among them go by."""


def common_content(message: Message, family: Family | None) -> str | tuple[Block, ...]:
    """The content with blocks that a chat model of the family takes; LangChain's v1 blocks of its own as they are.

    White space alone is nothing: before a call, `ChatAnthropic` passes it on, and Anthropic refuses it.
    """
    content = _taken(message, family)
    if words := words_beside(message):
        content = _with_words(content, words)
    if family in NAMING or message.role != "user" or not message.name or message.name == BLOCK_NAME:
        return content
    return content if is_blank(message) else _introduced(content, f"{message.name}:")


NAMING: Final = (None, "openai")
"""The families whose chat models pass on names. Where the family is not known, they may."""


def placed_calls(message: Message, family: Family | None) -> list[Any]:
    """The blocks of its calls that go back where they stood among the others: for all else, the calls alone do."""
    placed: list[Any] = message.metadata.get("content_calls", [])
    if family is None or keeps_v1(message, family):
        return placed
    kind = "function_call" if family == "responses" and is_own(message, family) is not False else "tool_use"
    taken = kind == "function_call" or family in (*ANTHROPIC, *BEDROCK)
    return placed if taken and all(block["type"] == kind for _, block in placed) else []


def is_blank(message: Message) -> bool:
    """Whether there is nothing in it but white space."""
    return not words_beside(message) and all(
        isinstance(found, Text) and not found.text.strip() for found in parts(message)
    )


def _with_words(content: str | tuple[Block, ...], words: str) -> str | tuple[Block, ...]:
    """The content with what was said beside it, which chat models keep to themselves."""
    if isinstance(content, str):
        return "\n".join(filter(None, (content, words)))
    return (*content, {"type": "text", "text": words})


def _introduced(content: str | tuple[Block, ...], name: str) -> str | tuple[Block, ...]:
    match content:
        case str():
            return f"{name} {content}"
        case ({"type": "text", "text": text} as first, *others):
            return ({**first, "text": f"{name} {text}"}, *others)
    return ({"type": "text", "text": name}, *content)


def _taken(message: Message, family: Family | None) -> str | tuple[Block, ...]:
    if isinstance(message.content, str):
        return message.content if message.content.strip() else ""
    if keeps_v1(message, family):
        return message.content if family is None else tuple(map(_v1, message.content))
    content = tuple(_common(block, message, family) for block in message.content)
    if family in (None, *ANTHROPIC, *BEDROCK):
        return content
    return tuple(block for block in content if not _is_empty(block)) or ""


def _is_empty(block: Block) -> bool:
    """Whether it is a text that says nothing, which Gemini refuses."""
    return block.get("type") == "text" and not str(block["text"]).strip()


def _v1(block: Block) -> Block:
    """A block of an answer in LangChain's v1 shape, which a model of the same provider made."""
    found = part(block)
    return {"type": "text", "text": mentioned(found)} if isinstance(found, Media) else block


def _common(block: Block, message: Message, family: Family | None) -> Block:
    found = part(block)
    if family is not None and message.role == "assistant" and _is_own(block, message, family):
        return block
    match found:
        case Text(text) if _is_reworded(block, family):
            return {"type": "text", "text": text}
        case Reasoning() | Redacted() if family is not None:
            return _reasoning(found, block, message, family)
        case Media() if family is not None and message.role == "assistant":
            return {"type": "text", "text": mentioned(found)}
        case Media() if family in ANTHROPIC and (shaped := media_block(found)):
            return shaped  # `ChatBedrock` passes on what a result holds as it is
        case Media() if (provider := _refusing(found, family)) is not None:
            raise unusable(found, message, provider)
        case Media(kind="file") if family not in (*ANTHROPIC, *BEDROCK) and message.role != "assistant":
            return _file(found, block, family)
        case Media() if _is_elsewhere_s(block, family) or (family in BEDROCK and found.data):
            return _standard(found)
        case Other(inner):
            shown = block if family is None else inner
            words = None if _is_taken(shown, message, family) else told_block(inner, message)
            return {"type": "text", "text": words} if words else shown
    return block


def _is_own(block: Block, message: Message, family: Family) -> bool:
    """Whether a chat model of the family takes the block back as it made it: what servers did, and what goes by ids.

    Of an answer that does not say who made it, the block tells. What only Claude's or Converse's have is seen to apart.
    """
    own = is_own(message, family)
    if family == "google":
        return own is True
    if family != "responses" or own is False or is_v1(message):
        return False
    kind = str(block.get("type"))
    if kind == "reasoning":
        return bool(str(block.get("id", "")).startswith("rs_"))
    return bool(OPENAI_S.fullmatch(kind)) or kind == "refusal" or (kind == "text" and own is True)


def _is_reworded(block: Block, family: Family | None) -> bool:
    if family is None:
        return block.get("type") not in ("text", "refusal")
    return block.keys() != {"type", "text"} or block["type"] != "text"


def _reasoning(found: Reasoning | Redacted, block: Block, message: Message, family: Family) -> Block:
    """Reasoning as the family reads it, or nothing."""
    if family not in (*ANTHROPIC, *BEDROCK) or not may_be_claude_s(message):
        return _NOTHING
    match found:
        case Reasoning(text, str(signature)) if family in ANTHROPIC:
            return {"type": "thinking", "thinking": text, "signature": signature}
        case Redacted(data) if family in ANTHROPIC:
            return {"type": "redacted_thinking", "data": data}
        case Reasoning(text, str(signature)) if family == "converse":
            return {"type": "reasoning_content", "reasoning_content": {"text": text, "signature": signature}}
        case Redacted(data) if family == "converse":
            return {"type": "reasoning_content", "reasoning_content": {"redacted_content": data}}
        case Reasoning(text, None) if family == "bedrock" and not block.keys() & {"id", "summary", "encrypted_content"}:
            return {"type": "reasoning_content", "reasoning_content": {"text": text}}
    return _NOTHING


def _refusing(media: Media, family: Family | None) -> str | None:
    """The provider of the family, if it does not take the medium and its chat model would not say so."""
    if family in ANTHROPIC:
        return "Anthropic"
    if family in BEDROCK and not media.data and not (media.url or "").startswith("s3://"):
        return "Bedrock Converse"
    return RESPONSES if family == "responses" and media.kind in ("audio", "video") else None


def _is_elsewhere_s(block: Block, family: Family | None) -> bool:
    return (
        block["type"] in _ELSEWHERE_S
        or (block["type"] == "media" and family not in (None, "google"))
        or ("source" in block and family in ("google", "other"))
        or str(block.get("url")).startswith("data:")
        or "mimeType" in block
        or "file" in block
        or isinstance(block.get("image_url"), str)
    )


def _file(file: Media, block: Block, family: Family | None) -> Block:
    """A file for a chat model of whichever provider. Text that is to be cited stays Anthropic's, who alone cites it."""
    if file.data and file.mime.startswith("text/"):
        told = "\n".join(filter(None, (file.name, file.context, file.raw.decode(errors="replace"))))
        return block if file.cited else {"type": "text", "text": told}
    return _standard(file) if file.data or _is_elsewhere_s(block, family) or "source" in block else block


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


def _is_taken(block: Block, message: Message, family: Family | None) -> bool:
    kind = block.get("type")
    if kind is None:
        converse_s = is_converse([block]) and (family in BEDROCK or (family is None and "guardContent" in block))
        return converse_s or "cachePoint" in block
    if kind in _LEFT:
        return family in BEDROCK or (family is None and (kind != "json" or message.role != "tool"))
    if family in ANTHROPIC or (family is None and message.role == "tool"):
        return bool(NATIVE.fullmatch(str(kind))) and (family is None or is_own(message, family) is not False)
    if family in BEDROCK:
        return message.role == "user" or (kind in _BEDROCK_S and is_own(message, "bedrock") is True)
    return family is None
