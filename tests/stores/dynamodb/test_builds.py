"""What a build costs, counted at the proxy: calls, and bytes read next to what the window holds."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from contextkit import ContextBuilder, Document
from contextkit.aws.client import new_client
from contextkit.errors import StoreUnavailable
from contextkit.rank.divided import loaded
from contextkit.rank.segments import Segment
from contextkit.sources import Documents, History, Memories, Overflow, Preferences, System, history
from contextkit.stores import SomeParts
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.packs import SMALL as PACKED
from contextkit.testing.faults import FaultProxy, Sometimes, never
from contextkit.types import Message

WINDOW = 8_000
WINDOW_BYTES = WINDOW * 4
"""English has about four bytes to a token."""

MESSAGES = 600
"""Enough for pages and an index. The local server looks through a whole partition for every query, and so takes
seconds for each where a session is much longer."""


@pytest.fixture
def store(proxy: FaultProxy, tables: str) -> Iterator[DynamoDBStore]:
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=1.5)
    with DynamoDBStore(tables, client=client) as store:
        yield store


@pytest.fixture
def actor(store: DynamoDBStore) -> str:
    """An actor with a long session `s`."""
    return with_long_session(store)


def with_long_session(store: DynamoDBStore) -> str:
    actor, words = f"actor-{uuid.uuid4()}", random.Random(1)
    lexicon = ["".join(words.choices("abcdefghijklmnop", k=6)) for _ in range(2_000)]
    store.append(
        actor,
        "s",
        [
            Message(role="assistant" if number % 2 else "user", content=" ".join(words.choices(lexicon, k=50)))
            for number in range(MESSAGES)
        ],
    )
    return actor


def test_a_build_in_a_session_that_is_known_reads_what_is_new(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    """The session with what is new in it, the recalled turns, the memories, and the view that is kept."""
    builder = ContextBuilder(
        sources=[System("Be brief."), Memories(), History()], budget=WINDOW, strategy="chat", store=store
    )
    builder.build("What was said first?", actor_id=actor, session_id="s")
    store.append(actor, "s", [Message(role="user", content="What was said first?")])
    store.append(actor, "s", [Message(role="assistant", content="That I do not know.")])
    with proxy.counted() as calls:
        builder.build("And what was said last?", actor_id=actor, session_id="s")
    assert len(calls) <= 4
    assert sum(call.received for call in calls) <= 2 * WINDOW_BYTES


def test_a_session_that_was_forgotten_is_read_in_as_few_calls_as_a_new_one(
    store: DynamoDBStore, proxy: FaultProxy, actor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process that serves more sessions than it can remember."""
    monkeypatch.setattr(history, "REMEMBERED", 1)
    builder = ContextBuilder(
        sources=[System("Be brief."), Memories(), History()], budget=WINDOW, strategy="chat", store=store
    )
    other = with_long_session(store)
    for said in ("What was said first?", "And what was said last?"):
        for one in (actor, other):
            with proxy.counted() as calls:
                builder.build(said, actor_id=one, session_id="s")
            assert len(calls) <= 4


@pytest.mark.parametrize("again", [True, False])
def test_a_first_build_reads_window_and_recalled_turns_in_one_call(
    store: DynamoDBStore, proxy: FaultProxy, tables: str, actor: str, again: bool
) -> None:
    """The session with its index, the memories, all that it shows of the session, and the view that is kept."""
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    sources = [System("Be brief."), Memories(), History()]
    with DynamoDBStore(tables, client=client) as another:
        process = another if again else store
        builder = ContextBuilder(sources=sources, budget=4 * WINDOW, strategy="chat", store=process)
        builder.counter.text("")  # what was learnt of the model is read once for all sessions
        with proxy.counted() as calls:
            context = builder.build("What was said first?", actor_id=actor, session_id="s")
    assert sum(call.operation == "Query" for call in calls) == 2
    assert len(calls) <= 4
    shown = sum(len(message.text.encode()) for message in context.messages)
    assert sum(call.received for call in calls) <= (3 if again else 2) * shown  # random words are much to index
    assert context.report.notices == ()


