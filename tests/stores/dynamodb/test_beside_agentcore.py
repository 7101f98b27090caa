"""DynamoDB as the store beside AgentCore: one turn in both, the rest of a dead process taken up, an actor erased."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from contextkit.stores import MemoryRecord
from contextkit.stores.agentcore import AgentCoreStore
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.agentcore import AgentCoreEmulator

CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


@pytest.fixture
def state(patient_client: object, tables: str) -> DynamoDBStore:
    return DynamoDBStore(tables, client=patient_client, wait=60)


@pytest.fixture
def store(state: DynamoDBStore) -> Iterator[AgentCoreStore]:
    with AgentCoreEmulator() as emulator:
        at: dict[str, Any] = {**CREDENTIALS, "endpoint_url": emulator.url}
        control, client = boto3.client("bedrock-agentcore-control", **at), boto3.client("bedrock-agentcore", **at)
        memory_id = control.create_memory(name=f"m{uuid.uuid4().hex[:8]}", eventExpiryDuration=30)["memory"]["id"]
        with AgentCoreStore(memory_id, state=state, client=client, lease=0.2) as made:
            yield made


def test_a_turn_is_in_both(store: AgentCoreStore, state: DynamoDBStore) -> None:
    actor = f"actor-{uuid.uuid4()}"
    stored = store.append(actor, "s", [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}])
    store.flush()
    assert state.messages(actor, "s") == stored
    assert len(store.events.all(actor, "s")) == 1
    session = store.session(actor, "s")
    assert session is not None
    assert store.save_state(actor, "s", {"step": 1}, expected=session.version).version == 1
    store.delete_session(actor, "s")
    store.flush()
    assert store.events.all(actor, "s") == []


def test_an_actor_is_erased_from_both(store: AgentCoreStore) -> None:
    actor = f"actor-{uuid.uuid4()}"
    store.append(actor, "s", [{"role": "user", "content": "one"}])
    store.put_memories(actor, [MemoryRecord(id="m1", text="a car", created_at=datetime.now(UTC))])
    held = store.held(actor)
    assert (held["sessions"], held["messages"], held["events"], held["memories"]) == (1, 1, 1, 1)
    assert store.erase(actor) == held
    assert store.held(actor) == {}
