"""A medium: one image, sound or file, and what it costs."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from contextkit.media.images import HEADER_BYTES, Size, image_size
from contextkit.media.pdf import PICTURE, TEXT, is_pdf, pdf_tokens
from contextkit.recent import Recent

MediaKind: TypeAlias = Literal["image", "audio", "video", "file"]
Provider: TypeAlias = Literal["openai", "anthropic", "any"]

UNKNOWN: Mapping[MediaKind, int] = {"image": 5_000, "audio": 1_920, "video": 19_200, "file": PICTURE + TEXT}
"""Tokens of media of unknown size. Image: the most Anthropic makes of one, 3.75 megapixels at 750 to a token.
Audio and video: a minute at Gemini's 32 and 32 + 258 tokens a second, rounded up to 320. File: one
page of a PDF."""

BYTES_PER_TOKEN: Mapping[MediaKind, int] = {"audio": 125, "video": 390, "file": 10}
"""For payloads at hand. Audio at 32 kbit/s and 32 tokens a second; video at 1 Mbit/s and 320 a second;
files at 48 KB a page, near the low end of what PDFs with text come to: for what is no PDF, or one that
cannot be opened (`contextkit.media.pdf`)."""

_PDFS: Recent[bytes, int] = Recent(256)
"""What PDFs cost, by their digests: a prompt is counted often, and opening a long one takes a while."""

LOW_DETAIL, TILE, TILE_SIDE = 85, 170, 512
"""OpenAI's image rule: 85 tokens, and at high detail 170 more for each tile of 512 pixels a side."""

OPENAI_MOST: Final = LOW_DETAIL + 8 * TILE
"""What its largest image comes to: 768 pixels by 2,048, two tiles by four."""


@dataclass(frozen=True, slots=True)
class Medium:
    """One image, sound or file as found in a block. `payload` is its base64 or raw bytes where it came along."""

    kind: MediaKind
    payload: str | bytes | None = None
    size: Size | None = None
    detail: object = "auto"
    provider: Provider = "any"

    @property
    def tokens(self) -> int:
        if self.kind == "image":
            return self._image()
        if self.payload is None:
            return UNKNOWN[self.kind]
        if self.kind == "file" and is_pdf(_head(self.payload)):
            return _pdf(self.payload, self._by_size)
        return self._by_size

    @property
    def _by_size(self) -> int:
        return max(UNKNOWN["file"] if self.kind == "file" else 1, -(-self._bytes // BYTES_PER_TOKEN[self.kind]))

    @property
    def _bytes(self) -> int:
        payload = self.payload or b""
        return len(payload) if isinstance(payload, bytes) else len(payload) * 3 // 4

    def _image(self) -> int:
        if self.provider == "openai" and self.detail == "low":
            return LOW_DETAIL
        size = self.size or image_size(_head(self.payload))
        if size is None:
            return OPENAI_MOST if self.provider == "openai" else UNKNOWN["image"]
        match self.provider:
            case "openai":
                return openai_image(size)
            case "anthropic":
                return anthropic_image(size)
        return max(openai_image(size), anthropic_image(size))


def openai_image(size: Size) -> int:
    """Tokens at high detail: scaled to fit 2,048 square, then its short side to 768, then tiled.

    Source: OpenAI's guide "Images and vision" (its examples: 1024 x 1024 is 765, 2048 x 4096 is 1,105).
    """
    scale = min(1.0, 2_048 / max(size.width, size.height))
    scale = min(scale, 768 / min(size.width, size.height))
    across, down = (max(1, math.ceil(round(side * scale, 3) / TILE_SIDE)) for side in (size.width, size.height))
    return LOW_DETAIL + TILE * across * down


def anthropic_image(size: Size) -> int:
    """Tokens of an image of at most 2,576 pixels a side, to which larger ones are scaled: area / 750.

    Source: Anthropic's guide "Vision" (its example: 1000 x 1000 is about 1,334), and for the size the release
    of Claude Opus 4.7 in April 2026: 2,576 pixels and 3.75 megapixels. Models before it scale to 1,568 pixels and
    1,600 tokens; which one a prompt is for is not known here, so a large image costs what the younger ones make of it.
    """
    scale = min(1.0, 2_576 / max(size.width, size.height))
    return min(UNKNOWN["image"], max(1, math.ceil(size.width * scale * size.height * scale / 750)))


def _head(payload: str | bytes | None) -> bytes:
    """The first bytes of a payload, as many as `image_size` looks at; none where it is not base64."""
    if not isinstance(payload, str):
        return (payload or b"")[:HEADER_BYTES]
    start = payload[: HEADER_BYTES // 3 * 4]
    try:
        return base64.b64decode(start + "=" * (-len(start) % 4))
    except (binascii.Error, ValueError):
        return b""


def _pdf(payload: str | bytes, otherwise: int) -> int:
    """A PDF's tokens, told once; `otherwise` where it cannot be opened."""
    raw = payload.encode(errors="surrogatepass") if isinstance(payload, str) else payload
    key = hashlib.blake2b(raw, digest_size=16).digest()
    known = _PDFS.get(key)
    if known is None:
        data = payload if isinstance(payload, bytes) else decoded(payload)
        known = (pdf_tokens(data) if data is not None else None) or otherwise
        _PDFS.put(key, known)
    return known


def decoded(payload: str) -> bytes | None:
    """The bytes of base64; None for what is not."""
    try:
        return base64.b64decode(payload)
    except (binascii.Error, ValueError):
        return None
