"""What tools answer with, MCP's and others, reaches every provider block by block as it comes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from contextkit.media.medium import UNKNOWN
from contextkit.messages import as_messages
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.openai import to_openai
from contextkit.render.responses import to_responses
from contextkit.tokens import get_counter
from contextkit.types import Message, Tool

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = base64.b64encode(b"%PDF-1.7").decode()
LOOK = Tool("look", "Looks.", {"type": "object", "properties": {}})
BLOCKS: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({"type": "text", "text": "a cat", "annotations": None}, "a cat"),
    "image": ({"type": "image", "data": PNG, "mimeType": "image/png"}, PNG[:20]),
    "embedded text": (
        {"type": "resource", "resource": {"uri": "file:///a.txt", "mimeType": "text/plain", "text": "a cat"}},
        "a cat",
    ),
    "embedded nothing": ({"type": "resource", "resource": {"uri": "file:///a.txt", "text": ""}}, "c1"),
    "embedded image": (
        {"type": "resource", "resource": {"uri": "file:///a.png", "mimeType": "image/png", "blob": PNG}},
        PNG[:20],
    ),
    "embedded file": (
        {"type": "resource", "resource": {"uri": "file:///a.pdf", "mimeType": "application/pdf", "blob": PDF}},
        PDF,
    ),
    "a row of a table": ({"id": 7, "name": "Zoë"}, "Zoë"),
    "a block of its own kind": ({"type": "json", "value": {"id": 7}}, '"id": 7'.replace('"', '\\"')),
    "text without a type": ({"text": "a cat"}, "a cat"),
    "Converse's JSON": ({"json": {"name": "Zoë"}}, "Zoë"),
    "link": ({"type": "resource_link", "uri": "file:///a.txt", "name": "a", "description": "A cat."}, "file:///a.txt"),
}


def answered(block: dict[str, Any]) -> list[Message]:
    call = {"id": "c1", "function": {"name": "look", "arguments": "{}"}}
    return as_messages(
        [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": [block]},
        ]
    )


@pytest.mark.parametrize(("block", "shown"), BLOCKS.values(), ids=BLOCKS)
def test_every_provider_is_shown_what_the_tool_answered(block: dict[str, Any], shown: str) -> None:
    prompt = answered(block)
    for render in (to_openai, to_anthropic, to_converse, to_responses):
        assert shown in json.dumps(
            render(prompt, [LOOK]), ensure_ascii=False, default=lambda raw: base64.b64encode(raw).decode()
        )


def test_an_embedded_file_costs_what_files_do_and_not_what_its_payload_would_as_text() -> None:
    resource = {"uri": "file:///a.bin", "mimeType": "application/pdf", "blob": PDF + "QUJD" * 4_000}
    result = answered({"type": "resource", "resource": resource})[-1]
    assert get_counter().message(result) < UNKNOWN["file"] + 200


def test_sound_keeps_its_type() -> None:
    prompt = answered({"type": "audio", "data": "AAAA", "mimeType": "audio/wav"})
    attached: Any = to_openai(prompt, [LOOK])["messages"][-1]["content"]
    assert attached[-1] == {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
