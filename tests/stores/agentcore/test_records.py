"""Records and memories: batches refused in part, long texts in parts, what strategies made, filters, thresholds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextkit.errors import InvalidInput, RecordsRefused, StoreCorrupt
from contextkit.stores import MemoryRecord
from contextkit.stores.agentcore import AgentCoreStore, Namespace, NewRecord, RecordFilter
from contextkit.stores.agentcore.envelope import BLANK, to_parts
from contextkit.stores.agentcore.ids import ACTORS
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.agentcore import AgentCoreEmulator, Behaviour
from contextkit.testing.agentcore.calls import no_fault

NOW = datetime(2026, 3, 1, 12, 30, 15, 123_456, tzinfo=UTC)
FACTS = {"semanticMemoryStrategy": {"name": "facts", "namespaceTemplates": ["/facts/{actorId}/"]}}
INDEXED = [{"key": "topic", "type": "STRING"}, {"key": "contextkit.importance", "type": "NUMBER"}]


@pytest.fixture(scope="module")
def memory(control: Any) -> dict[str, Any]:
    created: dict[str, Any] = control.create_memory(
        name="records", eventExpiryDuration=30, memoryStrategies=[FACTS], indexedKeys=INDEXED
    )["memory"]
    return created


@pytest.fixture
def strategy_id(memory: dict[str, Any]) -> str:
    return str(memory["strategies"][0]["strategyId"])


@pytest.fixture
def store(memory: dict[str, Any], strategy_id: str, client: Any) -> Iterator[AgentCoreStore]:
    strategies = {strategy_id: "/facts/{actorId}/"}
    with (
        SQLiteStore(":memory:") as state,
        AgentCoreStore(memory["id"], state=state, client=client, strategies=strategies) as made,
    ):
        yield made


@pytest.fixture
def actor() -> str:
    return f"actor-{uuid.uuid4().hex}"


@pytest.fixture
def faults(emulator: AgentCoreEmulator) -> Iterator[AgentCoreEmulator]:
    yield emulator
    emulator.plan = no_fault


@pytest.fixture
def lingering(emulator: AgentCoreEmulator) -> Iterator[None]:
    """Deleted records are listed and found for five minutes more, as the service's were."""
    usual = emulator.behaviour
    emulator.behaviour = replace(usual, linger=timedelta(minutes=5))
    yield
    emulator.behaviour = usual


def record(name: str, text: str = "a car") -> MemoryRecord:
    return MemoryRecord(id=name, text=text, created_at=NOW)


def managed(store: AgentCoreStore, actor: str, text: str, strategy_id: str) -> str:
    """A record as the memory's own strategy makes it; its id."""
    new = NewRecord(
        id="x",
        text=text,
        namespace=f"/facts/{actor}/",
        timestamp=NOW,
        strategy_id=strategy_id,
        metadata={"topic": "cars"},
    )
    (record_id,) = store.records.create([new]).values()
    return record_id


