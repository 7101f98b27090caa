"""An image's width and height, from the first bytes of a PNG, GIF, WebP or JPEG file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

HEADER_BYTES: Final = 2**18
"""How much of a file is looked at. JPEG puts its size after its metadata, seldom beyond 256 KB."""

_JPEG_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset(range(0xD0, 0xDA)) | {0x01, 0xFF}


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, both positive."""

    width: int
    height: int


def image_size(header: bytes) -> Size | None:
    """The size that a file's beginning states; None for other formats, damage, or a size further on."""
    try:
        size = _size(header)
    except (struct.error, IndexError):  # cut off before its size
        return None
    return size if size and size.width > 0 and size.height > 0 else None


def _size(header: bytes) -> Size | None:
    if header.startswith(b"\x89PNG\r\n\x1a\n"):
        return Size(*struct.unpack_from(">II", header, 16))
    if header.startswith((b"GIF87a", b"GIF89a")):
        return Size(*struct.unpack_from("<HH", header, 6))
    if header.startswith(b"RIFF") and header[8:12] == b"WEBP":
        return _webp(header)
    return _jpeg(header) if header.startswith(b"\xff\xd8") else None


def _webp(header: bytes) -> Size | None:
    match header[12:16]:
        case b"VP8X":
            return Size(1 + int.from_bytes(header[24:27], "little"), 1 + int.from_bytes(header[27:30], "little"))
        case b"VP8L":
            bits = struct.unpack_from("<I", header, 21)[0]
            return Size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", header, 26)
            return Size(width & 0x3FFF, height & 0x3FFF)
    return None


def _jpeg(header: bytes) -> Size | None:
    """Walk the segments up to the frame header, which alone knows the size."""
    at = 2
    while header[at] == 0xFF:
        marker = header[at + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", header, at + 5)
            return Size(width, height)
        at += 1 if marker == 0xFF else 2 if marker in _JPEG_BARE else 2 + struct.unpack_from(">H", header, at + 2)[0]
    return None
