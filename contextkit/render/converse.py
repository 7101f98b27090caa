"""The prompt as Amazon Bedrock's Converse API takes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count, repeat
from typing import Literal, NotRequired, TypedDict

from contextkit.messages.converse import is_converse
from contextkit.parts import Other, Part, Reasoning, Redacted, Text, unusable
from contextkit.parts.formats import short_format
from contextkit.parts.media import Media
from contextkit.render.attached import MOST_ATTACHED, Room, thinned
from contextkit.render.bygone import telling_bygones
from contextkit.render.family import ANTHROPIC, BEDROCK, Family
from contextkit.render.request import (
    NO_BREAKPOINTS,
    Breakpoints,
    check_pairs,
    encodable,
    finished,
    shown,
    with_fitting_ids,
)
from contextkit.render.strict import is_strict
from contextkit.render.told import told
from contextkit.render.turns import (
    CALL_ID,
    MAX_BREAKPOINTS,
    NO_OUTPUT,
    Dialect,
    Json,
    Turn,
    as_text,
    call_input,
    split,
    to_be_cited,
    usable_parts,
)
from contextkit.types import Message, Tool, ToolCall

_FORMATS = {
    "image": ("png", "jpeg", "gif", "webp"),
    "file": ("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"),
    "video": ("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"),
    "audio": (
        *("mp3", "opus", "wav", "aac", "x-aac", "flac", "mp4", "ogg", "mkv", "mka", "m4a", "mpeg", "mpga", "pcm"),
        "webm",
    ),
}
"""What the service's own model lists for each kind of block."""

ATTACHED = "(attached)"

_UNMARKED = str.maketrans("đĐłŁøØıß", "dDlLoOis")
"""Letters that no accent comes off."""

_NOT_IN_A_DOCUMENT_NAME = re.compile(r"[^a-zA-Z0-9()\[\]-]+")
_ENDING = re.compile(rf"\.({'|'.join(_FORMATS['file'])})$", re.IGNORECASE)


class ConverseMessage(TypedDict):
    """One of `messages`."""

    role: Literal["user", "assistant"]
    content: list[Json]


class ConverseToolSpec(TypedDict):
    """A `toolSpec`: one of the tools."""

    name: str
    inputSchema: Json
    description: NotRequired[str]
    strict: NotRequired[bool]


class ConverseToolConfig(TypedDict):
    """The tools, and a cache point behind them where one is wanted."""

    tools: list[Json]


class ConverseRequest(TypedDict):
    """Keyword arguments for `client.converse`. No `system` or `toolConfig` where there are none."""

    messages: list[ConverseMessage]
    system: NotRequired[list[Json]]
    toolConfig: NotRequired[ConverseToolConfig]


@telling_bygones
def to_converse(
    messages: Sequence[Message],
    tools: Sequence[Tool] = (),
    breakpoints: Breakpoints = NO_BREAKPOINTS,
    *,
    family: Family = "converse",
    nova: bool = False,
    most_attached: int = MOST_ATTACHED,
) -> ConverseRequest:
    """The prompt for Converse; how it is made to fit is told in `contextkit.render.turns`.

    `family` is whose model it is for, where that is another than Claude: it is not sent what Claude thought. Strands
    writes to every provider so, and to one apart from Bedrock not what only Converse has. `nova` is for marks as Amazon
    Nova takes them: after no tools, and in no turn with a call or a result.

    Breakpoints become cache points, at most four; pass none for a model without prompt caching,
    which refuses them. Media must come as data or under an `s3://` URL, in a format that Converse
    knows. Documents of one name are numbered, and one that comes without a word is given
    `(attached)`, since Converse refuses both. Of more than five documents, or `most_attached` pictures and documents,
    the last are sent and the others told in words (`contextkit.render.attached`), if it is for a model of Bedrock's.
    """
    check_pairs(messages)
    tools = shown(tools)
    points = replace(breakpoints, after_tools=breakpoints.after_tools and not nova).at_most(MAX_BREAKPOINTS)
    fitting = with_fitting_ids(finished(messages), CALL_ID, signed=family == "openai")
    dialect = Dialect(partial(_blocks, family=family), _text, _mark, _is_plain if nova else _is_any)
    system, turns = split(fitting if tools else as_text(fitting), points, dialect)
    names: set[str] = set()
    named = [_named_apart(turn.content, names) for turn in turns]  # before any is left out: names stay as they were
    if family in BEDROCK:
        room = Room(most_attached)
        named = [thinned(content, room) for content in reversed(named)][::-1]
    request: ConverseRequest = {
        "messages": [{"role": turn.role, "content": content} for turn, content in zip(turns, named, strict=True)]
    }
    if system:
        request["system"] = system
    if tools:
        request["toolConfig"] = {"tools": [{"toolSpec": tool_spec(tool)} for tool in tools]}
        if points.after_tools:
            _mark(request["toolConfig"]["tools"])
    return encodable(request)


