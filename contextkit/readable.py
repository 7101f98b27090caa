"""Readable: all the text of a message, whatever blocks hold it, and the blocks that are none.

Tools answer in resources, search results and plain JSON as well as in text blocks. What a model reads
there is text, so it can be shortened and read back by handle; a picture can only stand or not.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress

from contextkit.render.media import Media
from contextkit.render.parts import Other, Text, part
from contextkit.types import Block, Message


def readable(message: Message) -> str:
    """The message's text, and after that what else in its blocks is shown to a model as text, in their order."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(_texts(message.content, message.role != "assistant"))


def pictured(message: Message) -> tuple[Block, ...]:
    """The blocks that have no text: pictures, sounds, films and files."""
    if isinstance(message.content, str):
        return ()
    return tuple(block for block in message.content if _is_pictured(block))


def named(blocks: Iterable[Block]) -> str:
    """What such blocks are, counted: "2 images and 1 file"."""
    kinds = Counter(found.kind for block in blocks if isinstance(found := part(block), Media))
    return " and ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in kinds.items())


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
                yield json.dumps(block, ensure_ascii=False, default=dict)


def _is_pictured(block: Block) -> bool:
    if isinstance(block.get("text"), str):
        return False
    found = part(block)
    return isinstance(found, Media) and not any(True for _ in _text_of(found))


def _text_of(media: Media) -> Iterator[str]:
    """The text of a file that is plain text or JSON; nothing of all others."""
    if media.kind == "file" and media.data and media.mime.startswith(("text/", "application/json")):
        with suppress(binascii.Error, ValueError):  # what is no base64 has no text either
            yield base64.b64decode(media.data).decode("utf-8", "replace")
