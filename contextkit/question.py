"""The question of a turn, as an item of the prompt."""

from __future__ import annotations

from contextkit.types import Item, Provenance, Request


def query_item(request: Request) -> Item:
    """The turn's question, where it is not in the session's messages (yet)."""
    query = request.turn.query
    return Item(
        id=query.id or "query",
        section="turn",
        text=query.text,
        tokens=request.counter.message(query),
        order=request.turn.after,
        required=True,
        trusted=True,
        message=query,
        provenance=Provenance(source="query"),
    )
