"""What does not fit one item, one transaction or one page; and items that outlive their first expiry."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest

from contextkit.aws.client import new_client
from contextkit.errors import StoreCorrupt, VersionConflict
from contextkit.stores import Overflow
from contextkit.stores.dynamodb import DynamoDBStore, keys
from contextkit.stores.dynamodb.lives import SLACK
from contextkit.testing.conformance import ManualClock
from contextkit.types import Message
from tests.noise import noise

RESULT = noise(5_000_000)
"""A tool's result of 5 MB that compresses to no less than half of that."""


@pytest.fixture
def store(patient_client: object, tables: str) -> DynamoDBStore:
    return DynamoDBStore(tables, client=patient_client, wait=60)


def test_a_result_of_five_megabytes_comes_back_byte_for_byte(store: DynamoDBStore, actor: str) -> None:
    asked = Message(role="tool", content=RESULT, tool_call_id="c", id="1")
    (stored,) = store.append(actor, "s", [asked])
    store.put_overflow(actor, "s", [Overflow(handle="h", text=RESULT, item_id="m1")])
    assert store.messages(actor, "s") == [stored]
    assert stored.content == RESULT
    assert store.get_overflow(actor, "s", "h").text == RESULT
    assert store.get_or_call("t", {}, lambda: {"rows": RESULT}, actor_id=actor) == {"rows": RESULT}
    assert store.get_or_call("t", {}, lambda: "again", actor_id=actor) == {"rows": RESULT}


def test_a_conflict_over_a_large_state_reads_it_once(store: DynamoDBStore, actor: str, patient_client: Any) -> None:
    for number in range(2):
        store.save_state(actor, "s", {"large": RESULT[:1_000_000]}, expected=number)
    read: list[str] = []

    def remember(params: dict[str, Any], **_: object) -> None:
        for table in json.loads(params["body"])["RequestItems"].values():
            read.extend(json.dumps(key) for key in table["Keys"])

    events = patient_client.meta.events
    events.register("before-call.dynamodb.BatchGetItem", remember)
    try:
        with pytest.raises(VersionConflict) as conflict:
            store.save_state(actor, "s", {}, expected=1)
    finally:
        events.unregister("before-call.dynamodb.BatchGetItem", remember)
    assert conflict.value.current.state == {"large": RESULT[:1_000_000]}
    assert len(read) == len(set(read))


def test_large_state_view_preferences_and_calibrations(store: DynamoDBStore, actor: str) -> None:
    large = RESULT[:1_000_000]
    for number in range(2):
        store.save_state(actor, "s", {"large": large, "number": number}, expected=number)
        store.save_view(actor, "s", f"{number}{large}")
        store.set_preferences(actor, {"large": large, "number": str(number)})
        store.save_calibration(actor, f"{number}{large}")
        store.save_derived(actor, "s", {"large": f"{number}{large}".encode()})
    session = store.session(actor, "s")
    assert session is not None
    assert (dict(session.state), session.view) == ({"large": large, "number": 1}, f"1{large}")
    assert store.preferences(actor) == {"large": large, "number": "1"}
    assert store.calibration(actor) == f"1{large}"
    assert store.derived(actor, "s") == {"large": f"1{large}".encode()}


def test_an_append_of_many_messages_is_seen_whole_or_not_at_all(store: DynamoDBStore, actor: str) -> None:
    store.append(actor, "s", [Message(role="user", content="first")])
    done = threading.Event()
    seen: set[int] = set()

    def watch() -> None:
        while not done.is_set():
            seen.add(len(store.messages(actor, "s")))
            seen.add(len(store.messages(actor, "s", last=1_000)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    stored = store.append(actor, "s", [Message(role="user", content=str(number)) for number in range(400)])
    done.set()
    watcher.join()
    assert seen <= {1, 401}
    assert [message.seq for message in stored] == list(range(2, 402))
    assert store.messages(actor, "s", after=1) == stored


def test_two_large_appends_at_once(store: DynamoDBStore, actor: str, patient_client: object, tables: str) -> None:
    other = DynamoDBStore(tables, client=patient_client, wait=60)
    batches = [[Message(role="user", content=f"{side}/{number}") for number in range(150)] for side in range(2)]
    threads = [
        threading.Thread(target=one.append, args=(actor, "s", batch))
        for one, batch in zip((store, other), batches, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = [message.content for message in store.messages(actor, "s")]
    assert contents in (
        [m.content for m in [*batches[0], *batches[1]]],
        [m.content for m in [*batches[1], *batches[0]]],
    )


def test_deleting_a_session_leaves_nothing_behind(
    store: DynamoDBStore, actor: str, patient_client: Any, tables: str
) -> None:
    store.append(actor, "s", [Message(role="user", content=f"{number}{RESULT[:99_000]}") for number in range(5)])
    store.save_state(actor, "s", {"a": 1}, expected=0)
    store.put_overflow(actor, "s", [Overflow(handle="h", text=RESULT[:900_000], item_id="m1")])
    store.save_derived(actor, "s", {"index": RESULT[:200_000].encode()}, parts={"index": [b"1", RESULT.encode()]})
    store.delete_session(actor, "s")
    for pk in (keys.session_key(actor, "s"), keys.sessions_key(actor)):
        found = patient_client.query(
            TableName=f"{tables}agent-sessions",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )
        assert found["Items"] == []


def test_items_are_kept_as_long_as_their_session_goes_on(actor: str, patient_client: Any, tables: str) -> None:
    clock, ttl = ManualClock(), timedelta(days=1)
    store = DynamoDBStore(tables, client=patient_client, clock=clock, ttl=ttl)
    for number in range(20):
        store.append(actor, "s", [Message(role="user", content=str(number))])
        clock.advance(ttl * 0.9)
    items = patient_client.query(
        TableName=f"{tables}agent-sessions",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": keys.session_key(actor, "s")}},
    )["Items"]
    assert len(items) == 41
    expires_at = clock() + ttl * 0.1
    for item in items:
        assert expires_at.timestamp() < int(item["ttl"]["N"]) <= (expires_at + 2 * SLACK).timestamp()
    assert len(store.messages(actor, "s")) == 20


def test_large_payloads_go_into_the_bucket(endpoint: str, actor: str, patient_client: object, tables: str) -> None:
    s3 = new_client("s3", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    try:
        s3.create_bucket(Bucket=bucket)
    except Exception as error:  # whatever a server without S3 answers
        pytest.skip(f"this server has no S3: {error}")
    store = DynamoDBStore(tables, client=patient_client, bucket=bucket, s3=s3)
    store.put_overflow(actor, "s", [Overflow(handle="h", text=RESULT, item_id="m1")])
    (found,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Size"] > 1_000_000
    assert store.get_overflow(actor, "s", "h").text == RESULT
    s3.put_object(Bucket=bucket, Key=found["Key"], Body=b"something else")
    with pytest.raises(StoreCorrupt):
        store.get_overflow(actor, "s", "h")
    s3.delete_object(Bucket=bucket, Key=found["Key"])
    with pytest.raises(StoreCorrupt, match="lacks an object"):
        store.get_overflow(actor, "s", "h")
    store.put_overflow(actor, "s", [Overflow(handle="h2", text=RESULT, item_id="m1")])
    store.delete_session(actor, "s")
    assert s3.list_objects_v2(Bucket=bucket).get("KeyCount") == 0
    s3.close()
