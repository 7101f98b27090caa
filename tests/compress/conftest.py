"""A counter for the tests of shortening."""

from __future__ import annotations

import pytest

from contextkit.tokens import get_counter
from contextkit.types import TokenCounter


@pytest.fixture(scope="session")
def counter() -> TokenCounter:
    return get_counter("o200k_base")
