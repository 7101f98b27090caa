import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.sizes import STEP, sizes, sizes_of

messages = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), max_size=30)


@given(messages)
def test_every_size_is_told_to_two_tokens(messages: list[tuple[int, int]]) -> None:
    tokens, lengths = np.array(messages, np.uint32).reshape(-1, 2).T
    found = sizes_of(sizes(tokens, lengths), lengths)
    assert np.all(np.abs(found - np.maximum(tokens, 1).astype(np.int64)) <= STEP // 2)
    assert np.all(found >= 1)


@pytest.fixture
def chat() -> tuple[np.ndarray, np.ndarray]:
    """What some thousand messages have of tokens and terms."""
    drawn = np.random.default_rng(1)
    lengths = drawn.integers(1, 40, 4_000)
    return np.maximum(1, 2 * lengths + 5 + drawn.normal(0, 4, 4_000)).astype(np.uint32), lengths.astype(np.uint32)


def test_many_together_are_neither_more_nor_less(chat: tuple[np.ndarray, np.ndarray]) -> None:
    tokens, lengths = chat
    found = sizes_of(sizes(tokens, lengths), lengths)
    assert abs(int(found.sum()) - int(tokens.sum())) < 300


def test_what_terms_tell_takes_two_or_three_bits(chat: tuple[np.ndarray, np.ndarray]) -> None:
    """Also where some messages have pictures, of which no terms tell."""
    tokens, lengths = chat
    assert len(sizes(tokens, lengths)) < 3 * len(tokens) / 8
    tokens[::200] += 100_000
    assert len(sizes(tokens, lengths)) < 3.5 * len(tokens) / 8
