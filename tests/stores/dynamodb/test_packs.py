"""Packs: which are read, and that they hold what their messages' own items hold, or are done without."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.aws.client import new_client
from contextkit.errors import StoreCorrupt
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.segments import Segment
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.database import MAX_GETS
from contextkit.stores.dynamodb.followup import OPEN
from contextkit.stores.dynamodb.packing import MOST
from contextkit.stores.dynamodb.packs import LARGE, LEAST, MOST_BYTES, SMALL, Pack, ended_by, packed, unpacked
from contextkit.stores.dynamodb.packs import worth_reading as chosen
from contextkit.testing.faults import Call, Fault, FaultProxy, never
from contextkit.tokens import get_counter
from contextkit.types import Message, ToolCall
from tests.world import NOW

WORDS = random.Random(7)


def said(first: int, last: int, words: int = 8) -> list[Message]:
    """Messages of words that no other has."""
    return [
        Message(
            role="assistant" if seq % 2 else "user", content=" ".join(f"{WORDS.random():.6f}" for _ in range(words))
        )
        for seq in range(first, last + 1)
    ]


@given(st.sets(st.integers(1, 2_000), max_size=600), st.integers(0, 2_000))
def test_every_message_is_read_once_from_a_pack_that_is_whole_and_worth_it_or_alone(seqs: set[int], last: int) -> None:
    packs, alone = chosen(sorted(seqs), last)
    inside = [seq for pack in packs for seq in pack.seqs]
    assert len(inside) == len(set(inside))
    assert sorted(alone) == sorted(seqs - set(inside))
    for pack in packs:
        assert pack.last <= last
        assert len(seqs & set(pack.seqs)) >= LEAST[pack.size]


@given(st.integers(1, 3_000), st.integers(0, 2_500), st.integers(0, 200))
def test_of_a_range_few_messages_are_read_alone(first: int, size: int, newer: int) -> None:
    packs, alone = chosen(range(first, first + size), first + size - 1 + newer)
    at_the_end = [seq for seq in alone if seq > (first + size - 1 + newer) // SMALL * SMALL]
    assert len(alone) - len(at_the_end) <= 2 * (LEAST[SMALL] - 1)
    assert len(packs) <= size // LARGE + 2 * LARGE // SMALL


def test_a_pack_is_complete_with_its_last_message() -> None:
    assert ended_by(SMALL - 1) == []
    assert ended_by(0) == []
    assert ended_by(3 * SMALL) == [Pack(2 * SMALL + 1, SMALL)]
    assert ended_by(LARGE) == [Pack(LARGE - SMALL + 1, SMALL), Pack(1, LARGE)]


def test_a_pack_gives_its_messages_back() -> None:
    call = ToolCall(id="c", name="look", arguments='{"q": "\ud800"}')
    messages = [
        Message(role="user", content="\ud83d \ude00 \ud83d\ude00 NUL \0", id="a", seq=33, tokens=5, counter="one"),
        Message(role="assistant", content="", tool_calls=(call,), id="b", seq=34, tokens=6, counter="two"),
        Message(role="tool", content=({"type": "text", "text": "中"},), tool_call_id="c", id="c", seq=35, tokens=0),
        *(Message(role="user", content="", name="Ann", metadata={"n": None}, id=f"{n}", seq=n) for n in range(36, 65)),
    ]
    assert unpacked(b"".join(packed(messages)), Pack(33, SMALL)) == messages


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"role":["user"]}', b"\xff", b'{"role":[1],"content":2}']
)
def test_what_is_no_pack_is_damaged(content: bytes) -> None:
    with pytest.raises(StoreCorrupt):
        unpacked(content, Pack(1, SMALL))


@pytest.fixture
def rows(proxy: FaultProxy, tables: str) -> Callable[[str, str], list[dict[str, dict[str, str]]]]:
    """The items of a session whose sort keys begin so."""
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)

    def items(actor: str, beginning: str) -> list[dict[str, dict[str, str]]]:
        found: list[dict[str, dict[str, str]]] = client.query(
            TableName=f"{tables}agent-sessions",
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": f"session#{actor}/s"}, ":sk": {"S": beginning}},
        )["Items"]
        return found

    return items


def append(store: DynamoDBStore, actor: str, messages: list[Message], at_once: int) -> list[Message]:
    return [
        stored
        for start in range(0, len(messages), at_once)
        for stored in store.append(actor, "s", messages[start : start + at_once])
    ]


@pytest.mark.parametrize("at_once", [1, 7, 300])
def test_packs_are_made_however_messages_are_appended_and_say_the_same(
    store: DynamoDBStore,
    stores: Callable[[], DynamoDBStore],
    proxy: FaultProxy,
    actor: str,
    rows: Callable[[str, str], list[object]],
    at_once: int,
) -> None:
    written = append(store, actor, said(1, LARGE + 40), at_once)
    assert len(rows(actor, "pack")) == LARGE // SMALL + 1 + 1
    with stores() as another:
        assert another.session(actor, "s") is not None
        with proxy.counted() as calls:
            assert another.messages(actor, "s", after=10, before=LARGE + 38) == written[10 : LARGE + 37]
            assert another.pick(actor, "s", range(5, LARGE + 40, 3)) == written[4::3][: len(range(5, LARGE + 40, 3))]
        assert [call.operation for call in calls] == ["BatchGetItem"] * 2
        assert calls[0].received < 1.2 * sum(len(message.text) for message in written)


def test_several_writers_of_one_session_make_the_packs_of_all(
    store: DynamoDBStore, stores: Callable[[], DynamoDBStore], actor: str, rows: Callable[[str, str], list[object]]
) -> None:
    messages, written = said(1, LARGE), list[Message]()
    with stores() as another:
        for start in range(0, LARGE, 5):
            writer = (store, another)[start % 2]
            written += writer.append(actor, "s", messages[start : start + 5])
    assert len(rows(actor, "pack")) == LARGE // SMALL + 1
    assert store.messages(actor, "s") == written


def test_a_process_that_comes_later_packs_what_others_began(
    store: DynamoDBStore, stores: Callable[[], DynamoDBStore], actor: str, rows: Callable[[str, str], list[object]]
) -> None:
    first = store.append(actor, "s", said(1, SMALL - 1))
    with stores() as another:
        last = another.append(actor, "s", said(SMALL, SMALL))
    assert len(rows(actor, "pack")) == 1
    assert store.messages(actor, "s") == [*first, *last]


def test_without_its_packs_a_session_is_read_all_the_same(
    store: DynamoDBStore,
    proxy: FaultProxy,
    tables: str,
    actor: str,
    rows: Callable[[str, str], list[dict[str, object]]],
) -> None:
    written = append(store, actor, said(1, LARGE + 70), 100)
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    for kind in (f"pack{LARGE}", f"pack{SMALL}"):
        for item in rows(actor, kind)[::2]:
            client.delete_item(TableName=f"{tables}agent-sessions", Key={name: item[name] for name in ("pk", "sk")})
        assert store.messages(actor, "s", before=LARGE + 60) == written[: LARGE + 59]
        assert store.pick(actor, "s", range(1, LARGE + 71, 2)) == written[::2]


def test_a_damaged_pack_is_done_without_and_told_of(
    store: DynamoDBStore,
    proxy: FaultProxy,
    tables: str,
    actor: str,
    rows: Callable[[str, str], list[dict[str, dict[str, bytes]]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    written = append(store, actor, said(1, 3 * SMALL), 100)
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    for number, item in enumerate(rows(actor, "pack")):
        body = item["body"]["B"]
        item["body"] = {"B": (body[:40] + bytes([body[40] ^ 1]) + body[41:]) if number else b""}
        client.put_item(TableName=f"{tables}agent-sessions", Item=item)
    assert store.messages(actor, "s", before=3 * SMALL) == written[:-1]
    assert caplog.text.count("read one by one") == 3


def test_messages_that_are_long_are_in_no_pack_and_are_read_back_for_none(
    store: DynamoDBStore, proxy: FaultProxy, actor: str, rows: Callable[[str, str], list[object]]
) -> None:
    words = MOST_BYTES[SMALL] // SMALL // 2
    append(store, actor, said(1, SMALL - 1, words), 8)
    with proxy.counted() as calls:
        written = store.append(actor, "s", said(SMALL, SMALL, words))
    assert rows(actor, "pack") == []
    assert written[0].tokens is not None
    assert written[0].tokens * SMALL > MOST
    assert "Query" not in {call.operation for call in calls}
    assert len(store.messages(actor, "s")) == SMALL


def test_few_of_each_pack_are_read_alone_unless_one_call_would_not_read_them(
    store: DynamoDBStore, stores: Callable[[], DynamoDBStore], proxy: FaultProxy, actor: str
) -> None:
    few = MAX_GETS // (LEAST[SMALL] - 1)
    written = append(store, actor, said(1, (few + 1) * SMALL), 200)
    sent = []
    with stores() as another:
        another.session(actor, "s")
        for packs in (few, few + 1):
            wanted = [pack * SMALL + place for pack in range(packs) for place in range(1, LEAST[SMALL])]
            with proxy.counted() as calls:
                assert another.pick(actor, "s", wanted) == [written[seq - 1] for seq in wanted]
            assert [call.operation for call in calls] == ["BatchGetItem"]
            sent.append(calls[0].sent)
    assert sent[0] > 4 * sent[1]  # of which nearly all are keys


def test_of_many_long_messages_those_that_follow_each_other_are_read_together(
    store: DynamoDBStore, proxy: FaultProxy, actor: str
) -> None:
    store.append(actor, "s", said(1, 300, words=150))
    store.open_session(actor, "s", derived=False)
    recalled = [3, 20, *range(40, 45), 77]
    with proxy.counted() as calls:
        read = store.pick(actor, "s", [*recalled, *range(101, 301)])
    assert [call.operation for call in calls] == ["Query", "BatchGetItem"]
    assert read == [message for message in store.messages(actor, "s") if message.seq in {*recalled, *range(101, 301)}]


def test_what_is_too_long_for_a_pack_is_not_read_back_for_it_however_short_the_rest_of_it_is(
    store: DynamoDBStore, proxy: FaultProxy, actor: str, rows: Callable[[str, str], list[object]]
) -> None:
    written = append(store, actor, [*said(1, 5, MOST // 4), *said(6, SMALL - 1)], 1)
    with proxy.counted() as calls:
        written += store.append(actor, "s", said(SMALL, SMALL))
    assert "Query" not in {call.operation for call in calls}
    written += append(store, actor, said(SMALL + 1, 2 * SMALL), 5)
    assert len(rows(actor, "pack")) == 1
    assert store.messages(actor, "s", before=2 * SMALL + 1) == written


@pytest.mark.parametrize("at_once", [1, SMALL])
def test_messages_with_pictures_are_neither_kept_for_a_pack_nor_compressed_to_find_out(
    store: DynamoDBStore, actor: str, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """A picture of 30 KB counts for a few tokens."""
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{'iVBORw0KGgo' * 3_000}"}}
    sent = [replace(message, content=(picture,)) for message in said(1, 4)]
    monkeypatch.setattr("contextkit.stores.dynamodb.packing.packed", None)
    written = append(store, actor, [*sent, *said(5, SMALL)], at_once)
    assert store.messages(actor, "s", before=SMALL + 1) == written


def test_a_session_that_has_ended_leaves_no_packs_to_the_next(
    store: DynamoDBStore, stores: Callable[[], DynamoDBStore], actor: str, rows: Callable[[str, str], list[object]]
) -> None:
    store.append(actor, "s", said(1, 2 * SMALL - 1))
    with stores() as another:
        another.delete_session(actor, "s")
        assert rows(actor, "pack") == []
        anew = another.append(actor, "s", said(1, SMALL - 1))
    anew += store.append(actor, "s", said(SMALL, SMALL))
    assert len(rows(actor, "pack")) == 1
    assert store.messages(actor, "s", before=SMALL + 1) == anew


def test_a_session_that_ends_while_it_is_packed_leaves_no_packs(
    store: DynamoDBStore,
    endpoint: str,
    proxy: FaultProxy,
    tables: str,
    actor: str,
    rows: Callable[[str, str], list[object]],
) -> None:
    store.append(actor, "s", said(1, SMALL - 1))
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=20)
    with DynamoDBStore(tables, client=client) as another:

        def deleting(call: Call) -> None:
            if call.operation == "BatchWriteItem" and another.session(actor, "s"):
                another.delete_session(actor, "s")

        proxy.plan = deleting
        store.append(actor, "s", said(SMALL, SMALL))
        proxy.plan = never
    assert [rows(actor, kind) for kind in ("pack", "log", "meta")] == [[], [], []]


class Interrupted:
    """An embedder during whose next call something else happens."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = list

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        meanwhile, self.meanwhile = self.meanwhile, list
        meanwhile()
        return [[1.0, 0.0] for _ in texts]

    def embed_query(self, _: str) -> list[float]:
        return [1.0, 0.0]


