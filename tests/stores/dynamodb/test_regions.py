"""Two regions, real servers with a lazy replication between them: one fails in mid-conversation and returns."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.errors import InvalidInput, StoreCorrupt, StoreUnavailable, VersionConflict
from contextkit.rank.divided import IN_DRAWERS
from contextkit.sources import History, Preferences
from contextkit.stores import MemoryRecord, Overflow, SomeParts
from contextkit.stores.dynamodb import PATIENCE, DynamoDBStore
from contextkit.stores.dynamodb.breaker import FAILURES, FIRST_REST, Breaker
from contextkit.testing.conformance import EMBEDDINGS
from contextkit.testing.faults import FaultProxy
from contextkit.types import Message
from tests.stores.dynamodb.replicas import Replication
from tests.stores.dynamodb.servers import Server

HOME, OTHER = "us-east-1", "eu-west-1"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    with Server(tmp_path_factory.mktemp("home")) as home, Server(tmp_path_factory.mktemp("other")) as other:
        yield [home, other]


@pytest.fixture
def prefix(servers: list[Server]) -> str:
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    with DynamoDBStore(prefix, regions=_urls(servers), patience=20.0) as store:
        store.create_tables()
    return prefix


@pytest.fixture
def replication(servers: list[Server], prefix: str) -> Iterator[Replication]:
    with Replication(prefix, _urls(servers)) as replication:
        yield replication


@pytest.fixture
def open_store(
    servers: list[Server], prefix: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., DynamoDBStore]]:
    """Opens the store as another process would, with the regions in this order; one that failed rests shortly."""
    monkeypatch.setattr("contextkit.stores.dynamodb.breaker.FIRST_REST", FIRST_REST / 10)
    opened: list[DynamoDBStore] = []

    def open_store(*names: str, endpoints: dict[str, str] | None = None, patience: float = 4.0) -> DynamoDBStore:
        endpoints = {**_urls(servers), **(endpoints or {})}
        regions = {name: endpoints[name] for name in names or (HOME, OTHER)}
        opened.append(DynamoDBStore(prefix, regions=regions, patience=patience, embeddings=EMBEDDINGS))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


def said(store: DynamoDBStore, *texts: str) -> list[Message]:
    return store.append("a", "s", [Message(role="user", content=text, id=text) for text in texts])


def conversation(store: DynamoDBStore) -> list[str]:
    """The session's texts in order; every way to read them gives the same."""
    messages = store.messages("a", "s")
    session = store.session("a", "s")
    seqs = list(range(1, len(messages) + 1))
    assert [message.seq for message in messages] == seqs
    assert session is not None
    assert session.last_seq == len(messages)
    assert list(session.newest) == messages[len(messages) - len(session.newest) :]
    assert store.pick("a", "s", seqs) == messages
    assert [m for seq in seqs for m in store.messages("a", "s", after=seq - 1, before=seq + 1)] == messages
    assert [store.messages("a", "s", last=count) for count in (1, 3)] == [messages[-1:], messages[-3:]]
    vectors, _ = store.vectors("a", "s")
    assert vectors == seqs
    return [str(message.content) for message in messages]


