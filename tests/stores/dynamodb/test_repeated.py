"""Messages that are appended again, as by agents that hand over all of their history each time, cost little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.packs import SMALL
from contextkit.testing.conformance import EMBEDDINGS
from contextkit.testing.faults import FaultProxy
from contextkit.types import Message


class Counting:
    """An embedder that notes the texts it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.texts += texts
        return EMBEDDINGS.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return EMBEDDINGS.embed_query(text)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[Any]:
    made = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    yield made
    made.close()


@pytest.fixture
def opened(client: Any, tables: str, embedder: Counting) -> Callable[[], DynamoDBStore]:
    """Opens the store as another process would, which knows nothing of the session."""
    return lambda: DynamoDBStore(tables, client=client, embeddings=embedder)


def said(count: int) -> list[Message]:
    return [Message(role="user", content=f"It is {number} o'clock.", id=str(number)) for number in range(count)]


def test_a_history_that_is_appended_again_is_neither_embedded_nor_written_again(
    opened: Callable[[], DynamoDBStore], embedder: Counting, proxy: FaultProxy, actor: str
) -> None:
    first = opened().append(actor, "s", said(2 * SMALL))
    assert len(embedder.texts) == 2 * SMALL
    with proxy.counted() as calls:
        assert opened().append(actor, "s", said(2 * SMALL)) == first
    assert {call.operation for call in calls} <= {"BatchGetItem", "GetItem", "Query"}
    later = opened().append(actor, "s", said(2 * SMALL + 1))
    assert later[:-1] == first
    assert embedder.texts[2 * SMALL :] == [f"It is {2 * SMALL} o'clock."]
    assert len(opened().vectors(actor, "s")[0]) == 2 * SMALL + 1


def test_a_message_that_stands_twice_in_a_call_is_in_no_batch_twice(
    opened: Callable[[], DynamoDBStore], embedder: Counting, client: Any, actor: str
) -> None:
    """DynamoDB refuses a batch that names an item twice."""
    batches: list[list[str]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        (batch,) = params["RequestItems"].values()
        batches.append([one["PutRequest"]["Item"]["sk"]["S"] for one in batch])

    client.meta.events.register("before-parameter-build.dynamodb.BatchWriteItem", note)
    given = said(SMALL)
    appended = opened().append(actor, "s", [message for message in given for _ in range(2)])
    assert [message.seq for message in appended] == [number for number in range(1, SMALL + 1) for _ in range(2)]
    assert batches
    for batch in batches:
        assert len(set(batch)) == len(batch)
    assert len(embedder.texts) == SMALL
