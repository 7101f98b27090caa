"""Attachments: how many pictures and files a request to Bedrock's Converse API carries, and what stands for the others.

A customer who attaches a sixth document, months after the first, would have every later prompt of the session refused.
So those attached last are sent, and of each older one stands what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias

from contextkit.messages.converse import is_converse
from contextkit.parts import Other, part
from contextkit.parts.media import Media
from contextkit.types import Block, Message

MOST_DOCUMENTS: Final = 5
"""The most documents that Bedrock takes in one request, whichever the model."""

MOST_ATTACHED: Final = 20
"""The most pictures and documents together that Claude takes there: 'too many images and documents: 19 + 5 > 20'."""

Attached: TypeAlias = Literal["document", "image"]


class Room:
    """Which of a request's attachments there is room for, the newest asked about first."""

    def __init__(self, most: int = MOST_ATTACHED) -> None:
        self._left: dict[Attached, int] = {"document": MOST_DOCUMENTS, "image": most}
        self._both = most

    def takes(self, kind: Attached) -> bool:
        """Whether there is room for one more of the kind, which then is taken."""
        if not self._left[kind] or not self._both:
            return False
        self._left[kind] -= 1
        self._both -= 1
        return True


def thinned(content: list[dict[str, Any]], room: Room) -> list[dict[str, Any]]:
    """Blocks in Converse's own shape, results among them, with words for attachments there is no room for.

    Give a prompt's turns from the last to the first.
    """
    return _backwards(content, lambda block: _of_converse(block, room))


def thinned_message(message: Message, room: Room) -> Message:
    """The same of a message, whose blocks LangChain's chat model has yet to shape."""
    if message.role == "assistant" or isinstance(message.content, str):
        return message
    content = tuple(_backwards(message.content, lambda block: _of_message(block, room)))
    return message if content == message.content else replace(message, content=content)


def _backwards(blocks: Iterable[Any], shown: Callable[[Any], Any]) -> list[Any]:
    return [shown(block) for block in reversed([*blocks])][::-1]


def _of_converse(block: Mapping[str, Any], room: Room) -> Mapping[str, Any]:
    if "toolResult" in block:
        result = block["toolResult"]
        return {"toolResult": {**result, "content": thinned(result["content"], room)}}
    if "document" in block and not room.takes("document"):
        return {"text": _left_out(f"document {block['document']['name']!r}")}
    image = block.get("image") or block.get("guardContent", {}).get("image")
    if image and not room.takes("image"):
        return {"text": _left_out(f"{image['format']} image")}
    return block


def _of_message(block: Block, room: Room) -> Block:
    found = part(block)
    if isinstance(found, Other) and is_converse([found.block]):
        return _of_converse(block, room)
    if not isinstance(found, Media) or found.kind not in ("file", "image"):
        return block
    if room.takes("document" if found.kind == "file" else "image"):
        return block
    return {"type": "text", "text": _left_out(found.described if found.name is None else f"document {found.name!r}")}


def _left_out(what: str) -> str:
    return f"[{what}: left out, since later ones took its place]"
