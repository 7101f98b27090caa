"""What a `MemoryStore` must do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import InvalidId, InvalidInput
from contextkit.stores import MemoryRecord, MemoryStore
from contextkit.testing.clock import ManualClock
from contextkit.testing.conformance.base import Conformance, at_once
from contextkit.testing.conformance.values import BAD_IDS, LAWS, ODD_IDS, ODD_TEXTS, TEXTS, named, near

DAY: Final = timedelta(days=1)

FULL: Final = MemoryRecord(
    id="m1",
    text="Prefers window seats.",
    namespace="users/u1/preferences",
    strategy="user_preference",
    importance=0.875,
    created_at=datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
    valid_from=datetime(2024, 2, 1, tzinfo=UTC),
    valid_to=datetime(2999, 1, 1, tzinfo=UTC),
    expires_at=datetime(2999, 6, 1, tzinfo=UTC),
    sources=("message-1", "message-2"),
    metadata={"confidence": 0.5, "語": [1, None, {"a": "b"}]},
)


class MemoryStoreConformance(Conformance):
    """Keeping records, and finding those that match."""

    @pytest.mark.parametrize(
        "bad",
        [
            {"id": "m1", "text": "x"},
            "x",
            None,
            replace(FULL, importance=1.5),
            replace(FULL, importance=-0.1),
            replace(FULL, created_at=datetime(2024, 2, 29)),
            replace(FULL, valid_to=datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))),
            replace(FULL, valid_from=datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))),
            replace(FULL, created_at=cast(Any, "2024-02-29T23:59:59Z")),
            replace(FULL, text=cast(Any, None)),
            replace(FULL, metadata=cast(Any, None)),
        ],
        ids=[
            *("dict", "text", "nothing", "too important", "less than nothing", "somewhere", "after UTC", "before UTC"),
            *("time as text", "no text", "no metadata"),
        ],
    )
    def test_what_is_no_memory_is_refused_and_nothing_stored(self, store: MemoryStore, actor: str, bad: Any) -> None:
        with pytest.raises(InvalidInput):
            store.put_memories(actor, [FULL, bad])
        assert store.memories(actor) == []

    def test_a_record_comes_back_equal(self, store: MemoryStore, actor: str) -> None:
        store.put_memories(actor, [FULL])
        assert store.memories(actor) == [FULL]

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=named)
    def test_text_of_a_record_comes_back_equal(self, store: MemoryStore, actor: str, text: str) -> None:
        record = replace(FULL, text=text, metadata={"text": text, text or "none": 1}, sources=(text,))
        store.put_memories(actor, [record])
        assert store.memories(actor) == [record]

    @LAWS
    @given(texts=st.lists(TEXTS, max_size=5))
    def test_any_records_come_back_equal(self, store: MemoryStore, actor: str, texts: list[str]) -> None:
        records = [replace(FULL, id=f"m{number}", text=text) for number, text in enumerate(texts)]
        store.delete_memories(actor, [record.id for record in store.memories(actor)])
        store.put_memories(actor, records)
        assert sorted(store.memories(actor), key=lambda record: record.id) == records

    def test_a_record_is_replaced_by_id(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        store.put_memories(actor, [memory("m1", "The dog is old.", clock), memory("m2", "It may rain.", clock)])
        changed = memory("m1", "The car is new.", clock, namespace="other")
        store.put_memories(actor, [changed])
        assert {record.id: record for record in store.memories(actor)}["m1"] == changed
        assert [scored.record for scored in store.search_memories(actor, "car")][:1] == [changed]
        assert changed not in store.memories(actor, namespace="default")

    def test_records_are_listed_oldest_first(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        ages = {"young": 1, "old": 3, "middle": 2}
        records = [replace(memory(name, name, clock), created_at=clock() - age * DAY) for name, age in ages.items()]
        store.put_memories(actor, records)
        assert [record.id for record in store.memories(actor)] == ["old", "middle", "young"]

    def test_records_of_the_same_age_are_in_order_of_their_ids(
        self, store: MemoryStore, actor: str, clock: ManualClock
    ) -> None:
        names = ["b", "ä", "B", "/", "語", "a", "~", "x" * 1_000, "x" * 999 + "w", "%"]
        store.put_memories(actor, [memory(name, "a car", clock) for name in names])
        assert [record.id for record in store.memories(actor)] == sorted(names)
        found = [scored.record.id for scored in store.search_memories(actor, "car")]
        assert found == sorted(names, reverse=True)
        assert [record.id for record in store.memories(actor)] == sorted(names)

    def test_namespaces(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        names = ("users/1", "users/1/facts", "users/1/facts/old", "users/10", "users", "Users/1/facts", "users/1%")
        store.put_memories(actor, [memory(name, "a car", clock, namespace=name) for name in names])

        def within(namespace: str | None) -> set[str]:
            listed = {record.id for record in store.memories(actor, namespace=namespace)}
            assert {s.record.id for s in store.search_memories(actor, "car", namespace=namespace)} == listed
            return listed

        assert within(None) == set(names)
        assert within("users/1") == {"users/1"}
        assert within("users/1/") == {"users/1/facts", "users/1/facts/old"}
        assert within("users/") == set(names) - {"users", "Users/1/facts"}
        assert within("users/1/facts/") == {"users/1/facts/old"}
        assert within("users/2/") == set()
        assert within("%") == set()

    def test_metadata_narrows_what_is_listed_and_found(
        self, store: MemoryStore, actor: str, clock: ManualClock
    ) -> None:
        kept: dict[str, dict[str, Any]] = {
            "none": {},
            "diet": {"category": "diet", "source": "import"},
            "several": {"category": ["home", "diet"], "rank": 2},
            "other": {"category": "dietary", "rank": 2, "seen": None},
        }
        records = [replace(memory(name, "a car", clock), metadata=said) for name, said in kept.items()]
        past = replace(memory("past", "a car", clock), metadata={"category": "diet"}, valid_to=clock())
        store.put_memories(actor, [*records, past])

        def having(metadata: dict[str, Any], **more: Any) -> set[str]:
            listed = {record.id for record in store.memories(actor, metadata=metadata, **more)}
            found = store.search_memories(actor, "car", metadata=metadata, **more)
            assert {scored.record.id for scored in found} == listed
            assert {scored.record.id for scored in found if not scored.active} == listed & {"past"}
            return listed

        for _ in range(2):  # before there is an index, and after
            assert having({}) == set(kept)
            assert having({"category": "diet"}) == {"diet", "several"}
            assert having({"category": "diet"}, active=False) == {"diet", "several", "past"}
            assert having({"category": "diet", "rank": 2}) == {"several"}
            assert having({"category": ["home", "diet"]}) == {"several"}
            assert having({"seen": None}) == {"other"}
            assert having({"rank": 2}, namespace="elsewhere") == set()
        assert len(store.search_memories(actor, "car", metadata={"category": "diet"}, limit=1)) == 1

    @pytest.mark.parametrize("bad", ["category", ["category"], {1: "diet"}], ids=["text", "list", "number"])
    def test_memories_are_narrowed_by_no_other_than_named_values(
        self, store: MemoryStore, actor: str, clock: ManualClock, bad: Any
    ) -> None:
        store.put_memories(actor, [memory("m1", "a car", clock)])
        with pytest.raises(InvalidInput):
            store.memories(actor, metadata=bad)
        with pytest.raises(InvalidInput):
            store.search_memories(actor, "car", metadata=bad)

    def test_only_active_records_unless_asked(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        now = clock()
        records = [
            memory("always", "a car", clock),
            replace(memory("holds", "a car", clock), valid_from=now - DAY, valid_to=now + DAY),
            replace(memory("superseded", "a car", clock), valid_from=now - DAY, valid_to=now),
            replace(memory("to come", "a car", clock), valid_from=now + DAY),
        ]
        store.put_memories(actor, records)
        assert {record.id for record in store.memories(actor)} == {"always", "holds"}
        assert {record.id for record in store.memories(actor, active=False)} == {record.id for record in records}
        assert {scored.record.id for scored in store.search_memories(actor, "car")} == {"always", "holds"}
        everything = store.search_memories(actor, "car", active=False)
        assert {scored.record.id for scored in everything} == {record.id for record in records}
        assert {scored.record.id for scored in everything if scored.active} == {"always", "holds"}

    def test_a_superseded_record_is_found_where_it_belongs(
        self, store: MemoryStore, actor: str, clock: ManualClock
    ) -> None:
        past = replace(memory("past", "The old car was a red car.", clock), valid_to=clock() - DAY)
        store.put_memories(
            actor, [memory("now", "A dog, a bus, and a car.", clock), past, memory("no", "Rain.", clock)]
        )
        assert [scored.record.id for scored in store.search_memories(actor, "car", limit=1)] == ["now"]
        for limit in (1, 20):
            found = [scored.record.id for scored in store.search_memories(actor, "car", limit=limit, active=False)]
            assert found[:2] == ["past", "now"]

    def test_superseded_records_crowd_out_none_that_hold(
        self, store: MemoryStore, actor: str, clock: ManualClock
    ) -> None:
        ended = [replace(memory(f"past{n}", "a car", clock), valid_to=clock() - DAY) for n in range(5)]
        store.put_memories(actor, [*ended, *(memory(f"now{n}", "a car, a bus and a dog", clock) for n in range(5))])
        found = store.search_memories(actor, "car", limit=3, active=False)
        assert [scored.active for scored in found].count(True) == 3
        assert [scored.active for scored in found].count(False) == 3
        assert [scored.score for scored in found] == sorted((scored.score for scored in found), reverse=True)
        assert store.search_memories(actor, "car", limit=0, active=False) == []

    def test_what_was_listed_before_a_search_is_listed_after_it(
        self, store: MemoryStore, actor: str, clock: ManualClock
    ) -> None:
        past = replace(memory("past", "an old car", clock), valid_to=clock() - DAY)
        soon = replace(memory("soon", "a new car", clock, namespace="other/x"), valid_from=clock() + DAY)
        store.put_memories(actor, [past, soon, memory("now", "a car", clock)])

        def listed() -> list[list[MemoryRecord]]:
            return [
                store.memories(actor, namespace=name, active=active)
                for name in (None, "default", "other/")
                for active in (True, False)
            ]

        before = listed()
        for name in (None, "default", "other/"):
            store.search_memories(actor, "car", namespace=name)
        assert listed() == before
        store.delete_memories(actor, ["past"])
        assert [record.id for record in store.memories(actor, namespace="default", active=False)] == ["now"]

    def test_time_makes_records_active_and_inactive(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        now = clock()
        ends = replace(memory("ends", "a car", clock), valid_to=now + DAY)
        begins = replace(memory("begins", "a car", clock), valid_from=now + DAY)
        store.put_memories(actor, [ends, begins])
        assert [scored.record for scored in store.search_memories(actor, "car")] == [ends]
        clock.advance(DAY)
        assert store.memories(actor) == [begins]
        assert [scored.record for scored in store.search_memories(actor, "car")] == [begins]

    def test_an_expired_record_is_gone(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        self.needs_expiry()
        store.put_memories(actor, [replace(memory("m1", "a car", clock), expires_at=clock() + DAY)])
        assert len(store.search_memories(actor, "car")) == 1
        clock.advance(DAY)
        assert store.memories(actor, active=False) == []
        assert store.search_memories(actor, "car") == []

    def test_search_gives_the_best_first(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        texts = ("The old dog sleeps.", "The red car is fast; the car is new.", "A car, a dog, and dinner.")
        store.put_memories(actor, [memory(text, text, clock) for text in texts])
        found = store.search_memories(actor, "car")
        assert [scored.record.text for scored in found[:2]] == [texts[1], texts[2]]
        scores = [scored.score for scored in found]
        assert scores == sorted(scores, reverse=True)

    def test_search_gives_no_more_than_the_limit(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        store.put_memories(actor, [memory(f"m{number}", f"car number {number}", clock) for number in range(9)])
        assert len(store.search_memories(actor, "car", limit=4)) == 4
        assert store.search_memories(actor, "car", limit=0) == []
        assert len(store.search_memories(actor, "car", limit=100)) == 9

    def test_search_finds_by_meaning(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        self.needs_vectors()
        store.put_memories(actor, [memory("m1", "He owns an automobile.", clock), memory("m2", "It may rain.", clock)])
        assert store.search_memories(actor, "car")[0].record.id == "m1"

    def test_search_sees_every_change_at_once(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        assert store.search_memories(actor, "car") == []
        store.put_memories(actor, [memory("m1", "a car", clock)])
        assert len(store.search_memories(actor, "car")) == 1
        store.put_memories(actor, [memory("m2", "another car", clock)])
        assert len(store.search_memories(actor, "car")) == 2
        store.delete_memories(actor, ["m1"])
        assert [scored.record.id for scored in store.search_memories(actor, "car")] == ["m2"]
        store.delete_memories(actor, ["m2"])
        assert store.search_memories(actor, "car") == []

    @pytest.mark.parametrize("query", ODD_TEXTS, ids=named)
    def test_any_query_can_be_asked(self, store: MemoryStore, actor: str, clock: ManualClock, query: str) -> None:
        store.put_memories(actor, [memory("m1", "a car", clock)])
        assert len(store.search_memories(actor, query)) <= 1

    def test_deleting_no_record_is_no_error(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        record = memory("m1", "a car", clock)
        store.put_memories(actor, [record])
        store.delete_memories(actor, ["m2"])
        store.delete_memories(actor, [])
        assert store.memories(actor) == [record]

    def test_actors_see_only_their_own(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        other = actor + "'s neighbour"
        store.put_memories(actor, [memory("m1", "my car", clock)])
        store.put_memories(other, [memory("m1", "their car", clock)])
        store.delete_memories(other, ["m1"])
        assert [record.text for record in store.memories(actor)] == ["my car"]
        assert store.memories(other, active=False) == []
        assert store.search_memories(other, "car") == []

    @pytest.mark.parametrize("odd", ODD_IDS, ids=named)
    def test_any_id_of_a_record_is_itself(self, store: MemoryStore, actor: str, clock: ManualClock, odd: str) -> None:
        record = memory(odd, "a car", clock, namespace=odd)
        store.put_memories(near(actor, odd), [record])
        assert store.memories(near(actor, odd), namespace=odd) in ([record], [] if odd.endswith("/") else [record])
        assert store.memories(near(actor, odd)) == [record]
        store.delete_memories(near(actor, odd), [odd])
        assert store.memories(near(actor, odd)) == []

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_ids_of_records_are_refused(self, store: MemoryStore, actor: str, clock: ManualClock, bad: Any) -> None:
        with pytest.raises(InvalidId):
            store.put_memories(bad, [memory("m1", "a car", clock)])
        with pytest.raises(InvalidId):
            store.put_memories(actor, [memory("good", "a car", clock), memory(bad, "a car", clock)])
        with pytest.raises(InvalidId):
            store.search_memories(bad, "car")
        assert store.memories(actor) == []

    def test_threads_lose_no_record(self, store: MemoryStore, actor: str, clock: ManualClock) -> None:
        def put(thread: int) -> int:
            store.put_memories(actor, [memory(f"{thread}", f"car number {thread}", clock)])
            return len(store.search_memories(actor, "car"))

        threads = len(at_once(put))
        assert len(store.memories(actor)) == threads
        assert len(store.search_memories(actor, "car")) == threads


def memory(name: str, text: str, clock: ManualClock, *, namespace: str = "default") -> MemoryRecord:
    """A record made now."""
    return MemoryRecord(id=name, text=text, created_at=clock(), namespace=namespace)
