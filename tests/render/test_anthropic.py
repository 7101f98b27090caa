from typing import Any

import pytest

from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages
from contextkit.render.anthropic import to_anthropic
from contextkit.render.request import Breakpoints
from contextkit.types import Message, Tool, ToolCall

MARK = {"type": "ephemeral"}


def say(role: Any, text: str, **more: Any) -> Message:
    return Message(role=role, content=text, **more)


def text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def test_a_loop(loop: tuple[Message, ...], tools: tuple[Tool, ...]) -> None:
    assert to_anthropic(loop, tools, Breakpoints((0, 4), after_tools=True)) == {
        "system": [{**text("Be brief."), "cache_control": MARK}],
        "messages": [
            {"role": "user", "content": [text("Ann: Where are my orders?")]},
            {
                "role": "assistant",
                "content": [
                    text("Looking."),
                    {"type": "tool_use", "id": "a", "name": "find", "input": {"q": 1}},
                    {"type": "tool_use", "id": "b", "name": "now", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "b", "content": [text("on its way")]},
                    {
                        "type": "tool_result",
                        "tool_use_id": "a",
                        "content": [text("not found")],
                        "is_error": True,
                        "cache_control": MARK,
                    },
                    text("And the other?"),
                ],
            },
        ],
        "tools": [
            {
                "name": "find",
                "description": "Find an order.",
                "input_schema": {"type": "object", "properties": {"q": {"type": "integer"}}},
            },
            {"name": "now", "input_schema": {"type": "object", "properties": {}}, "cache_control": MARK},
        ],
    }


def test_anthropic_dicts_come_back_as_they_were(tools: tuple[Tool, ...]) -> None:
    dicts: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://x.test/a"}}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "AAAA"},
                {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
                {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
                {"type": "tool_use", "id": "t1", "name": "find", "input": {"q": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "t1",
                    "is_error": True,
                    "content": [
                        text("see"),
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    ],
                },
                {"type": "document", "source": {"type": "file", "file_id": "f1"}, "title": "T"},
            ],
        },
    ]
    assert to_anthropic(as_messages(dicts), tools)["messages"] == dicts


def test_openai_images_and_text_files_change_shape() -> None:
    blocks = (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "file", "base64": "aGk=", "mime_type": "text/plain", "extras": {"name": "note"}},
    )
    (turn,) = to_anthropic([Message(role="user", content=blocks)])["messages"]
    assert turn["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "document", "title": "note", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
    ]


def test_a_later_system_message_is_said_in_the_user_s_turn() -> None:
    request = to_anthropic(
        [say("system", "A"), say("system", "B"), say("user", "hi"), say("system", "C"), say("user", "?")]
    )
    assert request == {
        "system": [text("A"), text("B")],
        "messages": [{"role": "user", "content": [text("hi"), text("C"), text("?")]}],
    }


def test_where_the_assistant_would_begin_the_user_does() -> None:
    request = to_anthropic([say("assistant", "Hello."), say("user", "hi")])
    assert request["messages"][0] == {"role": "user", "content": [text("(continued)")]}


def test_messages_with_nothing_in_them_are_left_out() -> None:
    request = to_anthropic([say("user", "hi"), say("assistant", " \n"), say("user", "again"), say("user", "")])
    assert request["messages"] == [{"role": "user", "content": [text("hi"), text("again")]}]


def test_a_breakpoint_on_an_empty_message_moves_to_what_is_before_it() -> None:
    request = to_anthropic([say("user", "hi"), say("assistant", ""), say("user", "again")], (), Breakpoints((1,)))
    assert request["messages"][0]["content"] == [{**text("hi"), "cache_control": MARK}, text("again")]


def test_reasoning_is_never_marked() -> None:
    content = (text("Yes."), {"type": "thinking", "thinking": "hm", "signature": "s"})
    prompt = [say("user", "hi"), Message(role="assistant", content=content), say("user", "?")]
    turn = to_anthropic(prompt, (), Breakpoints((1,)))["messages"][1]
    assert turn["content"] == [{**text("Yes."), "cache_control": MARK}], "and none may stand last"


