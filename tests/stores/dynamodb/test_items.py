"""Items: what was written comes back; and columns of other types are told of once they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contextkit import ContextBuilder
from contextkit.aws.client import new_client
from contextkit.errors import StoreCorrupt, StoreError
from contextkit.rank.segments import SMALL, Segment
from contextkit.sources import History, Memories, System
from contextkit.stores import MemoryRecord, Overflow
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.items import Columns, to_item, to_row
from contextkit.types import Message
from tests.world import NOW

PLACE = {"pk": {"S": "session#u/s"}, "sk": {"S": "meta"}}


def row(**columns: dict[str, Any]) -> Columns:
    return to_row({**PLACE, **columns}, "sessions", "test-agent-sessions")


def test_what_was_written_is_read() -> None:
    written = {"pk": "p", "sk": "s", "life": "1", "last_seq": 7, "body": b"x", "embedding": (0.5, -1.0)}
    found = to_row(to_item({**written, "holder": None}), "sessions", "table")
    assert found == written
    assert found.is_ours
    assert [found[name] for name in written] == list(written.values())


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("last_seq", {"S": "7"}, "has a text in the column 'last_seq', and not a whole number"),
        ("last_seq", {"N": "1.5"}, "has '1.5' in the column 'last_seq', and not a whole number"),
        ("body", {"N": "7"}, "has a whole number in the column 'body', and not bytes"),
        ("life", {"NULL": True}, "has the type NULL in the column 'life', and not a text"),
        ("life", {"B": b"1"}, "has bytes in the column 'life', and not a text"),
        ("embedding", {"L": [{"S": "1"}]}, "in the column 'embedding', and not a list of numbers"),
    ],
)
def test_a_column_of_another_type_is_told_of_where_it_is_asked_for(
    column: str, value: dict[str, Any], told: str
) -> None:
    found = row(**{column: value, "updated_at": {"N": "1"}})
    assert found["updated_at"] == 1
    assert column in found
    assert not found.is_ours
    for copy in (found, Columns(found, pk="session#u/s")):
        for asked in (lambda row=copy: row[column], lambda row=copy: row.get(column)):
            with pytest.raises(StoreCorrupt) as error:
                asked()
            assert told in error.value.problem
            assert "'meta' of 'session#u/s' in the table 'test-agent-sessions'" in error.value.problem


def test_a_column_that_is_lacking_is_told_of_unless_it_may_be() -> None:
    with pytest.raises(StoreCorrupt, match="has no column 'last_seq'"):
        row()["last_seq"]
    assert row().get("last_seq") is None
    assert row().get("last_seq", 3) == 3


def test_columns_of_other_programs_do_no_harm() -> None:
    found = row(theirs={"M": {"a": {"S": "b"}}}, revision={"N": "1"})
    assert found.is_ours
    assert to_row({"revision": {"S": "a"}}, "prefs", "agent-prefs")["revision"] == "a"


# Against a server

Attribute = dict[str, Any]
Change = Callable[[str, str, str, Attribute | None], None]


@pytest.fixture
def change(endpoint: str, tables: str) -> Change:
    """Replaces a column of an actor's items whose sort keys begin so; None drops it."""
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, read_timeout=20)

    def changed(pk: str, beginning: str, column: str, value: dict[str, Any] | None) -> None:
        name = f"{tables}agent-{'memories' if pk.startswith('mem#') else 'sessions'}"
        asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": pk}}}
        items = client.query(TableName=name, **asked)["Items"]
        found = [item for item in items if item["sk"]["S"].startswith(beginning) and column in item]
        assert found
        for item in found:
            rest = {key: kept for key, kept in item.items() if key != column}
            client.put_item(TableName=name, Item=rest if value is None else {**rest, column: value})

    return changed


READS: dict[str, Callable[[DynamoDBStore, str], object]] = {
    "meta": lambda store, actor: store.session(actor, "s"),
    "log": lambda store, actor: store.messages(actor, "s"),
    "over": lambda store, actor: store.overflow(actor, "s"),
    "rec": lambda store, actor: store.memories(actor),
}


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("meta", "last_seq", {"S": "many"}),
        ("meta", "last_seq", None),
        ("meta", "updated_at", {"S": "now"}),
        ("log", "body", {"S": "Hello"}),
        ("log", "body", None),
        ("over", "digest", {"N": "1"}),
        ("over", "created_at", {"N": "0.5"}),
        ("rec", "facts", {"B": b"[]"}),
        ("rec", "body", {"NULL": True}),
    ],
)
def test_an_item_that_is_not_ours_is_told_of_by_every_read_of_it(
    stores: Callable[[], DynamoDBStore], actor: str, change: Change, kind: str, column: str, value: Attribute | None
) -> None:
    with stores() as store:
        store.append(actor, "s", [Message(role="user", content="Hello")])
        store.put_overflow(actor, "s", [Overflow(handle="h", text="Moved.", item_id="i")])
        store.put_memories(actor, [MemoryRecord(id="m", text="They like tea.", created_at=NOW)])
    change(f"mem#{actor}" if kind == "rec" else f"session#{actor}/s", kind, column, value)
    with stores() as store, pytest.raises(StoreCorrupt) as error:
        READS[kind](store, actor)
    assert f"'{kind}" in error.value.problem


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("note", "named", {"S": "index"}),
        ("note", "made_at", {"S": "1"}),
        ("note", "head", {"N": "1"}),
        ("note", "head", None),
        (f"pack{SMALL}", "body", {"S": "many"}),
        (f"pack{SMALL}", "body", None),
    ],
)
def test_what_can_be_made_again_is_done_without(
    stores: Callable[[], DynamoDBStore], actor: str, change: Change, kind: str, column: str, value: Attribute | None
) -> None:
    with stores() as store:
        written = store.append(actor, "s", [Message(role="user", content=f"Order {n}") for n in range(SMALL + 8)])
    change(f"session#{actor}/s", kind, column, value)
    with stores() as store:
        assert store.messages(actor, "s") == written
        builder = ContextBuilder(sources=[System("Be brief."), History()], budget=800, strategy="chat", store=store)
        context = builder.build("Where is order 1?", actor_id=actor, session_id="s")
        assert "Order 1" in "".join(message.text for message in context.messages)
        assert {notice.kind for notice in context.report.notices} <= {"index made again"}
        store.append(actor, "s", [Message(role="assistant", content="In Ghent.")])
        assert set(store.derived(actor, "s")) == {Segment(1, SMALL).name}


def test_a_build_goes_on_without_memories_that_are_not_ours(
    stores: Callable[[], DynamoDBStore], actor: str, change: Change
) -> None:
    with stores() as store:
        store.append(actor, "s", [Message(role="user", content="Hello")])
        store.put_memories(actor, [MemoryRecord(id="m", text="They like tea.", created_at=NOW)])
        change(f"mem#{actor}", "rec", "facts", {"N": "1"})
        builder = ContextBuilder(sources=[System("Be brief."), Memories(), History()], budget=800, store=store)
        context = builder.build("What do they like?", actor_id=actor, session_id="s")
    (notice,) = context.report.notices
    assert notice.kind == "source failed"
    assert "has a whole number in the column 'facts', and not a text" in notice.text


def test_what_is_not_ours_can_be_deleted(stores: Callable[[], DynamoDBStore], actor: str, change: Change) -> None:
    with stores() as store:
        store.append(actor, "s", [Message(role="user", content="Hello")])
    change(f"session#{actor}/s", "meta", "last_seq", {"S": "many"})
    with stores() as store:
        with pytest.raises(StoreError):
            store.session(actor, "s")
        store.erase(actor)
        assert store.session(actor, "s") is None
