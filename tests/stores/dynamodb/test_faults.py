"""What the store does when calls fail, answers are lost, batches come back in halves and bytes are turned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from contextkit.aws.client import new_client
from contextkit.errors import HandleNotFound, StoreCorrupt, StoreUnavailable
from contextkit.stores import Overflow
from contextkit.stores.dynamodb import DynamoDBStore, database
from contextkit.stores.dynamodb.life import HOLD
from contextkit.testing.conformance import EMBEDDINGS, ManualClock
from contextkit.testing.faults import Call, Fault, FaultProxy, Sometimes, never
from contextkit.types import Message
from tests.noise import noise
from tests.stores.dynamodb.deaths import After

BIG = noise(1_500_000)
"""Text that does not shrink below two chunks."""


@pytest.fixture
def proxy(endpoint: str) -> Iterator[FaultProxy]:
    with FaultProxy(endpoint, hang=0.5) as proxy:
        yield proxy


@pytest.fixture
def store(proxy: FaultProxy, tables: str, clock: ManualClock) -> Iterator[DynamoDBStore]:
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=10)
    with DynamoDBStore(tables, client=client, clock=clock) as store:
        yield store


def user(text: str, name: str | None = None) -> Message:
    return Message(role="user", content=text, id=name)


class Once:
    """One fault at the n-th call of an operation, and none before or after."""

    def __init__(self, operation: str, fault: Fault, number: int = 0) -> None:
        self._operation = operation
        self._fault = fault
        self._left = number

    def __call__(self, call: Call) -> Fault | None:
        if call.operation != self._operation:
            return None
        self._left -= 1
        return self._fault if self._left == -1 else None


@pytest.mark.parametrize("fault", ["lose answer", "drop", "5xx", "throttle"])
def test_a_call_that_fails_once_is_made_again_and_counts_once(
    store: DynamoDBStore, proxy: FaultProxy, actor: str, fault: Fault
) -> None:
    store.append(actor, "s", [user("first")])
    proxy.plan = Once("TransactWriteItems", fault)
    (second,) = store.append(actor, "s", [user("second")])
    proxy.plan = Once("TransactWriteItems", fault)
    saved = store.save_state(actor, "s", {"step": 1}, expected=0)
    proxy.plan = Once("PutItem", fault)
    store.set_preferences(actor, {"tone": "brief"})
    proxy.plan = never
    assert second.seq == 2
    assert [message.content for message in store.messages(actor, "s")] == ["first", "second"]
    assert (saved.version, store.session(actor, "s")) == (1, saved)
    assert store.preferences(actor) == {"tone": "brief"}


def test_nothing_is_lost_or_doubled_while_three_calls_in_ten_fail(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    proxy.plan = Sometimes(0.3, ("throttle", "5xx", "drop", "lose answer"), seed=11)
    for number in range(25):
        keep_trying(store, actor, [user(f"{number}/{more}", f"{number}/{more}") for more in range(3)])
    proxy.plan = never
    stored = store.messages(actor, "s")
    assert [message.seq for message in stored] == list(range(1, 76))
    assert [message.id for message in stored] == [f"{number}/{more}" for number in range(25) for more in range(3)]


def keep_trying(store: DynamoDBStore, actor: str, messages: list[Message]) -> None:
    for _ in range(50):
        try:
            store.append(actor, "s", messages)
        except StoreUnavailable:
            continue
        return
    raise AssertionError("no try of fifty came through")


def test_a_server_that_hangs_is_given_up(proxy: FaultProxy, tables: str, actor: str) -> None:
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=0.2)
    proxy.plan = Sometimes(1, ("hang",))
    with DynamoDBStore(tables, client=client) as store, pytest.raises(StoreUnavailable, match="did not answer"):
        store.session(actor, "s")


def test_a_region_that_is_cut_off_and_comes_back(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    store.append(actor, "s", [user("before")])
    proxy.cut_off()
    with pytest.raises(StoreUnavailable):
        store.append(actor, "s", [user("during")])
    with pytest.raises(StoreUnavailable):
        store.messages(actor, "s")
    proxy.restore()
    store.append(actor, "s", [user("after")])
    assert [message.content for message in store.messages(actor, "s")] == ["before", "after"]


def test_batches_that_come_back_in_halves(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    proxy.plan = Sometimes(0.5, ("unprocessed",), seed=2)
    with proxy.counted() as calls:
        store.put_overflow(actor, "s", [piece("h1", BIG)])
        assert store.get_overflow(actor, "s", "h1").text == BIG
        stored = store.append(actor, "s", [user(str(number), str(number)) for number in range(30)])
        assert store.append(actor, "s", stored) == stored
        assert store.pick(actor, "s", range(1, 31, 2)) == stored[::2]
    assert {"BatchWriteItem", "BatchGetItem"} <= {call.operation for call in calls if call.fault}


def test_a_turned_bit_is_found(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    store.append(actor, "s", [user("A message that is long enough to be worth turning a bit of. " * 3)])
    store.put_overflow(actor, "s", [piece("h1", BIG)])
    store.set_preferences(actor, {"tone": "brief, and warm where that costs nothing"})
    proxy.plan = Sometimes(1, ("corrupt",))
    for read in (
        lambda: store.messages(actor, "s"),
        lambda: store.get_overflow(actor, "s", "h1"),
        lambda: store.preferences(actor),
    ):
        with pytest.raises(StoreCorrupt, match="backup"):
            read()


def test_a_writer_of_overflow_that_dies_at_any_step_leaves_no_pointer_without_payload(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    steps = 0
    for survived in range(50):
        session = f"s{survived}"
        proxy.plan = plan = After(survived)
        try:
            store.put_overflow(actor, session, [piece("h1", BIG), piece("h2", "small")])
        except StoreUnavailable:
            steps += 1
        proxy.plan = never
        whole = [found.text for found in store.overflow(actor, session)]
        assert whole in ([], [BIG, "small"])
        if plan.left >= 0:
            assert whole == [BIG, "small"]
            assert steps >= 3
            return
        assert whole == []
        with pytest.raises(HandleNotFound):
            store.get_overflow(actor, session, "h1")
    raise AssertionError("it never came to an end")


def test_a_writer_of_messages_that_dies_at_any_step_leaves_all_of_them_or_none(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    """120 messages take three transactions, and one is too large for an item."""
    messages = [user(BIG, "0"), *(user(str(number), str(number)) for number in range(1, 120))]
    steps = 0
    for survived in range(50):
        session = f"s{survived}"
        proxy.plan = plan = After(survived)
        try:
            store.append(actor, session, messages)
        except StoreUnavailable:
            steps += 1
            proxy.plan = never
            assert store.messages(actor, session) == []
            assert store.session(actor, session) is None
            continue
        proxy.plan = never
        stored = store.messages(actor, session)
        assert (len(stored), stored[0].content) == (120, BIG)
        assert steps >= 4
        if plan.left >= 0:  # what is derived from the messages was written too
            return
    raise AssertionError("it never came to an end")


def test_a_session_that_a_dead_writer_holds_is_taken_over(
    store: DynamoDBStore, proxy: FaultProxy, actor: str, clock: ManualClock
) -> None:
    store.append(actor, "s", [user("first", "first")])
    proxy.plan = After(3)
    with pytest.raises(StoreUnavailable):
        store.append(actor, "s", [user(str(number), f"lost/{number}") for number in range(150)])
    proxy.plan = never
    assert [message.content for message in store.messages(actor, "s")] == ["first"]
    clock.advance(HOLD)
    store.append(actor, "s", [user("second", "lost/7")])
    assert [(message.seq, message.id) for message in store.messages(actor, "s")] == [(1, "first"), (2, "lost/7")]
    stored = store.append(actor, "s", [user(str(number), f"lost/{number}") for number in range(150)])
    assert len({message.id for message in stored}) == 150
    assert [message.seq for message in store.messages(actor, "s")] == list(range(1, 152))


@pytest.mark.parametrize("begun", [True, False])
def test_who_waits_for_a_session_that_a_dead_writer_holds_gets_it(
    store: DynamoDBStore,
    proxy: FaultProxy,
    actor: str,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    begun: bool,
) -> None:
    """Its hold runs out while the waiting call goes on."""
    if begun:
        store.append(actor, "s", [user("first", "first")])
    proxy.plan = After(3)
    with pytest.raises(StoreUnavailable):
        store.append(actor, "s", [user(str(number), f"lost/{number}") for number in range(150)])
    proxy.plan = never

    def sleep(_: float) -> None:
        clock.advance(HOLD / 3)

    monkeypatch.setattr(database, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    store.append(actor, "s", [user("second", "second")])
    assert [message.id for message in store.messages(actor, "s")] == ["first", "second"][not begun :]


def piece(handle: str, text: str) -> Overflow:
    return Overflow(handle=handle, text=text, item_id="history/1")


def test_vectors_that_could_not_be_stored_are_made_up_for_by_the_next_reading(
    proxy: FaultProxy, tables: str, actor: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, attempts=1)
    with DynamoDBStore(tables, client=client, embeddings=EMBEDDINGS) as store:
        proxy.plan = lambda call: "5xx" if call.operation == "BatchWriteItem" else None
        store.append(actor, "s", [user("one")])
        store.append(actor, "s", [user("two")])  # does not try again what has just failed
        proxy.plan = never
        assert caplog.text.count("No vectors for now") == 1
        assert store.vectors(actor, "s")[0] == [1, 2]
