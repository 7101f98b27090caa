"""After an actor is erased, a scan of every table and a list of the bucket find what was there before, and no more."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contextkit.actor import erase_actor
from contextkit.aws.client import new_client
from contextkit.errors import ErasureIncomplete, StoreUnavailable
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.stores.dynamodb.keys import tool_key
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.conformance import EMBEDDINGS
from contextkit.testing.conformance.erasure import fill
from tests.cli.conftest import Run, forking, run
from tests.noise import noise

__all__ = ["forking", "run"]

TABLES = ("agent-sessions", "agent-tool-cache", "agent-prefs", "agent-memories")
LARGE = noise(3_000_000)


@pytest.fixture(scope="module")
def s3(endpoint: str) -> Iterator[Any]:
    client = new_client("s3", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    yield client
    client.close()


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def store(tables: str, patient_client: Any, bucket: str, s3: Any) -> DynamoDBStore:
    return DynamoDBStore(tables, client=patient_client, bucket=bucket, s3=s3, embeddings=EMBEDDINGS, wait=60)


def everything(client: Any, tables: str) -> list[str]:
    """Every item of every table, as the server has it."""
    return sorted(
        repr(sorted(item.items()))
        for table in TABLES
        for page in client.get_paginator("scan").paginate(TableName=tables + table, ConsistentRead=True)
        for item in page["Items"]
    )


def objects(s3: Any, bucket: str) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def fill_largely(store: DynamoDBStore, actor: str) -> None:
    """Payloads that become chunks, and payloads that become objects."""
    for size in (100_000, 3_000_000):
        store.append(actor, "large", [{"role": "tool", "content": LARGE[:size], "tool_call_id": "c"}])
        store.get_or_call(f"tool-{size}", {}, lambda size=size: LARGE[:size], actor_id=actor)  # type: ignore[misc]
    store.save_state(actor, "large", {"state": LARGE}, expected=0)
    store.set_preferences(actor, {"large": LARGE})


def test_nothing_is_left_at_the_server(
    store: DynamoDBStore, patient_client: Any, tables: str, s3: Any, bucket: str
) -> None:
    actor, other = f"ann/{uuid.uuid4()}#x", f"ann/{uuid.uuid4()}"
    fill(store, other)
    before = everything(patient_client, tables)
    fill(store, actor)
    fill_largely(store, actor)
    assert len(everything(patient_client, tables)) > len(before) + 20
    assert len(objects(s3, bucket)) >= 4
    store.erase(actor)
    assert everything(patient_client, tables) == before
    assert objects(s3, bucket) == []
    assert store.held(actor) == {}


def test_a_session_that_is_listed_no_more_is_found_all_the_same(
    store: DynamoDBStore, patient_client: Any, tables: str
) -> None:
    """DynamoDB's TTL may have deleted the list's item first, or the session's own `meta`."""
    actor = f"ben-{uuid.uuid4()}"
    before = everything(patient_client, tables)
    fill(store, actor)
    for pk, sk in ((f"sessions#{actor}", "s1"), (f"session#{actor}/s2", "meta")):
        patient_client.delete_item(TableName=tables + "agent-sessions", Key={"pk": {"S": pk}, "sk": {"S": sk}})
    store.erase(actor)
    assert everything(patient_client, tables) == before


def test_a_store_that_lacks_the_bucket_does_not_say_that_all_is_erased(
    store: DynamoDBStore, patient_client: Any, tables: str, s3: Any, bucket: str
) -> None:
    actor = f"dan-{uuid.uuid4()}"
    fill_largely(store, actor)
    before, stored = everything(patient_client, tables), objects(s3, bucket)
    without = DynamoDBStore(tables, client=patient_client)
    assert without.held(actor) == store.held(actor)
    with pytest.raises(ErasureIncomplete, match=f"{len(stored)} payloads of the actor lie in a bucket.*@BUCKET"):
        erase_actor(actor, {"tables": without})
    assert (everything(patient_client, tables), objects(s3, bucket)) == (before, stored)


