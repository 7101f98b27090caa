"""What images, sounds and files in content blocks cost, never by the length of their payload as text.

`separate` takes any block, shaped by OpenAI, Anthropic, Bedrock or LangChain, and gives the tokens
of the media in it, however deeply nested, and what is left of it to be counted as text. An
image's size is read from its block or from the first bytes of its payload, and a PDF's pages are
counted. Where nothing says how large something is (a URL, a file id), a constant on the high side
stands for it. Reasoning that came encrypted is no text either: it costs what was encrypted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from contextkit.images import HEADER_BYTES, Size, image_size
from contextkit.pdf import PICTURE, TEXT, is_pdf, pdf_tokens
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
cannot be opened (`contextkit.pdf`)."""

_PDFS: Recent[bytes, int] = Recent(256)
"""What PDFs cost, by their digests: a prompt is counted often, and opening a long one takes a while."""

LOW_DETAIL, TILE, TILE_SIDE = 85, 170, 512
"""OpenAI's image rule: 85 tokens, and at high detail 170 more for each tile of 512 pixels a side."""

OPENAI_MOST = LOW_DETAIL + 8 * TILE
"""What its largest image comes to: 768 pixels by 2,048, two tiles by four."""

ENCRYPTED_PER_TOKEN = 16 / 3
"""Characters of what is encrypted: base64 of four bytes. So OpenAI's Codex counts (`estimate_reasoning_length`), less
650 bytes for the envelope; here they stay, to err on the high side. As text it would be 3.6 times as many tokens."""

_ENCRYPTED = ("reasoning", "compaction")
"""The items of OpenAI's Responses API whose text is in their `encrypted_content`, in LangChain's blocks too."""

_KINDS: Mapping[str, MediaKind] = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "image_generation_call": "image",
    "audio": "audio",
    "input_audio": "audio",
    "video": "video",
    "file": "file",
    "input_file": "file",
    "document": "file",
    "media": "file",
}
_WRAPPERS = ("source", "image_url", "input_audio", "file", "inline_data", "image", "audio", "video", "document")
_PAYLOADS = ("data", "base64", "blob", "file_data", "bytes", "url", "image_url", "result")
_REFERENCES = ("file_id", "id", "uri", "file_url", "file_uri")
_MIMES = ("mime_type", "media_type", "mimeType")
_IN_EXTRAS = ("title", "context", "name", "filename")
"""What LangChain's blocks may have among their `extras`."""

_ASIDE = (*_IN_EXTRAS, "content")


@dataclass(frozen=True, slots=True)
class Media:
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


def separate(value: Any) -> tuple[int, Any]:
    """The tokens of all media in a JSON-like value, and the value without them (None where nothing is left)."""
    if isinstance(value, Mapping):
        if value.get("type") in _ENCRYPTED:
            return _separate_encrypted(value)
        kind = _kind(value)
        return _separate_each(value) if kind is None else _separate_media(kind, value)
    if isinstance(value, (list, tuple)):
        parts = [separate(item) for item in value]
        return sum(tokens for tokens, _ in parts), [rest for _, rest in parts]
    if isinstance(value, (bytes, bytearray)):
        return Media("file", bytes(value)).tokens, None
    return 0, value


def _separate_each(value: Mapping[str, Any]) -> tuple[int, Any]:
    parts = {key: separate(item) for key, item in value.items()}
    return sum(tokens for tokens, _ in parts.values()), {key: rest for key, (_, rest) in parts.items()}


def _separate_encrypted(value: Mapping[str, Any]) -> tuple[int, Any]:
    """What is encrypted, in an item or among the `extras` of LangChain's block for it, and all else of it."""
    tokens, rest = _separate_each(
        {key: item for key, item in value.items() if key not in ("encrypted_content", "extras")}
    )
    if isinstance(extras := value.get("extras"), Mapping):
        inside, rest["extras"] = _separate_encrypted(extras)
        tokens += inside
    if isinstance(sealed := value.get("encrypted_content"), str):
        tokens += math.ceil(len(sealed) / ENCRYPTED_PER_TOKEN)
    return tokens, rest


