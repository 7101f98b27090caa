"""Known: sessions as they were when their store last answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from dataclasses import replace

import pytest

from contextkit import known as known_module
from contextkit.errors import StoreCorrupt, StoreError, StoreUnavailable
from contextkit.known import FACTS, KnownSessions
from contextkit.rank.divided import DRAWERS
from contextkit.stores import Session
from contextkit.stores.sqlite import SQLiteStore
from contextkit.views import Views
from tests.world import NOW


class Away(SQLiteStore):
    """A store that can be away."""

    error: StoreError | None = None

    def session(self, actor_id: str, session_id: str) -> Session | None:
        if self.error is not None:
            raise self.error
        return super().session(actor_id, session_id)


@pytest.fixture
def store() -> Iterator[Away]:
    with Away(":memory:", clock=lambda: NOW) as store:
        yield store


def say(store: SQLiteStore, session_id: str = "s1") -> None:
    store.append("u1", session_id, [{"role": "user", "content": "Hello"}])


def test_a_session_is_what_its_store_says(store: Away) -> None:
    known = KnownSessions()
    assert known.read(store, "u1", "s1", 5.0) == (None, None)
    say(store)
    assert known.read(store, "u1", "s1", 5.0) == (store.session("u1", "s1"), None)


def test_while_the_store_is_away_it_is_what_was_seen_last(store: Away) -> None:
    known = KnownSessions()
    say(store)
    before, _ = known.read(store, "u1", "s1", 5.0)
    known.saw(before, Views(), "a view")
    say(store)
    store.error = StoreUnavailable("The store is away.", "Wait.")
    session, missed = known.read(store, "u1", "s1", 5.0)
    assert session is not None
    assert (session.last_seq, session.view) == (1, "a view")
    assert missed is not None
    assert "message 1: The store is away." in missed.text
    other, missed = known.read(store, "u2", "s1", 5.0)
    assert other is None
    assert missed is not None
    assert "knows nothing" in missed.text


def test_a_session_that_has_ended_is_forgotten(store: Away) -> None:
    known = KnownSessions()
    say(store)
    known.read(store, "u1", "s1", 5.0)
    store.delete_session("u1", "s1")
    known.read(store, "u1", "s1", 5.0)
    known.saw(None, Views(), "a view")
    store.error = StoreUnavailable("The store is away.", "Wait.")
    assert known.read(store, "u1", "s1", 5.0)[0] is None


def test_damage_is_no_absence(store: Away) -> None:
    store.error = StoreCorrupt("It is damaged.", "Restore it.")
    with pytest.raises(StoreCorrupt):
        KnownSessions().read(store, "u1", "s1", 5.0)


def test_the_session_used_least_recently_is_forgotten_first(store: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_module, "REMEMBERED", 5 * FACTS)
    known = KnownSessions()
    for number in range(6):
        say(store, f"s{number}")
        known.read(store, "u1", f"s{number}", 5.0)
        known.read(store, "u1", "s0", 5.0)
    store.error = StoreUnavailable("The store is away.", "Wait.")
    assert known.read(store, "u1", "s0", 5.0)[0] is not None
    assert known.read(store, "u1", "s1", 5.0)[0] is None
    assert known.read(store, "u1", "s2", 5.0)[0] is not None


class Opening(Away):
    """A store that can read more of a session at once, and has an index of it in drawers, or not."""

    opened: list[tuple[bool, Set[int]]]
    parted: bool

    def open_session(
        self, actor_id: str, session_id: str, *, derived: bool, drawers: Collection[int] = ()
    ) -> Session | None:
        self.opened.append((derived, set(drawers)))
        session = self.session(actor_id, session_id)
        if session is None:
            return None
        found = self.derived(actor_id, session_id) if derived else None
        return replace(session, derived=found, parts={("a", 0): b"1"} if self.parted else None)


@pytest.fixture
def opening() -> Iterator[Opening]:
    with Opening(":memory:", clock=lambda: NOW) as store:
        store.opened, store.parted = [], False
        yield store


def test_what_a_first_build_needs_comes_with_its_session_and_is_not_kept(opening: Opening) -> None:
    say(opening)
    opening.save_derived("u1", "s1", {"a": b"1"})
    opening.parted = True
    known = KnownSessions()
    first, _ = known.read(opening, "u1", "s1", 5.0, {7})
    again, _ = known.read(opening, "u1", "s1", 5.0, {7})
    KnownSessions().read(opening, "u1", "s1", 5.0)
    assert opening.opened == [(True, {7}), (False, set())]
    assert first is not None
    assert again is not None
    assert (first.derived, first.parts) == ({"a": b"1"}, {("a", 0): b"1"})
    opening.error = StoreUnavailable("The store is away.", "Wait.")
    remembered, _ = known.read(opening, "u1", "s1", 5.0, {7})
    assert remembered is not None
    assert (remembered.derived, remembered.parts) == (None, None)


def test_what_was_forgotten_is_read_as_for_the_first_time(opening: Opening) -> None:
    say(opening)
    opening.parted = True
    at_hand = {"s1"}
    known = KnownSessions(lambda session: session.session_id in at_hand)
    known.read(opening, "u1", "s1", 5.0, {7})
    at_hand.clear()
    known.read(opening, "u1", "s1", 5.0, {8})
    known.read(opening, "u1", "s1", 5.0)
    assert opening.opened == [(True, {7}), (True, {8}), (False, set())]
    opening.error = StoreUnavailable("The store is away.", "Wait.")
    session, _ = known.read(opening, "u1", "s1", 5.0, {8})
    assert session is not None
    assert session.last_seq == 1


def test_an_index_that_does_not_lie_in_drawers_is_not_asked_for_again(opening: Opening) -> None:
    say(opening)
    known = KnownSessions()
    for drawer in range(5):
        known.read(opening, "u1", "s1", 5.0, {drawer})
    assert opening.opened == [(True, {0})]


def test_each_drawer_is_read_once(opening: Opening) -> None:
    """Whoever seeks nothing, or what was read, asks for nothing."""
    say(opening)
    opening.parted = True
    known = KnownSessions()
    known.read(opening, "u1", "s1", 5.0, {3, 99})
    for sought in (set[int](), {3}, {99, 3}, None):
        known.read(opening, "u1", "s1", 5.0, sought)
    assert opening.opened == [(True, {3, 99})]
    session, _ = known.read(opening, "u1", "s1", 5.0, {3, 4})
    known.saw(session, Views(), "a view")
    for drawer in range(DRAWERS):
        known.read(opening, "u1", "s1", 5.0, {drawer})
    assert opening.opened[1] == (False, {4})
    assert not any(derived for derived, _ in opening.opened[1:])
    read = [drawer for _, drawers in opening.opened for drawer in drawers]
    assert sorted(read) == list(range(DRAWERS))


def test_of_a_session_that_began_anew_nothing_was_read(opening: Opening) -> None:
    say(opening)
    opening.parted = True
    known = KnownSessions()
    known.read(opening, "u1", "s1", 5.0, {3})
    opening.delete_session("u1", "s1")
    say(opening)
    known.read(opening, "u1", "s1", 5.0, {3})
    opening.opened.clear()
    known.read(opening, "u1", "s1", 5.0, {4})
    assert opening.opened == []
