"""A store of two regions that are both well keeps every promise of a store."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

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


class TestAtHome(SessionStoreConformance, OverflowStoreConformance):
    @pytest.fixture
    def store(self, clock: ManualClock, endpoint: str, prefix: str) -> Iterator[DynamoDBStore]:
        regions = dict.fromkeys(REGIONS, endpoint)
        with DynamoDBStore(
            prefix, regions=regions, patience=20.0, ttl=TTL, clock=clock, embeddings=EMBEDDINGS, wait=60
        ) as store:
            yield store