class TestPuttingMemories:
    def test_each_refused_record_is_reported_and_the_others_are_kept(
        self, faults: AgentCoreEmulator, store: AgentCoreStore, actor: str
    ) -> None:
        faults.plan = lambda call: "partial" if call.operation == "BatchCreateMemoryRecords" else None
        with pytest.raises(RecordsRefused) as refused:
            store.put_memories(actor, [record(f"m{number}") for number in range(5)])
        faults.plan = no_fault
        lost = {failure.record_id for failure in refused.value.failures}
        assert len(lost) + refused.value.accepted == 5
        assert {each.id for each in store.memories(actor)} == {f"m{number}" for number in range(5)} - lost
        assert all(failure.code for failure in refused.value.failures)
        assert all(failure.message for failure in refused.value.failures)

    def test_a_refused_update_leaves_the_old_one(
        self, faults: AgentCoreEmulator, store: AgentCoreStore, actor: str
    ) -> None:
        store.put_memories(actor, [record("m1", "old"), record("m2", "old")])
        faults.plan = lambda call: "partial" if call.operation == "BatchUpdateMemoryRecords" else None
        with pytest.raises(RecordsRefused) as refused:
            store.put_memories(actor, [record("m1", "new"), record("m2", "new")])
        faults.plan = no_fault
        lost = {failure.record_id for failure in refused.value.failures}
        assert lost
        assert {each.id: each.text for each in store.memories(actor)} == {
            name: "old" if name in lost else "new" for name in ("m1", "m2")
        }

    def test_what_is_refused_keeps_nothing_else_from_being_written(
        self, faults: AgentCoreEmulator, store: AgentCoreStore, actor: str
    ) -> None:
        long = "car " * 10_000
        store.put_memories(actor, [record("m1", "old"), record("m2", "old"), record("m3", f"old {long}")])
        faults.plan = lambda call: "partial" if call.operation == "BatchUpdateMemoryRecords" else None
        later = replace(record("m4", "new"), expires_at=NOW + timedelta(days=30_000))
        with pytest.raises(RecordsRefused) as refused:
            store.put_memories(actor, [record("m1", "new"), record("m2", "new"), record("m3", f"new {long}"), later])
        faults.plan = no_fault
        (lost,) = refused.value.failures
        assert refused.value.accepted == 3
        expected = {"m1": "new", "m2": "new", "m3": f"new {long}", "m4": "new"} | {lost.record_id: "old"}
        assert {each.id: each.text for each in store.memories(actor)} == expected
        assert store.held(actor) == {"memories": 4}

    def test_a_long_memory_of_which_a_part_is_refused_stays_as_it_was(
        self, faults: AgentCoreEmulator, store: AgentCoreStore, actor: str
    ) -> None:
        store.put_memories(actor, [record("m1", "old")])
        faults.plan = lambda call: "partial" if call.operation == "BatchCreateMemoryRecords" else None
        with pytest.raises(RecordsRefused):
            store.put_memories(actor, [record("m1", "car " * 10_000)])
        faults.plan = no_fault
        assert [each.text for each in store.memories(actor)] == ["old"]
        store.put_memories(actor, [record("m1", "new")])
        assert [each.text for each in store.memories(actor)] == ["new"]
        assert store.held(actor) == {"memories": 1}

    def test_more_records_than_a_batch_has_are_written(self, store: AgentCoreStore, actor: str) -> None:
        store.put_memories(actor, [record(f"m{number:03}") for number in range(130)])
        assert len(store.memories(actor)) == 130
        store.delete_memories(actor, [f"m{number:03}" for number in range(130)])
        assert store.memories(actor) == []

    def test_a_record_is_updated_in_place(self, emulator: AgentCoreEmulator, store: AgentCoreStore, actor: str) -> None:
        store.put_memories(actor, [record("m1", "old")])
        with emulator.counted() as calls:
            store.put_memories(actor, [record("m1", "new")])
        assert [call.operation for call in calls] == ["ListMemoryRecords", "BatchUpdateMemoryRecords"]

    @pytest.mark.usefixtures("lingering")
    def test_a_deleted_memory_can_be_put_again_while_it_lingers(self, store: AgentCoreStore, actor: str) -> None:
        store.put_memories(actor, [record("m1", "old"), record("m2", "old")])
        store.delete_memories(actor, ["m1"])
        store.put_memories(actor, [record("m1", "new"), record("m2", "new")])
        assert [each.text for each in store.memories(actor)] == ["new", "new"]

    @pytest.mark.usefixtures("lingering")
    def test_a_replaced_memory_is_found_once_while_it_lingers(self, store: AgentCoreStore, actor: str) -> None:
        store.put_memories(actor, [record("m1", "car " * 10_000)])
        store.put_memories(actor, [record("m1", "red car " * 10_000)])
        found = store.search_memories(actor, "car")
        assert [scored.record.text[:7] for scored in found] == ["red car"]

    def test_a_role_that_may_not_delete_blanks_what_a_replaced_memory_leaves(
        self, faults: AgentCoreEmulator, store: AgentCoreStore, actor: str, strategy_id: str
    ) -> None:
        native = managed(store, actor, "a car", strategy_id)
        store.put_memories(actor, [record("m1", "car " * 10_000), record("m2", "a car")])
        faults.plan = lambda call: "denied" if call.operation.startswith(("BatchDelete", "Delete")) else None
        (learnt,) = (each for each in store.memories(actor) if each.id == native)
        for short, long in [("dog", "dinner " * 10_000), ("rain", "sun " * 10_000)]:
            replacing = [record("m1", short), record("m2", long), replace(learnt, text=long)]
            store.put_memories(actor, replacing)
            assert {each.id: each.text for each in store.memories(actor)} == {each.id: each.text for each in replacing}
        found = store.search_memories(actor, "car dog dinner replaced")
        assert {scored.record.text for scored in found} <= {"rain", "sun " * 10_000}
        left = [
            each
            for place in (f"/contextkit/actors/{actor}/", f"/facts/{actor}/")
            for each in store.records.all(Namespace(place, below=True))
            if each.text == BLANK
        ]
        lasting = [store.records.get(each.id) for each in left]
        assert len(left) == 3 + 1 + 1 + 2 * 5
        assert all(each is not None and each.expires_at is not None for each in lasting)
        faults.plan = no_fault
        assert store.erase(actor)
        assert store.held(actor) == {}

    def test_of_a_memory_that_two_wrote_first_at_once_the_later_counts(
        self, memory: dict[str, Any], client: Any, store: AgentCoreStore, actor: str
    ) -> None:
        for stamp, text in [("2", "a dog"), ("1", "a car")]:
            store.records.create(to_parts(actor, record("m1", text), stamp))
        assert [each.text for each in store.memories(actor)] == ["a dog"]
        with SQLiteStore(":memory:") as state:
            strict = AgentCoreStore(memory["id"], state=state, client=client, min_score=0.1)
            assert [scored.record.text for scored in strict.search_memories(actor, "dog")] == ["a dog"]
            assert strict.search_memories(actor, "car") == []
        store.put_memories(actor, [record("m1", "rain")])
        assert store.held(actor) == {"memories": 1}

    def test_a_lost_answer_makes_no_second_record(
        self, faults: AgentCoreEmulator, store: AgentCoreStore, actor: str
    ) -> None:
        left = ["lose answer"]
        faults.plan = lambda call: left.pop() if call.operation.startswith("BatchCreate") and left else None  # type: ignore[return-value]
        store.put_memories(actor, [record("m1")])
        assert left == []
        assert store.held(actor) == {"memories": 1}

    def test_long_text_is_split_searched_and_whole_again(self, store: AgentCoreStore, actor: str) -> None:
        long = "rain " * 9_000 + "and one automobile"
        store.put_memories(actor, [record("long", long), record("short", "a dog")])
        (kept,) = store.memories(actor, namespace="default")[:1]
        assert kept.text == long
        found = store.search_memories(actor, "automobile")
        assert found[0].record == kept
        store.delete_memories(actor, ["long"])
        assert store.held(actor) == {"memories": 1}

    def test_what_is_too_large_is_refused_before_any_call(
        self, emulator: AgentCoreEmulator, store: AgentCoreStore, actor: str
    ) -> None:
        with emulator.counted() as calls, pytest.raises(InvalidInput, match="2,000,000 characters"):
            store.put_memories(actor, [record("good"), record("large", "car " * 500_000)])
        assert calls == []

    def test_what_can_be_filtered_by_is_said_plainly(self, store: AgentCoreStore, actor: str) -> None:
        until = NOW + timedelta(days=400_000)
        full = replace(record("m1"), strategy="user_preference", importance=0.75, valid_from=NOW, valid_to=until)
        store.put_memories(actor, [full])
        (part,) = store.records.all(Namespace(f"/contextkit/actors/{actor}/default"))
        seen = {key: value for key, value in part.metadata.items() if not key.startswith("contextkit.data")}
        assert seen["contextkit.strategy"] == "user_preference"
        assert seen["contextkit.importance"] == 0.75
        assert seen["contextkit.validFrom"] == NOW.replace(microsecond=123_000)

    def test_a_record_that_somebody_changed_says_so(self, store: AgentCoreStore, actor: str) -> None:
        store.put_memories(actor, [record("m1")])
        (part,) = store.records.all(Namespace(f"/contextkit/actors/{actor}/default"))
        metadata = {**part.metadata, "contextkit.data.00": "bm90IG91cnM="}
        new = NewRecord(
            id="m1", record_id=part.id, text="x", namespace=part.namespace, timestamp=NOW, metadata=metadata
        )
        store.records.update([new])
        with pytest.raises(StoreCorrupt, match="was changed since"):
            store.memories(actor)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        text=st.text(max_size=40) | st.text("ab \n", min_size=1, max_size=4).map(lambda text: text * 16_001),
        metadata=st.dictionaries(st.text(max_size=5), st.text(max_size=2_000), max_size=3),
    )
    def test_every_part_is_one_that_the_service_takes(
        self, store: AgentCoreStore, text: str, metadata: dict[str, str]
    ) -> None:
        parts = to_parts("u1", replace(record("m1", text), metadata=metadata), "group")
        store.records.check(parts)


