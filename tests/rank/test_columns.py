"""Columns: what is written is read back, and compresses."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.columns import Columns, column


def numbers(kind: type) -> st.SearchStrategy[np.ndarray]:
    limits = np.iinfo(kind)
    return st.lists(st.integers(int(limits.min), int(limits.max))).map(lambda found: np.array(found, kind))


@given(st.tuples(*map(numbers, (np.uint32, np.int64, np.uint8))))
def test_columns_are_read_back_one_after_another(values: tuple[np.ndarray, ...]) -> None:
    columns = Columns(b"head" + b"".join(map(column, values)), 4)
    for one in values:
        found = columns.next(len(one), one.dtype)
        assert found.dtype == one.dtype
        assert found.tolist() == one.tolist()


@pytest.mark.parametrize("kind", [np.uint32, np.int64])
def test_small_numbers_take_hardly_more_than_a_byte(kind: type) -> None:
    values = np.random.default_rng(1).integers(0, 200, 10_000).astype(kind)
    assert len(zlib.compress(column(values), 3)) < 1.1 * len(values)
