"""What is known to be stored is not written again, for as long as it lasts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contextkit import stored as stored_module
from contextkit.ladder import handle_of
from contextkit.stored import MOST, SESSION, StoredPieces
from contextkit.stores import Session
from contextkit.types import Item
from tests.world import NOW


def item(text: str) -> Item:
    return Item(id=text, section="documents", text=text)


def session(session_id: str = "s1", life: int = 0) -> Session:
    created_at = NOW + timedelta(seconds=life)
    return Session(actor_id="u1", session_id=session_id, created_at=created_at, updated_at=created_at)


ONE, TWO = item("one"), item("two")


def test_what_was_acknowledged_is_not_lacking() -> None:
    stored = StoredPieces()
    assert stored.lacking(session(), [ONE, TWO], NOW) == [ONE, TWO]
    stored.add(session(), [ONE], NOW, None)
    assert stored.lacking(session(), [ONE, TWO], NOW + timedelta(days=900)) == [TWO]


def test_the_same_content_is_the_same_piece() -> None:
    stored = StoredPieces()
    stored.add(session(), [ONE], NOW, None)
    again = Item(id="another id", section="documents", text="one")
    assert bool(stored.lacking(session(), [again], NOW)) == (handle_of(again) != handle_of(ONE))
    assert stored.lacking(session(), [item("one more")], NOW) != []


def test_what_ends_by_itself_is_written_again_at_half_of_its_time() -> None:
    stored = StoredPieces()
    stored.add(session(), [ONE], NOW, NOW + timedelta(hours=2))
    assert stored.lacking(session(), [ONE], NOW + timedelta(minutes=59)) == []
    assert stored.lacking(session(), [ONE], NOW + timedelta(minutes=60)) == [ONE]


def test_another_session_or_another_life_of_it_has_its_own() -> None:
    stored = StoredPieces()
    stored.add(session(), [ONE], NOW, None)
    stored.add(None, [TWO], NOW, None)
    for other in (session("s2"), session(life=1), None):
        assert stored.lacking(other, [ONE, TWO], NOW) == [ONE, TWO]


def test_it_holds_no_more_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_module, "REMEMBERED", 9 * (SESSION + 1))
    stored = StoredPieces()
    for number in range(10):
        stored.add(session(f"s{number}"), [ONE], NOW, None)
    assert stored.lacking(session("s0"), [ONE], NOW) == [ONE]
    assert stored.lacking(session("s1"), [ONE], NOW) == []
    many = [item(str(number)) for number in range(MOST)]
    stored.add(session("s1"), many, NOW, None)
    assert stored.lacking(session("s1"), [ONE, *many], NOW) == [ONE]
