"""What images, audio and files cost: by the providers' published rules, never by the length of their payload.

Sizes are read from the block or from the first bytes of an inline payload. Where a size cannot
be known (a URL, a file id), a constant stands for it that covers the largest the provider makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNKNOWN_IMAGE = 1_600
"""Anthropic scales images down to at most 1,568 pixels a side, about 1,600 tokens; OpenAI's most is 1,445."""

UNKNOWN_FILE = 3_000
"""Anthropic's upper figure for the text of one page; with the page's image that is what one page costs."""

BYTES_PER_TOKEN = {"audio": 125, "video": 400, "file": 16}
"""Audio: 32 tokens a second (Gemini; OpenAI bills 10) at 32 kbit/s. Video: 300 a second at 1 Mbit/s.
Files: a page of 3,000 tokens in 48 KB."""

_PAYLOAD_KEYS = ("data", "base64", "file_data", "bytes", "url", "image_url", "uri")
_NESTED_KEYS = (
    "source",
    "image_url",
    "input_audio",
    "file",
    "inline_data",
    "inlineData",
    "image",
    "audio",
    "video",
    "document",
)
_IMAGES = {"image", "image_url", "input_image"}
_SOUNDS = {"audio", "input_audio"}
_FILES = {"file", "input_file", "document", "media"}


def media_tokens(block: Mapping[str, Any]) -> tuple[int, Mapping[str, Any] | None]:
    """Tokens of a block's media, and what of the block is text still to be counted (None: nothing)."""
    kind = str(block.get("type", ""))
    if kind in _IMAGES or "image" in block:
        return UNKNOWN_IMAGE, None
    if kind in _SOUNDS or kind in _FILES:
        return UNKNOWN_FILE, None
    return 0, block
