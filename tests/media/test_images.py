"""Sizes of images, from files of four formats made here byte by byte."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit.media.images import Size, image_size


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x06\0\0\0"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\xf0\0\0"


def jpeg(width: int, height: int, *, metadata: int = 60_000) -> bytes:
    exif = b"\xff\xe1" + struct.pack(">H", metadata + 2) + b"\xff" * metadata
    tables = b"\xff\xff\xdb" + struct.pack(">H", 67) + b"\0" * 65 + b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0"
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 9
    return b"\xff\xd8" + exif + tables + frame + b"\xff\xd9"


def webp(chunk: bytes, body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + 8 + len(body)) + b"WEBP" + chunk + struct.pack("<I", len(body)) + body


def webp_lossy(width: int, height: int) -> bytes:
    return webp(b"VP8 ", b"\x50\x01\x00\x9d\x01\x2a" + struct.pack("<HH", width, height))


def webp_lossless(width: int, height: int) -> bytes:
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14))


def webp_extended(width: int, height: int) -> bytes:
    return webp(b"VP8X", b"\x10\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


@pytest.mark.parametrize("made", [png, gif, jpeg, webp_lossy, webp_lossless, webp_extended])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (640, 480), (1_023, 8_191)])
def test_each_format_says_its_size(made: object, width: int, height: int) -> None:
    assert callable(made)
    assert image_size(made(width, height)) == Size(width, height)


@pytest.mark.parametrize("made", [png, gif, jpeg, webp_lossy, webp_lossless])
def test_a_file_cut_off_before_its_size_has_none(made: object) -> None:
    assert callable(made)
    whole = made(640, 480)
    assert all(image_size(whole[:length]) in (None, Size(640, 480)) for length in range(0, len(whole), 7))
    assert image_size(whole[:9]) is None


@pytest.mark.parametrize("data", [b"", b"BM", b"%PDF-1.7", png(0, 5), b"\xff\xd8\xff\xd9", b"\xff\xd8\x00"])
def test_what_is_no_image_has_no_size(data: bytes) -> None:
    assert image_size(data) is None


@given(st.binary(), st.sampled_from([b"", b"\xff\xd8", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"\x89PNG\r\n\x1a\n"]))
def test_no_bytes_crash(data: bytes, start: bytes) -> None:
    size = image_size(start + data)
    assert size is None or (size.width > 0 and size.height > 0)
