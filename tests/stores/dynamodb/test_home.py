"""A store of two regions that are both well keeps every promise of a store."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from contextkit.aws.client import new_client
from contextkit.stores import dynamodb
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.conformance import (
    EMBEDDINGS,
    TTL,
    ManualClock,
    OverflowStoreConformance,
    SessionStoreConformance,
)

REGIONS = ("us-east-1", "eu-west-1")


@pytest.fixture(scope="module")
def prefix(endpoint: str) -> str:
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    with DynamoDBStore(prefix, regions=dict.fromkeys(REGIONS, endpoint), patience=20.0) as store:
        store.create_tables()
    return prefix


@pytest.fixture(scope="module", autouse=True)
def _clients_are_shared() -> Iterator[None]:
    """Every store makes a client for each region, which takes longer than most tests: here they get the same two."""
    made: list[Any] = []

    def make(*args: Any, **kwargs: Any) -> Any:
        made.append(new_client(*args, **kwargs))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamodb, "new_client", cache(make))
        yield
    for client in made:
        client.close()


class TestAtHome(SessionStoreConformance, OverflowStoreConformance):
    @pytest.fixture
    def store(self, clock: ManualClock, endpoint: str, prefix: str) -> DynamoDBStore:
        regions = dict.fromkeys(REGIONS, endpoint)
        return DynamoDBStore(
            prefix, regions=regions, patience=20.0, ttl=TTL, clock=clock, embeddings=EMBEDDINGS, wait=60
        )
