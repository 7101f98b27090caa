"""Memories: what is known of the actor from long ago, by how it bears on the query."""

from __future__ import annotations

from collections.abc import Iterator

from contextkit.blocks import line_tokens
from contextkit.sources.needs import needed
from contextkit.stores import MemoryRecord, MemoryStore, ScoredMemory
from contextkit.types import Item, Provenance, Request


class Memories:
    """The actor's active memory records that match the query best.

    `namespace` narrows the search; one that ends in `/` means its whole subtree. At most
    `limit` records are considered.
    """

    name = "memories"
    sections = ("memories",)

    def __init__(self, store: MemoryStore | None = None, *, namespace: str | None = None, limit: int = 20) -> None:
        self._store = store
        self._namespace = namespace
        self._limit = limit

    def gather(self, request: Request) -> Iterator[Item]:
        store = needed(self._store or request.store, MemoryStore, self.name)
        found = store.search_memories(request.actor_id, request.query, namespace=self._namespace, limit=self._limit)
        return (self._item(order, scored, request) for order, scored in enumerate(found))

    def _item(self, order: int, scored: ScoredMemory, request: Request) -> Item:
        record = scored.record
        lead = f"- {known_since(record)}: "
        return Item(
            id=record.id,
            section="memories",
            text=record.text,
            lead=lead,
            tokens=line_tokens(request.counter, lead, record.text),
            score=scored.score,
            order=order,
            provenance=Provenance(source=self.name, uri=record.namespace, created_at=record.created_at),
        )


def known_since(record: MemoryRecord) -> str:
    """The day from which a record holds, so that the model can tell old from new."""
    return (record.valid_from or record.created_at).date().isoformat()
