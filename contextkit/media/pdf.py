"""What a PDF costs: its pages, each of them as a picture and as the text on it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pypdf import PageObject

PICTURE: Final = 1_600
"""Tokens of a page as a picture: what Anthropic makes of an image of 1,568 pixels, as which pages are drawn (a scanned
page was billed as 1,592 by Claude Haiku 4.5 and as 1,600 by Claude Opus 5.5). OpenAI's most for an image is 1,445."""

TEXT: Final = 3_000
"""Tokens of the text on a page: 1,500 to 3,000, by how dense it is (Anthropic's guide "PDF support"). OpenAI's guide
"File inputs" gives no number, and sends text and picture too. For a sparse page this is too much, and more so where
no pictures are sent, as by Bedrock's Converse unless citations are asked for."""

LARGEST: Final = 32 * 2**20
"""Bytes of the largest file that is opened: no provider takes a larger request (Anthropic's limit)."""

_HEADER: Final = b"%PDF-"


def is_pdf(head: bytes) -> bool:
    """True for a file that begins like a PDF."""
    return head.startswith(_HEADER)


def pdf_tokens(data: bytes) -> int | None:
    """The tokens of all pages; of those without any font, which hold no text, their pictures alone.

    None where that cannot be told: without the extra `pdf`, and for a file that is damaged,
    encrypted or too large. Takes about 0.2 ms a page; nothing is rendered or unpacked.
    """
    try:
        from pypdf import PdfReader
    except ImportError:
        return None
    if len(data) > LARGEST:
        return None
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            return None
        return sum(PICTURE + TEXT * _has_text(page) for page in reader.pages) or None
    except Exception:  # a damaged file may raise anything; its size then stands for it
        return None


def _has_text(page: PageObject) -> bool:
    return _has_font(page.get("/Resources"), depth=3)


def _has_font(resources: Any, depth: int) -> bool:
    """Whether these resources, or those of the forms they draw, name a font. What lies deeper counts as text."""
    found = _resolved(resources)
    if not isinstance(found, Mapping):
        return False
    if _resolved(found.get("/Font")):
        return True
    drawn = _resolved(found.get("/XObject")) or {}
    forms = [form for form in map(_resolved, drawn.values()) if form.get("/Subtype") == "/Form"]
    return any(depth == 0 or _has_font(form.get("/Resources"), depth - 1) for form in forms)


def _resolved(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value
