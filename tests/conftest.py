"""Shared by every test: how hard Hypothesis tries, where the tests' own helpers are found, and a DynamoDB to test with.

That is the endpoint that `CONTEXTKIT_DYNAMODB_ENDPOINT` names, or else MiniStack, started once for
the session of tests; see `tests.stores.dynamodb.servers` for where it is looked for.
"""

from __future__ import annotations

import gc
import os
import sys
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest
from hypothesis import HealthCheck, settings

from contextkit.aws.client import new_client
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.clock import ManualClock
from tests.credentials import have_credentials

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `from tests.world import …`, whatever starts pytest

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

settings.register_profile("default", max_examples=60, deadline=None, suppress_health_check=_SLOW, print_blob=True)
settings.register_profile("quick", settings.get_profile("default"), max_examples=20)
settings.register_profile("long", settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests go first: where several processes share the tests, none is left waiting for the last of them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What thousands of collected tests hold stays: it need not be looked through again, nor copied by forks."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands until the test moves it."""
    return ManualClock()


@pytest.fixture
def actor() -> str:
    """An actor whom no other test knows, wherever stores are shared."""
    return f"actor-{uuid.uuid4()}"


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    """A store of the test's own, whose time stands still."""
    from tests.world import NOW

    with SQLiteStore(":memory:", clock=lambda: NOW) as store:
        yield store


@pytest.fixture(scope="session", autouse=True)
def _service_models_are_read_once() -> Iterator[None]:
    """botocore parses the models of a service anew for each client, which takes longer than most tests with one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.loaders.create_loader))
        yield


@pytest.fixture(scope="session")
def _credentials() -> None:
    have_credentials()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a DynamoDB."""
    from tests.stores.dynamodb.servers import Server

    named = os.environ.get("CONTEXTKIT_DYNAMODB_ENDPOINT")
    if named:
        yield named
        return
    with Server(tmp_path_factory.mktemp("ministack")) as server:
        yield server.url


@pytest.fixture(scope="session")
def patient_client(_credentials: None, endpoint: str) -> Iterator[object]:
    """A client that all tests may share."""
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    yield client
    client.close()


@pytest.fixture(scope="module")
def tables(patient_client: object) -> str:
    """The prefix of tables that no other module's tests use: an erasure looks through whole tables."""
    from tests.stores.dynamodb.servers import make_tables

    return make_tables(patient_client)
