"""DAX at its client's Python interface: what is asked of it, and what happens when it fails or remembers wrongly.

Nothing emulates its protocol, so the client here is one that answers as DAX would, from a table.
"""

from __future__ import annotations

import sys
import types
import uuid
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import pytest

from contextkit import ContextBuilder
from contextkit.errors import MissingExtra
from contextkit.sources import History
from contextkit.stores import Overflow
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.types import Message

URL = "dax://cluster.example"


class Cluster:
    """What `AmazonDaxClient` is made of in these tests: it keeps every item that it has read, and that it had none."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.fails: Exception | None = None
        self.made = 0
        self.asked: list[str] = []
        self.items: dict[tuple[str, str], dict[str, Any] | None] = {}

    def __call__(self, *, region_name: str, endpoint_url: str) -> Cluster:
        assert (region_name, endpoint_url) == ("us-east-1", URL)
        self.made += 1
        if self.fails:
            raise self.fails
        return self

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        if self.fails:
            raise self.fails
        ((table, asked),) = RequestItems.items()
        assert "ConsistentRead" not in asked
        for key in asked["Keys"]:
            place = key["pk"]["S"], key["sk"]["S"]
            self.asked.append(place[1])
            if place not in self.items:
                self.items[place] = self.client.get_item(TableName=table, Key=key).get("Item")
        places = [(key["pk"]["S"], key["sk"]["S"]) for key in asked["Keys"]]
        return {"Responses": {table: [item for place in places if (item := self.items[place])]}}

    def close(self) -> None:
        pass


@pytest.fixture
def cluster(patient_client: Any, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster(patient_client)
    module = types.ModuleType("amazondax")
    module.__spec__ = ModuleSpec("amazondax", None)
    module.AmazonDaxClient = cluster  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "amazondax", module)
    return cluster


@pytest.fixture
def store(cluster: Cluster, endpoint: str, tables: str) -> Iterator[DynamoDBStore]:
    with DynamoDBStore(tables, region="us-east-1", endpoint=endpoint, dax=URL) as store:
        assert cluster.made == 0
        yield store


def said(store: DynamoDBStore, actor: str, count: int) -> list[Message]:
    return store.append(actor, "s", [Message(role="user", content=str(number)) for number in range(count)])


def test_it_is_asked_for_what_never_changes_and_for_nothing_else(
    store: DynamoDBStore, cluster: Cluster, actor: str
) -> None:
    stored = said(store, actor, 5)
    store.save_state(actor, "s", {"a": 1}, expected=0)
    store.put_overflow(actor, "s", [Overflow(handle="h", text=uuid.uuid4().hex * 50_000, item_id="i")])
    store.set_preferences(actor, {"tone": "brief"})
    for _ in range(2):
        assert store.messages(actor, "s", before=6) == stored
        assert store.pick(actor, "s", [2, 4]) == [stored[1], stored[3]]
        assert store.session(actor, "s") is not None
        assert store.preferences(actor) == {"tone": "brief"}
        assert store.overflow(actor, "s")[0].handle == "h"
    assert cluster.made == 1
    assert {sk.partition("#")[0] for sk in cluster.asked} <= {"log", "blob"}
    assert sum(sk.startswith("log") for sk in cluster.asked) == 2 * 7
    assert store.degraded == ()


def test_what_it_remembers_as_missing_is_read_from_the_table(
    store: DynamoDBStore, cluster: Cluster, actor: str
) -> None:
    stored = said(store, actor, 3)
    store.messages(actor, "s", before=4)
    cluster.items = dict.fromkeys(cluster.items)
    assert store.messages(actor, "s", before=4) == stored
    assert store.pick(actor, "s", [1, 3]) == [stored[0], stored[2]]


def test_what_was_deleted_is_not_given_from_memory(
    store: DynamoDBStore, cluster: Cluster, actor: str, tables: str, patient_client: object
) -> None:
    said(store, actor, 3)
    assert len(store.messages(actor, "s", before=4)) == 3
    DynamoDBStore(tables, client=patient_client).delete_session(actor, "s")
    assert store.messages(actor, "s", before=4) == []
    assert store.pick(actor, "s", [1]) == []
    assert len(cluster.items) == 3


@pytest.mark.parametrize("error", [OSError("no route"), ValueError("what it could not decode")])
def test_it_is_done_without_where_it_fails_and_the_report_says_so(
    store: DynamoDBStore, cluster: Cluster, actor: str, error: Exception
) -> None:
    cluster.fails = error
    stored = said(store, actor, 3)
    assert store.messages(actor, "s", before=4) == stored
    assert store.pick(actor, "s", [2]) == [stored[1]]
    assert cluster.made == 1  # it is left alone for a while
    builder = ContextBuilder(sources=[History()], budget=8_000, strategy="chat", store=store)
    report = builder.build("And?", actor_id=actor, session_id="s").report
    assert [notice.kind for notice in report.notices] == ["cache failed over"]
    assert URL in report.notices[0].text


def test_without_its_client_the_extra_is_named(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"contextkit-sdk\[dax\]"):
        DynamoDBStore(region="us-east-1", endpoint=endpoint, dax=URL)
