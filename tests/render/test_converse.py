from typing import Any

import botocore.session
import pytest

from contextkit import ContextBuilder
from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import document_name, to_converse
from contextkit.render.request import Breakpoints
from contextkit.sources import History
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message, Tool
from tests.render.converse_types import check_converse

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
                {"audio": {"format": "x-aac", "source": {"bytes": b"\x00"}}},
                {"guardContent": {"text": {"text": "hi"}}},
                {"guardContent": {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}},
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
    assert turn["content"][0] == {"document": {"format": "txt", "name": "my b notes b (1)", "source": {"bytes": b"hi"}}}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("invoice_2026-03.PDF", "invoice 2026-03"),
        ("Hóa đơn tháng 3.pdf", "Hoa don thang 3"),
        ("发票 (7).pdf", "(7)"),
        ("发票.pdf", "document"),
        ("v1.2 of it", "v1 2 of it"),
        (" " + "x " * 150, ("x " * 100).strip()),
        (None, "document"),
    ],
)
def test_a_document_s_name_stays_readable(name: str | None, shown: str) -> None:
    assert document_name(name) == shown


def test_an_empty_result_says_so(tools: tuple[Tool, ...], loop: tuple[Message, ...]) -> None:
    results = [Message(role="tool", tool_call_id=id_) for id_ in "ab"]
    turns = to_converse([*loop[1:3], *results], tools)["messages"]
    assert turns[-1]["content"][0] == {"toolResult": {"toolUseId": "a", "content": [{"text": "(no output)"}]}}


def test_cache_points_that_a_message_arrived_with_are_left_out() -> None:
    message = Message(role="user", content=({"type": "text", "text": "hi"}, {"cachePoint": {"type": "default"}}))
    assert to_converse([message])["messages"] == [{"role": "user", "content": [{"text": "hi"}]}]


def test_nova_is_marked_in_what_the_system_and_the_user_say() -> None:
    """It answers with an error to a cache point after tools, and to one in a turn with a call or a result."""
    call = {"toolUse": {"toolUseId": "c1", "name": "find", "input": {}}}
    said = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"text": "Where?"}]},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "Here."}]}}]},
    ]
    prompt, tools = as_messages(said), [Tool("find", "Find it.", {"type": "object", "properties": {}})]
    points = Breakpoints((0, 1, 2, 3), after_tools=True)
    request = to_converse(prompt, tools, points, family="bedrock", nova=True)
    check_converse(request)
    assert request["system"] == [{"text": "Be brief."}, MARK]
    assert [turn["content"][1:] for turn in request["messages"]] == [[MARK], [], []]
    assert MARK not in request["toolConfig"]["tools"]


def test_another_provider_s_model_is_told_what_only_converse_has() -> None:
    """Strands writes to every provider in Converse's blocks; what a provider has none for, it refuses."""
    cited = {"citationsContent": {"content": [{"text": "It is safe."}], "citations": []}}
    thought = [
        {"reasoningContent": {"redactedContent": b"SEALED"}},
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}},
    ]
    prompt = as_messages([("user", "?"), {"role": "assistant", "content": [*thought, cited]}, ("user", "And now?")])
    assert to_converse(prompt, family="openai")["messages"][1]["content"] == [{"text": "It is safe."}]
    assert to_converse(prompt, family="bedrock")["messages"][1]["content"] == [cited]
    assert to_converse(prompt)["messages"][1]["content"] == [*thought, cited]


def test_a_session_that_claude_began_goes_on_with_any_model_of_bedrock_s() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}
    answer = {"role": "assistant", "content": [thought, {"text": "Here."}]}
    question = {"role": "user", "content": [{"text": "Where?"}]}
    with SQLiteStore(":memory:") as store:
        store.append("u1", "s1", [question, answer, question])
        context = ContextBuilder(store=store, sources=[History()], budget=4_000).build(actor_id="u1", session_id="s1")
    claude, nova, other = (
        context.to_converse(**options)["messages"][1]["content"]
        for options in ({"cache": False}, {"cache": "nova"}, {"cache": False, "family": "bedrock"})
    )
    assert thought in claude
    assert thought not in nova
    assert other == [{"text": "Here."}]


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


