"""What an `Erasable` store must do."""

from __future__ import annotations

from typing import Any, Final

import pytest

from contextkit.errors import InvalidId
from contextkit.stores import Erasable, MemoryRecord, Overflow, SomeParts
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance.base import TTL, Conformance
from contextkit.testing.conformance.values import BAD_IDS, ODD_IDS, named, near

KINDS: Final = {"sessions": 2, "messages": 4, "overflow": 2, "memories": 2, "tool_results": 2}
"""What `fill` stores; how preferences and states are counted is for the store to say."""


class ErasableConformance(Conformance):
    """Everything of an actor is counted and deleted, and nothing of another. For a store of every kind."""

    def test_everything_of_the_actor_goes_and_nothing_of_another(self, store: Any, actor: str) -> None:
        other = actor + "'s neighbour"
        for one in (actor, other):
            fill(store, one)
        held = store.held(actor)
        assert {kind: held[kind] for kind in KINDS} == KINDS
        assert held["preferences"] > 0
        assert held == store.held(other)
        assert store.erase(actor) == held
        assert store.held(actor) == {}
        assert store.held(other) == held
        assert seen(store, actor) == seen(store, actor + " who never was")
        assert seen(store, other) != seen(store, actor)

    def test_an_unknown_actor_is_no_error(self, store: Erasable, actor: str) -> None:
        assert store.held(actor) == {}
        assert store.erase(actor) == {}

    def test_erasing_twice_finds_nothing_the_second_time(self, store: Any, actor: str) -> None:
        fill(store, actor)
        assert store.erase(actor) != {}
        assert store.erase(actor) == {}

    def test_what_has_expired_is_erased_too(self, store: Any, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        fill(store, actor)
        held = store.held(actor)
        clock.advance(TTL * 2)
        assert store.held(actor) == held
        assert store.erase(actor) == held
        assert store.held(actor) == {}

    def test_an_actor_begins_anew_afterwards(self, store: Any, actor: str) -> None:
        fill(store, actor)
        store.erase(actor)
        fill(store, actor)
        assert [message.seq for message in store.messages(actor, "s1")] == [1, 2]
        assert len(store.memories(actor)) == 2
        assert store.search_memories(actor, "tea")[0].record.id == "m1"

    def test_large_things_are_erased_with_all_their_parts(self, store: Any, actor: str) -> None:
        large = "".join(chr(33 + number * number % 90) for number in range(300_000))
        store.append(actor, "s1", [{"role": "tool", "content": large, "tool_call_id": "c"}])
        store.save_state(actor, "s1", {"large": large}, expected=0)
        store.get_or_call("t", {}, lambda: large, actor_id=actor)
        store.set_preferences(actor, {"large": large})
        store.erase(actor)
        assert store.held(actor) == {}

    @pytest.mark.parametrize("odd", ODD_IDS, ids=named)
    def test_no_id_takes_another_with_it(self, store: Any, actor: str, odd: str) -> None:
        mine = near(actor, odd)
        others = sorted({actor, mine + odd[:40], mine + "/s1", mine + "#", mine + "%2F"})
        for one in others:
            store.append(one, "s1", [{"role": "user", "content": "kept"}])
            store.get_or_call("t", {}, lambda: "kept", actor_id=one)
        store.append(mine, odd, [{"role": "user", "content": "gone"}])
        store.get_or_call(odd, {}, lambda: "gone", actor_id=mine)
        store.erase(mine)
        assert store.held(mine) == {}
        for one in others:
            assert [message.content for message in store.messages(one, "s1")] == ["kept"]
            assert store.get_or_call("t", {}, lambda: "called again", actor_id=one) == "kept"

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_ids_are_refused(self, store: Erasable, bad: Any) -> None:
        with pytest.raises(InvalidId):
            store.held(bad)
        with pytest.raises(InvalidId):
            store.erase(bad)


def fill(store: Any, actor: str) -> None:
    """Something of every kind, in two sessions."""
    for session in ("s1", "s2"):
        said = [{"role": "user", "content": "I like tea."}, {"role": "assistant", "content": "Good."}]
        (first, _) = store.append(actor, session, said)
        store.save_state(actor, session, {"step": 1}, expected=0)
        store.save_view(actor, session, "a view")
        store.save_derived(actor, session, {"index": b"words"}, parts={"index": [b"more words"]})
        store.put_overflow(actor, session, [Overflow(handle="h", text="moved out", item_id="i")])
        store.get_or_call("weather", {"city": session}, lambda: "dry", actor_id=actor)
    texts = {"m1": "Likes tea.", "m2": "Likes trains."}
    store.put_memories(
        actor, [MemoryRecord(id=name, text=text, created_at=first.created_at) for name, text in texts.items()]
    )
    store.set_preferences(actor, {"tone": "brief", "units": "metric"})


def seen(store: Any, actor: str) -> list[Any]:
    """What the actor finds."""
    return [
        store.sessions(actor),
        store.session(actor, "s1"),
        store.messages(actor, "s1"),
        store.derived(actor, "s1"),
        store.derived_parts(actor, "s1", {"index": SomeParts(1, [0])}),
        store.overflow(actor, "s1"),
        store.memories(actor, active=False),
        store.search_memories(actor, "tea"),
        store.preferences(actor),
    ]
