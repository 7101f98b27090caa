"""Columns: what is written is read back, and compresses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.columns import Columns, column, deflated, inflated

KINDS = (np.uint32, np.int64, np.uint8)


def numbers(kind: type, count: int | None = None) -> st.SearchStrategy[np.ndarray]:
    limits = np.iinfo(kind)
    some = st.lists(st.integers(int(limits.min), int(limits.max)), min_size=count or 0, max_size=count)
    return some.map(lambda found: np.array(found, kind))


@given(st.tuples(*map(numbers, KINDS)))
def test_columns_are_read_back_one_after_another(values: tuple[np.ndarray, ...]) -> None:
    columns = Columns(b"head" + b"".join(map(column, values)), 4)
    for one in values:
        found = columns.next(len(one), one.dtype)
        assert found.dtype == one.dtype
        assert found.tolist() == one.tolist()


@pytest.mark.parametrize(("largest", "width"), [(0, 0), (255, 1), (256, 2), (2**32 - 1, 4)])
def test_upper_bytes_that_are_all_zero_are_left_out(largest: int, width: int) -> None:
    values = np.array([0, largest, largest // 2], np.uint32)
    assert len(column(values)) == 1 + 3 * width
    assert Columns(column(values), 0).next(3).tolist() == values.tolist()


def test_what_follows_the_columns_is_left_as_it_is() -> None:
    columns = Columns(column(np.arange(300)) + b"rest", 0)
    columns.next(300, np.int64)
    assert columns.rest == b"rest"


@given(st.integers(0, 20).flatmap(lambda count: st.tuples(*(numbers(kind, count) for kind in KINDS))), st.binary())
def test_columns_that_are_compressed_one_by_one_are_read_back(values: tuple[np.ndarray, ...], rest: bytes) -> None:
    found = list(inflated(deflated(values) + rest, len(values[0]), KINDS))
    assert [column.tolist() for column, _ in found] == [column.tolist() for column in values]
    assert found[-1][1] == rest
