from typing import Any

import pytest

from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages
from contextkit.render.converse import to_converse
from contextkit.render.request import Breakpoints
from contextkit.types import Message, Tool

MARK = {"cachePoint": {"type": "default"}}


def test_a_loop(loop: tuple[Message, ...], tools: tuple[Tool, ...]) -> None:
    assert to_converse(loop, tools, Breakpoints((0, 4), after_tools=True)) == {
        "system": [{"text": "Be brief."}, MARK],
        "messages": [
            {"role": "user", "content": [{"text": "Ann: Where are my orders?"}]},
            {
                "role": "assistant",
                "content": [
                    {"text": "Looking."},
                    {"toolUse": {"toolUseId": "a", "name": "find", "input": {"q": 1}}},
                    {"toolUse": {"toolUseId": "b", "name": "now", "input": {}}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"toolResult": {"toolUseId": "b", "content": [{"text": "on its way"}]}},
                    {"toolResult": {"toolUseId": "a", "content": [{"text": "not found"}], "status": "error"}},
                    MARK,
                    {"text": "And the other?"},
                ],
            },
        ],
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "find",
                        "description": "Find an order.",
                        "inputSchema": {"json": {"type": "object", "properties": {"q": {"type": "integer"}}}},
                    }
                },
                {"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
                MARK,
            ]
        },
    }


def test_converse_dicts_come_back_as_they_were(tools: tuple[Tool, ...]) -> None:
    dicts: list[dict[str, Any]] = [
        {
            "role": "user",
            "content": [
                {"text": "Look."},
                {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}},
                {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a.jpg"}}}},
                {"document": {"format": "md", "name": "notes", "source": {"bytes": b"# hi"}}},
                {"video": {"format": "three_gp", "source": {"bytes": b"\x00"}}},
                {"audio": {"format": "mp3", "source": {"bytes": b"\x00"}}},
                {"guardContent": {"text": {"text": "hi"}}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                {"reasoningContent": {"redactedContent": b"\x01"}},
                {"toolUse": {"toolUseId": "t1", "name": "find", "input": {"q": 1}}},
            ],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "no"}], "status": "error"}}],
        },
    ]
    assert to_converse(as_messages(dicts), tools)["messages"] == dicts


def test_images_under_an_s3_url_are_named_by_their_place() -> None:
    blocks = (
        {"type": "image", "url": "s3://bucket/a.jpg", "mime_type": "image/jpeg"},
        {"type": "image", "url": "s3://bucket/a.png"},
    )
    (turn,) = to_converse([Message(role="user", content=blocks)])["messages"]
    assert turn["content"] == [
        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a.jpg"}}}},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png"}}}},
    ]


def test_document_names_keep_to_the_characters_that_converse_takes() -> None:
    block = {
        "type": "file",
        "base64": "aGk=",
        "mime_type": "text/plain",
        "extras": {"name": "my  <b>notes</b>_(1).txt"},
    }
    (turn,) = to_converse([Message(role="user", content=(block,))])["messages"]
    assert turn["content"] == [{"document": {"format": "txt", "name": "my bnotesb(1)txt", "source": {"bytes": b"hi"}}}]


def test_an_empty_result_says_so(tools: tuple[Tool, ...], loop: tuple[Message, ...]) -> None:
    results = [Message(role="tool", tool_call_id=id_) for id_ in "ab"]
    turns = to_converse([*loop[1:3], *results], tools)["messages"]
    assert turns[-1]["content"][0] == {"toolResult": {"toolUseId": "a", "content": [{"text": "(no output)"}]}}


def test_cache_points_that_a_message_arrived_with_are_left_out() -> None:
    message = Message(role="user", content=({"type": "text", "text": "hi"}, {"cachePoint": {"type": "default"}}))
    assert to_converse([message])["messages"] == [{"role": "user", "content": [{"text": "hi"}]}]


def test_two_breakpoints_at_one_place_are_one_cache_point() -> None:
    prompt = [Message(role="user", content="hi"), Message(role="assistant"), Message(role="user", content="?")]
    (turn,) = to_converse(prompt, (), Breakpoints((0, 1)))["messages"]
    assert turn["content"] == [{"text": "hi"}, MARK, {"text": "?"}]


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"type": "image", "url": "https://x.test/a.png"}, "takes no image by URL"),
        ({"type": "image", "base64": "AAAA", "mime_type": "image/tiff"}, "takes no image of type image/tiff"),
        ({"type": "file", "file_id": "f"}, "takes no file by file id"),
        ({"type": "server_tool_use"}, "takes no block of type 'server_tool_use'"),
        ({"type": "image", "base64": "not base64!", "mime_type": "image/png"}, "is not base64"),
    ],
)
def test_what_has_no_place_is_refused(block: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidMessage, match=problem):
        to_converse([Message(role="user", content=(block,))])
