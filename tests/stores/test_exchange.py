"""Exchange: of things in a row some go, and others come."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contextkit.stores.exchange import Exchange


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[int, list[int], list[int]]:
    count = draw(st.integers(0, 12))
    gone = sorted(draw(st.sets(st.integers(0, count - 1)))) if count else []
    return count, gone, sorted(draw(st.lists(st.integers(0, count), max_size=6)))


@given(exchanges())
def test_all_columns_have_the_same_row(drawn: tuple[int, list[int], list[int]]) -> None:
    count, gone, before = drawn
    exchange = Exchange(count, gone, before)
    come = [-1 - n for n in range(len(before))]
    row: list[int] = []
    for place in range(count + 1):
        row += [new for new, at in zip(come, before, strict=True) if at == place]
        row += [place] if place < count and place not in gone else []
    assert exchange.listed(list(range(count)), come) == row
    assert exchange.of(np.arange(count), np.asarray(come, np.int64)).tolist() == row
    assert [row[place] for place in exchange.come.tolist()] == come
    stayed = [place for place in range(count) if place not in gone]
    assert [row[place] for place in exchange.moved(np.asarray(stayed, np.int64)).tolist()] == stayed
