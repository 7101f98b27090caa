"""What a `SessionStore` must do with a session's facts, state, view and derived data."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidId, InvalidInput, SessionEnded, VersionConflict
from contextkit.rank.divided import IN_DRAWERS
from contextkit.stores import Session, SessionEntry, SessionStore, SomeParts, recent_sessions
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance.base import TTL, Conformance, at_once
from contextkit.testing.conformance.messages import user
from contextkit.testing.conformance.values import BAD_IDS, JSON, LAWS, ODD_TEXTS, TEXTS, fresh, named


class StateConformance(Conformance):
    """A session's facts, the agent's state document, contextkit's view, and derived data."""

    def test_the_facts_of_a_session(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        begin = clock()
        store.append(actor, "s", [user("one"), user("two")])
        clock.advance(timedelta(minutes=1))
        store.append(actor, "s", [user("three")])
        session = found(store, actor)
        assert (session.actor_id, session.session_id) == (actor, "s")
        assert (session.created_at, session.updated_at) == (begin, clock())
        assert (session.version, dict(session.state), session.last_seq, session.view) == (0, {}, 3, None)

    def test_a_session_names_its_expiry(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        store.append(actor, "s", [user("x")])
        assert found(store, actor).expires_at == clock() + TTL

    def test_sessions_are_listed_latest_first(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        for name in ("a", "b", "c", "a"):
            store.append(actor, name, [user("x")])
            clock.advance(timedelta(seconds=1))
        store.append(actor + "'s neighbour", "d", [user("x")])
        sessions = store.sessions(actor)
        assert [session.session_id for session in sessions] == ["a", "c", "b"]
        assert sessions == [store.session(actor, name) for name in ("a", "c", "b")]
        assert store.sessions(actor + "nobody") == []

    def test_the_sessions_used_last_are_told_from_the_others(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        for minutes, name in enumerate("abcdefga"):
            clock.advance(timedelta(minutes=minutes))
            store.append(actor, name, [user("x")])
        store.save_state(actor, "without messages", {"step": 1}, expected=0)
        store.append(actor + "'s neighbour", "h", [user("x")])
        facts = [found(store, actor, name) for name in "agfedcb"]
        entries = [SessionEntry(one.session_id, one.created_at, one.updated_at, one.last_seq) for one in facts]
        for last in (1, 2, 5, 7, 20):
            assert recent_sessions(store, actor, last) == entries[:last]
        since = entries[3].updated_at - timedelta.resolution
        assert recent_sessions(store, actor, 4, since=since) == entries[:4]
        assert recent_sessions(store, actor, 20, since=since)[:4] == entries[:4]
        for name in "ga":
            store.delete_session(actor, name)
        assert recent_sessions(store, actor, 3) == entries[2:5]
        assert recent_sessions(store, actor + "nobody", 3) == []

    def test_of_the_sessions_used_last_none_has_expired(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        self.needs_expiry()
        for name in ("a", "b", "a"):
            store.append(actor, name, [user("x")])
            clock.advance(TTL / 3 + timedelta(seconds=1))
        clock.advance(TTL / 3)
        assert [one.session_id for one in recent_sessions(store, actor, 2)] == ["a"]
        clock.advance(TTL)
        assert recent_sessions(store, actor, 2) == []

    def test_what_a_session_that_ended_showed_is_not_kept(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        store.append(actor, "s", [user("x")])
        life = found(store, actor).created_at
        store.save_view(actor, "s", "first", life=life)
        store.append(actor, "s", [user("y")])
        store.save_view(actor, "s", "second", life=life)
        assert found(store, actor).view == "second"
        store.delete_session(actor, "s")
        with pytest.raises(SessionEnded):
            store.save_view(actor, "s", "late", life=life)
        assert store.session(actor, "s") is None
        clock.advance(timedelta(seconds=1))
        store.append(actor, "s", [user("z")])
        with pytest.raises(SessionEnded):
            store.save_view(actor, "s", "late", life=life)
        assert found(store, actor).view is None

    def test_what_was_derived_from_a_session_that_ended_is_not_kept(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        store.append(actor, "s", [user("x")])
        life = found(store, actor).created_at
        store.save_derived(actor, "s", {"first": b"1"}, life=life)
        store.append(actor, "s", [user("y")])
        store.save_derived(actor, "s", {"second": b"2"}, ["first"], life=life)
        assert store.derived(actor, "s") == {"second": b"2"}
        store.delete_session(actor, "s")
        with pytest.raises(SessionEnded):
            store.save_derived(actor, "s", {"late": b"3"}, life=life)
        assert store.session(actor, "s") is None
        clock.advance(timedelta(seconds=1))
        store.append(actor, "s", [user("z")])
        store.save_derived(actor, "s", {"new": b"4"})
        with pytest.raises(SessionEnded):
            store.save_derived(actor, "s", {"late": b"3"}, ["new"], life=life, parts={"late": [b"4"]})
        assert store.derived(actor, "s") == {"new": b"4"}
        assert store.derived_parts(actor, "s", {"late": SomeParts(1, [0])}) == {}

    def test_no_session_has_what_is_of_another_of_its_name(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        """Sessions end and begin while what is of them is on its way, also between the look and the write."""
        store.append(actor, "s", [user("x")])

        def end_and_begin(_: int) -> None:
            store.delete_session(actor, "s")
            clock.advance(timedelta(seconds=1))
            store.append(actor, "s", [user("x")])

        def save(number: int) -> None:
            session = store.session(actor, "s")
            if session is not None:
                mark, life = f"{session.created_at} {number}", session.created_at
                with suppress(SessionEnded):
                    store.save_view(actor, "s", mark, life=life)
                    store.save_derived(actor, "s", {f"from {number}": mark.encode()}, life=life)

        for _ in range(6):
            at_once(lambda number: (save if number else end_and_begin)(number), threads=4)
            session = found(store, actor)
            kept = [*store.derived(actor, "s").values(), (session.view or str(session.created_at)).encode()]
            assert all(mark.startswith(str(session.created_at).encode()) for mark in kept)

    def test_sessions_that_go_on_are_listed_whenever_they_began(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        begin = clock()
        store.append(actor, "old", [user("x")])
        store.append(actor, "long", [user("x")])
        for hours in (1, 5, 7, 30):
            clock.advance(timedelta(hours=hours))
            before = clock() - timedelta(seconds=1)
            store.append(actor, "long", [user("x")])
            store.append(actor, f"new {hours}", [user("x")])
            found = {session.session_id: session for session in store.sessions(actor, since=before)}
            assert found.keys() >= {"long", f"new {hours}"}
            assert found["long"] == store.session(actor, "long")
        assert store.sessions(actor, since=begin - timedelta(days=1)) == store.sessions(actor)

    @pytest.mark.parametrize("bad", [[1], "text", None, {1: "a", "1": "b"}, {"a": [{2: "c"}]}, {"a": {1, 2}}], ids=repr)
    def test_a_state_that_would_not_come_back_equal_is_refused(self, store: SessionStore, actor: str, bad: Any) -> None:
        with pytest.raises(InvalidInput):
            store.save_state(actor, "s", bad, expected=0)
        assert store.session(actor, "s") is None

    def test_an_expired_session_is_gone(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        store.append(actor, "s", [user("x")])
        clock.advance(TTL - timedelta(seconds=1))
        assert store.session(actor, "s") is not None
        clock.advance(timedelta(seconds=1))
        assert store.session(actor, "s") is None
        assert store.sessions(actor) == []

    def test_the_next_life_is_told_from_the_last(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        fill(store, actor)
        first = found(store, actor)
        clock.advance(TTL)
        store.append(actor, "s", [user("x")])
        second = found(store, actor)
        assert second.created_at > first.created_at
        assert (second.version, dict(second.state), second.view, second.last_seq) == (0, {}, None, 1)
        assert (store.derived(actor, "s"), store.derived_parts(actor, "s", {"index": SomeParts(1, [0])})) == ({}, {})

    def test_a_deleted_session_is_gone_and_no_other(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        fill(store, actor, "s")
        fill(store, actor, "t")
        first, other = found(store, actor), store.session(actor, "t")
        store.delete_session(actor, "s")
        assert store.session(actor, "s") is None
        assert (store.messages(actor, "s"), store.derived(actor, "s")) == ([], {})
        assert store.derived_parts(actor, "s", {"index": SomeParts(1, [0])}) == {}
        assert store.session(actor, "t") == other
        assert store.derived_parts(actor, "t", {"index": SomeParts(1, [0])}) == {("index", 0): b"part"}
        clock.advance(timedelta(seconds=1))
        store.append(actor, "s", [user("anew")])
        assert found(store, actor).created_at > first.created_at
        assert (found(store, actor).version, found(store, actor).last_seq) == (0, 1)

    def test_a_session_is_deleted_and_none_that_has_begun_since(
        self, store: SessionStore, actor: str, clock: ManualClock
    ) -> None:
        fill(store, actor)
        first = found(store, actor).created_at
        store.delete_session(actor, "s", life=first - timedelta(seconds=1))
        assert found(store, actor).created_at == first
        store.delete_session(actor, "s", life=first)
        assert store.session(actor, "s") is None
        clock.advance(timedelta(seconds=1))
        fill(store, actor)
        second = found(store, actor)
        store.delete_session(actor, "s", life=first)
        assert found(store, actor) == second
        assert store.derived(actor, "s")
        store.delete_session(actor, "s", life=second.created_at)
        assert (store.session(actor, "s"), store.messages(actor, "s")) == (None, [])

    def test_deleting_no_session_is_no_error(self, store: SessionStore, actor: str) -> None:
        store.delete_session(actor, "s")
        store.delete_session(actor, "s", life=datetime(2020, 1, 1, tzinfo=UTC))
        assert store.session(actor, "s") is None

    def test_state_is_saved_under_its_version(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        first = store.save_state(actor, "s", {"step": 1}, expected=0)
        assert (first.version, dict(first.state)) == (1, {"step": 1})
        clock.advance(timedelta(seconds=1))
        second = store.save_state(actor, "s", {"step": 2}, expected=1)
        assert (second.version, dict(second.state), second.updated_at) == (2, {"step": 2}, clock())
        assert store.session(actor, "s") == second

    @pytest.mark.parametrize("expected", [0, 1, 3, 99, -1])
    def test_a_stale_version_is_refused(self, store: SessionStore, actor: str, expected: int) -> None:
        store.save_state(actor, "s", {"step": 1}, expected=0)
        current = store.save_state(actor, "s", {"step": 2}, expected=1)
        with pytest.raises(VersionConflict) as conflict:
            store.save_state(actor, "s", {"step": "stale"}, expected=expected)
        assert conflict.value.expected == expected
        assert conflict.value.current == current
        assert store.session(actor, "s") == current

    def test_a_version_is_refused_where_there_is_no_session(self, store: SessionStore, actor: str) -> None:
        with pytest.raises(VersionConflict) as conflict:
            store.save_state(actor, "s", {}, expected=1)
        assert (conflict.value.current.version, dict(conflict.value.current.state)) == (0, {})
        assert store.session(actor, "s") is None

    def test_a_save_repeated_under_its_key_returns_its_result(self, store: SessionStore, actor: str) -> None:
        store.save_state(actor, "s", {"step": 1}, expected=0, key="k1")
        first = store.save_state(actor, "s", {"step": 2}, expected=1, key="k2")
        assert store.save_state(actor, "s", {"step": 2}, expected=1, key="k2") == first
        assert found(store, actor).version == 2
        with pytest.raises(VersionConflict):
            store.save_state(actor, "s", {"step": 2}, expected=1, key="another")
        with pytest.raises(VersionConflict):
            store.save_state(actor, "s", {"step": 1}, expected=0, key="k1")

    def test_a_key_used_for_every_save_loses_none(self, store: SessionStore, actor: str) -> None:
        for version in range(3):
            saved = store.save_state(actor, "s", {"step": version}, expected=version, key="always")
            assert (saved.version, dict(saved.state)) == (version + 1, {"step": version})

    def test_of_threads_that_save_at_once_one_wins(self, store: SessionStore, actor: str) -> None:
        def save(thread: int) -> bool:
            try:
                store.save_state(actor, "s", {"winner": thread}, expected=0)
            except VersionConflict:
                return False
            return True

        won = at_once(save)
        assert won.count(True) == 1
        assert dict(found(store, actor).state) == {"winner": won.index(True)}

    def test_threads_that_retry_lose_no_update(self, store: SessionStore, actor: str) -> None:
        def add(_: int) -> None:
            session = store.session(actor, "s")
            while True:
                version, state = (session.version, dict(session.state)) if session else (0, {})
                try:
                    store.save_state(actor, "s", {"count": state.get("count", 0) + 1}, expected=version)
                    return
                except VersionConflict as conflict:
                    session = conflict.current

        threads = len(at_once(add))
        assert dict(found(store, actor).state) == {"count": threads}

    @LAWS
    @given(state=st.dictionaries(TEXTS, JSON, max_size=4))
    def test_any_state_comes_back_equal(self, store: SessionStore, actor: str, state: dict[str, Any]) -> None:
        session = fresh()
        assert dict(store.save_state(actor, session, state, expected=0).state) == state
        assert dict(found(store, actor, session).state) == state

    @pytest.mark.parametrize("bad", [object(), float("nan"), float("inf"), {1, 2}, b"bytes"], ids=named)
    def test_a_state_that_is_not_json_is_refused(self, store: SessionStore, actor: str, bad: Any) -> None:
        with pytest.raises(InvalidInput):
            store.save_state(actor, "s", {"value": bad}, expected=0)
        assert store.session(actor, "s") is None

    def test_appends_and_saves_leave_each_other_alone(self, store: SessionStore, actor: str) -> None:
        store.append(actor, "s", [user("x")])
        store.save_state(actor, "s", {"a": 1}, expected=0)
        store.append(actor, "s", [user("y")])
        session = found(store, actor)
        assert (session.last_seq, session.version, dict(session.state)) == (2, 1, {"a": 1})

    def test_the_last_view_wins(self, store: SessionStore, actor: str) -> None:
        store.save_view(actor, "s", "first")
        assert found(store, actor).view == "first"
        store.append(actor, "s", [user("x")])
        store.save_state(actor, "s", {"a": 1}, expected=0)
        store.save_view(actor, "s", "second")
        session = found(store, actor)
        assert (session.view, session.version, session.last_seq) == ("second", 1, 1)

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=named)
    def test_a_view_comes_back_equal(self, store: SessionStore, actor: str, text: str) -> None:
        store.save_view(actor, "s", text)
        assert found(store, actor).view == text

    def test_derived_data_is_kept_by_name(self, store: SessionStore, actor: str) -> None:
        assert store.derived(actor, "s") == {}
        store.append(actor, "s", [user("x")])
        store.save_derived(actor, "s", {"a": bytes(range(256)), "b": b"", "日本#/": b"c"})
        store.save_derived(actor, "s", {"d": b"d" * 300_000, "b": b"again"}, remove=["a", "never there"])
        assert store.derived(actor, "s") == {"日本#/": b"c", "d": b"d" * 300_000, "b": b"again"}
        assert store.derived(actor, "t") == {}
        assert store.derived(actor + "'s neighbour", "s") == {}

    def test_parts_of_derived_data_are_read_by_number_and_go_with_it(self, store: SessionStore, actor: str) -> None:
        store.append(actor, "s", [user("x")])
        large = [bytes([number]) * 9_000 for number in range(120)]
        store.save_derived(
            actor, "s", {"a": b"head", "日本#/": b"", "whole": b"w"}, parts={"a": large, "日本#/": [b""]}
        )
        assert store.derived(actor, "s") == {"a": b"head", "日本#/": b"", "whole": b"w"}
        wanted = {
            "a": SomeParts(120, [0, 7, 119, 120]),
            "日本#/": SomeParts(1, {0}),
            "whole": SomeParts(1, [0]),
            "never there": SomeParts(3, range(3)),
        }
        found = {("a", 0): large[0], ("a", 7): large[7], ("a", 119): large[119], ("日本#/", 0): b""}
        assert store.derived_parts(actor, "s", wanted) == found
        assert store.derived_parts(actor, "t", wanted) == {}
        assert store.derived_parts(actor + "'s neighbour", "s", wanted) == {}
        assert store.derived_parts(actor, "s", {}) == {}
        store.save_derived(actor, "s", {"a": b"less", "b": b"x"}, ["日本#/"], parts={"a": [b"1", b"2"], "b": [b"3"]})
        everything = {name: SomeParts(count, range(count)) for name, count in (("a", 2), ("b", 1), ("日本#/", 1))}
        assert store.derived_parts(actor, "s", everything) == {("a", 0): b"1", ("a", 1): b"2", ("b", 0): b"3"}
        store.save_derived(actor, "s", {"b": b"whole"}, ["a"])
        assert store.derived_parts(actor, "s", everything) == {}
        assert store.derived(actor, "s") == {"whole": b"w", "b": b"whole"}

    @pytest.mark.parametrize("count", IN_DRAWERS)
    @pytest.mark.parametrize("size", [0, 40, 900, 9_000], ids=["empty", "small", "middling", "large"])
    def test_as_many_parts_as_there_are_drawers_are_parts_like_others(
        self, store: SessionStore, actor: str, count: int, size: int
    ) -> None:
        store.append(actor, "s", [user("x")])
        of_each = size * IN_DRAWERS[1] // max(count, IN_DRAWERS[1])
        parts = [bytes([number % 251]) * of_each for number in range(count)]
        some = SomeParts(count, [0, 7, count - 1, count])
        found = {("a", number): parts[number] for number in (0, 7, count - 1)}
        for head in (b"head", b"another"):
            store.save_derived(actor, "s", {"a": head, "b": b"", "c": b"c"}, parts={"a": parts, "b": [b"1", b"2"]})
            assert store.derived(actor, "s") == {"a": head, "b": b"", "c": b"c"}
            both = store.derived_parts(actor, "s", {"a": some, "b": SomeParts(2, [1])})
            assert both == {**found, ("b", 1): b"2"}
        store.save_derived(actor, "s", {"a": b"in two"}, parts={"a": [b"1", b"2"]})
        assert store.derived_parts(actor, "s", {"a": SomeParts(2, [0, 1])}) == {("a", 0): b"1", ("a", 1): b"2"}
        assert store.derived_parts(actor, "s", {"a": some}).keys() <= {("a", 0)}
        store.save_derived(actor, "s", {"a": b"again"}, parts={"a": parts})
        assert store.derived_parts(actor, "s", {"a": some}) == found
        smaller = [bytes([number % 251]) for number in range(count)]
        store.save_derived(actor, "s", {"a": b"less"}, parts={"a": smaller})
        assert store.derived_parts(actor, "s", {"a": some}) == {one: smaller[one[1]] for one in found}
        store.save_derived(actor, "s", {}, ["a"])
        assert store.derived_parts(actor, "s", {"a": some}) == {}
        assert store.derived(actor, "s") == {"b": b"", "c": b"c"}

    def test_where_nothing_is_added_no_session_begins(self, store: SessionStore, actor: str) -> None:
        store.save_derived(actor, "s", {})
        store.save_derived(actor, "s", {}, ["a"])
        assert store.session(actor, "s") is None
        assert store.sessions(actor) == []
        with pytest.raises(SessionEnded):
            store.save_derived(actor, "s", {}, ["a"], life=datetime(2020, 1, 1, tzinfo=UTC))

    def test_derived_data_ends_with_its_session(self, store: SessionStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        fill(store, actor)
        store.save_derived(actor, "s", {"parted": b""}, parts={"parted": [b"part"]})
        assert store.derived_parts(actor, "s", {"parted": SomeParts(1, [0])}) == {("parted", 0): b"part"}
        clock.advance(TTL)
        assert store.derived(actor, "s") == {}
        assert store.derived_parts(actor, "s", {"parted": SomeParts(1, [0])}) == {}

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_ids_are_refused_everywhere(self, store: SessionStore, actor: str, bad: Any) -> None:
        calls = (
            lambda: store.sessions(bad),
            lambda: recent_sessions(store, bad, 3),
            lambda: store.save_state(actor, bad, {}, expected=0),
            lambda: store.save_view(bad, "s", ""),
            lambda: store.derived(actor, bad),
            lambda: store.save_derived(bad, "s", {}),
            lambda: store.derived_parts(actor, bad, {"a": SomeParts(1, [0])}),
            lambda: store.pick(actor, bad, [1]),
            lambda: store.vectors(bad, "s"),
            lambda: store.delete_session(actor, bad),
        )
        for call in calls:
            with pytest.raises(InvalidId):
                call()


def found(store: SessionStore, actor: str, name: str = "s") -> Session:
    """The session, which must be there."""
    session = store.session(actor, name)
    assert session is not None
    return session


def fill(store: SessionStore, actor: str, name: str = "s") -> None:
    """A session with something of everything."""
    store.append(actor, name, [user("one"), user("two")])
    store.save_state(actor, name, {"a": 1}, expected=0)
    store.save_view(actor, name, "view")
    store.save_derived(actor, name, {"index": b"data"}, parts={"index": [b"part"]})
