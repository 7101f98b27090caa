from typing import Any

import pytest

from contextkit import Budget, ContextBuilder
from contextkit.errors import InvalidMessage, InvalidTool
from contextkit.messages import as_messages
from contextkit.render.anthropic import to_anthropic
from contextkit.render.openai import ATTACHED, BELOW, to_openai
from contextkit.render.responses import to_responses
from contextkit.sources import Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Message, Tool, ToolCall

PNG = "iVBORw0KGgo="


def test_a_loop(loop: tuple[Message, ...], tools: tuple[Tool, ...]) -> None:
    assert to_openai(loop, tools) == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Where are my orders?", "name": "Ann"},
            {
                "role": "assistant",
                "content": "Looking.",
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "find", "arguments": '{"q": 1}'}},
                    {"id": "b", "type": "function", "function": {"name": "now", "arguments": ""}},
                ],
            },
            {"role": "tool", "content": "on its way", "tool_call_id": "b"},
            {"role": "tool", "content": "not found", "tool_call_id": "a"},
            {"role": "user", "content": "And the other?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "find",
                    "description": "Find an order.",
                    "parameters": {"type": "object", "properties": {"q": {"type": "integer"}}},
                },
            },
            {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
        ],
    }


def test_no_tools_no_key(loop: tuple[Message, ...]) -> None:
    assert "tools" not in to_openai(loop)


