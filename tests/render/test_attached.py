from __future__ import annotations

import base64
from typing import Any

import pytest

from contextkit.messages import as_messages
from contextkit.render.converse import to_converse
from contextkit.render.langchain import to_langchain_prompt
from contextkit.types import Message, Tool
from tests.render.converse_types import check_converse

GONE = "left out, since later ones took its place"


def _pdf(name: str = "invoice") -> dict[str, Any]:
    return {"document": {"format": "pdf", "name": name, "source": {"bytes": b"%PDF"}}}


def _photo() -> dict[str, Any]:
    return {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}


def _months(*attached: dict[str, Any]) -> list[Message]:
    """A session in which the user attached these, one by one."""
    said: list[dict[str, Any]] = []
    for number, block in enumerate(attached):
        said.append({"role": "user", "content": [{"text": f"Number {number}."}, block]})
        said.append({"role": "assistant", "content": [{"text": "Thank you."}]})
    return as_messages(said[:-1])


def _blocks(request: Any) -> list[dict[str, Any]]:
    return [block for message in request["messages"] for block in message["content"]]


def test_of_more_documents_than_bedrock_takes_the_last_are_sent() -> None:
    """It answers to six with "You can't include more than 5 documents in a request.", in every later prompt too."""
    request = to_converse(_months(*[_pdf()] * 7))
    check_converse(request)
    blocks = _blocks(request)
    sent = [block["document"]["name"] for block in blocks if "document" in block]
    assert sent == ["invoice-3", "invoice-4", "invoice-5", "invoice-6", "invoice-7"], "named as in shorter prompts"
    told = [block["text"] for block in blocks if GONE in block.get("text", "")]
    assert told == [f"[document 'invoice': {GONE}]", f"[document 'invoice-2': {GONE}]"]


def test_pictures_and_documents_share_the_room(tools: tuple[Tool, ...]) -> None:
    """Claude answers to more with "too many images and documents: 19 + 5 > 20"."""
    call = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "find", "input": {}}}]}
    result = {"toolResult": {"toolUseId": "a", "content": [_photo() for _ in range(18)]}}
    messages = as_messages(
        [
            {"role": "user", "content": [{"text": "Look."}, _photo(), {"guardContent": _photo()}, _photo()]},
            call,
            {"role": "user", "content": [result]},
        ]
    )
    messages += _months(_pdf())
    request = to_converse(messages, tools)
    check_converse(request)
    assert [GONE in block.get("text", "") for block in request["messages"][0]["content"]] == [False, True, True, False]
    assert all("image" in block for block in request["messages"][2]["content"][0]["toolResult"]["content"])
    few = to_converse(messages, tools, most_attached=3)
    left = few["messages"][2]["content"][0]["toolResult"]["content"]
    assert [next(iter(block)) for block in left] == ["text"] * 16 + ["image"] * 2


@pytest.mark.parametrize(("family", "sent"), [("converse", 5), ("bedrock", 5), ("anthropic", 7), ("openai", 7)])
def test_langchain_s_chat_models_of_bedrock_are_sent_no_more_either(family: Any, sent: int) -> None:
    messages = _months(*[_pdf()] * 6, {"document": {"format": "pdf", "name": "x", "source": {"bytes": b"%PDF"}}})
    shown = [block for one in to_langchain_prompt(messages, family=family) for block in one.content_blocks]
    texts = [block["text"] for block in shown if block["type"] == "text"]
    assert sum(GONE in text for text in texts) == 7 - sent


def test_documents_in_a_bucket_count_as_well() -> None:
    kept = {"document": {"format": "pdf", "name": "a", "source": {"s3Location": {"uri": "s3://b/a.pdf"}}}}
    messages = _months(*[kept] * 6)
    assert sum("document" in block for block in _blocks(to_converse(messages))) == 5
    for prompt in (to_langchain_prompt(messages, family="converse"), to_langchain_prompt(messages, family="bedrock")):
        assert sum("document" in block for one in prompt for block in one.content if isinstance(block, dict)) == 5


def test_what_the_model_made_itself_takes_no_room() -> None:
    made = {"type": "image", "base64": base64.b64encode(b"\x89PNG").decode(), "mime_type": "image/png"}
    drawn = Message(role="assistant", content=tuple([made] * 30))
    request = to_converse([*_months(_photo()), drawn, Message(role="user", content="And?")])
    assert "image" in request["messages"][0]["content"][1]