class TestExpiry:
    @pytest.mark.parametrize(
        ("lives", "days"),
        [(timedelta(days=1), 31), (timedelta(days=100, seconds=1), 101), (timedelta(days=99_999), None)],
    )
    def test_agentcore_forgets_a_record_no_earlier_than_it_expires(
        self, store: AgentCoreStore, actor: str, lives: timedelta, days: int | None
    ) -> None:
        now = datetime.now(UTC)
        store.put_memories(actor, [replace(record("m1"), expires_at=now + lives)])
        (part,) = store.records.all(Namespace(f"/contextkit/actors/{actor}/default"))
        kept = store.records.get(part.id)
        assert kept is not None
        if days is None:
            assert kept.expires_at is None
        else:
            assert kept.expires_at is not None
            assert kept.expires_at - now > max(lives, timedelta(days=days - 1))

    def test_an_expiry_that_is_taken_back_is_taken_back(self, store: AgentCoreStore, actor: str) -> None:
        store.put_memories(actor, [replace(record("m1"), expires_at=datetime.now(UTC) + timedelta(days=50))])
        store.put_memories(actor, [record("m1")])
        (part,) = store.records.all(Namespace(f"/contextkit/actors/{actor}/default"))
        kept = store.records.get(part.id)
        assert kept is not None
        assert kept.expires_at is None

    @pytest.mark.parametrize("at", [datetime.min, datetime.max])
    def test_a_memory_may_hold_from_the_first_day_to_the_last(
        self, store: AgentCoreStore, actor: str, at: datetime
    ) -> None:
        aware = at.replace(tzinfo=UTC)
        kept = replace(record("m1"), created_at=aware, valid_from=aware, valid_to=aware, expires_at=aware)
        store.put_memories(actor, [kept, replace(kept, id="m2", valid_to=None, expires_at=None, created_at=NOW)])
        found = {each.id: each for each in store.memories(actor, active=False)}
        assert found["m2"] == replace(kept, id="m2", valid_to=None, expires_at=None, created_at=NOW)
        assert found.get("m1") == (kept if at == datetime.max else None)

    def test_less_than_the_service_allows_is_refused(self, store: AgentCoreStore) -> None:
        with pytest.raises(InvalidInput, match="31 days"):
            store.records.create([NewRecord(id="x", text="x", namespace=None, timestamp=NOW)], expiry_days=30)


