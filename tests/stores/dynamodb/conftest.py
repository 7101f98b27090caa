"""Every test here may make clients of its own, and put a proxy before the server that both share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb import DynamoDBStore
from contextkit.testing.faults import FaultProxy


@pytest.fixture(scope="session", autouse=True)
def _credentials(_credentials: None) -> None:
    """They need some."""


@pytest.fixture
def proxy(endpoint: str) -> Iterator[FaultProxy]:
    """The server behind a proxy, which does nothing until it is given a plan."""
    with FaultProxy(endpoint, hang=2) as proxy:
        yield proxy


@pytest.fixture
def stores(proxy: FaultProxy, tables: str) -> Callable[[], DynamoDBStore]:
    """Makes stores as those of other processes: each knows only what it did itself."""
    client = new_client("dynamodb", region="us-east-1", endpoint=proxy.url, read_timeout=20)
    return lambda: DynamoDBStore(tables, client=client)


@pytest.fixture
def store(stores: Callable[[], DynamoDBStore]) -> Iterator[DynamoDBStore]:
    with stores() as store:
        yield store