def test_a_document_that_is_to_be_cited_is_said_to_be_wherever_it_came_from() -> None:
    asked = {"citations": {"enabled": True}, "context": "Of May."}
    converse_s = {"format": "pdf", "name": "Terms", "source": {"bytes": b"%PDF"}, **asked}
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}
    anthropic_s = {"type": "document", "source": source, "title": "Terms", **asked}
    langchain_s = {
        "type": "file",
        "base64": "JVBERg==",
        "mime_type": "application/pdf",
        "name": "Terms",
        "extras": asked,
    }
    for content in (
        [{"text": "Read."}, {"document": converse_s}],
        *([_read, one] for one in (anthropic_s, langchain_s)),
    ):
        messages = as_messages([{"role": "user", "content": content}])
        assert to_converse(messages)["messages"][0]["content"][1] == {"document": converse_s}
        assert to_anthropic(messages)["messages"][0]["content"][1] == anthropic_s


_read = {"type": "text", "text": "Read."}


def _document(name: str | None = None) -> dict[str, Any]:
    extras = {"extras": {"name": name}} if name else {}
    return {"type": "file", "base64": "JVBERg==", "mime_type": "application/pdf", **extras}


def _names(turns: list[Any]) -> list[str]:
    blocks = [block for turn in turns for block in turn["content"]]
    inner = [piece for block in blocks for piece in block.get("toolResult", {"content": [block]})["content"]]
    return [piece["document"]["name"] for piece in inner if "document" in piece]


def test_no_two_documents_of_a_prompt_have_one_name(tools: tuple[Tool, ...]) -> None:
    """Converse answers them with "Messages can't contain duplicate document names", whatever their case."""
    messages = as_messages(
        [
            {"role": "user", "content": [{"type": "text", "text": "Read."}, _document("Plan"), _document()]},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "name": "find", "args": {}}]},
            {"role": "tool", "tool_call_id": "a", "content": [_document("plan"), _document("plan-2")]},
            {"role": "user", "content": [{"type": "text", "text": "And?"}, _document(), _document("P" * 250)]},
            {"role": "user", "content": [{"type": "text", "text": "And?"}, _document("p" * 250)]},
        ]
    )
    turns = to_converse(messages, tools)["messages"]
    long = ["P" * 200, "p" * 190 + "-2"]
    assert _names(to_converse(messages[:3], tools)["messages"]) == ["Plan", "document", "plan-2", "plan-2-2"]
    assert _names(turns) == ["plan-2", "plan-2-2", "document-2", *long], "a longer prompt changes no name"


def test_a_document_never_comes_without_a_word() -> None:
    """Converse answers it with "A text block must be included when using documents"."""
    blank = {"type": "text", "text": " "}
    request = to_converse([Message(role="user", content=(blank, _document()))])
    assert request["messages"][0]["content"][1:] == [{"text": "(attached)"}]


@pytest.mark.parametrize("kind", ["image", "document", "video", "audio"])
def test_every_format_that_the_service_lists_is_sent(kind: str) -> None:
    shapes = botocore.session.get_session().get_service_model("bedrock-runtime")
    named = {"name": "notes"} if kind == "document" else {}
    for form in shapes.shape_for(f"{kind.capitalize()}Format").enum:
        block = {kind: {"format": form, **named, "source": {"bytes": b"\x00"}}}
        request = to_converse(as_messages([{"role": "user", "content": [{"text": "Look."}, block]}]))
        check_converse(request)
        assert [*request["messages"][0]["content"][1]] == [kind]


def test_a_guarded_image_is_an_image_to_other_providers() -> None:
    guarded = {"guardContent": {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}}
    prompt = as_messages([{"role": "user", "content": [{"text": "Look."}, guarded]}])
    assert to_anthropic(prompt)["messages"][0]["content"][1]["type"] == "image"
