"""An emulator for each test, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from contextkit.testing.agentcore import AgentCoreEmulator, Behaviour
from contextkit.testing.clock import ManualClock
from tests.testing.agentcore.raw import Raw


@pytest.fixture
def server(clock: ManualClock) -> Iterator[AgentCoreEmulator]:
    with AgentCoreEmulator(Behaviour(), clock=clock) as server:
        yield server


@pytest.fixture
def raw(server: AgentCoreEmulator) -> Iterator[Raw]:
    raw = Raw(server.url)
    yield raw
    raw.close()


@pytest.fixture
def client(server: AgentCoreEmulator) -> Iterator[Callable[[str], Any]]:
    """Makes an unmodified boto3 client of a service, which tries each call once."""
    made = []

    def new(service: str) -> Any:
        made.append(
            boto3.client(
                service,
                endpoint_url=server.url,
                region_name="us-east-1",
                aws_access_key_id="none",
                aws_secret_access_key="none",
                config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
            )
        )
        return made[-1]

    yield new
    for each in made:
        each.close()


@pytest.fixture
def control(client: Callable[[str], Any]) -> Any:
    return client("bedrock-agentcore-control")


@pytest.fixture
def data(client: Callable[[str], Any]) -> Any:
    return client("bedrock-agentcore")


@pytest.fixture
def memory(control: Any) -> str:
    """The id of a memory without strategies."""
    return control.create_memory(name="plain", eventExpiryDuration=30)["memory"]["id"]
