"""Every test here may make clients of its own, and put a proxy before the server that both share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contextkit.testing.faults import FaultProxy


@pytest.fixture(scope="session", autouse=True)
def _credentials(_credentials: None) -> None:
    """They need some."""


@pytest.fixture
def proxy(endpoint: str) -> Iterator[FaultProxy]:
    """The server behind a proxy, which does nothing until it is given a plan."""
    with FaultProxy(endpoint, hang=2) as proxy:
        yield proxy
