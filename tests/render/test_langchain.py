import pytest
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from contextkit.errors import InvalidMessage
from contextkit.messages import as_message, as_messages, dumps, loads
from contextkit.render.langchain import to_langchain
from contextkit.types import Message, ToolCall

CALL = {"name": "find", "args": {"q": 1, "ü": [None]}, "id": "c1"}
INVALID = {"name": "find", "args": "{bad", "id": "c2", "error": "no JSON"}
NAMELESS = {"name": None, "args": None, "id": None, "error": "cut off"}

CAME_FROM_LANGCHAIN: list[BaseMessage] = [
    HumanMessage("hi", id="h1", name="ann"),
    HumanMessage([{"type": "text", "text": "see"}, {"type": "image", "url": "https://x.test/a.png"}]),
    HumanMessage(content_blocks=[{"type": "text", "text": "v1"}]),
    HumanMessage("more", speaker="Ann", turn=3),
    SystemMessage("Be brief."),
    SystemMessage("Be brief.", additional_kwargs={"__openai_role__": "developer"}),
    AIMessage(
        "Looking.",
        id="run-1",
        tool_calls=[CALL],
        invalid_tool_calls=[INVALID, NAMELESS],
        additional_kwargs={"x": 1},
        response_metadata={"model_name": "m", "logprobs": None},
        usage_metadata={
            "input_tokens": 1,
            "output_tokens": 2,
            "total_tokens": 3,
            "input_token_details": {"cache_read": 1},
        },
    ),
    AIMessage(
        [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {
                "type": "tool_use",
                "id": "c1",
                "name": "find",
                "input": {"q": 1, "ü": [None]},
                "caller": {"type": "direct"},
            },
            {"type": "text", "text": "between"},
            {"type": "tool_use", "id": "c3", "name": "find", "input": {}, "index": 2},
        ],
        tool_calls=[CALL, {"name": "find", "args": {}, "id": "c3"}],
    ),
    AIMessage(
        content_blocks=[
            {"type": "reasoning", "reasoning": "hm"},
            {"type": "tool_call", "name": "find", "args": {"q": 1}, "id": "c1", "extras": {"signature": "s"}},
        ],
        response_metadata={"output_version": "v1"},
    ),
    AIMessage([{"type": "reasoning_content", "reasoning_content": {"redacted_content": b"\x12\xa8"}}]),
    AIMessage(
        [{"type": "reasoning", "extras": {"redacted_content": b"\x12\xa8"}}, {"type": "text", "text": "So."}],
        response_metadata={"output_version": "v1", "model_provider": "bedrock_converse"},
    ),
    AIMessage(
        [{"type": "function_call", "name": "find", "arguments": '{"q": 1}', "call_id": "c1", "id": "fc_1"}],
        tool_calls=[{"name": "find", "args": {"q": 1}, "id": "c1"}],
    ),
    AIMessage("", additional_kwargs={"function_call": {"name": "now", "arguments": "{}"}}),
    AIMessage([]),
    FunctionMessage("12:00", name="now"),
    ToolMessage("x", tool_call_id="c1", status="error", artifact={"rows": [1]}, name="find"),
    ToolMessage([{"type": "text", "text": "x"}], tool_call_id="c1"),
    ChatMessage("hi", role="user"),
    ChatMessage("Be brief.", role="developer"),
]


@pytest.mark.parametrize("message", CAME_FROM_LANGCHAIN, ids=lambda message: message.type)
def test_what_came_from_langchain_leaves_equal(message: BaseMessage) -> None:
    kept = loads(dumps(as_message(message)))
    assert to_langchain([kept]) == [message]


def test_calls_are_read_once_wherever_they_stand() -> None:
    message = as_message(CAME_FROM_LANGCHAIN[7])
    assert [call.id for call in message.tool_calls] == ["c1", "c3"]
    assert [block["type"] for block in message.content if not isinstance(block, str)] == ["thinking", "text"]


def test_a_call_that_stands_only_among_the_blocks_is_a_call() -> None:
    message = as_message(AIMessage([{"type": "tool_use", "id": "t", "name": "find", "input": {"q": 1}}]))
    assert (message.content, message.tool_calls) == ((), (ToolCall("t", "find", '{"q":1}'),))


def test_an_invalid_call_is_a_call_with_its_text() -> None:
    message = as_message(CAME_FROM_LANGCHAIN[6])
    assert message.tool_calls == (ToolCall("c1", "find", '{"q":1,"ü":[null]}'), ToolCall("c2", "find", "{bad"))


def test_chunks_are_the_messages_they_make_up() -> None:
    whole = AIMessageChunk("Look") + AIMessageChunk(
        "ing.", tool_call_chunks=[{"name": "find", "args": '{"q": 1}', "id": "c1", "index": 0}]
    )
    assert as_message(whole).tool_calls == (ToolCall("c1", "find", '{"q":1}'),)
    assert as_message(HumanMessageChunk("hi")) == Message(role="user", content="hi")


def test_anthropic_results_in_a_human_message_are_results() -> None:
    result, rest = as_messages(
        [HumanMessage([{"type": "tool_result", "tool_use_id": "t", "content": "x"}, {"type": "text", "text": "?"}])]
    )
    assert (result.role, result.tool_call_id, rest.content) == ("tool", "t", "?")


def test_pydantic_artifacts_are_kept_as_json() -> None:
    message = as_message(ToolMessage("x", tool_call_id="c", artifact=[HumanMessage("inner")]))
    assert message.metadata["artifact"][0]["content"] == "inner"


@pytest.mark.parametrize("artifact", [object(), Document("found", metadata={"score": object()})])
def test_other_artifacts_are_refused_by_name(artifact: object) -> None:
    with pytest.raises(InvalidMessage, match="'artifact' in the metadata holds"):
        as_message(ToolMessage("x", tool_call_id="c", artifact=artifact))


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (RemoveMessage("m1"), "type 'remove' are no part of a conversation"),
        (ChatMessage("hi", role="robot"), "role 'robot' is unknown"),
        (AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": None}]), "tool call's id is ''"),
    ],
)
def test_what_is_no_message_is_refused(message: BaseMessage, problem: str) -> None:
    with pytest.raises(InvalidMessage, match=problem):
        as_message(message)


def test_messages_from_elsewhere() -> None:
    prompt = as_messages(
        [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "hi", "name": "ann", "id": "m1", "speaker": "Ann"},
            {"role": "assistant", "content": None, "function_call": {"name": "now", "arguments": "{}"}},
            {"role": "function", "name": "now", "content": "12:00"},
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "[1]"}}]},
        ]
    )
    assert to_langchain(prompt) == [
        SystemMessage("Be brief.", additional_kwargs={"__openai_role__": "developer"}),
        HumanMessage("hi", name="ann", id="m1"),
        AIMessage("", additional_kwargs={"function_call": {"name": "now", "arguments": "{}"}}),
        FunctionMessage("12:00", name="now"),
        AIMessage("", invalid_tool_calls=[{"name": "f", "args": "[1]", "id": "c", "error": None}]),
    ]


def test_a_content_that_was_shortened_to_text_keeps_its_calls() -> None:
    message = as_message(CAME_FROM_LANGCHAIN[7])
    shorter = Message(role="assistant", content="…", tool_calls=message.tool_calls, metadata=message.metadata)
    (shaped,) = to_langchain([shorter])
    assert shaped.content == "…"
    assert isinstance(shaped, AIMessage)
    assert [call["id"] for call in shaped.tool_calls] == ["c1", "c3"]
