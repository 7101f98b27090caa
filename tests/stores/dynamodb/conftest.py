"""A DynamoDB to test with: the endpoint that is named, or else MiniStack, started for the session of tests.

`CONTEXTKIT_DYNAMODB_ENDPOINT` names any server; see `servers` for where MiniStack is looked for otherwise.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb import DynamoDBStore
from tests.stores.dynamodb.servers import Server


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a DynamoDB."""
    named = os.environ.get("CONTEXTKIT_DYNAMODB_ENDPOINT")
    if named:
        yield named
        return
    with Server(tmp_path_factory.mktemp("ministack")) as server:
        yield server.url


@pytest.fixture(scope="session")
def tables(patient_client: object) -> str:
    """The prefix of tables that no other run uses."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    DynamoDBStore(prefix, client=patient_client).create_tables()
    return prefix


@pytest.fixture(scope="session")
def patient_client(endpoint: str) -> Iterator[object]:
    """A client that all tests may share."""
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    yield client
    client.close()


@pytest.fixture(scope="session", autouse=True)
def credentials() -> None:
    """Local servers take any credentials, and boto3 needs some."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
