"""What a content block is, whichever provider shaped it.

Blocks stay in a message exactly as they came. A renderer reads each as one of the parts below and
writes it in its own provider's shape.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from contextkit.errors import InvalidMessage, shortened
from contextkit.messages.formats import mime_type
from contextkit.types import Block, Message

MediaKind: TypeAlias = Literal["image", "audio", "video", "file"]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An image, sound, film or file: as base64 `data`, behind a `url`, or uploaded before under `file_id`.

    `detail` is OpenAI's wish for how closely an image is looked at.
    """

    kind: MediaKind
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    mime: str = ""
    name: str | None = None
    detail: str | None = None

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
    def data_url(self) -> str:
        """The data as a `data:` URL."""
        return f"data:{self.mime};base64,{self.data}"


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A model's reasoning. Only its own provider takes it back, and only with its `signature`."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """Reasoning that only its provider can read, as base64."""

    data: str


@dataclass(frozen=True, slots=True)
class Other:
    """A block that is none of these."""

    block: Block


Part: TypeAlias = Text | Media | Reasoning | Redacted | Other


def parts(message: Message) -> list[Part]:
    """The message's content as parts, in order. Cache marks are left out: every prompt places its own."""
    if isinstance(message.content, str):
        return [Text(message.content)]
    return [part(block) for block in message.content if "cachePoint" not in block]


def part(block: Block) -> Part:
    """One block as a part: LangChain's v1 and v0 shapes, OpenAI's, Anthropic's, and Bedrock's for reasoning."""
    kind = block.get("type")
    if kind == "non_standard" and isinstance(block.get("value"), Mapping):
        return part(block["value"])
    if kind in ("text", "text-plain", "input_text", "output_text") and isinstance(block.get("text"), str):
        return Text(block["text"])
    if kind == "refusal" and isinstance(block.get("refusal"), str):
        return Text(block["refusal"])
    return _reasoning(kind, block) or _media(kind, block) or Other(block)


def unusable(found: Part, message: Message, provider: str) -> InvalidMessage:
    """The refusal of a part that has no place in this provider's request."""
    if isinstance(found, Media):
        what = f"an {found.kind}" if found.kind in ("image", "audio") else f"a {found.kind}"
        what += " by URL" if found.url else " by file id" if found.file_id else f" of type {found.mime}"
    else:
        block = found.block if isinstance(found, Other) else {}
        what = f"a block of type {shortened(block.get('type', next(iter(block), None)))}"
    return InvalidMessage(
        f"{provider} takes no {what.partition(' ')[2]} in a message of role {message.role}"
        f"{f' ({message.id})' if message.id else ''}.",
        "Replace that block by text or by a kind it takes, or use another provider's shape.",
        value=what,
    )


def _reasoning(kind: object, block: Block) -> Part | None:
    if kind == "thinking":
        return Reasoning(str(block.get("thinking", "")), block.get("signature"))
    if kind == "redacted_thinking":
        return Redacted(str(block.get("data", "")))
    if kind == "reasoning_content":
        inner = _inner(block, "reasoning_content")
        return Reasoning(str(inner.get("text", "")), inner.get("signature"))
    if kind == "reasoning":
        return Reasoning(str(block.get("reasoning", "")), _inner(block, "extras").get("signature"))
    return None


def _media(kind: object, block: Block) -> Media | None:
    if kind in ("image_url", "input_image"):
        return _openai_image(block)
    if kind == "input_audio":
        sound = _inner(block, "input_audio")
        return Media(kind="audio", data=sound.get("data"), mime=mime_type("audio", str(sound.get("format", ""))))
    if kind == "document" or (kind == "image" and "source" in block):
        return _anthropic(block)
    if kind == "file" and isinstance(block.get("file"), Mapping):
        return _openai_file(block["file"])
    if kind == "image" or kind == "audio" or kind == "video" or kind == "file":
        return _langchain(kind, block)
    return None


def _openai_image(block: Block) -> Media | None:
    image = block.get("image_url")
    url = image.get("url") if isinstance(image, Mapping) else image
    detail = image.get("detail") if isinstance(image, Mapping) else block.get("detail")
    if isinstance(url, str):
        return _from_url("image", url, detail=detail)
    return Media(kind="image", file_id=block["file_id"]) if block.get("file_id") else None


def _openai_file(file: Mapping[str, Any]) -> Media | None:
    if isinstance(file.get("file_data"), str):
        return _from_url("file", file["file_data"], name=file.get("filename"))
    return Media(kind="file", file_id=file["file_id"], name=file.get("filename")) if file.get("file_id") else None


def _anthropic(block: Block) -> Media | None:
    kind: MediaKind = "image" if block["type"] == "image" else "file"
    source = _inner(block, "source")
    name, mime = block.get("title"), str(source.get("media_type", ""))
    match source.get("type"):
        case "base64":
            return _embedded(kind, str(source.get("data", "")), mime, name)
        case "url":
            return Media(kind=kind, url=source.get("url"), mime=mime, name=name)
        case "file":
            return Media(kind=kind, file_id=source.get("file_id"), name=name)
        case "text":
            text = str(source.get("data", "")).encode(errors="replace")
            return Media(kind=kind, data=base64.b64encode(text).decode(), mime="text/plain", name=name)
    return None


def _langchain(kind: MediaKind, block: Block) -> Media | None:
    mime = str(block.get("mime_type") or "")
    name = block.get("filename") or block.get("name") or _inner(block, "extras").get("name")
    name = name or _inner(block, "extras").get("filename") or _inner(block, "metadata").get("filename")
    data = block.get("base64") or block.get("data")
    if isinstance(data, str):
        return _embedded(kind, data, mime, name)
    if isinstance(block.get("url"), str):
        return _from_url(kind, block["url"], mime=mime, name=name)
    file_id = block.get("file_id") or (block.get("id") if block.get("source_type") == "id" else None)
    return Media(kind=kind, file_id=file_id, mime=mime, name=name) if file_id else None


def _from_url(
    kind: MediaKind, url: str, *, mime: str = "", name: str | None = None, detail: str | None = None
) -> Media:
    head, comma, data = url.partition(",")
    if url.startswith("data:") and comma and head.endswith(";base64"):
        return _embedded(kind, data, head[5:-7] or mime, name, detail)
    return Media(kind=kind, url=url, mime=mime, name=name, detail=detail)


def _embedded(kind: MediaKind, data: str, mime: str, name: str | None, detail: str | None = None) -> Media:
    return Media(kind=kind, data=data, mime=mime or _sniffed(kind, data), name=name, detail=detail)


_SIGNATURES = {
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


def _inner(block: Block, key: str) -> Mapping[str, Any]:
    value = block.get(key)
    return value if isinstance(value, Mapping) else {}
