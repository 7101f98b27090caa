"""What tests of stores begin with."""

from __future__ import annotations

import uuid

import pytest

from contextkit.testing.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def actor() -> str:
    """An actor whom no other test knows."""
    return f"actor-{uuid.uuid4()}"