def test_a_first_build_that_was_sent_few_of_the_newest_messages_reads_the_others_with_its_window(
    store: DynamoDBStore, proxy: FaultProxy, tables: str, actor: str
) -> None:
    """Of those that no pack has, as many as there can be, it does not know beforehand how long they are."""
    length, behind = random.Random(2), PACKED - 1 - MESSAGES % PACKED
    said = [Message(role="user", content="One story. " * length.randint(5, 15)) for _ in range(behind)]
    store.append(actor, "s", said)
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    for window in (WINDOW // 4, WINDOW // 2, WINDOW):
        with DynamoDBStore(tables, client=client) as another:
            builder = ContextBuilder(sources=[Memories(), History()], budget=window, strategy="chat", store=another)
            builder.counter.text("")
            with proxy.counted() as calls:
                builder.build("What was said first?", actor_id=actor, session_id="s")
        operations = ["BatchGetItem", "Query", "Query", "TransactWriteItems"]
        assert sorted(call.operation for call in calls) == operations


def test_of_a_large_index_a_build_reads_what_its_question_needs(
    store: DynamoDBStore, proxy: FaultProxy, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call more for each question with words that were not asked for before, and few of the index's bytes."""
    monkeypatch.setattr("contextkit.rank.divided.WHOLE", 50_000)
    monkeypatch.setattr("contextkit.stores.dynamodb.sheets.MOST", 10_000)
    actor = with_long_session(store)
    (large, head), *_ = sorted(store.derived(actor, "s").items())
    _, segment = loaded(Segment(1, 512), head)
    assert segment is not None
    parts = store.derived_parts(actor, "s", {large: SomeParts(segment.parts, range(segment.parts))})
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    words = store.messages(actor, "s", last=3)[0].text.split()
    with DynamoDBStore(tables, client=client) as another:
        builder = ContextBuilder(sources=[History()], budget=WINDOW, strategy="chat", store=another)
        builder.counter.text("")
        counted = []
        for question in (words[0], " ".join(words[1:3]), " ".join(words[:3])):
            with proxy.counted() as calls:
                context = builder.build(f"What about {question}?", actor_id=actor, session_id="s")
            assert context.report.notices == ()
            counted.append([call for call in calls if call.operation != "TransactWriteItems"])
    assert [[call.operation for call in calls] for calls in counted] == [
        ["Query", "BatchGetItem", "BatchGetItem"],
        ["Query", "BatchGetItem", "BatchGetItem"],
        ["Query", "BatchGetItem"],
    ]
    assert counted[0][1].received < sum(map(len, parts.values())) // 4


def test_a_build_that_goes_on_within_its_turn_is_one_call(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    """It reads what is new in the session; what the prompt looked like has not changed, and is not written again."""
    builder = ContextBuilder(
        sources=[System("Be brief."), Memories(), History()], budget=WINDOW, strategy="agent", store=store
    )
    builder.build("What was said first?", actor_id=actor, session_id="s")
    store.append(actor, "s", [Message(role="user", content="What was said first?")])
    for number in range(2):
        call = {"id": f"c{number}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        asked = {"role": "assistant", "content": "", "tool_calls": [call]}
        store.append(actor, "s", [asked, {"role": "tool", "tool_call_id": f"c{number}", "content": "Nothing."}])
        with proxy.counted() as calls:
            builder.build(actor_id=actor, session_id="s")
    assert [call.operation for call in calls] == ["Query"]


def test_documents_that_do_not_fit_are_written_once_and_read_once(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    """They lie under their handles already, and this process knows what they say."""
    words = random.Random(2)
    documents = [
        Document(id=f"d{n}", text=f"Report {n} on Ghent. " + " ".join(f"{words.random():.9f}" for _ in range(120)))
        for n in range(40)
    ]
    sources = [System("Be brief."), Preferences(), Memories(), History(), Documents(documents), Overflow()]
    builder = ContextBuilder(sources=sources, budget=WINDOW, strategy="rag", store=store)
    ids = {"actor_id": actor, "session_id": "s"}
    first = builder.build("What is reported on Ghent?", **ids)
    stored = {decision.item_id for decision in first.report.decisions if decision.handle}  # also what stands shortened
    assert len(stored & {document.id for document in documents}) > 5
    with proxy.counted() as calls:
        second = builder.build("What else is reported on Ghent?", **ids)
    assert [d.section for d in second.report.decisions if d.item_id.startswith("overflow:")] != []
    # the session, preferences, memories, the recalled turns, once the pieces that the first build stored, and the view
    assert Counter(call.operation for call in calls)["TransactWriteItems"] == 1
    assert len(calls) <= 8
    with proxy.counted() as calls:
        builder.build("And what is reported on Ghent at last?", **ids)
    assert len(calls) <= 5


def test_the_newest_messages_are_one_call_that_reads_no_more_than_it_returns(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    newest = store.messages(actor, "s", last=20)
    with proxy.counted() as calls:
        assert store.messages(actor, "s", last=20) == newest
    assert [call.operation for call in calls] == ["Query"]
    assert calls[0].received <= 3 * sum(len(message.text) for message in newest)
    with proxy.counted() as calls:
        assert store.messages(actor, "s", after=MESSAGES - 20, before=MESSAGES + 1) == newest
        assert store.pick(actor, "s", [message.seq or 0 for message in newest]) == newest
    assert [call.operation for call in calls] == ["Query", "BatchGetItem"]


def test_an_append_is_one_call(store: DynamoDBStore, proxy: FaultProxy, actor: str) -> None:
    for message in (Message(role="user", content="x"), Message(role="user", content="x", id="named")):
        with proxy.counted() as calls:
            store.append(actor, "s", [message])
        assert [call.operation for call in calls] == ["TransactWriteItems"]


@pytest.fixture
def impatient(proxy: FaultProxy, tables: str) -> Iterator[DynamoDBStore]:
    """A store that gives each call up soon and tries none again, so that every fault is felt and none is waited for."""
    proxy.hang = 0.6
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=0.3, attempts=1)
    with DynamoDBStore(tables, client=client) as store:
        yield store


@pytest.mark.slow
def test_builds_under_faults_all_answer_say_what_they_miss_and_lose_nothing(
    store: DynamoDBStore, impatient: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    sources = [System("Be brief."), Memories(), Preferences(), History()]
    builder = ContextBuilder(sources=sources, budget=WINDOW, strategy="chat", store=impatient)
    builder.build("What was said first?", actor_id=actor, session_id="s")
    kept: list[Message] = []
    for number in range(25):
        proxy.plan = Sometimes(0.3, ("throttle", "5xx", "drop", "hang"), seed=number)
        context = builder.build("What was said last?", actor_id=actor, session_id="s")
        if kept and kept[-1].text not in "".join(message.text for message in context.messages):
            assert {notice.kind for notice in context.report.notices} & {"session not read", "history incomplete"}
        try:
            kept += impatient.append(actor, "s", [Message(role="user", content=f"Word {number}.", id=f"new-{number}")])
        except StoreUnavailable:
            continue
    proxy.plan = never
    for _ in range(20):  # a server that is busy may be given up once more
        context = builder.build("What was said last?", actor_id=actor, session_id="s")
        if not context.report.notices:
            break
    assert kept[-1].text in {message.text for message in context.messages}
    stored = store.messages(actor, "s")
    assert [message.seq for message in stored] == list(range(1, len(stored) + 1))
    assert {message.id for message in kept} <= {message.id for message in stored}
