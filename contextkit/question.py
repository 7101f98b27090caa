"""The question of a turn: as an item of the prompt, and whether it stands in the session already."""

from __future__ import annotations

from typing import Final

from contextkit.readable import readable
from contextkit.types import Block, Item, Message, Provenance, Request

QUERY: Final = "query"
"""What a question is called that has no id of its own, or one that another item has."""


def query_item(request: Request) -> Item:
    """The turn's question, where it is not in the session's messages (yet)."""
    query = request.turn.query
    return Item(
        id=query.id or QUERY,
        section="turn",
        text=readable(query),
        tokens=request.counter.message(query),
        order=request.turn.after,
        required=True,
        trusted=True,
        message=query,
        provenance=Provenance(source="query"),
    )


def asks(message: Message | None, query: Message) -> bool:
    """Whether a user's message says all that the query does: its words, and the pictures and files that came along.

    One of another name does not: in a group two may say "me too", one right after the other.
    """
    if message is None or message.role != "user" or message.text != query.text:
        return False
    if query.name and message.name and query.name != message.name:
        return False
    attached = _attached(message)
    return all(block in attached for block in _attached(query))


def _attached(message: Message) -> list[Block]:
    if isinstance(message.content, str):
        return []
    return [block for block in message.content if not isinstance(block.get("text"), str)]
