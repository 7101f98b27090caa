"""Preferences: the actor's own settings, which belong in every prompt."""

from __future__ import annotations

from collections.abc import Iterator

from contextkit.blocks import line_tokens
from contextkit.sources.needs import needed
from contextkit.stores import PreferenceStore
from contextkit.types import Item, Provenance, Request


class Preferences:
    """Every preference in the store, in the order in which they were first set.

    They stand in the stable part of the prompt, and so should change rarely.
    """

    name = "preferences"
    sections = ("preferences",)

    def __init__(self, store: PreferenceStore | None = None) -> None:
        self._store = store

    def gather(self, request: Request) -> Iterator[Item]:
        store = needed(self._store or request.store, PreferenceStore, self.name)
        for order, (key, value) in enumerate(store.preferences(request.actor_id).items()):
            text = f"{key}: {value}"
            yield Item(
                id=f"preference:{key}",
                section="preferences",
                text=text,
                lead="- ",
                tokens=line_tokens(request.counter, "- ", text),
                order=order,
                provenance=Provenance(source=self.name),
            )