@pytest.mark.parametrize("there", [1, 2])
def test_a_session_that_ends_while_its_messages_are_embedded_leaves_none_to_the_next(
    endpoint: str,
    tables: str,
    actor: str,
    stores: Callable[[], DynamoDBStore],
    rows: Callable[[str, str], list[object]],
    there: int,
) -> None:
    """Neither in packs nor in segments of the index, however far the next one has come by then; nor their vectors."""
    client, embedder = new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=20), Interrupted()
    anew: list[Message] = []

    def begin_anew() -> None:
        store.delete_session(actor, "s")
        anew.extend(append(store, actor, said(1, there), 1))

    with DynamoDBStore(tables, client=client, embeddings=embedder) as store, stores() as another:
        store.append(actor, "s", said(1, 1))
        embedder.meanwhile = begin_anew
        store.append(actor, "s", said(2, 2))
        anew += append(store, actor, said(there + 1, SMALL), 1)
        assert another.session(actor, "s") is not None
        assert another.messages(actor, "s", before=SMALL + 1) == anew
        found = ConversationIndex.from_bytes(another.derived(actor, "s")[Segment(1, SMALL).name])
        assert len(rows(actor, "vec")) == SMALL
    whole = ConversationIndex()
    whole.add(anew, get_counter())
    assert found.scores(anew[1].text, now=NOW).tolist() == whole.scores(anew[1].text, now=NOW).tolist()


