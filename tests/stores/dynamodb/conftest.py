"""Every test here may make clients of its own."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _credentials(_credentials: None) -> None:
    """They need some."""
