"""Upkeep: orphans are swept, what is expired is reaped, and what anybody can see stays."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contextkit.aws.client import new_client
from contextkit.errors import StoreUnavailable
from contextkit.stores import Overflow, SomeParts
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.life import SLACK
from contextkit.testing.faults import Call, Fault, FaultProxy
from contextkit.types import Message

BIG = random.Random(5).randbytes(700_000).hex()
"""Text that takes three chunks."""

NOW = timedelta(seconds=-2)
"""A grace that has passed when a call returns."""


@pytest.fixture
def prefix(patient_client: object) -> Iterator[str]:
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    with DynamoDBStore(prefix, client=patient_client) as store:
        store.create_tables()
        yield prefix


def piece(handle: str) -> Overflow:
    return Overflow(handle=handle, text=handle + BIG, item_id=handle)


def no_pointer(call: Call) -> Fault | None:
    return "drop" if call.operation == "TransactWriteItems" else None


def test_chunks_without_a_pointer_are_swept(endpoint: str, prefix: str, patient_client: Any) -> None:
    store = DynamoDBStore(prefix, client=patient_client)
    store.put_overflow("a", "s", [piece("whole")])
    store.set_preferences("a", {"large": BIG})
    assert store.get_or_call("t", {}, lambda: BIG, actor_id="a") == BIG
    store.save_derived("a", "s", {"kept": b""}, parts={"kept": [b"1", b"2"]})
    with FaultProxy(endpoint, no_pointer) as proxy:
        client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=10)
        with DynamoDBStore(prefix, client=client) as dying:
            with pytest.raises(StoreUnavailable):
                dying.put_overflow("a", "s", [piece("lost")])
            with pytest.raises(StoreUnavailable):
                dying.save_derived("a", "s", {"lost": b""}, parts={"lost": [b"1", b"2"]})
    assert store.sweep() == 0  # it may still be on its way
    assert store.sweep(NOW) == 3 + 2
    assert store.sweep(NOW) == 0
    assert [found.text for found in store.overflow("a", "s")] == ["whole" + BIG]
    assert store.preferences("a") == {"large": BIG}
    assert store.get_or_call("t", {}, lambda: "again", actor_id="a") == BIG
    assert store.derived_parts("a", "s", {"kept": SomeParts(2, [0, 1])}) == {("kept", 0): b"1", ("kept", 1): b"2"}


def test_objects_without_a_pointer_are_swept(endpoint: str, prefix: str, patient_client: Any) -> None:
    s3 = new_client("s3", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=f"{prefix}of-somebody-else", Body=b"x")
    large = Overflow(handle="h", text=random.Random(1).randbytes(1_200_000).hex(), item_id="h")
    store = DynamoDBStore(prefix, client=patient_client, bucket=bucket, s3=s3)
    store.put_overflow("a", "s", [large])
    with FaultProxy(endpoint, no_pointer) as proxy:
        client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=10)
        with DynamoDBStore(prefix, client=client, bucket=bucket, s3=s3) as dying, pytest.raises(StoreUnavailable):
            dying.put_overflow("a", "lost", [large])
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 3
    assert store.sweep() == 0
    time.sleep(1.1)  # objects are dated to the second
    assert store.sweep(timedelta(0)) == 1
    assert store.get_overflow("a", "s", "h").text == large.text
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 2
    s3.close()


def test_what_has_expired_is_reaped(prefix: str, patient_client: Any) -> None:
    long_ago = datetime.now(UTC) - SLACK - timedelta(days=2)
    past = DynamoDBStore(prefix, client=patient_client, ttl=timedelta(days=1), clock=lambda: long_ago)
    past.append("a", "old", [Message(role="user", content="x")])
    now = DynamoDBStore(prefix, client=patient_client, ttl=timedelta(days=1))
    now.append("a", "new", [Message(role="user", content="y")])
    now.set_preferences("a", {"tone": "brief"})
    assert now.reap() == 4  # the session, its entry in the list, the message and its id
    assert now.reap() == 0
    assert past.messages("a", "old") == []
    assert [message.content for message in now.messages("a", "new")] == ["y"]
    assert now.preferences("a") == {"tone": "brief"}