@pytest.mark.parametrize(("words", "largest"), [(8, LARGE), (30, SMALL), (150, 0)])
def test_packs_that_there_cannot_be_are_not_looked_for(
    store: DynamoDBStore, stores: Callable[[], DynamoDBStore], proxy: FaultProxy, actor: str, words: int, largest: int
) -> None:
    """The messages that a session is opened with tell how long they are."""
    written = append(store, actor, said(1, LARGE + 3, words), 50)
    with stores() as another:
        assert another.open_session(actor, "s", derived=False) is not None
        with proxy.counted() as calls:
            assert another.messages(actor, "s", before=LARGE + 1) == written[:LARGE]
    assert [call.operation for call in calls] == ["BatchGetItem" if largest else "Query"]
    assert sum(len(message.text) for message in written) * 1.6 > calls[0].received


def test_a_writer_that_dies_before_it_has_packed_has_appended(
    store: DynamoDBStore, proxy: FaultProxy, actor: str, rows: Callable[[str, str], list[object]]
) -> None:
    first = store.append(actor, "s", said(1, SMALL - 1))
    answers: Iterator[Fault | None] = iter([None])
    proxy.plan = lambda _: next(answers, "drop")
    last = store.append(actor, "s", said(SMALL, SMALL))
    proxy.plan = never
    assert rows(actor, "pack") == []
    assert store.messages(actor, "s", before=SMALL + 1) == [*first, *last]


def test_a_retried_append_packs_nothing_twice(
    store: DynamoDBStore, actor: str, rows: Callable[[str, str], list[object]]
) -> None:
    messages = [replace(message, id=f"m{number}") for number, message in enumerate(said(1, 40))]
    written = store.append(actor, "s", messages)
    assert store.append(actor, "s", messages) == written
    assert store.append(actor, "s", []) == []
    assert len(rows(actor, "pack")) == 1
    later = append(store, actor, said(41, 70), 3)
    assert len(rows(actor, "pack")) == 2
    assert store.messages(actor, "s", before=71) == [*written, *later]


def test_the_tails_of_many_sessions_are_not_all_remembered(store: DynamoDBStore, actor: str) -> None:
    for number in range(OPEN + 1):
        store.append(actor, f"s{number}", said(1, 1))
    store.append(actor, "s0", said(2, SMALL))
    assert len(store.messages(actor, "s0", before=SMALL + 1)) == SMALL