def test_an_object_that_no_item_points_to_any_more_is_found(
    store: DynamoDBStore, patient_client: Any, tables: str, s3: Any, bucket: str
) -> None:
    """DynamoDB's TTL deletes the item of a cached result and leaves its object behind."""
    actor = f"eva-{uuid.uuid4()}"
    other = actor + "'s neighbour"
    for one in (actor, other):
        store.get_or_call("tool", {}, lambda: LARGE, actor_id=one)
        for item in patient_client.query(
            TableName=tables + "agent-tool-cache",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": tool_key("tool", one)}},
        )["Items"]:
            key = {name: item[name] for name in ("pk", "sk")}
            patient_client.delete_item(TableName=tables + "agent-tool-cache", Key=key)
    assert store.held(actor) == {"objects": 1}
    assert store.erase(actor) == {"objects": 1}
    assert len(objects(s3, bucket)) == 1
    assert store.held(other) == {"objects": 1}


def test_earlier_versions_of_objects_go_too(store: DynamoDBStore, s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    actor = f"fay-{uuid.uuid4()}"
    store.get_or_call("tool", {}, lambda: LARGE, actor_id=actor)
    (key,) = objects(s3, bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=b"another version")
    s3.delete_object(Bucket=bucket, Key=key)
    store.erase(actor)
    left = s3.list_object_versions(Bucket=bucket)
    assert (left.get("Versions", []), left.get("DeleteMarkers", [])) == ([], [])


def test_a_process_that_knew_the_session_begins_it_anew(tables: str, patient_client: Any) -> None:
    actor = f"cem-{uuid.uuid4()}"
    one, two = (DynamoDBStore(tables, client=patient_client, wait=60) for _ in range(2))
    one.append(actor, "s", [{"role": "user", "content": "one"}])
    two.append(actor, "s", [{"role": "user", "content": "two"}])
    one.erase(actor)
    for store in (two, one):
        store.append(actor, "s", [{"role": "user", "content": "anew"}])
    assert [message.text for message in one.messages(actor, "s")] == ["anew", "anew"]


def test_a_region_that_does_not_answer_is_not_passed_over(endpoint: str, tables: str) -> None:
    """It may hold what the others do not; an erasure that left it out would say too much."""
    regions = {"us-east-1": endpoint, "eu-west-1": "http://127.0.0.1:9"}
    with DynamoDBStore(tables, regions=regions, patience=0.5, wait=1) as store, pytest.raises(StoreUnavailable):
        store.erase("dora")


def test_the_command_erases_from_a_file_and_from_tables_and_their_bucket_at_once(
    run: Run, endpoint: str, tables: str, s3: Any, bucket: str, tmp_path: Path
) -> None:
    actor = f"gus-{uuid.uuid4()}"
    with SQLiteStore(tmp_path / "agent.db") as file:
        fill(file, actor)
        file.append(actor, "large", [{"role": "user", "content": LARGE}])
    urls = dict.fromkeys(["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"], endpoint)
    names = ["agent.db", f"dynamodb:{tables}@{bucket}"]

    def done(command: str, *more: str, stdin: bytes = b"") -> str:
        finished = run(command, *more, stdin=stdin, **urls)
        assert finished.code == 0, finished.err
        return finished.out

    lines = done("export", "--store", names[0], "--actor", actor)
    done("import", "-", "--store", names[1], stdin=lines.encode())
    assert len(objects(s3, bucket)) == 1
    assert sorted(done("export", "--store", names[1], "--actor", actor).splitlines()) == sorted(lines.splitlines())
    stores = [part for name in names for part in ("--store", name)]
    receipt = json.loads(done("erase", *stores, "--actor", actor, "--yes", "--verify"))
    assert [receipt["erased"][name]["messages"] for name in names] == [5, 5]
    assert objects(s3, bucket) == []
