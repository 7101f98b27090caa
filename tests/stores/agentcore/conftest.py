"""A memory of one's own on the emulator, for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from contextkit.aws.client import new_client
from contextkit.testing.agentcore import AgentCoreEmulator
from contextkit.testing.conformance import EMBEDDINGS

NewMemory = Callable[..., str]


@pytest.fixture(scope="session", autouse=True)
def _credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "local")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield


@pytest.fixture(scope="module")
def emulator(_credentials: None) -> Iterator[AgentCoreEmulator]:
    with AgentCoreEmulator(embeddings=EMBEDDINGS) as server:
        yield server


@pytest.fixture(scope="module")
def control(emulator: AgentCoreEmulator) -> Any:
    return boto3.client("bedrock-agentcore-control", endpoint_url=emulator.url, region_name="us-east-1")


@pytest.fixture(scope="module")
def client(emulator: AgentCoreEmulator) -> Iterator[Any]:
    """One client for all stores of a module: making one takes longer than most tests."""
    made = new_client("bedrock-agentcore", region="us-east-1", endpoint=emulator.url, read_timeout=30, attempts=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def memory_id(control: Any) -> str:
    """A memory that the tests of a module share."""
    return str(control.create_memory(name="shared", eventExpiryDuration=30)["memory"]["id"])
