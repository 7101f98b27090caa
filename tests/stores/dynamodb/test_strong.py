"""Multi-Region strong consistency: every region has everything at once, and neither transactions nor TTL."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contextkit.errors import VersionConflict
from contextkit.stores import Overflow
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.schema import SCHEMAS
from contextkit.testing.faults import FaultProxy
from contextkit.types import Message

HOME, OTHER = "us-east-1", "us-west-2"


@pytest.fixture
def prefix(patient_client: Any) -> str:
    """Tables with a replica that has each write before it is acknowledged, as MiniStack's replicas do."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    DynamoDBStore(prefix, client=patient_client).create_tables()
    for schema in SCHEMAS:
        try:
            patient_client.update_table(
                TableName=schema.name(prefix), ReplicaUpdates=[{"Create": {"RegionName": OTHER}}]
            )
        except ClientError as error:
            pytest.skip(f"this server has no replicas: {error}")
    return prefix


def opened(prefix: str, home: str, other: str) -> DynamoDBStore:
    return DynamoDBStore(prefix, regions={HOME: home, OTHER: other}, consistency="strong")


def test_any_region_goes_on_where_another_stopped(prefix: str, proxy: FaultProxy, endpoint: str) -> None:
    with opened(prefix, proxy.url, endpoint) as store, proxy.counted() as calls:
        first = store.append("a", "s", [Message(role="user", content="1", id="1")])
        store.save_state("a", "s", {"step": 1}, expected=0)
        store.put_overflow("a", "s", [Overflow(handle="h", text="x", item_id="i")])
        session = store.session("a", "s")
        proxy.cut_off()
        assert store.session("a", "s") == session
        assert store.append("a", "s", [Message(role="user", content="again", id="1")]) == first
        store.append("a", "s", [Message(role="user", content="2")])
        with pytest.raises(VersionConflict):
            store.save_state("a", "s", {"step": 2}, expected=0)
        store.save_state("a", "s", {"step": 2}, expected=1)
        assert [notice.kind for notice in store.degraded] == ["region failed over"]
        proxy.restore()
    assert "TransactWriteItems" not in {call.operation for call in calls}
    with opened(prefix, endpoint, endpoint) as reader:
        assert [message.content for message in reader.messages("a", "s")] == ["1", "2"]
        later = reader.session("a", "s")
        assert session is not None
        assert later is not None
        assert (later.created_at, later.version) == (session.created_at, 2)  # one life, whichever region wrote
        assert reader.get_overflow("a", "s", "h").text == "x"
