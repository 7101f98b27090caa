"""Codec: what was written is read, and what is damaged is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contextkit.errors import InvalidId, InvalidInput, StoreCorrupt
from contextkit.stores import MemoryRecord
from contextkit.stores.codec import check_record, from_micros, to_micros


@pytest.mark.parametrize("time", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), None])
def test_a_time_is_read_back(time: datetime | None) -> None:
    assert from_micros(to_micros(time)) == time


@pytest.mark.parametrize("micros", [10**18, -(10**18), 10**30])
def test_a_number_that_is_no_time_is_told(micros: int) -> None:
    with pytest.raises(StoreCorrupt, match=f"{micros}"):
        from_micros(micros)


@pytest.mark.parametrize("field", ["namespace", "strategy"])
def test_a_name_that_is_none_is_refused_with_that_of_its_memory(field: str) -> None:
    record = MemoryRecord(id="m7", text="Likes tea.", created_at=datetime(2025, 3, 2, tzinfo=UTC))
    wrong: dict[str, Any] = {field: None}
    with pytest.raises(InvalidId, match=f"The {field}.*'m7'.* None is not"):
        check_record(replace(record, **wrong))


@pytest.mark.parametrize("field", ["created_at", "valid_from", "valid_to", "expires_at"])
def test_a_time_without_a_zone_is_refused_by_the_name_of_its_memory(field: str) -> None:
    record = MemoryRecord(id="m7", text="Likes tea.", created_at=datetime(2025, 3, 2, tzinfo=UTC))
    wrong: dict[str, Any] = {field: datetime(2025, 3, 2)}
    with pytest.raises(InvalidInput, match=f"`{field}` of the memory 'm7'.*has no time zone"):
        check_record(replace(record, **wrong))
