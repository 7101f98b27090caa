"""Sealed bytes: an index as it is stored, and proof that it is read as it was written."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from contextkit.errors import StoreCorrupt

_SEAL: Final = struct.Struct("<5sI")


def seal(kind: bytes, payload: bytes) -> bytes:
    """The payload behind its kind (five bytes, its format and version) and its checksum."""
    return _SEAL.pack(kind, zlib.crc32(payload)) + payload


def opened(kind: bytes, data: bytes) -> bytes:
    """The payload. Raises `StoreCorrupt` where the bytes are of another kind or were changed."""
    if len(data) < _SEAL.size:
        raise _corrupt("is cut short")
    found, checksum = _SEAL.unpack_from(data)
    payload = data[_SEAL.size :]
    if found != kind:
        raise _corrupt(f"is of the format {found!r} instead of {kind!r}")
    if zlib.crc32(payload) != checksum:
        raise _corrupt("does not match its checksum")
    return payload


def _corrupt(problem: str) -> StoreCorrupt:
    return StoreCorrupt(f"A stored index {problem}.", "Delete it: it is rebuilt from what it indexes.")
