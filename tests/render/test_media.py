"""Pictures, sounds and files in every shape that LangChain has for them, to every provider that takes them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.openai import to_openai
from contextkit.render.responses import to_responses
from contextkit.types import Message, Tool

PNG, WAV, PDF = "iVBORw0KGgo=", "UklGRg==", "JVBERi0="
TEXT = base64.b64encode(b"Open on Mondays.").decode()
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def prompt(block: dict[str, Any]) -> list[Message]:
    return as_messages([{"role": "user", "content": [{"type": "text", "text": "See."}, block]}])


@pytest.mark.parametrize(
    "block",
    [
        {"type": "file", "source_type": "text", "text": "Open on Mondays.", "mime_type": "text/plain"},
        {"type": "text-plain", "text": "Open on Mondays.", "mime_type": "text/plain"},
        {"type": "text-plain", "base64": TEXT, "mime_type": "text/plain"},
    ],
    ids=["v0", "v1", "v1 by base64"],
)
def test_a_file_of_mere_text_is_read_in_either_version(block: dict[str, Any]) -> None:
    said = prompt(block)
    shown = [str(render(said)) for render in (to_openai, to_responses, to_anthropic, to_converse)]  # type: ignore[operator]
    assert all("Open on Mondays." in request or TEXT in request for request in shown)
    families: tuple[Any, ...] = ("anthropic", "converse", "openai", "responses", "google", "other", None)
    assert all(
        "Open on Mondays." in str(shaped) or TEXT in str(shaped)
        for shaped in (to_langchain_prompt(said, family=family) for family in families)
    )
    assert "text-plain" not in str([to_langchain_prompt(said, family=family) for family in families])


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ({"type": "media", "mime_type": "image/png", "data": PNG}, "image"),
        ({"type": "media", "mime_type": "application/pdf", "data": PDF}, "file"),
    ],
)
def test_what_only_gemini_s_chat_models_call_media_reaches_others(block: dict[str, Any], kind: str) -> None:
    said = prompt(block)
    assert all(block["data"] in str(render(said)) for render in (to_openai, to_responses, to_anthropic))  # type: ignore[operator]
    (shown,) = to_langchain_prompt(said, family="openai")
    assert shown.content[1] == {"type": kind, "base64": block["data"], "mime_type": block["mime_type"]} | (
        {"name": "document"} if kind == "file" else {}
    )
    assert block["data"] in str(to_langchain_prompt(said, family="google"))
    kept = {"type": "media", "mime_type": block["mime_type"], "file_uri": "gs://bucket/a"}
    assert to_langchain_prompt(prompt(kept), family="google")[0].content[1] == kept


def test_a_picture_in_a_data_url_is_one_in_base64_to_every_chat_model() -> None:
    """Gemini's would ask the network for it."""
    (shown,) = to_langchain_prompt(prompt({"type": "image", "url": f"data:image/png;base64,{PNG}"}), family="google")
    assert shown.content[1] == {"type": "image", "base64": PNG, "mime_type": "image/png"}


@pytest.mark.parametrize("family", ["google", "other"])
def test_a_picture_in_anthropic_s_shape_is_langchain_s_to_chat_models_that_do_not_convert_it(family: Any) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    (shown,) = to_langchain_prompt(prompt({"type": "image", "source": source}), family=family)
    assert shown.content[1] == {"type": "image", "base64": PNG, "mime_type": "image/png"}


@pytest.mark.parametrize("mime", ["image/jpg", "image/jpeg"])
def test_anthropic_is_told_of_a_jpeg_by_its_own_name(mime: str) -> None:
    (turn,) = to_anthropic(prompt({"type": "image", "base64": "/9j/", "mime_type": mime}))["messages"]
    assert turn["content"][1]["source"]["media_type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("block", "family", "refusal"),
    [
        ({"type": "file", "base64": TEXT, "mime_type": WORD}, "anthropic", "Anthropic takes no file of type"),
        ({"type": "audio", "base64": WAV, "mime_type": "audio/wav"}, "anthropic", "Anthropic takes no audio"),
        ({"type": "audio", "base64": WAV, "mime_type": "audio/wav"}, "responses", "Responses API takes no audio"),
        ({"type": "file", "file_id": "file-1"}, "converse", "Converse takes no file by file id"),
    ],
)
def test_what_a_provider_does_not_take_is_refused_by_name(block: dict[str, Any], family: Any, refusal: str) -> None:
    """Its chat model would pass it on, which is an error there, or leave it out without a word."""
    render: Any = {"anthropic": to_anthropic, "responses": to_responses, "converse": to_converse}[family]
    with pytest.raises(InvalidMessage, match=refusal):
        render(prompt(block))
    with pytest.raises(InvalidMessage, match=refusal):
        to_langchain_prompt(prompt(block), family=family)


def test_a_sound_that_a_tool_answered_with_is_refused_by_name_for_converse() -> None:
    """Its results take pictures, files and films."""
    called = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "hear", "arguments": "{}"}}]}
    result = {"type": "audio", "base64": WAV, "mime_type": "audio/wav"}
    said = as_messages([called, {"role": "tool", "tool_call_id": "c1", "content": [result]}])
    with pytest.raises(InvalidMessage, match="Converse takes no audio"):
        to_converse(said, [Tool("hear", "Listen.", {"type": "object", "properties": {}})])
