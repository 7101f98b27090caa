"""The conformance suite, by a client that may do what `contextkit policy` allows and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest

from contextkit.aws.client import new_client
from contextkit.aws.policy.estate import Estate
from contextkit.aws.policy.roles import policy
from contextkit.aws.policy.scope import Scope
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.conformance import (
    EMBEDDINGS,
    TTL,
    CalibrationStoreConformance,
    Conformance,
    ErasableConformance,
    ManualClock,
    MemoryStoreConformance,
    OverflowStoreConformance,
    PreferenceStoreConformance,
    SessionStoreConformance,
    ToolCacheConformance,
)
from contextkit.types import Message
from tests.aws.policy.iam import ACCOUNT, REGION, Gate
from tests.stores.dynamodb.servers import make_tables

ROLES: tuple[Literal["runtime", "eraser"], ...] = ("runtime", "eraser")


@pytest.fixture(scope="class")
def tables(patient_client: object) -> str:
    return make_tables(patient_client)


@pytest.fixture(scope="class")
def client(endpoint: str, tables: str) -> Iterator[Any]:
    """A client that is refused whatever neither an agent at work nor an eraser may do."""
    client = new_client("dynamodb", region=REGION, endpoint=endpoint, connect_timeout=10, read_timeout=30)
    estate = Estate(account=ACCOUNT, regions=(REGION,), prefix=tables)
    Gate(client, [policy(role, Scope.everybody(), estate, shared_tools=True) for role in ROLES], {})
    yield client
    client.close()


class OnAServer(Conformance):
    @pytest.fixture
    def store(self, clock: ManualClock, client: Any, tables: str) -> DynamoDBStore:
        return DynamoDBStore(tables, client=client, ttl=TTL, clock=clock, embeddings=EMBEDDINGS, wait=60)


class TestAtWork(
    OnAServer,
    SessionStoreConformance,
    OverflowStoreConformance,
    MemoryStoreConformance,
    PreferenceStoreConformance,
    ToolCacheConformance,
    CalibrationStoreConformance,
):
    def test_what_stands_in_other_blocks_than_text_is_embedded(self, store: DynamoDBStore, actor: str) -> None:
        car = {"type": "resource", "resource": {"uri": "file:///a", "text": "a car"}}
        picture = {"type": "image", "base64": "iVBORw0KGgo="}
        said = [Message(role="user", content=content) for content in ("an automobile", (car,), (picture,))]
        store.append(actor, "s", said)
        numbers, vectors = store.vectors(actor, "s")
        assert list(numbers) == [1, 2]
        assert vectors[0] == pytest.approx(vectors[1])


class TestErased(OnAServer, ErasableConformance):
    """In tables of its own: to erase an actor, all that is in them is looked through."""