def test_of_too_many_breakpoints_the_first_and_the_last_stay(tools: tuple[Tool, ...]) -> None:
    prompt = [say(("user", "assistant")[i % 2], str(i)) for i in range(7)]
    turns = to_anthropic(prompt, tools, Breakpoints(tuple(range(7)), after_tools=True))["messages"]
    assert [turn["content"][0]["text"] for turn in turns if "cache_control" in turn["content"][0]] == ["0", "5", "6"]


def test_marks_that_a_message_arrived_with_are_left_out() -> None:
    found = {"type": "search_result", "source": "a", "title": "A", "content": [text("x")]}
    blocks = [{**text("hi"), "cache_control": MARK}, {**found, "cache_control": MARK}]
    assert to_anthropic(as_messages([{"role": "user", "content": blocks}]))["messages"][0]["content"] == [
        text("hi"),
        found,
    ]


def test_arguments_that_are_no_object_stay_readable(tools: tuple[Tool, ...]) -> None:
    prompt = [
        say("user", "hi"),
        Message(role="assistant", tool_calls=(ToolCall("a", "find", "[1"),)),
        say("tool", "bad arguments", tool_call_id="a"),
    ]
    assert to_anthropic(prompt, tools)["messages"][1]["content"][0]["input"] == {"unparsed": "[1"}


def test_the_same_id_in_two_turns_becomes_two_ids(tools: tuple[Tool, ...]) -> None:
    loop = [Message(role="assistant", tool_calls=(ToolCall("a", "find", "{}"),)), say("tool", "x", tool_call_id="a")]
    turns = to_anthropic([say("user", "hi"), *loop, *loop], tools)["messages"]
    first, second = (turns[i]["content"][0]["id"] for i in (1, 3))
    assert (first, turns[2]["content"][0]["tool_use_id"]) == ("a", "a")
    assert second != "a"
    assert turns[4]["content"][0]["tool_use_id"] == second


def test_without_tools_calls_and_results_are_told_as_text(loop: tuple[Message, ...]) -> None:
    assert to_anthropic(loop)["messages"][1:] == [
        {
            "role": "assistant",
            "content": [text("Looking."), text('[called find with {"q": 1}]'), text("[called now with {}]")],
        },
        {
            "role": "user",
            "content": [
                text("[result of now]"),
                text("on its way"),
                text("[result of find]"),
                text("not found"),
                text("And the other?"),
            ],
        },
    ]


@pytest.mark.parametrize(
    "message",
    [
        Message(role="user", content=({"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},)),
        Message(role="user", content=({"type": "image", "base64": "AAAA"},)),
        Message(role="user", content=({"type": "web_search_call", "id": "x"},)),
        Message(role="system", content=({"type": "image", "url": "https://x.test/a"},)),
    ],
)
def test_what_has_no_place_is_refused(message: Message) -> None:
    with pytest.raises(InvalidMessage, match="Anthropic takes no"):
        to_anthropic([say("user", "?"), message])


def test_a_prompt_without_a_turn_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="says nothing besides its system prompt"):
        to_anthropic([say("system", "Be brief."), say("user", " ")])


def test_a_result_that_says_nothing_says_so(tools: tuple[Tool, ...]) -> None:
    """Anthropic answers a failure without a word with "content cannot be empty if `is_error` is true"."""
    messages = [
        Message(role="user", content="Go."),
        Message(role="assistant", tool_calls=(ToolCall("a", "find", "{}"),)),
        Message(role="tool", content=" ", tool_call_id="a", metadata={"status": "error"}),
    ]
    (result,) = to_anthropic(messages, tools)["messages"][-1]["content"]
    assert result["content"] == [text("(no output)")]
    assert result["is_error"]
