"""What images, sounds and files in content blocks cost, never by the length of their payload as text.

`separate` takes any block, shaped by OpenAI, Anthropic, Bedrock or LangChain, and gives the tokens
of the media in it, however deeply nested, and what is left of it to be counted as text. An
image's size is read from its block or from the first bytes of its payload, and a PDF's pages are
counted. Where nothing says how large something is (a URL, a file id), a constant on the high side
stands for it. Reasoning that came encrypted is no text either: it costs what was encrypted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from contextkit.media.images import Size
from contextkit.media.medium import MediaKind, Medium, Provider, decoded

ENCRYPTED_PER_TOKEN: Final = 16 / 3
"""Characters of what is encrypted: base64 of four bytes. So OpenAI's Codex counts (`estimate_reasoning_length`), less
650 bytes for the envelope; here they stay, to err on the high side. As text it would be 3.6 times as many tokens."""

_ENCRYPTED: Final = ("reasoning", "compaction")
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
_WRAPPERS: Final = ("source", "image_url", "input_audio", "file", "inline_data", "image", "audio", "video", "document")
_PAYLOADS: Final = ("data", "base64", "blob", "file_data", "bytes", "url", "image_url", "result")
_REFERENCES: Final = ("file_id", "id", "uri", "file_url", "file_uri")
_MIMES: Final = ("mime_type", "media_type", "mimeType")
_IN_EXTRAS: Final = ("title", "context", "name", "filename")
"""What LangChain's blocks may have among their `extras`."""

_ASIDE: Final = (*_IN_EXTRAS, "content")


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
        return Medium("file", bytes(value)).tokens, None
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
        return _medium(kind, value, flat).tokens, None
    extras = value["extras"] if isinstance(value.get("extras"), Mapping) else {}
    said = {key: extras[key] for key in _IN_EXTRAS if key in extras} | flat
    tokens, aside = _separate_each({key: said[key] for key in _ASIDE if said.get(key)})
    text = _plain_text(flat)
    if text is None and "content" not in aside:
        tokens += _medium(kind, value, flat).tokens
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


def _medium(kind: MediaKind, value: Mapping[str, Any], flat: Mapping[str, Any]) -> Medium:
    provider: Provider = "any"
    if value.get("type") in ("image_url", "input_image"):
        provider = "openai"
    elif "source" in value:
        provider = "anthropic"
    return Medium(kind, _payload(flat), _stated_size(flat), flat.get("detail"), provider)


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


def _plain_text(flat: Mapping[str, Any]) -> str | None:
    """The text of a document that is text: given as such, or as base64 with a MIME type of text or JSON."""
    if isinstance(flat.get("text"), str):
        return str(flat["text"])
    payload = _payload(flat)
    if flat.get("type") == "text" and isinstance(payload, str):
        return payload
    if isinstance(payload, str) and _mime(flat).startswith(("text/", "application/json")):
        data = decoded(payload)
        return None if data is None else data.decode("utf-8", "replace")
    return None
