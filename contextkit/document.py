"""Document: a text from elsewhere with what is known of it, and any shape it comes in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha1
from typing import Any, Final

from contextkit.errors import InvalidInput, shortened

_LONGEST: Final = 160
"""Characters of a name in a heading: more is paid with every prompt and tells no more."""

_NO_NAMES: Final = (bytes, bytearray, Mapping, list, tuple, set, frozenset)
"""What holds other things than a name: metadata is anybody's."""

_HEADER: Final = re.compile(r"(?:header|heading|h)[ _]?[1-6]", re.IGNORECASE)
"""Under what metadata a splitter by headings keeps them: "Header 1" as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to show a model. `created_at` without a time zone is taken as UTC.

    Of a longer one it may be a piece: `part` names the section or the page, and pieces under one heading stand in the
    order of their `position`, the page and the character at which they begin.
    """

    text: str
    id: str | None = None
    title: str | None = None
    uri: str | None = None
    part: str | None = None
    position: tuple[int, int] | None = None
    created_at: datetime | None = None

    @property
    def key(self) -> str:
        """What it is called in a report: its id, else its URI, else a digest of its text."""
        digest = sha1(self.text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:8]
        return self.id or (f"{self.uri}#{digest}" if self.uri else f"doc:{digest}")

    @property
    def heading(self) -> str:
        """What stands above it in a prompt: its title, or else where it is from, or which part it is; and its date."""
        named = _brief(self.title or self.uri or self.part or "")
        return " ".join(filter(None, (named, f"({self.created_at.date().isoformat()})" if self.created_at else "")))

    @property
    def lead(self) -> str:
        """What stands before it there: which part it is of what the heading names, or a mark where nothing is known."""
        if self.part and (self.title or self.uri):
            return f"[{_brief(self.part)}]\n"
        return "" if self.heading else "- "


def as_document(given: object, *, source: str, index: int) -> Document:
    """A document from a `Document`, a LangChain document, a text, or a pair of title and text.

    LangChain metadata is read for `id`, `title`, `source` (the URI; else the `location` that Bedrock's knowledge bases
    give), `created_at` or `date`, the headings above a piece (`Header 1` …), `page_label` or `page_number`, and `page`
    and `start_index`.
    Raises `InvalidInput`, naming the source and the index, for anything else, for an empty text and for a
    `created_at` that is no datetime.
    """
    document = _read(given, source, index)
    if not isinstance(document.text, str) or not document.text.strip():
        raise InvalidInput(
            f"Document {index} of the source {source!r} has no text: {shortened(given)}.",
            "Leave empty documents out.",
            value=given,
        )
    if document.created_at is not None and not isinstance(document.created_at, datetime):
        raise InvalidInput(
            f"The `created_at` of document {index} of the source {source!r} is {shortened(document.created_at)}.",
            "Pass a datetime; `datetime.fromisoformat` reads one from text.",
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
        uri=_text(metadata.get("source")) or _location(metadata.get("location")),
        part=_part(metadata),
        position=_position(metadata.get("page"), metadata.get("start_index")),
        created_at=_time(metadata.get("created_at") or metadata.get("date")),
    )


def _brief(name: str) -> str:
    """A name as it stands in a prompt: a signed URL without its signature, and of any other long one its two ends."""
    name = " ".join(name.split())
    if len(name) > _LONGEST and "://" in name:
        name = name.partition("?")[0]
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[-_LONGEST // 2 :]}"


def _part(metadata: Mapping[str, Any]) -> str | None:
    """The headings above a piece, which its splitter took out of the text, outermost first, and the page as printed."""
    headers = sorted(key for key in metadata if isinstance(key, str) and _HEADER.fullmatch(key))
    page = _text(metadata.get("page_label")) or _text(metadata.get("page_number"))
    named = [*filter(None, (_text(metadata[key]) for key in headers)), *([f"page {page}"] if page else [])]
    return " > ".join(named) or None


def _position(page: object, start: object) -> tuple[int, int] | None:
    if not isinstance(page, int) and not isinstance(start, int):
        return None
    return (page if isinstance(page, int) else 0, start if isinstance(start, int) else 0)


def _location(location: object) -> str | None:
    """Where a knowledge base of Bedrock found it: the URI, URL or id in `{"type": "S3", "s3Location": {"uri": …}}`."""
    places = location.values() if isinstance(location, Mapping) else ()
    found = (place.get(key) for place in places if isinstance(place, Mapping) for key in ("uri", "url", "id"))
    return next(filter(None, map(_text, found)), None)


def _text(value: object) -> str | None:
    """A name as metadata holds it, which may be a number or a path; None where it is none."""
    name = "" if value is None or isinstance(value, _NO_NAMES) else str(value)
    return name if name.strip() else None


def _time(value: object) -> datetime | None:
    """A time as metadata holds it, in UTC; None where it is none, for metadata is anybody's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):  # as YAML reads one
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # before the year 1 in UTC: how some databases put that there is none
        return None
