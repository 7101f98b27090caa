"""Overflow: what was moved out competes for a place again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from contextkit.sources.overflow import Overflow
from contextkit.stores import Overflow as Piece
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Item, Request
from tests.sources.conftest import MakeRequest


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:") as store:
        pieces = [
            Piece(handle=f"c{n}", text=f"Report {n} on {town}.", item_id=f"d{n}", title=f"Title\n{n}")
            for n, town in enumerate(["Ghent", "Bruges", "Ghent and Ghent"])
        ]
        store.put_overflow("u1", "s1", pieces)
        yield store


def found(request: Request, store: SQLiteStore, source: Overflow | None = None) -> list[Item]:
    return [one for one in (source or Overflow()).gather(replace(request, store=store)) if isinstance(one, Item)]


def test_what_bears_on_the_query_is_offered_best_first_under_its_handle(
    request_for: MakeRequest, store: SQLiteStore
) -> None:
    items = found(request_for("What about Ghent?"), store)
    assert [item.handle for item in items] == ["c2", "c0"]
    assert [item.id for item in items] == ["overflow:c2", "overflow:c0"]
    assert items[0].lead == "[Title 2] "
    assert not any(item.trusted for item in items)


def test_what_does_not_is_left_where_it_is(request_for: MakeRequest, store: SQLiteStore) -> None:
    assert found(request_for("zebra"), store) == []


def test_only_the_best_are_considered(request_for: MakeRequest, store: SQLiteStore) -> None:
    assert [item.handle for item in found(request_for("Ghent"), store, Overflow(limit=1))] == ["c2"]


def test_another_session_s_are_never_seen(request_for: MakeRequest, store: SQLiteStore) -> None:
    assert found(replace(request_for("Ghent"), session_id="s2"), store) == []
    assert found(replace(request_for("Ghent"), actor_id="u2"), store) == []
