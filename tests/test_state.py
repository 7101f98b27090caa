"""An agent's state: nobody's change is lost, whoever saves first and however often it is tried."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidInput, StoreUnavailable, VersionConflict
from contextkit.state import TRIES, AgentState
from contextkit.stores import Session
from contextkit.stores.sqlite import SQLiteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "agent.db") as store:
        yield store


@pytest.fixture
def state(store: SQLiteStore) -> AgentState:
    return AgentState(store)


def stored(store: SQLiteStore) -> Mapping[str, Any]:
    session = store.session("u1", "s1")
    assert session is not None
    return session.state


def test_what_changed_in_the_block_is_saved(state: AgentState, store: SQLiteStore) -> None:
    with state.session("u1", "s1") as document:
        assert dict(document) == {}
        document["step"] = 1
        document["seen"] = ["a"]
    with state.session("u1", "s1") as document:
        document["seen"].append("b")
        del document["step"]
    assert stored(store) == {"seen": ["a", "b"]}


async def test_an_event_loop_may_wait_for_it(state: AgentState, store: SQLiteStore) -> None:
    async with state.session("u1", "s1") as document:
        document["step"] = 1
    assert stored(store) == {"step": 1}


def test_a_block_that_fails_saves_nothing_but_what_was_saved_in_it(state: AgentState, store: SQLiteStore) -> None:
    def work() -> None:
        with state.session("u1", "s1") as document:
            document["step"] = 1
            document.save()
            document["step"] = 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert stored(store) == {"step": 1}


def test_what_did_not_change_is_not_written(state: AgentState, store: SQLiteStore) -> None:
    with state.session("u1", "s1"):
        pass
    assert store.session("u1", "s1") is None
    with state.session("u1", "s1") as document:
        document["flag"] = 1
    with state.session("u1", "s1") as document:
        document["flag"] = 1
        document.save()
        assert document.version == 1
        document["flag"] = True  # equal to 1 in Python, not in JSON
    assert stored(store)["flag"] is True


def test_changes_of_other_keys_are_merged(state: AgentState, store: SQLiteStore) -> None:
    with state.session("u1", "s1") as document:
        document.update(a=1, b=1, c=1)
    with state.session("u1", "s1") as ours:
        with state.session("u1", "s1") as theirs:
            theirs["b"] = 2
            del theirs["c"]
            theirs["d"] = 2
        ours["a"] = 3
    assert stored(store) == {"a": 3, "b": 2, "d": 2}


@pytest.mark.parametrize("ours", [2, 3])
def test_changes_of_the_same_key_are_a_conflict_even_if_they_agree(
    state: AgentState, store: SQLiteStore, ours: int
) -> None:
    """Two that count from 1 to 2 have counted twice: that both wrote 2 must not hide it."""
    with state.session("u1", "s1") as document:
        document["count"] = 1
    mine = state.session("u1", "s1")
    mine.load()
    mine["count"] = ours
    with state.session("u1", "s1") as theirs:
        theirs["count"] = 2
    with pytest.raises(VersionConflict) as raised:
        mine.save()
    assert raised.value.current.state == {"count": 2}
    assert dict(mine) == {"count": ours}
    assert stored(store) == {"count": 2}


documents = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), max_size=4)


@given(before=documents, first=documents, second=documents)
def test_both_changes_stand_or_the_second_is_refused(
    before: dict[str, int], first: dict[str, int], second: dict[str, int]
) -> None:
    with SQLiteStore(":memory:") as store:
        state = AgentState(store)
        with state.session("u1", "s1") as document:
            document.update(before)
        ours = state.session("u1", "s1")
        ours.load()
        ours.data = dict(second)
        with state.session("u1", "s1") as theirs:
            theirs.data = dict(first)
        try:
            ours.save()
        except VersionConflict:
            assert any(before.get(key) != first.get(key) and before.get(key) != second.get(key) for key in "abcd")
            return
        session = store.session("u1", "s1")
        now = session.state if session else {}
        for key in "abcd":
            changed = [one.get(key) for one in (first, second) if one.get(key) != before.get(key)]
            assert now.get(key) == (changed[0] if changed else before.get(key))


def test_threads_that_count_lose_nothing(state: AgentState, store: SQLiteStore) -> None:
    def count(document: dict[str, Any]) -> None:
        document["count"] = document.get("count", 0) + 1

    def work() -> None:
        for _ in range(10):
            while True:
                try:
                    state.update("u1", "s1", count)
                    break
                except VersionConflict:
                    continue

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(store) == {"count": 40}


class Contested(SQLiteStore):
    """A store where somebody always comes first, for as long as `rivals` lasts."""

    rivals = 0

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        if self.rivals:
            self.rivals -= 1
            super().save_state(actor_id, session_id, {"rival": self.rivals}, expected=expected)
        return super().save_state(actor_id, session_id, state, expected=expected, key=key)


@pytest.mark.parametrize("way", ["block", "update"])
def test_the_tries_are_bounded(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr("contextkit.state.PAUSE", 0.0)
    with Contested(":memory:") as store:
        state = AgentState(store)

        def change() -> None:
            if way == "update":
                state.update("u1", "s1", lambda document: document.update(ours=1))
                return
            with state.session("u1", "s1") as document:
                document["ours"] = 1

        store.rivals = TRIES - 1
        change()
        assert stored(store) == {"ours": 1, "rival": 0}
        store.delete_session("u1", "s1")
        store.rivals = TRIES
        with pytest.raises(VersionConflict):
            change()


class LosesAnswers(SQLiteStore):
    """A store whose first save takes place, while its answer is lost."""

    lost = False

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        saved = super().save_state(actor_id, session_id, state, expected=expected, key=key)
        if not self.lost:
            self.lost = True
            raise StoreUnavailable("The answer was lost.", "Try again.")
        return saved


def test_a_save_tried_again_counts_once() -> None:
    with LosesAnswers(":memory:") as store:
        document = AgentState(store).session("u1", "s1")
        document.load()
        document["count"] = 1
        with pytest.raises(StoreUnavailable):
            document.save()
        document.save()
        assert (document.version, stored(store)) == (1, {"count": 1})


def test_what_is_no_json_is_refused(state: AgentState, store: SQLiteStore) -> None:
    with pytest.raises(InvalidInput), state.session("u1", "s1") as document:
        document["when"] = object()
    assert store.session("u1", "s1") is None


def test_actors_and_sessions_are_apart(state: AgentState) -> None:
    for place in (("u1", "s1"), ("u1", "s2"), ("u2", "s1")):
        with state.session(*place) as document:
            assert dict(document) == {}
            document["place"] = list(place)


class Far(SQLiteStore):
    """A store that is some way off: while a save is under way, others are saved."""

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        time.sleep(0.002)
        return super().save_state(actor_id, session_id, state, expected=expected, key=key)


@pytest.mark.parametrize("merges", [False, True])
def test_many_writers_of_one_document_make_way_for_each_other(tmp_path: Path, merges: bool) -> None:
    with Far(tmp_path / "far.db") as far:
        state = AgentState(far)

        def count(name: str) -> None:
            for _ in range(10):
                if merges:
                    with state.session("u1", "s1") as document:
                        document[name] = document.get(name, 0) + 1
                else:
                    state.update("u1", "s1", lambda document: document.update({name: document.get(name, 0) + 1}))

        with ThreadPoolExecutor(5) as writers:
            list(writers.map(count, "abcde"))
        assert stored(far) == dict.fromkeys("abcde", 10)
