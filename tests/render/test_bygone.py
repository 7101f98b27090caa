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

DATA = base64.b64encode(b"bytes").decode()
FILM = {"type": "video", "base64": DATA, "mime_type": "video/x-none"}
SLIDES = {"type": "file", "base64": DATA, "mime_type": "application/vnd.ms-powerpoint"}
RENDERERS: dict[str, Any] = {
    "anthropic": to_anthropic,
    "converse": to_converse,
    "openai": to_openai,
    "responses": to_responses,
    "langchain, anthropic": lambda messages: to_langchain_prompt(messages, family="anthropic"),
    "langchain, bedrock": lambda messages: to_langchain_prompt(messages, family="bedrock"),
    "langchain, responses": lambda messages: to_langchain_prompt(messages, family="responses"),
}


def _text(blocks: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {"type": "text", "text": "Look."} if all("type" in block for block in blocks) else {"text": "Look."}


def said(*blocks: dict[str, Any], since: bool) -> list[Message]:
    first = {"role": "user", "content": [_text(blocks), *blocks]}
    then = [{"role": "assistant", "content": "I cannot."}, {"role": "user", "content": "And in words?"}]
    return as_messages([first, *(then if since else [])])


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("block", [FILM, SLIDES])
def test_what_a_provider_does_not_take_is_refused_once_and_not_for_ever(name: str, block: dict[str, Any]) -> None:
    render = RENDERERS[name]
    try:
        render(said(block, since=False))
    except InvalidMessage:
        assert "it cannot be shown here]" in str(render(said(block, block, since=True)))
    else:
        assert "it cannot be shown here]" not in str(render(said(block, since=True)))


def test_a_photograph_in_a_phone_s_own_format_ends_no_session() -> None:
    photo: dict[str, Any] = {"image": {"format": "heic", "source": {"bytes": b"ftypheic"}}}
    drawn: dict[str, Any] = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
    messages = said(photo, drawn, photo, since=True)
    assert to_converse(messages)["messages"][0]["content"] == [
        {"text": "Look."},
        {"text": "[image of type image/heic: it cannot be shown here]"},
        drawn,
        {"text": "[image of type image/heic: it cannot be shown here]"},
    ]
    with pytest.raises(InvalidMessage, match="image/heic"):
        to_converse([*messages, *said(photo, since=False)])


def test_what_a_tool_answered_is_told_of_and_what_the_user_sent_stays() -> None:
    """Converse takes sound from users, and none in results."""
    tool = Tool("hear", "Listen.", {"type": "object", "properties": {}})
    sound = {"type": "audio", "base64": DATA, "mime_type": "audio/wav"}
    called = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "hear", "arguments": "{}"}}]}
    result = {"role": "tool", "tool_call_id": "c1", "content": [sound]}
    sent = {**sound, "base64": base64.b64encode(b"of the user").decode()}
    messages = as_messages([{"role": "user", "content": [{"type": "text", "text": "Hear."}, sent]}, called, result])
    with pytest.raises(InvalidMessage, match="audio"):
        to_converse(messages, [tool])
    turns = to_converse([*messages, Message(role="user", content="And?")], [tool])["messages"]
    assert "audio" in turns[0]["content"][1]
    assert turns[2]["content"][0]["toolResult"]["content"] == [
        {"text": "[audio of type audio/wav: it cannot be shown here]"}
    ]


def test_what_nobody_knows_is_no_more_than_mentioned() -> None:
    messages = said({"type": "hologram", "data": DATA}, since=True)
    shown = to_converse(messages)["messages"][0]["content"]
    assert shown == [{"text": "Look."}, {"text": "[a part of this message: it cannot be shown here]"}]
