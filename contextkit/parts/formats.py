"""Names of media formats: MIME types, and the short names that Bedrock Converse uses."""

from __future__ import annotations

from typing import Final

_DOCUMENTS: Final = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
_VIDEOS: Final = {
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "wmv": "video/x-ms-wmv",
    "flv": "video/x-flv",
    "three_gp": "video/3gpp",
}
_ALSO: Final = {"image/jpg": "jpeg", "audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav"}
_SHORT: Final = {mime: short for short, mime in (_DOCUMENTS | _VIDEOS).items()} | _ALSO


def mime_type(kind: str, short: str) -> str:
    """The MIME type of Converse's short format name: `("image", "png")` is `image/png`."""
    if kind == "document":
        return _DOCUMENTS.get(short, f"application/{short}")
    return _VIDEOS.get(short, f"{kind}/{short}") if kind == "video" else f"{kind}/{short}"


def short_format(mime: str) -> str:
    """Converse's short name of a MIME type: `image/png` is `png`."""
    return _SHORT.get(mime, mime.rpartition("/")[2])
