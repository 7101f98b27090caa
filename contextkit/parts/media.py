"""Images, sounds, films and files, whichever provider shaped their block."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from contextkit.errors import InvalidMessage
from contextkit.parts.formats import mime_type
from contextkit.types import Block

MediaKind: TypeAlias = Literal["image", "audio", "video", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An image, sound, film or file: as base64 `data`, behind a `url`, or uploaded before under `file_id`.

    `detail` is OpenAI's wish for how closely an image is looked at; whether a file is to be `cited`, and the `context`
    of it that is not cited, are Anthropic's and Converse's; whether an image is `guarded`, looked at by Bedrock's
    guardrails, is Converse's.
    """

    kind: MediaKind
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    mime: str = ""
    name: str | None = None
    detail: str | None = None
    cited: bool = False
    context: str | None = None
    guarded: bool = False

    @property
    def raw(self) -> bytes:
        """The decoded data. Raises `InvalidMessage` where it is not base64."""
        try:
            return base64.b64decode(self.data or "", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidMessage(
                f"The data of an {self.kind} block is not base64 ({error}).", "Encode it with `base64.b64encode`."
            ) from error

    @property
    def described(self) -> str:
        """What it is, for a refusal: `image by URL`, `file of type text/csv`."""
        if self.url or self.file_id:
            return f"{self.kind} by {'URL' if self.url else 'file id'}"
        return f"{self.kind} of type {self.mime or 'unknown'}"

    @property
    def data_url(self) -> str:
        """The data as a `data:` URL."""
        return f"data:{self.mime};base64,{self.data}"


def media(block: Block) -> Media | None:
    """The block as media; None where it is something else, or names neither data nor a place to find it."""
    found = _media(block)
    if found is not None and inner(block, "extras").get("guarded") is True:
        return replace(found, guarded=True)
    return found if found is None or found.kind != "file" else _to_be_cited(found, block)


def _to_be_cited(file: Media, block: Block) -> Media:
    places = (block, inner(block, "extras"))
    cited = any(inner(place, "citations").get("enabled") is True for place in places)
    context = next((text for place in places if (text := field(place, "context"))), None)
    return replace(file, cited=cited, context=context) if cited or context else file


def _media(block: Block) -> Media | None:
    match block.get("type"):
        case "image_url" | "input_image":
            return _openai_image(block)
        case "input_audio":
            return _openai_sound(inner(block, "input_audio"))
        case "file" if "file" in block:
            return _openai_file(inner(block, "file"))
        case "input_file":
            return _openai_file(block)
        case "document":
            return _anthropic("file", block)
        case "image" if "source" in block:
            return _anthropic("image", block)
        case "image" | "audio" | "video" | "file" as kind:
            return _langchain(kind, block)
        case "text-plain":
            return _langchain("file", {"mime_type": "text/plain", **block})
        case "media":
            return _langchain_google(block)
    return None


def field(block: Block, *keys: str) -> str | None:
    """The first of these keys that holds some text."""
    return next((value for key in keys if isinstance(value := block.get(key), str) and value), None)


def inner(block: Block, key: str) -> Mapping[str, Any]:
    """The dict under a key, or an empty one."""
    value = block.get(key)
    return value if isinstance(value, Mapping) else {}


def _openai_image(block: Block) -> Media | None:
    image = inner(block, "image_url")
    detail = field(image, "detail") or field(block, "detail")
    if url := field(image, "url") or field(block, "image_url"):
        return _from_url("image", url, detail=detail)
    file_id = field(block, "file_id")
    return Media(kind="image", file_id=file_id, detail=detail) if file_id else None


def _openai_sound(sound: Block) -> Media | None:
    data, short = field(sound, "data"), field(sound, "format")
    return Media(kind="audio", data=data, mime=mime_type("audio", short)) if data and short else None


def _openai_file(file: Block) -> Media | None:
    name = field(file, "filename")
    if data := field(file, "file_data", "file_url"):
        return _from_url("file", data, name=name)
    return _uploaded("file", field(file, "file_id"), name)


def _anthropic(kind: MediaKind, block: Block) -> Media | None:
    source, name = inner(block, "source"), field(block, "title")
    data, mime = field(source, "data"), field(source, "media_type") or ""
    match source.get("type"):
        case "base64" if data:
            return _embedded(kind, data, mime, name)
        case "text" if data:
            encoded = base64.b64encode(data.encode(errors="replace")).decode()
            return Media(kind=kind, data=encoded, mime="text/plain", name=name)
        case "url" if url := field(source, "url"):
            return Media(kind=kind, url=url, mime=mime, name=name)
        case "file":
            return _uploaded(kind, field(source, "file_id"), name)
    return None


def _langchain(kind: MediaKind, block: Block) -> Media | None:
    mime = field(block, "mime_type", "mimeType") or ""
    name = next(filter(None, (field(inner(block, key), "name", "filename") for key in ("extras", "metadata"))), None)
    name = field(block, "filename", "name") or name
    if data := field(block, "base64", "data"):
        return _embedded(kind, data, mime, name)
    if url := field(block, "url"):
        return _from_url(kind, url, mime=mime, name=name)
    return _uploaded(kind, field(block, "file_id") or (field(block, "id") if "source_type" in block else None), name)


def _langchain_google(block: Block) -> Media | None:
    """What LangChain's chat models for Gemini call a medium of any kind: its MIME type tells which."""
    kind = _KINDS.get((field(block, "mime_type") or "").partition("/")[0], "file")
    return _langchain(kind, {**block, "url": block.get("file_uri")})


def mcp_resource(resource: Mapping[str, Any]) -> Media | None:
    """What an MCP server embedded as bytes (`blob`); None for a text."""
    data, mime = field(resource, "blob"), field(resource, "mimeType", "mime_type") or ""
    name = (field(resource, "uri") or "").rpartition("/")[2] or None
    return _embedded(_KINDS.get(mime.partition("/")[0], "file"), data, mime, name) if data else None


_KINDS: Mapping[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
"""The kind of medium by the first word of its MIME type; anything else is a file."""


def _uploaded(kind: MediaKind, file_id: str | None, name: str | None = None) -> Media | None:
    return Media(kind=kind, file_id=file_id, name=name) if file_id else None


def _from_url(
    kind: MediaKind, url: str, *, mime: str = "", name: str | None = None, detail: str | None = None
) -> Media:
    head, comma, data = url.partition(",")
    if url.startswith("data:") and comma and head.endswith(";base64"):
        return _embedded(kind, data, head[5:-7] or mime, name, detail)
    return Media(kind=kind, url=url, mime=mime, name=name, detail=detail)


def _embedded(kind: MediaKind, data: str, mime: str, name: str | None, detail: str | None = None) -> Media:
    return Media(kind=kind, data=data, mime=mime or _sniffed(kind, data), name=name, detail=detail)


_SIGNATURES: Final = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi0": "application/pdf",
}
"""How the base64 of each format begins: its magic bytes (PNG specification, JFIF, GIF, RIFF, PDF)."""


def _sniffed(kind: MediaKind, data: str) -> str:
    for signature, mime in _SIGNATURES.items():
        if data.startswith(signature) and (mime.startswith("image/") == (kind == "image")):
            return mime
    return ""
