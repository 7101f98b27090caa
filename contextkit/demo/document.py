"""The demo's documents: Markdown files with a few lines of front matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from contextkit.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Document):
    """One page of a help centre, a manual, a shop, or the open web.

    `injection` names the trick it tries on the model that reads it; None for an honest page.
    """

    id: str
    title: str
    uri: str
    created_at: datetime
    injection: str | None = None


def parse_document(document_id: str, file: str) -> Page:
    """A page from its file: `key: value` lines, an empty line, then the text."""
    front, text = file.split("\n\n", 1)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    return Page(
        id=document_id,
        title=fields["title"],
        uri=fields["uri"],
        created_at=datetime.fromisoformat(fields["date"]).replace(tzinfo=UTC),
        text=text.rstrip("\n"),
        injection=fields.get("injection"),
    )