class TestWhatStrategiesMade:
    def test_it_is_among_the_actors_memories(self, store: AgentCoreStore, actor: str, strategy_id: str) -> None:
        name = managed(store, actor, "She drives a red car.", strategy_id)
        store.put_memories(actor, [record("ours", "a car of ours")])
        found = {each.id: each for each in store.memories(actor)}
        assert set(found) == {name, "ours"}
        assert found[name].strategy == "facts"
        assert found[name].namespace == f"/facts/{actor}/"
        assert found[name].metadata == {"topic": "cars"}
        assert {each.id for each in store.memories(actor, namespace="/facts/")} == {name}
        assert {scored.record.id for scored in store.search_memories(actor, "car")} == {name, "ours"}
        assert store.memories(actor + "'s neighbour") == []

    def test_it_can_be_superseded_and_deleted(self, store: AgentCoreStore, actor: str, strategy_id: str) -> None:
        name = managed(store, actor, "Lives in Bern.", strategy_id)
        (made,) = store.memories(actor)
        store.put_memories(actor, [replace(made, valid_to=NOW)])
        assert store.memories(actor) == []
        assert [each.text for each in store.memories(actor, active=False)] == ["Lives in Bern."]
        store.delete_memories(actor, [name])
        assert store.memories(actor, active=False) == []

    def test_it_is_there_once_where_strategies_share_a_place(self, client: Any, control: Any, actor: str) -> None:
        strategies = [
            {"semanticMemoryStrategy": {"name": "facts", "namespaceTemplates": ["/users/{actorId}/facts/"]}},
            {"userPreferenceMemoryStrategy": {"name": "likes", "namespaceTemplates": ["/users/{actorId}/likes/"]}},
        ]
        memory = control.create_memory(name="sharing", eventExpiryDuration=30, memoryStrategies=strategies)["memory"]
        templates = {each["strategyId"]: each["namespaceTemplates"][0] for each in memory["strategies"]}
        with SQLiteStore(":memory:") as state:
            store = AgentCoreStore(memory["id"], state=state, client=client, strategies=templates)
            places = ("facts", "likes", "likes")
            for place, strategy_id in zip(places, [*templates, None], strict=True):
                where = f"/users/{actor}/{place}/"
                store.records.create(
                    [NewRecord(id="x", text="a car", namespace=where, timestamp=NOW, strategy_id=strategy_id)]
                )
            for found in (store.memories(actor), [scored.record for scored in store.search_memories(actor, "car")]):
                assert sorted(each.namespace for each in found) == sorted(
                    f"/users/{actor}/{place}/" for place in places
                )
                assert {"facts", "likes"} == {each.strategy for each in found}

    @pytest.mark.parametrize(
        "template",
        ["/facts/all/", "/facts/{actorId}-x/", "/sessions/{sessionId}/actors/{actorId}/"],
    )
    def test_a_template_without_the_actor_is_refused(self, client: Any, memory: dict[str, Any], template: str) -> None:
        with SQLiteStore(":memory:") as state, pytest.raises(InvalidInput, match="does not name the actor"):
            AgentCoreStore(memory["id"], state=state, client=client, strategies={"x": template})

    def test_a_variable_that_is_missing_is_refused(self, client: Any, memory: dict[str, Any]) -> None:
        template = {"x": "/tenants/{tenant}/actors/{actorId}/"}
        with SQLiteStore(":memory:") as state, pytest.raises(InvalidInput, match="needs tenant"):
            AgentCoreStore(memory["id"], state=state, client=client, strategies=template)
        with SQLiteStore(":memory:") as state:
            AgentCoreStore(memory["id"], state=state, client=client, strategies=template, variables={"tenant": "acme"})

    def test_it_goes_by_the_names_that_contextkits_own_engine_gives(self, memory: dict[str, Any], client: Any) -> None:
        template = "/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}/"
        actor = f"team/{uuid.uuid4().hex}"
        strategies = {"summary-a1B2c3D4e5": template, "facts-a1B2c3D4e5": "/facts/{actorId}"}
        with SQLiteStore(":memory:") as state:
            store = AgentCoreStore(memory["id"], state=state, client=client, strategies=strategies)
            theirs, ours = (
                "/strategies/summary-a1B2c3D4e5/actors/{}/sessions/",
                "/strategies/summary/actors/{}/sessions/",
            )
            where = {
                theirs + "ctk--a_2fb/": ours + "a%2Fb/",
                "/facts/{}": "/facts/{}",
                "/facts/{}/more": "/facts/{}/more",
            }
            encoded, said = ACTORS.encode(actor), actor.replace("/", "%2F")
            for number, place in enumerate([*where, "/facts/{}0", "/facts/x{}"]):
                store.records.create(
                    [NewRecord(id=str(number), text="a car", namespace=place.format(encoded), timestamp=NOW)]
                )
            expected = {place.format(said) for place in where.values()}
            assert {record.namespace for record in store.memories(actor)} == expected
            assert {scored.record.namespace for scored in store.search_memories(actor, "car")} == expected
            assert {record.strategy for record in store.memories(actor)} == {"summary", "facts"}
            assert len(store.memories(actor, namespace="/strategies/summary/")) == 1
            assert len(store.memories(actor, namespace=f"/strategies/summary/actors/{said}/sessions/a%2Fb/")) == 1
            assert len(store.memories(actor, namespace=f"/facts/{said}/")) == 1
            assert store.memories(actor, namespace="/strategies/semantic/") == []

    def test_what_was_said_is_learnt_by_the_service_and_recalled(self, actor: str) -> None:
        template = "/strategies/{memoryStrategyId}/actors/{actorId}/"
        semantic = {"semanticMemoryStrategy": {"name": "semantic", "namespaceTemplates": [template]}}
        with AgentCoreEmulator(Behaviour(extraction_delay=timedelta())) as aws:
            at: dict[str, Any] = {"endpoint_url": aws.url, "region_name": "us-east-1"}
            control, client = boto3.client("bedrock-agentcore-control", **at), boto3.client("bedrock-agentcore", **at)
            made = control.create_memory(name="learns", eventExpiryDuration=30, memoryStrategies=[semantic])["memory"]
            strategies = {made["strategies"][0]["strategyId"]: template}
            with (
                SQLiteStore(":memory:") as state,
                AgentCoreStore(made["id"], state=state, client=client, strategies=strategies) as store,
            ):
                store.append(actor, "s", [{"role": "user", "content": "My name is Ana."}])
                store.flush()
                found = store.search_memories(
                    actor, "What is my name?", namespace=f"/strategies/semantic/actors/{actor}/"
                )
        assert any("Ana" in scored.record.text for scored in found)
        assert {scored.record.strategy for scored in found} == {"semantic"}


