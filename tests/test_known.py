"""Known: sessions as they were when their store last answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from contextkit.errors import StoreCorrupt, StoreError, StoreUnavailable
from contextkit.known import REMEMBERED, KnownSessions
from contextkit.stores import Session
from contextkit.stores.sqlite import SQLiteStore
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
    known.saw(before, "a view")
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
    known.saw(None, "a view")
    store.error = StoreUnavailable("The store is away.", "Wait.")
    assert known.read(store, "u1", "s1", 5.0)[0] is None


def test_damage_is_no_absence(store: Away) -> None:
    store.error = StoreCorrupt("It is damaged.", "Restore it.")
    with pytest.raises(StoreCorrupt):
        KnownSessions().read(store, "u1", "s1", 5.0)


def test_the_session_used_least_recently_is_forgotten_first(store: Away) -> None:
    known = KnownSessions()
    for number in range(REMEMBERED + 1):
        say(store, f"s{number}")
        known.read(store, "u1", f"s{number}", 5.0)
        known.read(store, "u1", "s0", 5.0)
    store.error = StoreUnavailable("The store is away.", "Wait.")
    assert known.read(store, "u1", "s0", 5.0)[0] is not None
    assert known.read(store, "u1", "s1", 5.0)[0] is None
    assert known.read(store, "u1", "s2", 5.0)[0] is not None


class Opening(Away):
    """A store that can read more of a session at once."""

    opened: list[bool]

    def open_session(self, actor_id: str, session_id: str, *, derived: bool) -> Session | None:
        self.opened.append(derived)
        session = self.session(actor_id, session_id)
        return None if session is None else replace(session, derived=self.derived(actor_id, session_id))


def test_what_a_first_build_needs_comes_with_its_session_and_is_not_kept() -> None:
    with Opening(":memory:", clock=lambda: NOW) as store:
        store.opened = []
        say(store)
        store.save_derived("u1", "s1", {"a": b"1"})
        known = KnownSessions()
        first, _ = known.read(store, "u1", "s1", 5.0, True)
        again, _ = known.read(store, "u1", "s1", 5.0, True)
        KnownSessions().read(store, "u1", "s1", 5.0)
        assert store.opened == [True, False]
        assert first is not None
        assert again is not None
        assert first.derived == {"a": b"1"}
        store.error = StoreUnavailable("The store is away.", "Wait.")
        remembered, _ = known.read(store, "u1", "s1", 5.0, True)
        assert remembered is not None
        assert remembered.derived is None
