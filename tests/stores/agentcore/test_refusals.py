"""What is refused, by whom and how it is told: before the call where the model says so, and typed afterwards."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.errors import (
    InvalidId,
    InvalidInput,
    InvalidMessage,
    MemoryNotReady,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreThrottled,
    StoreUnavailable,
)
from contextkit.sources import History
from contextkit.stores.agentcore import AgentCoreStore, Branch, EventFilter
from contextkit.stores.agentcore.events import floored
from contextkit.stores.agentcore.failures import translated
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.agentcore import AgentCoreEmulator, Fault
from contextkit.testing.agentcore.calls import no_fault

NOW = datetime(2026, 3, 1, 12, 30, 15, 123_456, tzinfo=UTC)
HELLO = [{"conversational": {"role": "USER", "content": {"text": "Hello"}}}]


@pytest.fixture
def state() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:") as opened:
        yield opened


@pytest.fixture
def store(memory_id: str, client: Any, state: SQLiteStore) -> Iterator[AgentCoreStore]:
    with AgentCoreStore(memory_id, state=state, client=client, wait=0.2) as made:
        yield made


@pytest.fixture
def faults(emulator: AgentCoreEmulator) -> Iterator[AgentCoreEmulator]:
    yield emulator
    emulator.plan = no_fault


class TestBeforeTheCall:
    @pytest.mark.parametrize(
        ("payload", "metadata", "branch", "told"),
        [
            (HELLO * 101, {}, None, "payload has 101 items; AgentCore takes 100"),
            (
                [{"conversational": {"role": "USER", "content": {"text": "x" * 100_001}}}],
                {},
                None,
                r"payload\[0\].conversational.content.text has 100,001 characters; AgentCore takes 100,000",
            ),
            ([{"conversational": {"role": "ROBOT", "content": {"text": "x"}}}], {}, None, "Use one of ASSISTANT, USER"),
            (HELLO, {str(number): "x" for number in range(16)}, None, "metadata has 16 entries; AgentCore takes 15"),
            (HELLO, {"a#b": "x"}, None, "the key 'a#b' of metadata"),
            (HELLO, {"k" * 129: "x"}, None, "has 129 characters; AgentCore takes 128"),
            (HELLO, {"a": "x" * 257}, None, "stringValue has 257 characters; AgentCore takes 256"),
            (HELLO, {"a": "ü"}, None, "must match"),
            (HELLO, {}, Branch("no spaces"), "branch.name is 'no spaces'"),
            (HELLO, {}, Branch("b", "not an event"), "branch.rootEventId is 'not an event'"),
        ],
    )
    def test_an_event_is_refused_with_its_field_and_limit(
        self,
        store: AgentCoreStore,
        emulator: AgentCoreEmulator,
        payload: Any,
        metadata: dict[str, str],
        branch: Branch | None,
        told: str,
    ) -> None:
        with emulator.counted() as calls, pytest.raises(InvalidInput, match=told):
            store.events.create("u", "s", payload, at=NOW, token="t", metadata=metadata, branch=branch)
        assert calls == []

    def test_a_message_that_is_too_large_is_kept_nowhere(
        self, store: AgentCoreStore, state: SQLiteStore, emulator: AgentCoreEmulator
    ) -> None:
        with emulator.counted() as calls, pytest.raises(InvalidMessage, match="as an event"):
            store.append("u", "large", [{"role": "user", "content": "x" * 12_000_000}])
        assert calls == []
        assert state.session("u", "large") is None

    def test_a_query_is_asked_in_pieces_rather_than_cut(
        self, store: AgentCoreStore, emulator: AgentCoreEmulator
    ) -> None:
        with emulator.counted() as calls:
            assert store.search_memories("nobody", "car " * 5_000) == []
        assert [call.operation for call in calls] == ["RetrieveMemoryRecords"] * 2

    @pytest.mark.parametrize("memory_id", ["short", "no_dash_at_all_here", "1a-0123456789"])
    def test_a_memory_id_is_checked_at_once(self, client: Any, state: SQLiteStore, memory_id: str) -> None:
        with pytest.raises((InvalidInput, StoreError)):
            AgentCoreStore(memory_id, state=state, client=client).events.sessions("u")

    def test_no_memory_id_is_a_clear_error(
        self, client: Any, state: SQLiteStore, monkeypatch: pytest.MonkeyPatch, memory_id: str
    ) -> None:
        monkeypatch.delenv("CONTEXTKIT_AGENTCORE_MEMORY", raising=False)
        with pytest.raises(InvalidId, match="CONTEXTKIT_AGENTCORE_MEMORY"):
            AgentCoreStore(state=state, client=client)
        monkeypatch.setenv("CONTEXTKIT_AGENTCORE_MEMORY", memory_id)
        assert AgentCoreStore(state=state, client=client).events.sessions("nobody at all") == []

    def test_metadata_and_variables_are_checked_when_the_store_is_made(
        self, client: Any, state: SQLiteStore, memory_id: str
    ) -> None:
        with pytest.raises(InvalidInput, match="metadata"):
            AgentCoreStore(memory_id, state=state, client=client, metadata={"a#b": "x"})
        own = {str(number): "x" for number in range(12)}
        AgentCoreStore(memory_id, state=state, client=client, metadata=own)
        with pytest.raises(InvalidInput, match="metadata has 16 entries"):
            AgentCoreStore(memory_id, state=state, client=client, metadata={**own, "12": "x"})
        with pytest.raises(InvalidInput, match="namespaceVariables"):
            AgentCoreStore(memory_id, state=state, client=client, variables={"Tenant": "x"})

    def test_actors_of_our_own_are_reserved(self, store: AgentCoreStore) -> None:
        with pytest.raises(InvalidId, match="reserved"):
            store.append("contextkit.agentcore/x", "s", [{"role": "user", "content": "x"}])
        with pytest.raises(InvalidId, match="reserved"):
            store.memories("contextkit.agentcore/x")

    def test_a_time_without_a_zone_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="no time zone"):
            floored(datetime(2026, 1, 1))

    def test_times_are_cut_to_milliseconds(self) -> None:
        assert floored(NOW) == NOW.replace(microsecond=123_000)
        assert floored(datetime(1960, 1, 1, tzinfo=UTC)) == datetime(1970, 1, 1, tzinfo=UTC)
        # boto3 reads times in the machine's own time zone, which may be 14 hours ahead.
        assert floored(datetime.max.replace(tzinfo=UTC)).astimezone(timezone(timedelta(hours=14))).year == 9999


class TestByTheService:
    def test_a_memory_that_does_not_exist(self, client: Any, state: SQLiteStore) -> None:
        store = AgentCoreStore("missing-0123456789", state=state, client=client, wait=0.2)
        with pytest.raises(MemoryNotReady, match="does not exist"):
            store.events.sessions("u")
        with pytest.raises(MemoryNotReady, match="does not exist"):
            store.events.get("u", "s", "0#ab")
        with pytest.raises(MemoryNotReady, match="does not exist"):
            store.memories("u")

    def test_a_memory_that_is_still_being_made_gets_its_messages_later(
        self, control: Any, client: Any, state: SQLiteStore, emulator: AgentCoreEmulator
    ) -> None:
        behaviour = emulator.behaviour
        emulator.behaviour = replace(behaviour, creation_delay=timedelta(seconds=1.5))
        try:
            name = f"new{uuid.uuid4().hex[:8]}"
            memory_id = control.create_memory(name=name, eventExpiryDuration=30)["memory"]["id"]
        finally:
            emulator.behaviour = behaviour
        store = AgentCoreStore(memory_id, state=state, client=client, wait=0.2)
        with pytest.raises(MemoryNotReady, match="CREATING") as raised:
            store.memories("u")
        assert raised.value.status == "CREATING"
        store.append("u", "s", [{"role": "user", "content": "early"}])
        store.flush()
        assert len(store.events.all("u", "s")) == 1

    def test_throttling_is_waited_out_and_then_typed(self, faults: AgentCoreEmulator, store: AgentCoreStore) -> None:
        left: list[Fault] = ["throttle"]
        faults.plan = lambda _: left.pop() if left else None
        assert store.memories("nobody") == []
        faults.plan = lambda _: "throttle"
        with faults.counted() as calls, pytest.raises(StoreThrottled, match="throttled"):
            store.memories("nobody")
        assert len(calls) > 1

    def test_a_denied_call_names_the_right_that_is_missing(
        self, faults: AgentCoreEmulator, store: AgentCoreStore
    ) -> None:
        faults.plan = lambda _: "denied"
        with faults.counted() as calls, pytest.raises(StoreUnavailable, match="bedrock-agentcore:ListMemoryRecords"):
            store.memories("nobody")
        assert len(calls) == 1
        with pytest.raises(StoreReadOnly, match="bedrock-agentcore:CreateEvent"):
            store.events.create("u", "s", HELLO, at=NOW, token="t")

    def test_an_unreachable_service_keeps_no_session_from_beginning(
        self, memory_id: str, state: SQLiteStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        dead = new_client("bedrock-agentcore", region="us-east-1", endpoint="http://127.0.0.1:9", attempts=1)
        store = AgentCoreStore(memory_id, state=state, client=dead, wait=0.0)
        with caplog.at_level(logging.WARNING):
            assert store.session("u", "s") is None
            (stored,) = store.append("u", "s", [{"role": "user", "content": "x"}])
        assert "cannot be said now" in caplog.text
        assert store.messages("u", "s") == [stored]
        with pytest.raises(StoreUnavailable, match="did not answer"):
            store.flush(timeout=2)
        assert [notice.kind for notice in store.degraded] == ["agentcore not asked", "agentcore behind"]
        with pytest.raises(StoreUnavailable):
            store.close()
        dead.close()

    def test_a_report_says_that_a_session_was_not_looked_for(
        self, faults: AgentCoreEmulator, store: AgentCoreStore
    ) -> None:
        faults.plan = lambda call: "5xx" if call.operation == "ListEvents" else None
        builder = ContextBuilder(store=store, sources=[History()], strategy="chat", budget=1_000)
        report = builder.build("Who am I?", actor_id=uuid.uuid4().hex, session_id="s").report
        (notice,) = report.notices
        assert notice.kind == "agentcore not asked"
        assert "failed (500" in notice.text

    @pytest.mark.parametrize(
        ("code", "status", "kind"),
        [
            ("ServiceQuotaExceededException", 402, StoreFull),
            ("ThrottledException", 429, StoreThrottled),
            ("RetryableConflictException", 409, StoreThrottled),
            ("ServiceException", 500, StoreUnavailable),
            ("ExpiredTokenException", 403, StoreUnavailable),
            ("InvalidInputException", 400, StoreError),
            ("ResourceNotFoundException", 404, MemoryNotReady),
        ],
    )
    def test_each_of_its_errors_has_a_type_and_a_remedy(self, code: str, status: int, kind: type[StoreError]) -> None:
        answer: Any = {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        with pytest.raises(kind) as raised, translated("The memory"):
            raise ClientError(answer, "CreateEvent")
        assert type(raised.value) is kind
        assert raised.value.remedy

    @pytest.mark.parametrize("error", [NoCredentialsError(), ConnectTimeoutError(endpoint_url="http://x")])
    def test_no_answer_has_a_type_too(self, error: Exception) -> None:
        with pytest.raises(StoreUnavailable), translated("The memory"):
            raise error


class TestEvents:
    def test_branches_and_metadata(self, store: AgentCoreStore) -> None:
        actor = f"actor-{uuid.uuid4().hex}"
        first = store.events.create(actor, "s", HELLO, at=NOW, token=f"{actor}-1", metadata={"place": "Bern"})
        again = store.events.create(actor, "s", HELLO, at=NOW, token=f"{actor}-1", metadata={"place": "Bern"})
        assert again == first
        side = store.events.create(actor, "s", HELLO, at=NOW, token=f"{actor}-2", branch=Branch("side", first.id))
        assert {event.id for event in store.events.all(actor, "s")} == {first.id, side.id}
        assert store.events.get(actor, "s", side.id) == side
        assert [e.id for e in store.events.all(actor, "s", branch="side")] == [side.id]
        assert len(store.events.all(actor, "s", branch="side", parents=True)) == 2
        there = EventFilter("place", "EQUALS_TO", "Bern")
        assert [e.id for e in store.events.all(actor, "s", filters=[there])] == [first.id]
        assert [e.id for e in store.events.all(actor, "s", filters=[EventFilter("place", "NOT_EXISTS")])] == [side.id]
        assert [summary.session_id for summary in store.events.sessions(actor)] == ["s"]
        store.events.delete(actor, "s", side.id)
        store.events.delete(actor, "s", side.id)
        assert store.events.get(actor, "s", side.id) is None

    def test_odd_ids_are_found_under_their_own_names(self, store: AgentCoreStore) -> None:
        actor = f"team/äöü {uuid.uuid4().hex}"
        for session in ("with space", "x" * 200):
            store.append(actor, session, [{"role": "user", "content": "x"}])
        store.flush()
        assert {summary.session_id for summary in store.events.sessions(actor)} == {"with space", None}
        assert len(store.events.all(actor, "x" * 200)) == 1

    def test_discovered_sessions_are_listed(self, store: AgentCoreStore) -> None:
        actor = f"actor-{uuid.uuid4().hex}"
        for session in ("one", "two"):
            store.events.create(actor, session, HELLO, at=NOW, token=f"{actor}-{session}")
        assert store.sessions(actor) == []
        assert {session.session_id for session in store.discover(actor)} == {"one", "two"}
        assert {session.last_seq for session in store.sessions(actor)} == {1}
        store.flush()
        assert len(store.events.all(actor, "one")) == 1

    def test_a_lost_state_store_is_made_again_of_the_events(
        self, store: AgentCoreStore, memory_id: str, client: Any
    ) -> None:
        actor = f"actor-{uuid.uuid4().hex}"
        written = store.append(
            actor, "s", [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two", "name": "bot"}]
        )
        store.flush()
        with SQLiteStore(":memory:") as empty:
            other = AgentCoreStore(memory_id, state=empty, client=client)
            assert other.messages(actor, "s") == written
            other.append(actor, "s", [{"role": "user", "content": "three"}])
            other.flush()
            assert [message.seq for message in other.messages(actor, "s")] == [1, 2, 3]
        with SQLiteStore(":memory:") as third:
            again = AgentCoreStore(memory_id, state=third, client=client)
            assert [message.text for message in again.messages(actor, "s")] == ["one", "two", "three"]

    def test_a_branch_can_be_pulled(self, store: AgentCoreStore) -> None:
        actor = f"actor-{uuid.uuid4().hex}"
        first = store.events.create(actor, "s", HELLO, at=NOW, token=f"{actor}-1")
        beside = [{"conversational": {"role": "USER", "content": {"text": "beside"}}}]
        store.events.create(
            actor, "s", beside, at=NOW + timedelta(seconds=1), token=f"{actor}-2", branch=Branch("b", first.id)
        )
        assert [message.text for message in store.messages(actor, "s")] == ["Hello"]
        assert store.pull(actor, "s", branch="b") == 1
        assert [message.text for message in store.messages(actor, "s")] == ["Hello", "beside"]
