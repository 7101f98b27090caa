"""Overflow: what was moved out competes for a place again, and is read once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from contextkit.errors import InvalidInput
from contextkit.sources import overflow
from contextkit.sources import overflow as overflow_module
from contextkit.sources.overflow import PIECE, Overflow
from contextkit.stores import Overflow as Piece
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.clock import ManualClock
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


def test_what_was_stored_long_ago_says_of_which_day_it_is(request_for: MakeRequest) -> None:
    """A price "as of today", moved out in March, is no price of June's; one of this morning needs no date."""
    clock = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    with Counting(clock) as store:
        store.put("old")
        clock.advance(timedelta(days=96))
        store.put("new")
        items = found(replace(request_for("Ghent"), now=clock()), store)
    assert {item.handle: item.heading for item in items} == {"old": "As of 2 March 2026:", "new": ""}


# Read once


class Counting(SQLiteStore):
    """A store that notes which pieces are read, by listing or by handle."""

    def __init__(self, clock: ManualClock | None = None, ttl: timedelta | None = None) -> None:
        super().__init__(":memory:", **({} if clock is None else {"clock": clock}), overflow_ttl=ttl)
        self.listed: list[str] = []
        self.got: list[str] = []

    def overflow(self, actor_id: str, session_id: str, *, after: int = 0) -> list[Piece]:
        found = super().overflow(actor_id, session_id, after=after)
        self.listed += [piece.handle for piece in found]
        return found

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Piece:
        self.got.append(handle)
        return super().get_overflow(actor_id, session_id, handle)

    def put(self, *handles: str, text: str = "Report on Ghent.") -> None:
        pieces = [Piece(handle=handle, text=f"{text} {handle}", item_id=handle) for handle in handles]
        self.put_overflow("u1", "s1", pieces)


def seen(source: Overflow, request: Request, store: SQLiteStore, session_id: str = "s1") -> list[str | None]:
    """The handles offered by one build of the session as it is now."""
    asked = replace(request, store=store, session=store.session("u1", session_id), session_id=session_id)
    return [one.handle for one in source.gather(asked)]


def test_only_pieces_that_are_new_are_read(request_for: MakeRequest) -> None:
    request, source = request_for("Ghent"), Overflow()
    with Counting() as store:
        store.put("a", "b")
        assert seen(source, request, store) == ["a", "b"]
        assert seen(source, request, store) == ["a", "b"]
        store.put("b", "c")
        assert seen(source, request, store) == ["a", "b", "c"]
        assert (store.listed, store.got) == (["a", "b", "c"], [])


def test_nothing_is_asked_of_a_session_without_pieces(request_for: MakeRequest) -> None:
    with Counting() as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello."}])
        store.put_overflow("u2", "s1", [Piece(handle="x", text="Ghent", item_id="x")])
        assert seen(Overflow(), request_for("Ghent"), store) == []
        assert store.listed == []


def test_a_session_that_began_anew_has_none_of_the_former_one_s(request_for: MakeRequest) -> None:
    request, source = request_for("Ghent"), Overflow()
    with Counting() as store:
        store.put("a")
        assert seen(source, request, store) == ["a"]
        store.delete_session("u1", "s1")
        assert seen(source, request, store) == []
        store.put("b")
        assert seen(source, request, store) == ["b"]


def test_what_is_not_kept_in_memory_is_read_again_by_its_handle(
    request_for: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overflow, "HELD", 100)
    request, source = request_for("Ghent"), Overflow()
    with Counting() as store:
        store.put(*"abcdefgh")
        assert sorted(map(str, seen(source, request, store))) == list("abcdefgh")
        assert store.got
        store.got.clear()
        assert sorted(map(str, seen(source, request, store))) == list("abcdefgh")
        assert 0 < len(set(store.got)) == len(store.got)


def test_what_has_ended_is_offered_no_more_and_what_was_put_off_is(request_for: MakeRequest) -> None:
    clock = ManualClock()
    source = Overflow()
    with Counting(clock, ttl=timedelta(hours=1)) as store:
        store.append("u1", "s1", [{"role": "user", "content": "Hello."}])
        store.put("a", "b")
        assert seen(source, replace(request_for("Ghent"), now=clock()), store) == ["a", "b"]
        clock.advance(timedelta(minutes=40))
        store.put("b")
        clock.advance(timedelta(minutes=40))
        for _ in range(2):
            assert seen(source, replace(request_for("Ghent"), now=clock()), store) == ["b"]
        assert (sorted(store.got), store.listed) == (["a", "b"], ["a", "b"])


def test_sessions_used_least_recently_are_forgotten(request_for: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overflow_module, "REMEMBERED", 9 * (2 * PIECE + len("Ghent")))
    request, source = request_for("Ghent"), Overflow()
    with Counting() as store:
        for number in range(10):
            store.put_overflow("u1", f"s{number}", [Piece(handle=f"h{number}", text="Ghent", item_id="x")])
            assert seen(source, request, store, f"s{number}") == [f"h{number}"]
        store.listed.clear()
        assert seen(source, request, store, "s9") == ["h9"]
        assert store.listed == []
        assert seen(source, request, store, "s0") == ["h0"]
        assert store.listed == ["h0"]


def test_growing_ranks_as_reading_all_at_once_does(request_for: MakeRequest) -> None:
    texts = ["Ghent", "Ghent and Bruges", "Bruges", "the road from Ghent to Bruges", "Bruges Bruges"]
    request, growing = request_for("From Ghent to Bruges?"), Overflow()
    with Counting() as store:
        orders = []
        for handle, text in zip("abcde", texts, strict=True):
            store.put(handle, text=text)
            orders.append(seen(growing, request, store))
            assert orders[-1] == seen(Overflow(), request, store)
    assert all(len(one) < len(other) for one, other in pairwise(orders))


def test_a_store_without_sessions_is_asked_each_time(request_for: MakeRequest) -> None:
    class Bare:
        def __init__(self, store: SQLiteStore) -> None:
            self.put_overflow, self.get_overflow, self.overflow = store.put_overflow, store.get_overflow, store.overflow

    with SQLiteStore(":memory:") as store:
        store.put_overflow("u1", "s1", [Piece(handle="a", text="Ghent", item_id="x")])
        source = Overflow(Bare(store))
        assert [one.handle for one in source.gather(request_for("Ghent"))] == ["a"]
        store.put_overflow("u1", "s1", [Piece(handle="b", text="Ghent", item_id="x")])
        assert [one.handle for one in source.gather(request_for("Ghent"))] == ["a", "b"]


@pytest.mark.parametrize("limit", [0, -1, 1.5, "20", True, None])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidInput, match="The limit of pieces is"):
        Overflow(limit=limit)
