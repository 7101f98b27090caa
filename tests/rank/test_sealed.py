"""Sealed bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.rank.sealed import opened, seal


@given(st.binary())
def test_what_was_sealed_is_read_back(payload):
    assert opened(b"kind1", seal(b"kind1", payload)) == payload


@given(st.binary(), st.data())
def test_a_changed_or_lost_byte_is_noticed(payload, data):
    whole = seal(b"kind1", payload)
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    for damaged in (changed, whole[:place]):
        with pytest.raises(StoreCorrupt, match="rebuilt"):
            opened(b"kind1", damaged)


def test_another_kind_is_named():
    with pytest.raises(StoreCorrupt, match="kind1"):
        opened(b"kind2", seal(b"kind1", b"payload"))