def tool_spec(tool: Tool) -> ConverseToolSpec:
    """One tool as Converse describes it, and Strands Agents too."""
    spec: ConverseToolSpec = {"name": tool.name, "inputSchema": {"json": dict(tool.parameters)}}
    if tool.description:
        spec["description"] = tool.description
    if (strict := is_strict(tool, "converse")) is not None:
        spec["strict"] = strict
    return spec


def _blocks(message: Message, family: Family) -> list[Json]:
    blocks = [_block(part, message, family) for part in usable_parts(message) if not _is_sealed(part, family)]
    if message.role == "tool":
        return [_result(message, blocks)]
    if message.role == "user" and _has(blocks, "document") and not _has(blocks, "text"):
        blocks.append(_text(ATTACHED))
    signed = zip(message.tool_calls, _signatures(message, family), strict=False)
    return blocks + [_call(call, signature) for call, signature in signed]


def _call(call: ToolCall, signature: str | None) -> Json:
    signed = {"reasoningSignature": signature} if signature else {}
    return {"toolUse": {"toolUseId": call.id, "name": call.name, "input": call_input(call), **signed}}


def _signatures(message: Message, family: Family) -> Iterable[str | None]:
    """How Gemini signed each call, for Strands' model of Gemini alone: it answers with an error to one without."""
    signatures: Iterable[str | None] = message.metadata.get("call_signatures", ()) if family == "google" else ()
    return chain(signatures, repeat(None))


def _is_sealed(found: Part, family: Family) -> bool:
    """Whether it is reasoning that a model of the family cannot read."""
    return isinstance(found, Reasoning | Redacted) and family not in (*ANTHROPIC, "converse")


def _result(message: Message, blocks: list[Json]) -> Json:
    result: Json = {"toolUseId": message.tool_call_id, "content": blocks or [_text(NO_OUTPUT)]}
    if message.metadata.get("status") == "error":
        result["status"] = "error"
    return {"toolResult": result}


def _block(part: Part, message: Message, family: Family) -> Json:
    match part:
        case Text(text):
            return _text(text)
        case Reasoning(text, signature) if message.role == "assistant":
            return {"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}}
        case Redacted(data) if message.role == "assistant":
            return {"reasoningContent": {"redactedContent": Media(kind="file", data=data).raw}}
        case Media(kind="audio") if message.role == "tool":
            raise unusable(part, message, "Bedrock Converse")
        case Media() if message.role in ("user", "tool") and (media := _media(part)):
            return media
        case Other(block) if family in BEDROCK and is_converse([block]):
            return dict(block)
    return _text(told(part, message, "Bedrock Converse"))


def _media(media: Media) -> Json | None:
    form = short_format(media.mime or f"{media.kind}/{(media.url or '').rpartition('.')[2]}")
    source = _source(media)
    if form not in _FORMATS[media.kind] or not source:
        return None
    if media.kind == "file":
        named: Json = {"name": document_name(media.name), "format": form, "source": source}
        return {"document": named | to_be_cited(media)}
    shaped: Json = {media.kind: {"format": form, "source": source}}
    return {"guardContent": shaped} if media.guarded else shaped


def _source(media: Media) -> Json | None:
    if media.data:
        return {"bytes": media.raw}
    if media.url and media.url.startswith("s3://"):
        return {"s3Location": {"uri": media.url}}
    return None


def document_name(name: str | None) -> str:
    """A name of the few characters that Converse allows, at most 200 of them: no accents, and no ending, which `format`
    tells."""
    letters = unicodedata.normalize("NFKD", _ENDING.sub("", name or "").translate(_UNMARKED))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_IN_A_DOCUMENT_NAME.sub(" ", plain).strip()[:200].rstrip() or "document"


def _named_apart(blocks: list[Json], names: set[str]) -> list[Json]:
    """The blocks, each document under a name that no earlier one has; `names` remembers those of the whole prompt."""
    return [_renamed(block, names) for block in blocks]


def _renamed(block: Json, names: set[str]) -> Json:
    if "toolResult" in block:
        result = block["toolResult"]
        return {"toolResult": {**result, "content": _named_apart(result["content"], names)}}
    if "document" in block:
        return {"document": {**block["document"], "name": free_name(block["document"].get("name", ""), names)}}
    return block


def free_name(name: str, names: set[str]) -> str:
    """The name, or where it is taken (Converse does not tell cases apart) the first free one with a number."""
    numbered = (name if number == 1 else f"{name[:190]}-{number}" for number in count(1))
    free = next(one for one in numbered if one.casefold() not in names)
    names.add(free.casefold())
    return free


def _has(blocks: list[Json], kind: str) -> bool:
    return any(kind in block for block in blocks)


def _text(text: str) -> Json:
    return {"text": text}


def _mark(blocks: list[Json]) -> None:
    if "cachePoint" not in blocks[-1]:
        blocks.append({"cachePoint": {"type": "default"}})


def _is_any(_: Turn) -> bool:
    return True


def _is_plain(turn: Turn) -> bool:
    """Whether it is what a user says, and nothing else."""
    return turn.role == "user" and not _has(turn.content, "toolResult")
