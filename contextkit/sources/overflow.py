"""Overflow: what was moved out of earlier prompts competes for a place again."""

from __future__ import annotations

from collections.abc import Iterator

from contextkit.blocks import line_tokens
from contextkit.rank.texts import text_scores
from contextkit.sources.needs import needed
from contextkit.stores import Overflow as Piece
from contextkit.stores import OverflowStore
from contextkit.types import Item, Provenance, Request


class Overflow:
    """The session's stored pieces, ranked for the query: rehydration without a tool call.

    At most the `limit` best are considered.
    """

    name = "overflow"
    sections = ("overflow",)

    def __init__(self, store: OverflowStore | None = None, *, limit: int = 20) -> None:
        self._store = store
        self._limit = limit

    def gather(self, request: Request) -> Iterator[Item]:
        store = needed(self._store or request.store, OverflowStore, self.name)
        pieces = store.overflow(request.actor_id, request.session_id)
        scores = text_scores(request.query, [piece.text for piece in pieces])
        ranked = sorted(zip(scores, pieces, strict=True), key=lambda pair: (-pair[0], pair[1].handle))
        for order, (score, piece) in enumerate(ranked[: self._limit]):
            if score > 0:
                yield _item(order, score, piece, request)


def _item(order: int, score: float, piece: Piece, request: Request) -> Item:
    lead = f"[{' '.join(piece.title.split())}] " if piece.title.strip() else ""
    return Item(
        id=f"overflow:{piece.handle}",
        section="overflow",
        text=piece.text,
        lead=lead,
        tokens=line_tokens(request.counter, lead, piece.text),
        score=score,
        order=order,
        handle=piece.handle,
        provenance=Provenance(source="overflow", title=piece.title or None, created_at=piece.created_at),
    )
