"""Every test here may make clients of its own, for what is provisioned, permitted and billed."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _credentials(_credentials: None) -> None:
    """They need some."""
