"""Memories: what the store finds for the query, dated, fenced and in the store's order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from contextkit.errors import InvalidInput
from contextkit.sources.memories import Memories
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Item, Request
from tests.sources.conftest import MakeRequest
from tests.world import NOW


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", clock=lambda: NOW) as store:
        yield store


def remember(store: SQLiteStore, *texts: str, actor_id: str = "u1", namespace: str = "default", **more: object) -> None:
    store.put_memories(
        actor_id,
        [
            MemoryRecord(id=f"{namespace}-{n}", text=text, namespace=namespace, created_at=NOW, **more)  # type: ignore[arg-type]
            for n, text in enumerate(texts)
        ],
    )


def found(request: Request, store: object, source: Memories | None = None) -> list[Item]:
    return list((source or Memories()).gather(replace(request, store=store)))


def test_what_bears_on_the_query_comes_first(request_for: MakeRequest, store: SQLiteStore) -> None:
    remember(store, "Likes tea.", "Takes the night train to Ghent.", "Has a bicycle.")
    items = found(request_for("Which train to Ghent?"), store)
    assert items[0].text == "Takes the night train to Ghent."
    assert items[0].score == max(item.score for item in items)
    assert not any(item.trusted for item in items)


def test_each_stands_with_the_day_it_holds_from(request_for: MakeRequest, store: SQLiteStore) -> None:
    remember(store, "Lives in Ghent.", valid_from=NOW - timedelta(days=400))
    remember(store, "Works in Ghent.", namespace="other")
    items = {item.text: item for item in found(request_for("Ghent"), store)}
    assert items["Lives in Ghent."].lead == "- 2025-03-30: "
    assert items["Works in Ghent."].lead == "- 2026-05-04: "
    for item in items.values():
        assert item.tokens == request_for("x").counter.text(f"{item.lead}{item.text}\n")


def test_a_namespace_and_a_limit_narrow_the_search(request_for: MakeRequest, store: SQLiteStore) -> None:
    remember(store, "Ghent one.", "Ghent two.", namespace="travel/trains")
    remember(store, "Ghent three.", namespace="food")
    assert len(found(request_for("Ghent"), store, Memories(namespace="travel/"))) == 2
    assert len(found(request_for("Ghent"), store, Memories(limit=1))) == 1


def test_another_actor_s_are_never_seen(request_for: MakeRequest, store: SQLiteStore) -> None:
    remember(store, "Ghent is mine.", actor_id="u2")
    assert found(request_for("Ghent"), store) == []


def test_a_source_s_own_store_comes_before_the_builder_s(request_for: MakeRequest, store: SQLiteStore) -> None:
    remember(store, "Ghent.")
    assert len(found(request_for("Ghent"), None, Memories(store))) == 1


def test_without_a_store_it_says_what_it_needs(request_for: MakeRequest) -> None:
    with pytest.raises(InvalidInput, match=r"'memories' needs a MemoryStore.*SQLiteStore"):
        found(request_for("Ghent"), object())
