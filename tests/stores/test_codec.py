"""Codec: what was written is read, and what is damaged is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contextkit.errors import StoreCorrupt
from contextkit.stores.codec import from_micros, to_micros


@pytest.mark.parametrize("time", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), None])
def test_a_time_is_read_back(time: datetime | None) -> None:
    assert from_micros(to_micros(time)) == time


@pytest.mark.parametrize("micros", [10**18, -(10**18), 10**30])
def test_a_number_that_is_no_time_is_told(micros: int) -> None:
    with pytest.raises(StoreCorrupt, match=f"{micros}"):
        from_micros(micros)
