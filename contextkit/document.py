"""Document: a text from elsewhere with what is known of it, and any shape it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

from contextkit.errors import InvalidInput, shortened


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to show a model. `created_at` without a time zone is taken as UTC."""

    text: str
    id: str | None = None
    title: str | None = None
    uri: str | None = None
    created_at: datetime | None = None

    @property
    def key(self) -> str:
        """What it is called in a report: its id, else its URI, else a digest of its text."""
        digest = sha1(self.text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:8]
        return self.id or (f"{self.uri}#{digest}" if self.uri else f"doc:{digest}")

    @property
    def heading(self) -> str:
        """What stands above it in a prompt: its title, or else where it is from, and its date."""
        named = self.title or self.uri or ""
        return " ".join(filter(None, (named, f"({self.created_at.date().isoformat()})" if self.created_at else "")))


def as_document(given: object, *, source: str, index: int) -> Document:
    """A document from a `Document`, a LangChain document, a text, or a pair of title and text.

    LangChain metadata is read for `id`, `title`, `source` (the URI) and `created_at` or `date`.
    Raises `InvalidInput`, naming the source and the index, for anything else and for an empty text.
    """
    document = _read(given, source, index)
    if not isinstance(document.text, str) or not document.text.strip():
        raise InvalidInput(
            f"Document {index} of the source {source!r} has no text: {shortened(given)}.",
            "Leave empty documents out.",
            value=given,
        )
    return document


def _read(given: object, source: str, index: int) -> Document:
    match given:
        case Document():
            return given
        case str():
            return Document(text=given)
        case (str() as title, str() as text):
            return Document(text=text, title=title)
    if not hasattr(given, "page_content"):
        raise InvalidInput(
            f"Document {index} of the source {source!r} is {shortened(given)}.",
            "Pass texts, pairs of title and text, `Document`s or LangChain documents.",
            value=given,
        )
    metadata = getattr(given, "metadata", None)
    return _of_langchain(given.page_content, getattr(given, "id", None), metadata or {})


def _of_langchain(text: str, document_id: object, metadata: Mapping[str, Any]) -> Document:
    return Document(
        text=text,
        id=_text(document_id) or _text(metadata.get("id")),
        title=_text(metadata.get("title")),
        uri=_text(metadata.get("source")),
        created_at=_time(metadata.get("created_at") or metadata.get("date")),
    )


def _text(value: object) -> str | None:
    return str(value) if value is not None and value != "" else None


def _time(value: object) -> datetime | None:
    """A time as metadata holds it, in UTC; None where it is none, for metadata is anybody's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
