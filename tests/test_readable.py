"""All the text of a message, whatever blocks hold it."""

from __future__ import annotations

import base64
import json

import pytest

from contextkit.readable import named, pictured, readable, verbatim, with_calls
from contextkit.types import Block, Message, ToolCall
from tests.world import IMAGE

PDF: Block = {"type": "file", "base64": "JVBERi0=", "mime_type": "application/pdf"}
LISTING: Block = {"type": "resource", "resource": {"uri": "file:///a.txt", "text": "one\ntwo"}}
PAGES: Block = {"type": "document", "source": {"type": "content", "content": [{"type": "base64", "data": "iVBORw0"}]}}
BLOB = {"uri": "file:///b.csv", "mimeType": "text/csv", "blob": base64.b64encode("a,é".encode()).decode()}


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        ([{"type": "text", "text": "a"}, IMAGE, {"type": "text", "text": "b"}], "a\nb"),
        ([LISTING, {"type": "text", "text": "b"}], "one\ntwo\nb"),
        ([{"type": "resource", "resource": BLOB}], "a,é"),
        ([{"type": "rows", "rows": [1, "é"]}], '{"type": "rows", "rows": [1, "é"]}'),
        ([{"type": "file", "base64": "x", "mime_type": "text/plain"}], ""),
        ([{"json": {"city": "Ghent"}}], '{"json": {"city": "Ghent"}}'),
        ([PAGES], '{"type": "document", "source": {"type": "content", "content": [{"type": "base64"}]}}'),
        ([IMAGE, PDF, {"cachePoint": {"type": "default"}}], ""),
    ],
)
def test_what_a_tool_answered_with_is_read(blocks: list[Block], text: str) -> None:
    assert readable(Message(role="tool", content=tuple(blocks), tool_call_id="c")) == text


def test_plain_text_is_as_it_is() -> None:
    assert readable(Message(role="user", content="a\n")) == "a\n"
    assert pictured(Message(role="user", content="a\n")) == ()


def test_json_whose_letters_are_spelled_as_numbers_is_read_as_letters() -> None:
    spelled = json.dumps({"city": "Đà Nẵng"})
    blocks = ({"type": "text", "text": spelled}, {"type": "text", "text": "Đà"})
    message = Message(role="tool", content=blocks, tool_call_id="c")
    assert readable(message) == '{"city": "Đà Nẵng"}\nĐà'
    assert verbatim(message) == f"{spelled}\nĐà"
    asked = Message(role="assistant", content="I look.", tool_calls=(ToolCall("c", "find", spelled),))
    assert with_calls(asked) == 'I look.\nfind {"city": "Đà Nẵng"}'
    assert verbatim(asked) == f"I look.\nfind {spelled}"


def test_what_a_model_thought_is_not_read_back_to_it() -> None:
    blocks = (
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "compaction", "encrypted_content": "y"},
    )
    assert readable(Message(role="assistant", content=(*blocks, {"type": "text", "text": "Yes."}))) == "Yes."


def test_pictures_and_files_are_counted() -> None:
    message = Message(role="tool", content=(IMAGE, PDF, LISTING, IMAGE), tool_call_id="c")
    assert pictured(message) == (IMAGE, PDF, IMAGE)
    assert named(pictured(message)) == "2 images and 1 file"


def test_files_are_told_by_what_they_are_called() -> None:
    """A customer who asks for it again must be told which."""
    files = [{**PDF, "filename": name} for name in ("March.pdf", "a\n " + "b" * 100)]
    assert named([*files, IMAGE]) == f"2 files (March.pdf, a {'b' * 58}) and 1 image"
