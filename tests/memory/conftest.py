"""A store whose time goes by where a test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.clock import ManualClock


@pytest.fixture
def store(clock: ManualClock) -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:", clock=clock) as store:
        yield store
