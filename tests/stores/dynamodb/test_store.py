from __future__ import annotations

import pytest

from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.conformance import EMBEDDINGS, TTL, ErasableConformance, ManualClock, StoreConformance


class TestOnAServer(StoreConformance, ErasableConformance):
    @pytest.fixture
    def store(self, clock: ManualClock, patient_client: object, tables: str) -> DynamoDBStore:
        return DynamoDBStore(tables, client=patient_client, ttl=TTL, clock=clock, embeddings=EMBEDDINGS, wait=60)
