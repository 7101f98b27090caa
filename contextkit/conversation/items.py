"""A stored message as an item of the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contextkit.fence import defused
from contextkit.ladder import whole_message
from contextkit.readable import is_pictured, readable
from contextkit.types import Item, Message, Provenance, TokenCounter


def history_item(message: Message, counter: TokenCounter) -> Item:
    """A stored message as a candidate of the history. What a tool wrote cannot forge a fence in the prompt."""
    text, message = readable(message), _harmless(message)
    counted = message.tokens if message.counter == counter.name else None
    return Item(
        id=message.id or f"m{message.seq}",
        section="history",
        text=text,
        tokens=counter.message(message) if counted is None else counted,
        order=message.seq or 0,
        trusted=message.role != "tool",
        message=message,
        handle=None if message.seq is None else f"m{message.seq}",
        provenance=Provenance(source="history", title=message.name, created_at=message.created_at),
    )


def recounted(item: Item, counter: TokenCounter) -> Item:
    """The item as another counter counts it."""
    return replace(history_item(whole_message(item), counter), text=item.text)


def as_stored(item: Item) -> Message:
    """The message of an item with the words it was written with: what is found must not depend on what is shown."""
    message = whole_message(item)
    return message if readable(message) == item.text else replace(message, content=item.text)


def _harmless(message: Message) -> Message:
    """The message, without forged fences if a tool wrote it."""
    if message.role != "tool":
        return message
    content = message.content
    if isinstance(content, str):
        content = defused(content)
    else:
        content = tuple(block if is_pictured(block) else _defused(block) for block in content)
    return message if content == message.content else replace(message, content=content, counter=None)


def _defused(value: Any) -> Any:
    """A JSON value without forged fences in its texts."""
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, Mapping):
        return {_defused(key): _defused(inner) for key, inner in value.items()}
    return [_defused(inner) for inner in value] if isinstance(value, list | tuple) else value
