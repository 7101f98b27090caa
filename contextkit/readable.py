"""Readable: what a message says in words, whatever blocks hold it, and the blocks that say nothing.

Tools answer in resources, search results and plain JSON as well as in text blocks. What a model reads
there is text: so it is what the index finds and recall shows, what a summary is made of, what is
shortened and read back by handle. A picture can only stand or not.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from contextkit.escapes import plain_json
from contextkit.parts import Other, Text, part
from contextkit.parts.media import Media, MediaKind
from contextkit.types import Block, Message

NAME: Final = 60
"""Characters shown of what a file is called."""


def readable(message: Message) -> str:
    """All that the message says in words: its texts, and what else in its blocks a model is shown as text, in order.

    Of JSON the letters are written out (see `escapes`).
    """
    if isinstance(message.content, str):
        return plain_json(message.content)
    return "\n".join(map(plain_json, _said(message)))


def with_calls(message: Message) -> str:
    """The same, and what the message calls tools with."""
    calls = [f"{call.name} {plain_json(call.arguments)}" for call in message.tool_calls]
    return "\n".join(filter(None, [readable(message), *calls]))


def verbatim(message: Message) -> str:
    """The same, character for character as it was written."""
    calls = [f"{call.name} {call.arguments}" for call in message.tool_calls]
    return "\n".join(filter(None, ["\n".join(_said(message)), *calls]))


def pictured(message: Message) -> tuple[Block, ...]:
    """The blocks that have no text: pictures, sounds, films and files."""
    if isinstance(message.content, str):
        return ()
    return tuple(block for block in message.content if is_pictured(block))


def is_pictured(block: Block) -> bool:
    """Whether a block has no text, but is a picture, a sound, a film or a file."""
    if isinstance(block.get("text"), str):
        return False
    found = part(block)
    return isinstance(found, Media) and not any(True for _ in _text_of(found))


def named(blocks: Iterable[Block]) -> str:
    """What such blocks are, counted, and what they are called: "2 images and 1 file (invoice.pdf)"."""
    media = [found for block in blocks if isinstance(found := part(block), Media)]
    kinds = Counter(found.kind for found in media)
    return " and ".join(f"{count} {kind}{'s' * (count > 1)}{_names(media, kind)}" for kind, count in kinds.items())


def _names(media: Iterable[Media], kind: MediaKind) -> str:
    names = [" ".join(found.name.split())[:NAME] for found in media if found.kind == kind and found.name]
    return f" ({', '.join(names)})" if names else ""


def _said(message: Message) -> Iterable[str]:
    if isinstance(message.content, str):
        return (message.content,)
    return _texts(message.content, message.role != "assistant")


def _texts(blocks: Iterable[Block], others: bool) -> Iterator[str]:
    """The texts of blocks; of what only a provider knows (`others`), its JSON. A model's own blocks of that kind are
    its reasoning and its provider's tools, which nobody can read back to it."""
    for block in blocks:
        if isinstance(block.get("text"), str):
            yield block["text"]
            continue
        match part(block):
            case Text(text):
                yield text
            case Media() as media:
                yield from _text_of(media)
            case Other() if others and "cachePoint" not in block:
                yield json.dumps(_without_bytes(block), ensure_ascii=False)


def _without_bytes(value: Any) -> Any:
    """A JSON value without the base64 of what is embedded in it, such as a page of Anthropic's that is a picture."""
    if isinstance(value, Mapping):
        hidden = "data" if value.get("type") == "base64" else None
        return {key: _without_bytes(inner) for key, inner in value.items() if key != hidden}
    return [_without_bytes(inner) for inner in value] if isinstance(value, list | tuple) else value


def _text_of(media: Media) -> Iterator[str]:
    """The text of a file that is plain text or JSON; nothing of all others."""
    if media.kind == "file" and media.data and media.mime.startswith(("text/", "application/json")):
        with suppress(binascii.Error, ValueError):  # what is no base64 has no text either
            yield base64.b64decode(media.data).decode("utf-8", "replace")
