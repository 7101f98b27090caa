"""Preferences: the actor's own settings, which belong in every prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from contextkit.blocks import line_tokens
from contextkit.errors import InvalidInput
from contextkit.memory.recall import overview
from contextkit.memory.strategy import MemoryStrategy
from contextkit.sources.memories import known_since
from contextkit.sources.needs import needed
from contextkit.stores import MemoryStore, PreferenceStore, ScoredMemory
from contextkit.types import Item, Provenance, Request

LEARNT: Final = 30
"""Memory records that stand at most. Who gives more instructions than that has forgotten the first."""


class Preferences:
    """Every preference in the store, in the order in which they were first set.

    They stand in the stable part of the prompt, and so should change rarely.

    What was learnt may stand behind them: with `strategies=["procedural"]` every instruction that the user
    gave and that still holds ("always answer in bullet points"), with its day, whatever the question is; `Memories`
    finds only what shares words with it. Each is a name in `strategies/memory`, the path of a TOML file, or a
    `MemoryStrategy`, and takes one read of the store for each build; the build's variables fill its namespace.
    Of more than `LEARNT` records, and where room is short, the most important and most recent stand.
    """

    name = "preferences"
    sections = ("preferences",)

    def __init__(
        self, store: PreferenceStore | None = None, *, strategies: Iterable[str | Path | MemoryStrategy] = ()
    ) -> None:
        if isinstance(strategies, str):
            raise InvalidInput(
                f"The strategies are the text {strategies!r}.", f"Pass a list: [{strategies!r}].", value=strategies
            )
        self._store = store
        self._strategies = [MemoryStrategy.load(strategy) for strategy in strategies]

    def gather(self, request: Request) -> Iterator[Item]:
        store = needed(self._store or request.store, PreferenceStore, self.name)
        settings = store.preferences(request.actor_id)
        for order, (key, value) in enumerate(settings.items()):
            yield _item(request, f"preference:{key}", "- ", f"{key}: {value}", order, Provenance(source=self.name))
        for order, one in enumerate(self._learnt(request), len(settings)):
            yield self._record_item(request, one, order)

    def _learnt(self, request: Request) -> list[ScoredMemory]:
        """The records that hold, best first."""
        if not self._strategies:
            return []
        store = needed(self._store or request.store, MemoryStore, self.name)
        within = [strategy.subtree_of(request.actor_id, request.variables) for strategy in self._strategies]
        records = [record for namespace in within for record in store.memories(request.actor_id, namespace=namespace)]
        return overview(records, request.now, LEARNT)

    def _record_item(self, request: Request, one: ScoredMemory, order: int) -> Item:
        record = one.record
        told = Provenance(source=self.name, uri=record.namespace, created_at=record.created_at)
        lead = f"- {known_since(record, request.now)}: "
        return _item(request, f"preference:{record.id}", lead, record.text, order, told, score=one.score)


def _item(
    request: Request, item_id: str, lead: str, text: str, order: int, provenance: Provenance, score: float = 1.0
) -> Item:
    return Item(
        id=item_id,
        section="preferences",
        text=text,
        lead=lead,
        tokens=line_tokens(request.counter, lead, text),
        score=score,
        order=order,
        provenance=provenance,
    )
