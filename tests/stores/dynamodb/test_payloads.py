"""Payloads: content of any size is read back as it was written, small messages in little space."""

from __future__ import annotations

import random
import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.errors import StoreCorrupt
from contextkit.messages import dumps
from contextkit.stores.dynamodb.payloads import Payloads, packed
from contextkit.types import Message

PAYLOADS = Payloads(None, None)  # type: ignore[arg-type]


def read(body: bytes) -> bytes:
    return PAYLOADS.get("sessions", {"pk": "p", "sk": "s", "body": body})


@given(st.binary(max_size=5_000))
def test_what_is_written_is_read_back(content: bytes) -> None:
    assert read(packed(content)) == content
    assert len(packed(content)) <= len(content) + 9


@given(st.binary(max_size=2_000), st.booleans())
def test_what_a_former_version_wrote_is_read(content: bytes, deflates: bool) -> None:
    """Behind twice as long a sum, and of content that is not compressed without its kind."""
    deflated = b"e" + packed(b"so that it is deflated " * 9 + content)[9:]
    whole = b"so that it is deflated " * 9 + content
    former = sha256(deflated).digest()[:16] + deflated if deflates else sha256(content).digest()[:16] + b"r" + content
    assert read(former) == (whole if deflates else content)
    for broken in (former[:-1], former[1:], former[:20]):
        if broken != former:
            with pytest.raises(StoreCorrupt):
                read(broken)


@given(st.lists(st.binary(max_size=500), min_size=1, max_size=8))
def test_what_is_written_in_pieces_is_read_back_as_one(pieces: list[bytes]) -> None:
    assert read(packed(*pieces)) == b"".join(pieces)


def test_pieces_are_written_each_by_what_is_frequent_in_it() -> None:
    dice = random.Random(1)
    pieces = ["".join(dice.choices(letters, k=1_000)).encode() for letters in ("abcdefghij", "0123456789")]
    assert len(packed(*pieces)) < 0.95 * len(packed(b"".join(pieces)))


def test_a_message_takes_less_than_by_zlib_alone() -> None:
    text = "I was at the market on Saturday, and there they had those pears again that you like."
    content = dumps(Message(role="user", content=text, id="5a0d6f2b9c1e4f7d8a3b6c9e0f1d2a4b")).encode()
    assert len(packed(content)) < 0.8 * (17 + len(zlib.compress(content)))


def test_a_kind_that_there_is_not_is_told() -> None:
    content = b"a message of another version " * 20
    stored = b"z" + zlib.compress(content)
    for body in (sha256(stored).digest()[:16] + stored, stored[:1] + sha256(stored).digest()[:8] + stored[1:]):
        with pytest.raises(StoreCorrupt):
            read(body)


@pytest.mark.parametrize("content", [b"what was written " * 20, b"\x00\x9f\x03random", b""])
def test_every_turned_bit_is_seen(content: bytes) -> None:
    body = packed(content)
    for bit in range(8 * len(body)):
        turned = bytearray(body)
        turned[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StoreCorrupt):
            read(bytes(turned))
