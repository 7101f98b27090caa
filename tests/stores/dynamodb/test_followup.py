"""What is done behind an append: counted at the proxy, so that nobody who waits for a prompt has to do it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.errors import StoreUnavailable
from contextkit.rank.segments import SMALL, Segment
from contextkit.sources import History, Memories, System
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.faults import Fault, FaultProxy, never
from contextkit.types import Message

WORDS = random.Random(3)
LEXICON = ["".join(WORDS.choices("abcdefghijklmnop", k=6)) for _ in range(2_000)]


def said(messages: int) -> list[Message]:
    return [Message(role="user", content=" ".join(WORDS.choices(LEXICON, k=50))) for _ in range(messages)]


def building(store: DynamoDBStore) -> ContextBuilder:
    sources = [System("Be brief."), Memories(), History()]
    builder = ContextBuilder(sources=sources, budget=8_000, strategy="chat", store=store)
    builder.counter.text("")  # what was learnt of the model is read once for all sessions
    return builder


@pytest.mark.parametrize(("processes", "before", "turns"), [(1, 101, 40), (2, 117, 12)])
def test_in_a_session_that_another_process_began_no_build_makes_more_calls_while_it_grows(
    store: DynamoDBStore,
    stores: Callable[[], DynamoDBStore],
    proxy: FaultProxy,
    actor: str,
    processes: int,
    before: int,
    turns: int,
) -> None:
    """Segments of its index are stored behind appends, those too that other processes began, and those that take the
    place of smaller ones. Of messages as long as these even the smallest are read in parts."""
    store.append(actor, "s", said(before))
    others = [stores() for _ in range(processes)]
    builders = [building(other) for other in others]
    builds, appends = Counter[int](), Counter[int]()
    for turn in range(turns):
        with proxy.counted() as calls:
            context = builders[turn % processes].build(said(1)[0].text, actor_id=actor, session_id="s")
        builds[len(calls)] += 1
        assert {notice.kind for notice in context.report.notices} <= {"cursor moved"}
        with proxy.counted() as calls:
            others[turn % processes].append(actor, "s", said(2))
        appends[len(calls)] += 1
    assert max(builds) <= 4, builds
    assert appends[1] >= turns - 3, appends
    assert Segment(1, 128).name in store.derived(actor, "s")


@pytest.fixture
def kinds(proxy: FaultProxy, tables: str, actor: str) -> Callable[[], Counter[str]]:
    """How many items of each kind a session has."""
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)

    def count() -> Counter[str]:
        asked = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"session#{actor}/s"}},
        }
        items = client.query(TableName=f"{tables}agent-sessions", **asked)["Items"]
        return Counter(item["sk"]["S"].partition("#")[0] for item in items)

    return count


@pytest.mark.parametrize("first", [False, True])
def test_what_an_append_completed_whose_answer_was_lost_for_good_is_made_behind_the_next(
    stores: Callable[[], DynamoDBStore], proxy: FaultProxy, actor: str, kinds: Callable[[], Counter[str]], first: bool
) -> None:
    store = stores()
    before = store.append(actor, "s", said(SMALL - 2))
    store = stores() if first else store
    proxy.plan = lambda call: "lose answer" if call.operation == "TransactWriteItems" else None
    with pytest.raises(StoreUnavailable):
        store.append(actor, "s", said(2))
    proxy.plan = never
    assert (kinds()["log"], kinds()[f"pack{SMALL}"], store.derived(actor, "s")) == (SMALL, 0, {})
    store.append(actor, "s", said(1))
    assert kinds()[f"pack{SMALL}"] == 1
    assert list(store.derived(actor, "s")) == [Segment(1, SMALL).name]
    assert store.messages(actor, "s")[: SMALL - 2] == before
    with proxy.counted() as calls:
        store.append(actor, "s", said(1))
    assert len(calls) == 1


def test_where_an_append_failed_that_did_not_take_place_nothing_is_made_twice(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    store.append(actor, "s", said(SMALL))
    proxy.plan = lambda _: "drop"
    with pytest.raises(StoreUnavailable):
        store.append(actor, "s", said(1))
    proxy.plan = never
    with proxy.counted() as calls:
        store.append(actor, "s", said(1))
    assert len(calls) == 1


@pytest.mark.parametrize("since", [0, 6])
def test_what_a_writer_left_out_that_died_costs_no_build_a_call_and_is_made_behind_the_next_append(
    stores: Callable[[], DynamoDBStore],
    proxy: FaultProxy,
    actor: str,
    kinds: Callable[[], Counter[str]],
    since: int,
) -> None:
    writer = stores()
    writer.append(actor, "s", said(2 * SMALL - 1))
    answers: Iterator[Fault | None] = iter([None])
    proxy.plan = lambda _: next(answers, "drop")
    writer.append(actor, "s", said(1))
    proxy.plan = never
    if since:
        stores().append(actor, "s", said(since))
    for made in (1, 2):
        assert kinds()[f"pack{SMALL}"] == made
        store = stores()
        builder = building(store)
        with proxy.counted() as calls:
            context = builder.build(said(1)[0].text, actor_id=actor, session_id="s")
        assert len(calls) <= 4
        assert context.report.notices == ()
        store.append(actor, "s", said(1))
        assert sorted(store.derived(actor, "s")) == [Segment(1, SMALL).name, Segment(SMALL + 1, 2 * SMALL).name]