def _separate_media(kind: MediaKind, value: Mapping[str, Any]) -> tuple[int, Any]:
    """A medium's tokens; what is left are a document's title, and its text where that is what it holds."""
    flat = _flatten(value)
    if kind != "file":
        return _media(kind, value, flat).tokens, None
    extras = value["extras"] if isinstance(value.get("extras"), Mapping) else {}
    said = {key: extras[key] for key in _IN_EXTRAS if key in extras} | flat
    tokens, aside = _separate_each({key: said[key] for key in _ASIDE if said.get(key)})
    text = _plain_text(flat)
    if text is None and "content" not in aside:
        tokens += _media(kind, value, flat).tokens
    rest = aside if text is None else {**aside, "text": text}
    return tokens, rest or None


def _kind(value: Mapping[str, Any]) -> MediaKind | None:
    """What medium a mapping is: by its type, by Bedrock's or Gemini's one key, or by a payload with a MIME type."""
    if not isinstance(value.get("type"), str):
        return _untyped_kind(value)
    kind = _KINDS.get(value["type"])
    if kind is None or not any(key in value for key in (*_PAYLOADS, *_WRAPPERS, *_REFERENCES)):
        return None
    return _kind_of_mime(_mime(value)) if kind == "file" else kind


def _untyped_kind(value: Mapping[str, Any]) -> MediaKind | None:
    for key in ("image", "audio", "video", "document", "inline_data"):
        inner = value.get(key)
        if isinstance(inner, Mapping) and ("source" in inner or "data" in inner):
            return _KINDS.get(key) or _kind_of_mime(_mime(inner))
    return _kind_of_mime(_mime(value)) if _mime(value) and any(key in value for key in _PAYLOADS) else None


def _mime(value: Mapping[str, Any]) -> str:
    return next((value[key] for key in _MIMES if isinstance(value.get(key), str)), "")


def _kind_of_mime(mime: str) -> MediaKind:
    match mime.partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
    return "file"


def _flatten(value: Mapping[str, Any]) -> dict[str, Any]:
    """The block with what providers nest (`source`, `image_url`, `file` …) lifted to its top."""
    flat = dict(value)
    for key in _WRAPPERS:
        if isinstance(value.get(key), Mapping):
            flat |= _flatten(value[key])
    return flat


def _media(kind: MediaKind, value: Mapping[str, Any], flat: Mapping[str, Any]) -> Media:
    provider: Provider = "any"
    if value.get("type") in ("image_url", "input_image"):
        provider = "openai"
    elif "source" in value:
        provider = "anthropic"
    return Media(kind, _payload(flat), _stated_size(flat), flat.get("detail"), provider)


def _payload(flat: Mapping[str, Any]) -> str | bytes | None:
    """Base64 text or raw bytes; a data URL's part after the comma; None for a URL or a file's id."""
    for key in _PAYLOADS:
        found = flat.get(key)
        if isinstance(found, str) and found.startswith("data:"):
            return found.partition(",")[2]
        if isinstance(found, (str, bytes)) and key not in ("url", "image_url"):
            return found
    return None


def _stated_size(flat: Mapping[str, Any]) -> Size | None:
    width, height = flat.get("width"), flat.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return Size(width, height)
    return None


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
        data = payload if isinstance(payload, bytes) else _whole(payload)
        known = (pdf_tokens(data) if data is not None else None) or otherwise
        _PDFS.put(key, known)
    return known


def _whole(payload: str) -> bytes | None:
    try:
        return base64.b64decode(payload)
    except (binascii.Error, ValueError):
        return None


def _plain_text(flat: Mapping[str, Any]) -> str | None:
    """The text of a document that is text: given as such, or as base64 with a MIME type of text or JSON."""
    if isinstance(flat.get("text"), str):
        return str(flat["text"])
    payload = _payload(flat)
    if flat.get("type") == "text" and isinstance(payload, str):
        return payload
    if isinstance(payload, str) and _mime(flat).startswith(("text/", "application/json")):
        return _decoded(payload)
    return None


def _decoded(payload: str) -> str | None:
    data = _whole(payload)
    return None if data is None else data.decode("utf-8", "replace")