class TestSearching:
    def test_what_scores_too_little_is_left_out(
        self, memory: dict[str, Any], client: Any, actor: str, store: AgentCoreStore
    ) -> None:
        store.put_memories(actor, [record("best", "car car"), record("worse", "a car, a dog, dinner and rain")])
        scores = [scored.score for scored in store.search_memories(actor, "car")]
        assert len(scores) == 2
        with SQLiteStore(":memory:") as state:
            strict = AgentCoreStore(memory["id"], state=state, client=client, min_score=scores[1])
            assert [scored.record.id for scored in strict.search_memories(actor, "car")] == ["best"]

    def test_records_are_filtered_by_their_metadata(self, store: AgentCoreStore, actor: str, strategy_id: str) -> None:
        name = managed(store, actor, "a car", strategy_id)
        place = Namespace(f"/facts/{actor}/", below=True)
        for wanted, expected in [
            (RecordFilter("topic", "EQUALS_TO", "cars"), [name]),
            (RecordFilter("topic", "EQUALS_TO", "dogs"), []),
            (RecordFilter("topic", "EXISTS"), [name]),
            (RecordFilter("contextkit.importance", "GREATER_THAN", 0.5), []),
        ]:
            assert [each.id for each in store.records.all(place, filters=[wanted])] == expected
            assert [each.id for each in store.records.search(place, "car", filters=[wanted])] == expected
        assert [each.id for each in store.records.all(place, strategy_id=strategy_id)] == [name]

    def test_a_subtree_and_a_single_namespace(self, store: AgentCoreStore, actor: str) -> None:
        new = [
            NewRecord(id=where, text="a car", namespace=f"/{actor}/{where}", timestamp=NOW)
            for where in ("a", "a/b", "ab")
        ]
        store.records.create(new)
        assert {each.namespace for each in store.records.all(Namespace(f"/{actor}/a"))} == {f"/{actor}/a"}
        below = {each.namespace for each in store.records.all(Namespace(f"/{actor}/a/", below=True))}
        assert below == {f"/{actor}/a", f"/{actor}/a/b"}

    def test_a_record_that_is_not_there_is_none(self, store: AgentCoreStore) -> None:
        assert store.records.get("mem-" + "0" * 40) is None
        store.records.delete(["mem-" + "0" * 40])


def test_a_record_is_read_that_names_no_strategy_and_no_namespace(store: AgentCoreStore, client: Any) -> None:
    """botocore passes on what the service sends, also where its model says that there is more."""
    actor = f"actor-{uuid.uuid4()}"
    store.put_memories(actor, [MemoryRecord(id="m", text="a car", created_at=NOW)])

    def bare(parsed: dict[str, Any], **_: object) -> None:
        for record in parsed["memoryRecordSummaries"]:
            del record["memoryStrategyId"], record["namespaces"]

    client.meta.events.register("after-call.bedrock-agentcore.ListMemoryRecords", bare)
    try:
        assert [record.text for record in store.memories(actor)] == ["a car"]
    finally:
        client.meta.events.unregister("after-call.bedrock-agentcore.ListMemoryRecords", bare)
