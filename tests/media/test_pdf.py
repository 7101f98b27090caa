"""What PDFs cost: by their pages, and by their size where they cannot be opened."""

from __future__ import annotations

import base64
import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit.media import separate
from contextkit.media.medium import BYTES_PER_TOKEN
from contextkit.media.pdf import PICTURE, TEXT, is_pdf, pdf_tokens
from contextkit.messages import as_message
from contextkit.tokens import get_counter

pypdf = pytest.importorskip("pypdf", reason="needs the extra pdf")
from pypdf.generic import DictionaryObject, NameObject, StreamObject  # noqa: E402

FONTS = DictionaryObject(
    {
        NameObject("/F1"): DictionaryObject(
            {NameObject("/Type"): NameObject("/Font"), NameObject("/BaseFont"): NameObject("/Helvetica")}
        )
    }
)


def pdf(pages: int = 1, *, resources: DictionaryObject | None = None, extra: bytes = b"", password: str = "") -> bytes:
    """A file of so many pages, as large as `extra` makes it."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(width=595, height=842)
        if resources is not None:
            page[NameObject("/Resources")] = resources
    if extra:
        writer.add_attachment("photo.raw", extra)
    if password:
        writer.encrypt(password, algorithm="RC4-40")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def with_font() -> DictionaryObject:
    return DictionaryObject({NameObject("/Font"): FONTS})


def drawing(form: DictionaryObject) -> DictionaryObject:
    """Resources that draw a form of these resources."""
    drawn = StreamObject()
    drawn[NameObject("/Subtype")] = NameObject("/Form")
    drawn[NameObject("/Resources")] = form
    return DictionaryObject({NameObject("/XObject"): DictionaryObject({NameObject("/X"): drawn})})


def block(data: bytes) -> dict[str, object]:
    return {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": base64.b64encode(data).decode()},
    }


def test_a_page_costs_its_picture_and_its_text() -> None:
    assert pdf_tokens(pdf(7, resources=with_font())) == 7 * (PICTURE + TEXT)


def test_a_page_without_a_font_is_a_picture_alone() -> None:
    assert pdf_tokens(pdf(7)) == 7 * PICTURE


def test_a_font_may_be_in_what_a_page_draws() -> None:
    once, often = drawing(with_font()), with_font()
    for _ in range(9):
        often = drawing(often)
    assert pdf_tokens(pdf(resources=once)) == pdf_tokens(pdf(resources=often)) == PICTURE + TEXT
    assert pdf_tokens(pdf(resources=drawing(DictionaryObject()))) == PICTURE


def test_a_large_file_of_few_pages_costs_its_pages() -> None:
    """A photograph of 3 MB on one page was counted as 300,000 tokens."""
    photograph = pdf(extra=bytes(range(256)) * 12_000)
    assert len(photograph) > 3_000_000
    assert separate(block(photograph)) == (PICTURE, None)
    assert separate({"document": {"format": "pdf", "name": "x", "source": {"bytes": photograph}}})[0] == PICTURE


def test_a_small_file_of_many_pages_does_too() -> None:
    many = pdf(100, resources=with_font())
    assert len(many) < 100_000
    assert separate(block(many))[0] == 100 * (PICTURE + TEXT)


def test_a_message_with_a_pdf_costs_its_pages() -> None:
    counter = get_counter()
    costs = [counter.message(as_message({"role": "user", "content": [block(pdf(pages))]})) for pages in (1, 3)]
    assert costs[1] - costs[0] == 2 * PICTURE


@pytest.mark.parametrize(
    "data",
    [pdf(password="secret"), pdf()[:200], b"%PDF-1.7\n" + b"\0" * 100_000],
    ids=["encrypted", "cut off", "zeros"],
)
def test_what_cannot_be_opened_costs_its_size(data: bytes) -> None:
    assert pdf_tokens(data) is None
    assert separate(block(data))[0] == pytest.approx(max(PICTURE + TEXT, len(data) / BYTES_PER_TOKEN["file"]), abs=2)


def test_so_does_every_pdf_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    assert pdf_tokens(pdf()) is None


def test_a_file_is_told_by_its_beginning() -> None:
    assert is_pdf(pdf())
    assert not is_pdf(b"PK\x03\x04")


@settings(deadline=None)
@given(st.data())
def test_damage_raises_nothing(data: st.DataObject) -> None:
    whole = bytearray(pdf(2, resources=with_font()))
    for place in data.draw(st.lists(st.integers(8, len(whole) - 1), max_size=8)):
        whole[place] = data.draw(st.integers(0, 255))
    tokens = pdf_tokens(bytes(whole))
    assert tokens is None or tokens >= PICTURE
