"""Bits: what is written into strings is read back, and takes as much room as the codes say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.rank.bits import BitReader, BitWriter, Numbers, bit_lengths, sums

sizes = st.integers(0, 2**32) | st.integers(0, 20)
strings = st.lists(st.lists(st.tuples(sizes, st.integers(0, 32))), max_size=8)


def column(values: list[int]) -> Numbers:
    return np.array(values, np.int64)


def written(numbers: Numbers) -> int:
    """How many bytes a string of these takes in gamma codes."""
    writer = BitWriter()
    writer.gamma(numbers, column([len(numbers)]))
    return len(writer.strings()[0])


@given(strings)
def test_numbers_are_read_back_from_every_string(strings: list[list[tuple[int, int]]]) -> None:
    counts = column([len(one) for one in strings])
    numbers, widths = (column([pair[place] for one in strings for pair in one]) for place in (0, 1))
    widths = np.maximum(widths, bit_lengths(numbers) - 8)  # a step of more than 256 zeros is nobody's
    writer = BitWriter()
    writer.gamma(numbers, counts)
    writer.rice(numbers, widths, counts)
    writer.gamma(counts, np.ones_like(counts))
    reader = BitReader(writer.strings())
    assert reader.gamma(counts).tolist() == numbers.tolist()
    assert reader.rice(widths, counts).tolist() == numbers.tolist()
    assert reader.gamma(np.ones_like(counts)).tolist() == counts.tolist()


@pytest.mark.parametrize(("number", "bits"), [(0, 1), (1, 3), (2, 3), (3, 5), (1_000, 19), (2**32, 65)])
def test_a_number_takes_as_many_bits_in_gamma_code_as_it_is_said_to(number: int, bits: int) -> None:
    assert written(column([number] * 8)) == bits


def test_a_string_without_numbers_is_empty() -> None:
    writer = BitWriter()
    writer.gamma(column([7]), column([0, 1, 0]))
    assert [len(string) for string in writer.strings()] == [0, 1, 0]


@given(st.lists(st.lists(st.integers(-(2**40), 2**40))))
def test_sums_are_those_of_each_group(groups: list[list[int]]) -> None:
    numbers = column([number for group in groups for number in group])
    assert sums(numbers, column([len(group) for group in groups])).tolist() == [sum(group) for group in groups]


@given(st.lists(st.integers(0, 2**40)))
def test_bit_lengths_are_pythons(numbers: list[int]) -> None:
    assert bit_lengths(column(numbers)).tolist() == [number.bit_length() for number in numbers]