def test_the_home_is_killed_in_the_middle_of_a_conversation_and_comes_back(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    store = open_store()
    said(store, "1", "2", "3")
    replication.catch_up()
    with replication.interrupted():
        said(store, "4")  # acknowledged, and nowhere but in the home
        servers[0].kill()
        started = time.perf_counter()
        said(store, "5")
        assert time.perf_counter() - started < 2 * PATIENCE
        assert conversation(store) == ["1", "2", "3", "5"]
        assert [notice.kind for notice in store.degraded] == ["region failed over"]
        said(store, "6")
        servers[0].start()
    replication.catch_up()
    assert conversation(store) == ["1", "2", "3", "4", "5", "6"]
    assert said(store, "4")[0].seq == 4
    said(store, "7")
    replication.catch_up()
    for reader in (open_store(), open_store(OTHER, HOME)):
        assert conversation(reader) == ["1", "2", "3", "4", "5", "6", "7"]


def test_a_home_that_hangs_costs_less_than_a_deadline_and_the_report_says_so(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    store = open_store(patience=PATIENCE)
    said(store, "1", "2")
    store.set_preferences("a", {"tone": "brief"})
    builder = ContextBuilder(sources=[History(), Preferences()], budget=8_000, strategy="chat", store=store)
    builder.build("What was said?", actor_id="a", session_id="s")
    replication.catch_up()
    deadline = min(section.deadline for section in builder.strategy.sections)
    with replication.interrupted():
        servers[0].hang()
        try:
            started = time.perf_counter()
            context = builder.build("And now?", actor_id="a", session_id="s")
            assert time.perf_counter() - started < deadline
            assert "region failed over" in [notice.kind for notice in context.report.notices]
            assert {"1", "2"} <= {message.text for message in context.messages}
            said(store, "3")
        finally:
            servers[0].go_on()
    replication.catch_up()
    _until(lambda: store.degraded == ())
    assert conversation(store) == ["1", "2", "3"]
    assert builder.build("And then?", actor_id="a", session_id="s").report.notices == ()


def test_a_turn_goes_on_in_another_region(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        said(store, "1", "2")
        builder = ContextBuilder(sources=[History()], budget=8_000, strategy="chat", store=store)
        before = builder.build("And now?", actor_id="a", session_id="s").messages
        replication.catch_up()
        proxy.cut_off()
        store.append("a", "s", [Message(role="assistant", content="Let me see.")])
        after = builder.build(actor_id="a", session_id="s").messages
        assert after[: len(before)] == before
        assert [message.text for message in after[len(before) :]] == ["Let me see."]


def test_a_session_that_was_only_read_meanwhile_stays_at_home(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        said(store, "1", "2")
        replication.catch_up()
        proxy.cut_off()
        assert conversation(store) == ["1", "2"]
        proxy.restore()
        _until(lambda: store.degraded == ())
        with replication.interrupted():
            said(store, "3")
            assert conversation(store) == ["1", "2", "3"]


def test_both_sides_write_while_they_cannot_see_each_other(
    replication: Replication, servers: list[Server], open_store: Callable[..., DynamoDBStore]
) -> None:
    with FaultProxy(servers[0].url) as west, FaultProxy(servers[1].url) as east:
        here, there = open_store(endpoints={OTHER: east.url}), open_store(OTHER, HOME, endpoints={HOME: west.url})
        said(here, "1", "2")
        replication.catch_up()
        with replication.interrupted():
            west.cut_off()
            east.cut_off()
            said(here, "3", "4")
            said(there, "5", "6")
            said(here, "7", "both")
            said(there, "both", "8")
            assert conversation(here) == ["1", "2", "3", "4", "7", "both"]
            assert conversation(there) == ["1", "2", "5", "6", "both", "8"]
            west.restore()
            east.restore()
        replication.catch_up()
        _until(lambda: here.degraded == there.degraded == ())
        assert conversation(there) == ["1", "2", "3", "4", "7", "5", "6", "both", "8"]
        assert conversation(here) == conversation(there)
        said(here, "9")
        assert conversation(there)[-1] == "9"


@pytest.mark.parametrize("held", ["log#", "id#", "blob#"])
def test_what_has_not_wholly_arrived_comes_late(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore], held: str
) -> None:
    long = random.Random(1).randbytes(40_000).hex()
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        said(store, "1", "2")
        replication.catch_up()
        replication.held = held
        store.append("a", "s", [Message(role="user", content=long, id="long")])
        said(store, "3", "4")
        replication.catch_up()
        proxy.cut_off()
        before = ["1", "2"]
        for reader in (store, open_store(endpoints={HOME: proxy.url})):
            assert conversation(reader) == before
        said(store, "5", "3")
        assert conversation(store) == [*before, "5", "3"]
        replication.held = None
        replication.catch_up()
        proxy.restore()
        _until(lambda: store.degraded == ())
        assert conversation(store) == [*before, long, "4", "5", "3"]
        assert [message.seq for message in said(store, "4", "6")] == [4, 7]


def test_two_regions_begin_one_session(replication: Replication, open_store: Callable[..., DynamoDBStore]) -> None:
    here, there = open_store(), open_store(OTHER, HOME)
    with replication.interrupted():
        said(here, "1", "both")
        said(there, "both", "2")
    replication.catch_up()
    assert conversation(there) == conversation(here)
    assert sorted(conversation(here)) == ["1", "2", "both"]


@pytest.mark.parametrize("texts", [[], ["1"]])
def test_what_one_of_them_saves_without_a_message_is_not_lost(
    replication: Replication, open_store: Callable[..., DynamoDBStore], texts: list[str]
) -> None:
    here, there = open_store(), open_store(OTHER, HOME)
    with replication.interrupted():
        there.save_state("a", "s", {"step": 1}, expected=0)
        there.put_overflow("a", "s", [_piece("h1")])
        here.put_overflow("a", "s", [_piece("h2")])
        if texts:
            said(here, *texts)
    replication.catch_up()
    for reader in (here, there, open_store(), open_store(OTHER, HOME)):
        assert {piece.handle for piece in reader.overflow("a", "s")} == {"h1", "h2"}
        assert [reader.get_overflow("a", "s", handle).text for handle in ("h1", "h2")] == ["h1", "h2"]
        session = reader.session("a", "s")
        assert session is not None
        assert (session.version, session.state, session.last_seq) == (1, {"step": 1}, len(texts))


@pytest.mark.parametrize("others", [["3"], ["3", "4"], ["3", "4", "5"]])
def test_messages_of_a_life_that_nothing_is_known_of_are_not_taken_for_the_sessions(
    replication: Replication, open_store: Callable[..., DynamoDBStore], others: list[str]
) -> None:
    """What another region has begun arrives: its messages before what tells of them."""
    here, there = open_store(), open_store(OTHER, HOME)
    replication.held = "meta!"
    said(here, "1", "2")
    said(there, *others)
    replication.catch_up()
    assert conversation(here) == ["1", "2"]
    assert conversation(there) == others
    replication.held = None
    replication.catch_up()
    assert sorted(conversation(here)) == sorted(conversation(there)) == ["1", "2", *others]


def test_everything_else_of_a_session_goes_on(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        said(store, "1", "2")
        store.put_overflow("a", "s", [_piece("h1"), _piece("h2")])
        store.save_view("a", "s", "view")
        store.save_derived("a", "s", {"index/0": b"of two messages"})
        saved = store.save_state("a", "s", {"step": 1}, expected=0, key="k1")
        replication.catch_up()
        proxy.cut_off()
        assert store.session("a", "s") == saved
        said(store, "3")
        session = store.session("a", "s")
        assert session is not None
        assert (session.version, session.state, session.view) == (1, {"step": 1}, "view")
        assert store.derived("a", "s") == {"index/0": b"of two messages"}
        with pytest.raises(VersionConflict):
            store.save_state("a", "s", {"step": 3}, expected=0)
        assert store.save_state("a", "s", {"step": 2}, expected=1).version == 2
        with pytest.raises(VersionConflict):
            store.save_state("a", "s", {"step": 3}, expected=1)
        store.put_overflow("a", "s", [_piece("h2"), _piece("h3")])
        assert [piece.handle for piece in store.overflow("a", "s")] == ["h1", "h2", "h3"]
        assert [store.get_overflow("a", "s", handle).text for handle in ("h1", "h3")] == ["h1", "h3"]
        assert [session.session_id for session in store.sessions("a")] == ["s"]
        proxy.restore()
        replication.catch_up()
        _until(lambda: store.degraded == ())
        session = open_store().session("a", "s")
        assert session is not None
        assert (session.version, session.state, session.last_seq) == (2, {"step": 2}, 3)
        store.delete_session("a", "s")
        replication.catch_up()
        for reader in (open_store(), open_store(OTHER, HOME)):
            assert reader.session("a", "s") is None
            assert reader.sessions("a") == []
            assert reader.messages("a", "s") == []


@pytest.mark.parametrize("texts", [[], ["1"]])
def test_what_was_saved_where_nothing_was_said_goes_on(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore], texts: list[str]
) -> None:
    with FaultProxy(servers[0].url) as west, FaultProxy(servers[1].url) as east:
        store = open_store(endpoints={HOME: west.url, OTHER: east.url})
        if texts:
            said(store, *texts)
        store.save_state("a", "s", {"step": 1}, expected=0)
        store.put_overflow("a", "s", [_piece("h1")])
        replication.catch_up()
        west.cut_off()
        store.put_overflow("a", "s", [_piece("h2")])
        assert store.save_state("a", "s", {"step": 2}, expected=1).version == 2
        replication.catch_up()
        west.restore()
        _until(lambda: store.degraded == ())
        east.cut_off()
        said(store, "2")
        session = store.session("a", "s")
        assert session is not None
        assert (session.version, session.state) == (2, {"step": 2})
        assert [piece.handle for piece in store.overflow("a", "s")] == ["h1", "h2"]
        assert conversation(store) == [*texts, "2"]


def test_a_writer_that_has_not_heard_of_another_home_finds_what_it_wrote(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    with FaultProxy(servers[0].url) as west, FaultProxy(servers[1].url) as east:
        here = open_store(endpoints={OTHER: east.url})
        there = open_store(endpoints={HOME: west.url, OTHER: east.url})
        said(here, "1")
        replication.catch_up()
        west.cut_off()
        said(there, "2")
        replication.catch_up()
        east.cut_off()
        said(here, "3")
        assert conversation(here) == ["1", "3", "2"]


@pytest.mark.parametrize("count", [2, IN_DRAWERS[-1]])
def test_parts_come_from_where_their_derived_data_does(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore], count: int
) -> None:
    """Two regions have derived the same, by its name, from messages that are not the same."""
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        said(store, "1")
        replication.catch_up()
        with replication.interrupted():
            said(store, "2")
            store.save_derived("a", "s", {"index": b"of 1 and 2"}, parts={"index": [b"1 and 2"] * count})
            proxy.cut_off()
            said(store, "3")
            store.save_derived("a", "s", {"index": b"of 1 and 3"}, parts={"index": [b"1 and 3"] * count})
        assert set(store.derived_parts("a", "s", {"index": SomeParts(count, [1])}).values()) == {b"1 and 3"}
        proxy.restore()
        replication.catch_up()
        _until(lambda: store.degraded == ())
        for reader in (store, open_store()):
            assert conversation(reader) == ["1", "2", "3"]
            assert reader.derived("a", "s") == {"index": b"of 1 and 2"}
            assert set(reader.derived_parts("a", "s", {"index": SomeParts(count, [1])}).values()) == {b"1 and 2"}


def test_a_piece_that_has_not_wholly_arrived_costs_no_other(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    large = replace(_piece("large"), text=random.Random(1).randbytes(40_000).hex())
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        replication.held = "blob#"
        store.put_overflow("a", "s", [_piece("small"), large])
        replication.catch_up()
        proxy.cut_off()
        for _ in range(2):
            assert [piece.handle for piece in store.overflow("a", "s")] == ["small"]
            with pytest.raises(StoreUnavailable, match="not wholly arrived"):
                store.get_overflow("a", "s", "large")
            said(store, "1")  # and the same where the session has been taken over
        replication.held = None
        replication.catch_up()
        assert [piece.handle for piece in store.overflow("a", "s")] == ["small", "large"]
        assert store.get_overflow("a", "s", "large").text == large.text


def test_a_state_that_has_not_wholly_arrived_is_none_yet(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    large = {"data": random.Random(1).randbytes(400_000).hex()}
    with FaultProxy(servers[0].url) as proxy:
        store, other = open_store(endpoints={HOME: proxy.url}), open_store(OTHER, HOME)
        said(store, "1")
        replication.held = "blob#"
        saved = store.save_state("a", "s", large, expected=0)
        store.save_view("a", "s", str(large))
        replication.catch_up()
        assert other.session("a", "s") == store.session("a", "s")
        assert [(each.version, each.state) for each in other.sessions("a")] == [(0, {})]
        proxy.cut_off()
        for last_seq in (1, 2):  # where the session has been taken over, too
            session = store.session("a", "s")
            assert session is not None
            assert (session.version, session.state, session.view, session.last_seq) == (0, {}, None, last_seq)
            assert [each.version for each in store.sessions("a")] == [0]
            said(store, "2")
        with pytest.raises(VersionConflict) as conflict:
            store.save_state("a", "s", {"step": 2}, expected=saved.version)
        assert conflict.value.current.version == 0
        assert store.save_state("a", "s", {"step": 1}, expected=0).version == 1
        proxy.restore()
        replication.held = None
        replication.catch_up()
        _until(lambda: store.degraded == ())
        session = open_store().session("a", "s")
        assert session is not None
        assert (session.version, session.state, session.view) == (1, {"step": 1}, str(large))


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_state_that_is_damaged_while_all_regions_answer_is_not_taken_for_none(
    servers: list[Server],
    prefix: str,
    replication: Replication,
    open_store: Callable[..., DynamoDBStore],
    taken_over: bool,
) -> None:
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        said(store, "1")
        store.save_state("a", "s", {"data": random.Random(1).randbytes(400_000).hex()}, expected=0)
        replication.catch_up()
        if taken_over:
            proxy.cut_off()
            said(store, "2")
            proxy.restore()
            _until(lambda: store.degraded == ())
        region = OTHER if taken_over else HOME
        client = new_client("dynamodb", region=region, endpoint=servers[taken_over].url, connect_timeout=10)
        _delete_chunks(client, f"{prefix}agent-sessions")
        client.close()
        with pytest.raises(StoreCorrupt):
            store.session("a", "s")


def test_no_payload_is_swept_that_only_another_region_points_to(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    long = random.Random(1).randbytes(40_000).hex()
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        proxy.cut_off()
        store.append("a", "s", [Message(role="user", content=long)])
        replication.held = "log#"
        replication.catch_up()
        grace = timedelta(hours=-1)  # as if it had been written long ago
        with pytest.raises(StoreUnavailable, match=HOME):
            store.sweep(grace)
        proxy.restore()
        _until(lambda: store.degraded == ())
        assert store.sweep(grace) == 0
        replication.held = None
        replication.catch_up()
        assert conversation(store) == [long]
        store.delete_session("a", "s")


def test_what_belongs_to_no_session_goes_on(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    calls: list[int] = []
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        store.set_preferences("a", {"tone": "brief"})
        store.put_memories("a", [_memory("m1")])
        assert store.get_or_call("t", {}, lambda: calls.append(1), actor_id="a") is None
        replication.catch_up()
        proxy.cut_off()
        store.set_preferences("a", {"language": "en"})
        store.put_memories("a", [_memory("m2")])
        store.get_or_call("t", {}, lambda: calls.append(2), actor_id="a")
        store.get_or_call("t", {"n": 1}, lambda: calls.append(3), actor_id="a")
        proxy.restore()
    replication.catch_up()
    reader = open_store()
    assert reader.preferences("a") == {"tone": "brief", "language": "en"}
    assert [record.id for record in reader.memories("a")] == ["m1", "m2"]
    assert calls == [1, 3]


def test_a_call_of_a_tool_that_fails_is_no_failure_of_the_region(open_store: Callable[..., DynamoDBStore]) -> None:
    store = open_store()

    def call() -> None:
        raise StoreUnavailable("Another store did not answer.", "Try again.")

    for _ in range(2 * FAILURES):
        with pytest.raises(StoreUnavailable, match="Another store"):
            store.get_or_call("t", {}, call, actor_id="a")
    assert store.degraded == ()


def test_no_region_answers(servers: list[Server], open_store: Callable[..., DynamoDBStore]) -> None:
    with FaultProxy(servers[0].url) as one, FaultProxy(servers[1].url) as two:
        store = open_store(endpoints={HOME: one.url, OTHER: two.url})
        said(store, "1")
        one.cut_off()
        two.cut_off()
        with pytest.raises(StoreUnavailable, match="None of the regions us-east-1, eu-west-1"):
            said(store, "2")
        one.restore()
        two.restore()
        said(store, "3")
        assert conversation(store) == ["1", "3"]


def test_a_session_from_before_there_were_regions_goes_on(
    servers: list[Server], prefix: str, open_store: Callable[..., DynamoDBStore]
) -> None:
    with DynamoDBStore(prefix, region=HOME, endpoint=servers[0].url, embeddings=EMBEDDINGS) as single:
        said(single, "1", "2")
        store = open_store()
        assert conversation(store) == ["1", "2"]
        said(store, "3")
        assert conversation(store) == ["1", "2", "3"]
        said(single, "late")
        assert conversation(open_store()) == ["1", "2", "late", "3"]


def test_threads_write_through_a_failover(
    servers: list[Server], replication: Replication, open_store: Callable[..., DynamoDBStore]
) -> None:
    with FaultProxy(servers[0].url) as proxy:
        store = open_store(endpoints={HOME: proxy.url})
        said(store, "first")
        replication.catch_up()

        def write(writer: int) -> None:
            for number in range(12):
                said(store, f"{writer}/{number}")
                if writer == number == 3:
                    proxy.cut_off()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        proxy.restore()
    replication.catch_up()
    texts = conversation(store)
    assert sorted(texts) == sorted(["first", *(f"{writer}/{number}" for writer in range(4) for number in range(12))])
    for writer in range(4):
        own = [text for text in texts if text.startswith(f"{writer}/")]
        assert own == [f"{writer}/{number}" for number in range(12)]


def test_regions_are_passed_alone() -> None:
    with pytest.raises(InvalidInput, match="`regions` alone"):
        DynamoDBStore(regions=[HOME, OTHER], endpoint="http://127.0.0.1:1")


def test_a_breaker_opens_rests_probes_and_closes() -> None:
    now, well = [0.0], [False]

    def probe() -> None:
        if not well[0]:
            raise StoreUnavailable("It is down.", "Wait.")

    breaker = Breaker(probe, now=lambda: now[0])
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert breaker.closed
    breaker.succeeded()
    for _ in range(FAILURES):
        assert breaker.closed
        breaker.failed()
    assert not breaker.closed
    now[0] += FIRST_REST
    assert not breaker.closed  # asks in a thread of its own, in vain
    well[0] = True
    time.sleep(0.1)
    now[0] += FIRST_REST
    assert not breaker.closed  # the rest is twice as long now
    now[0] += FIRST_REST
    _until(lambda: breaker.closed)
    breaker.failed(hung=True)
    assert not breaker.closed


def _delete_chunks(client: Any, table: str) -> None:
    for item in client.scan(TableName=table)["Items"]:
        if "chunk" in item:
            client.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})


def _urls(servers: list[Server]) -> dict[str, str]:
    return {HOME: servers[0].url, OTHER: servers[1].url}


def _until(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not become true within ten seconds")


def _piece(handle: str) -> Overflow:
    return Overflow(handle=handle, text=handle, item_id=handle)


def _memory(name: str) -> MemoryRecord:
    from datetime import UTC, datetime

    return MemoryRecord(
        id=name, text=f"The user likes {name}.", created_at=datetime(2026, 1, int(name[1:]), tzinfo=UTC)
    )