def test_openai_dicts_come_back_as_they_were() -> None:
    dicts: list[dict[str, Any]] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a", "detail": "low"}}]},
        {
            "role": "assistant",
            "content": None,
            "refusal": "no",
            "audio": {"id": "audio_1"},
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{ "a":1 }'}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "x"},
    ]
    assert to_openai(as_messages(dicts))["messages"] == dicts


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "image", "base64": PNG, "mime_type": "image/png"}, f"data:image/png;base64,{PNG}"),
        (
            {"type": "image", "source_type": "base64", "data": PNG, "mime_type": "image/png"},
            f"data:image/png;base64,{PNG}",
        ),
        ({"type": "image", "base64": PNG}, f"data:image/png;base64,{PNG}"),
        ({"type": "image", "url": "https://x.test/a"}, "https://x.test/a"),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lGOD"}},
            "data:image/gif;base64,R0lGOD",
        ),
        ({"type": "image", "source": {"type": "url", "url": "https://x.test/a"}}, "https://x.test/a"),
        ({"type": "input_image", "image_url": "https://x.test/a"}, "https://x.test/a"),
        ({"type": "non_standard", "value": {"type": "image", "url": "https://x.test/a"}}, "https://x.test/a"),
    ],
)
def test_images_of_every_shape(block: dict[str, Any], expected: str) -> None:
    request = to_openai([Message(role="user", content=(block,))])
    assert request["messages"][0]["content"] == [{"type": "image_url", "image_url": {"url": expected}}]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/x-wav"},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        ),
        (
            {"type": "file", "base64": "JVBERi0=", "mime_type": "application/pdf", "extras": {"filename": "a.pdf"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        ),
        ({"type": "file", "file": {"file_id": "f1"}}, {"type": "file", "file": {"file_id": "f1"}}),
        (
            {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
            {"type": "file", "file": {"filename": "T", "file_data": "data:text/plain;base64,aGk="}},
        ),
    ],
)
def test_sound_and_files(block: dict[str, Any], expected: dict[str, Any]) -> None:
    assert to_openai([Message(role="user", content=(block,))])["messages"][0]["content"] == [expected]


def test_reasoning_is_left_out() -> None:
    content = ({"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "Yes."})
    shaped = to_openai([Message(role="assistant", content=content)])["messages"][0]
    assert shaped["content"] == [{"type": "text", "text": "Yes."}]


def test_ids_that_are_too_long_are_replaced_on_both_sides() -> None:
    long = "x" * 41
    messages = [
        Message(role="assistant", tool_calls=(ToolCall(long, "f", "{}"),)),
        Message(role="tool", tool_call_id=long),
    ]
    call, result = to_openai(messages)["messages"]
    assert call["tool_calls"][0]["id"] == result["tool_call_id"]
    assert len(result["tool_call_id"]) <= 40


def test_names_keep_to_the_letters_that_openai_takes() -> None:
    assert to_openai([Message(role="user", name="Ann <Lee>")])["messages"][0]["name"] == "Ann__Lee_"


@pytest.mark.parametrize(
    "message",
    [
        Message(role="user", content=({"type": "video", "url": "https://x.test/a.mp4"},)),
        Message(role="user", content=({"type": "file", "url": "https://x.test/a.pdf"},)),
        Message(role="user", content=({"type": "image", "base64": "AAAA"},)),
        Message(role="user", content=({"type": "audio", "url": "https://x.test/a.mp3"},)),
        Message(role="user", content=({"type": "server_tool_use", "id": "x"},)),
        Message(role="system", content=({"type": "image", "url": "https://x.test/a"},)),
    ],
)
def test_what_has_no_place_is_refused(message: Message) -> None:
    with pytest.raises(InvalidMessage, match="OpenAI's chat completions API takes no"):
        to_openai([message])


def test_a_call_without_a_result_is_refused(loop: tuple[Message, ...]) -> None:
    with pytest.raises(InvalidMessage, match="Message 2 of the prompt: no result for the call 'b'"):
        to_openai([message for message in loop if message.tool_call_id != "b"])


def test_a_result_without_a_call_is_refused(loop: tuple[Message, ...]) -> None:
    with pytest.raises(InvalidMessage, match="Message 1 of the prompt: a result without its call"):
        to_openai([loop[0], *loop[3:]])


@pytest.mark.parametrize(
    ("names", "problem"), [(["a b"], "'a b'"), ([""], "''"), (["a", "a"], "Two tools"), (["x" * 129], "1 to 128")]
)
def test_tools_that_no_provider_takes_are_refused(names: list[str], problem: str) -> None:
    with pytest.raises(InvalidTool, match=problem):
        to_openai([Message(role="user", content="hi")], [Tool(name, "", {"type": "object"}) for name in names])


def test_more_tools_than_openai_takes_are_refused() -> None:
    tools = [Tool(f"t{number}", "", {"type": "object"}) for number in range(129)]
    said = [Message(role="user", content="hi")]
    assert len(to_openai(said, tools[:128])["tools"]) == 128
    with pytest.raises(InvalidTool, match=r"129 tools; OpenAI's chat completions API takes 128\. Show fewer: `Tools\("):
        to_openai(said, tools)
    with pytest.raises(InvalidTool, match=r"129 tools; OpenAI's Responses API takes 128\."):
        to_responses(said, tools)
    assert len(to_anthropic(said, tools)["tools"]) == 129


def test_another_server_that_speaks_the_api_may_take_more_tools() -> None:
    tools = [Tool(f"t{number}", "", {"type": "object"}) for number in range(300)]
    with SQLiteStore(":memory:") as store:
        sources = [Tools(tools, pinned=[tool.name for tool in tools], limit=None)]
        builder = ContextBuilder(store=store, sources=sources, budget=Budget(window=100_000))
        context = builder.build("hi", actor_id="a", session_id="s")
    count = len(context.tools)
    assert count >= 300
    assert len(context.to_openai(most_tools=count)["tools"]) == count
    assert len(context.to_responses(most_tools=count)["tools"]) == count
    for shape in (context.to_openai, context.to_responses):
        with pytest.raises(InvalidTool, match=r"tools; .* takes 200\. .* pass `most_tools`\."):
            shape(most_tools=200)


def test_the_request_shares_nothing_with_the_messages() -> None:
    block = {"type": "image_url", "image_url": {"url": "https://x.test/a"}}
    parameters: dict[str, Any] = {"type": "object", "properties": {}}
    message, tool = Message(role="user", content=(block,)), Tool("f", "", parameters)
    request: Any = to_openai([message], [tool])
    request["messages"][0]["content"][0]["image_url"]["url"] = "changed"
    request["tools"][0]["function"]["parameters"]["properties"]["new"] = 1
    assert message.content == ({"type": "image_url", "image_url": {"url": "https://x.test/a"}},)
    assert parameters == {"type": "object", "properties": {}}


PICTURE = {"type": "image", "base64": PNG, "mime_type": "image/png"}
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}


def test_images_in_results_follow_them_in_a_message_of_the_user_s() -> None:
    """Chat completions refuse the whole prompt, and every later one of the session, for an image in a result."""
    calls = (ToolCall("a", "look", "{}"), ToolCall("b", "look", "{}"), ToolCall("c", "look", "{}"))
    prompt = [
        Message(role="user", content="Look."),
        Message(role="assistant", tool_calls=calls),
        Message(role="tool", tool_call_id="a", content=({"type": "text", "text": "a cat"}, PICTURE)),
        Message(role="tool", tool_call_id="b", content=(PICTURE,)),
        Message(role="tool", tool_call_id="c", content="nothing"),
    ]
    results, attached = (
        [
            {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "a cat"}]},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": BELOW}]},
            {"role": "tool", "tool_call_id": "c", "content": "nothing"},
        ],
        {"role": "user", "content": [{"type": "text", "text": ATTACHED}, IMAGE, IMAGE]},
    )
    assert to_openai(prompt)["messages"][2:] == [*results, attached]
    answered = to_openai([*prompt, Message(role="assistant", content="Two cats.")])["messages"]
    assert answered[:-1] == to_openai(prompt)["messages"], "a prompt that grows keeps its beginning"


def test_what_no_message_of_theirs_may_hold_is_refused_in_a_result_too() -> None:
    film = {"type": "video", "base64": "AAAA", "mime_type": "video/mp4"}
    prompt = [
        Message(role="assistant", tool_calls=(ToolCall("a", "look", "{}"),)),
        Message(role="tool", tool_call_id="a", content=(film,)),
    ]
    with pytest.raises(InvalidMessage, match="takes no video"):
        to_openai(prompt)


def test_what_follows_a_result_is_counted_with_it() -> None:
    counter = get_counter()
    result = Message(role="tool", tool_call_id="a", content=(PICTURE,))
    shown = [
        Message(role="tool", tool_call_id="a", content=BELOW),
        Message(role="user", content=(text(ATTACHED), PICTURE)),
    ]
    assert sum(map(counter.message, shown)) <= counter.message(result) <= sum(map(counter.message, shown)) + 12


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}
