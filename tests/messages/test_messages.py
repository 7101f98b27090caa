from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage
from pydantic import BaseModel

from contextkit.blocks import block_message
from contextkit.errors import InvalidId, InvalidInput, InvalidMessage
from contextkit.messages import as_message, as_messages, dumps, loads
from contextkit.types import Message, ToolCall


def test_an_openai_dict() -> None:
    message = as_message(
        {
            "role": "assistant",
            "content": None,
            "id": "m1",
            "name": "helper",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{ "q":1}'}}],
            "created_at": 1_700_000_000,
        }
    )
    assert message == Message(
        role="assistant",
        id="m1",
        name="helper",
        tool_calls=(ToolCall("c1", "find", '{ "q":1}'),),
        created_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
    )


BLOCK = "<documents>\nReturns\n</documents>\n<context-facts>\nWithin 30 days.\n</context-facts>"


@pytest.mark.parametrize(
    "block",
    [
        block_message(BLOCK),
        {"role": "user", "name": "context", "content": BLOCK},
        {"role": "user", "name": "context", "content": [{"type": "text", "text": BLOCK}]},
        HumanMessage(BLOCK, name="context"),
        HumanMessage([{"type": "text", "text": BLOCK, "cache_control": {"type": "ephemeral"}}], name="context"),
    ],
)
def test_a_block_of_a_rendered_prompt_is_nobodys_message(block: object) -> None:
    said = {"role": "user", "content": "Hello"}
    assert [message.text for message in as_messages([block, said])] == ["Hello"]
    assert as_message(block).text == BLOCK


@pytest.mark.parametrize(
    "own",
    [
        {"content": BLOCK},
        {"content": BLOCK, "name": "Ana"},
        {"content": f"{BLOCK} What is that?", "name": "context"},
        {"content": f"Look: {BLOCK}", "name": "context"},
        {"content": f"{BLOCK} and {BLOCK}", "name": "context"},
        {"content": "<documents>\nReturns", "name": "context"},
        {"content": "<div>Returns</div>", "name": "context"},
        {"content": "Hello", "name": "context"},
        {"content": "", "name": "context"},
        {"content": BLOCK, "name": "context", "role": "assistant"},
        {"content": [{"type": "text", "text": BLOCK}, {"type": "image", "id": "x"}], "name": "context"},
        {"content": [{"type": "text", "text": f"context: {BLOCK}"}]},
    ],
)
def test_what_somebody_may_have_written_is_never_left_out(own: dict[str, Any]) -> None:
    assert len(as_messages([{"role": "user", **own}])) == 1


def test_arguments_that_came_as_an_object_become_json_text() -> None:
    message = as_message(
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": "ü"}}}]}
    )
    assert message.tool_calls == (ToolCall("c", "f", '{"a":"ü"}'),)


def test_what_a_dict_holds_beyond_our_fields_is_kept() -> None:
    message = as_message({"role": "user", "content": "hi", "speaker": "Ann", "metadata": {"turn": 3}, "refusal": None})
    assert message.metadata == {"speaker": "Ann", "turn": 3}


def test_developer_is_system_and_remembered() -> None:
    message = as_message({"role": "developer", "content": "Be brief."})
    assert (message.role, message.metadata) == ("system", {"role": "developer"})


def test_legacy_functions_become_tool_calls_and_results() -> None:
    call, result = as_messages(
        [
            {"role": "assistant", "content": None, "function_call": {"name": "now", "arguments": "{}"}},
            {"role": "function", "name": "now", "content": "12:00"},
        ]
    )
    assert call.tool_calls == (ToolCall("function-now", "now", "{}"),)
    assert (result.role, result.tool_call_id, result.name) == ("tool", "function-now", "now")


def test_content_blocks_stay_as_they_are() -> None:
    blocks = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]
    assert as_message({"role": "user", "content": blocks}).content == tuple(blocks)


def test_later_changes_to_what_was_handed_in_do_not_show() -> None:
    block = {"type": "text", "text": "before"}
    message = as_message({"role": "user", "content": [block], "tags": (tags := ["a"])})
    block["text"] = "after"
    tags.append("b")
    assert message.text == "before"
    assert message.metadata == {"tags": ["a"]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00+05:30", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        (0.5, datetime(1970, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_times_become_utc(given: object, expected: datetime) -> None:
    created_at = as_message({"role": "user", "content": "", "created_at": given}).created_at
    assert created_at == expected
    assert created_at is not None
    assert created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "given", [datetime(2026, 3, 1), "soon", 1e18, float("nan"), True, [2026], "0001-01-01T00:00:00+23:00"]
)
def test_what_names_no_point_in_time_is_refused(given: object) -> None:
    with pytest.raises(InvalidMessage, match="created_at"):
        as_message({"role": "user", "content": "", "created_at": given})


def test_anthropic_calls_and_results() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
    call, first, second, rest = as_messages(
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Looking."},
                    {"type": "tool_use", "id": "t1", "name": "find", "input": {"q": 1}},
                    {"type": "tool_use", "id": "t2", "name": "find", "input": {}},
                ],
            },
            {
                "role": "user",
                "id": "m2",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "one"},
                    {"type": "tool_result", "tool_use_id": "t2", "content": [image], "is_error": True},
                    {"type": "text", "text": "And now?"},
                ],
            },
        ]
    )
    assert (call.content, call.tool_calls) == (
        "Looking.",
        (ToolCall("t1", "find", '{"q":1}'), ToolCall("t2", "find", "{}")),
    )
    assert first == Message(role="tool", content="one", tool_call_id="t1", id="m2")
    assert second == Message(role="tool", content=(image,), tool_call_id="t2", id="m2/2", metadata={"status": "error"})
    assert rest == Message(role="user", content="And now?", id="m2/3")


class Text(BaseModel):
    type: str = "text"
    text: str
    citations: None = None


class Use(BaseModel):
    type: str = "tool_use"
    id: str
    name: str
    input: object


class Function(BaseModel):
    name: str
    arguments: str


class Call(BaseModel):
    id: str
    type: str = "function"
    function: Function


class Answer(BaseModel):
    id: str | None = None
    role: str = "assistant"
    content: str | list[Text | Use] | None = None
    tool_calls: list[Call] | None = None


def test_what_clients_answer_with_is_understood_as_it_is() -> None:
    """OpenAI's and Anthropic's clients give pydantic models; examples append them, or their parts, as they came."""
    call = Call(id="c1", function=Function(name="find", arguments='{"q": 1}'))
    blocks = [Text(text="Looking."), Use(id="c1", name="find", input={"q": 1})]
    answers: list[object] = [
        Answer(tool_calls=[call]),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        Answer(id="msg_1", content=blocks),
        {"role": "assistant", "content": blocks},
    ]
    found = as_messages(answers)
    assert [[(one.id, one.name) for one in message.tool_calls] for message in found] == [[("c1", "find")]] * 4
    assert [message.text for message in found] == ["", "", "Looking.", "Looking."]
    assert [message.id for message in found] == [None, None, "msg_1", None]
    alone: Any = Answer(content="Yes.")
    with pytest.raises(InvalidMessage, match="is not a list of messages"):
        as_messages(alone)


@pytest.mark.parametrize("given", [b"\x89PNG", object()], ids=["bytes", "object"])
def test_a_client_s_model_that_has_no_json_form_is_refused_in_words(given: object) -> None:
    used = Use(id="c1", name="find", input=given)
    for message in (used, {"role": "assistant", "content": [used]}):
        with pytest.raises(InvalidMessage, match=r"^A message holds .*, which JSON cannot say .*Use text"):
            as_messages([message])


def test_converse_calls_results_and_bytes() -> None:
    question, call, result = as_messages(
        [
            {"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}, {"text": "?"}]},
            {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                    {"text": "Looking."},
                    {"toolUse": {"toolUseId": "t1", "name": "find", "input": {"q": 1}}},
                    {"cachePoint": {"type": "default"}},
                ],
            },
            {
                "role": "user",
                "content": [{"toolResult": {"toolUseId": "t1", "content": [{"json": {"n": 1}}], "status": "error"}}],
            },
        ]
    )
    assert question.content == (
        {"type": "image", "base64": "iVBORw==", "mime_type": "image/png"},
        {"type": "text", "text": "?"},
    )
    assert call.content == (
        {"type": "reasoning", "reasoning": "hm", "extras": {"signature": "s"}},
        {"type": "text", "text": "Looking."},
    )
    assert call.tool_calls == (ToolCall("t1", "find", '{"q":1}'),)
    assert result == Message(role="tool", content='{"n":1}', tool_call_id="t1", metadata={"status": "error"})


def test_a_dict_that_holds_several_messages_is_no_single_message() -> None:
    turn = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}, {"type": "text", "text": "and"}]}
    with pytest.raises(InvalidMessage, match="holds 2 messages"):
        as_message(turn)


BAD: dict[str, dict[str, Any]] = {
    "The role 'robot' is unknown": {"role": "robot", "content": "hi"},
    "The role None is unknown": {"content": "hi"},
    "has no content": {"role": "user"},
    "which is bytes": {"role": "user", "content": b"hi"},
    "Pass its `messages`": {"messages": [{"role": "user", "content": "hi"}]},
    "read by `messages_from_dict`": {"type": "human", "data": {"content": "hi"}},
    "The content 5 is neither": {"role": "user", "content": 5},
    "The content block 5 is not a dict": {"role": "user", "content": [5]},
    r"holds b'\\x89', which is bytes": {"role": "user", "content": [{"type": "image", "data": b"\x89"}]},
    "has no tool_call_id": {"role": "tool", "content": "hi"},
    "role user has a tool_call_id": {"role": "user", "content": "hi", "tool_call_id": "c"},
    "role user has tool calls": {
        "role": "user",
        "content": "hi",
        "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
    },
    "have the same id": {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f"}}] * 2},
    "tool call's id is ''": {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]},
    "tool call's name is ''": {"role": "assistant", "tool_calls": [{"id": "c", "function": {}}]},
    "The tool call 'f' is not": {"role": "assistant", "tool_calls": ["f"]},
    "tool_calls is 'f'": {"role": "assistant", "tool_calls": "f"},
    "function_call is 'f'": {"role": "assistant", "function_call": "f"},
    "name is 5": {"role": "user", "content": "hi", "name": 5},
    "The metadata 5 is not a dict": {"role": "user", "content": "hi", "metadata": 5},
    "'note' in the metadata holds <object": {"role": "user", "content": "hi", "note": object()},
    "'note' in the metadata holds nan": {"role": "user", "content": "hi", "note": float("nan")},
    "'note' in the metadata holds an integer of 16610 bits": {"role": "user", "content": "hi", "note": 10**5_000},
    "A text block's text is None": {"role": "user", "content": [{"type": "text"}]},
    "toolResult content is None": {"role": "user", "content": [{"toolResult": {"toolUseId": "t"}}]},
    "image source is None": {"role": "user", "content": [{"image": {"format": "png"}}]},
    "'note' in the metadata has the key 1": {"role": "user", "content": "hi", "note": {1: 2}},
    "tool_call block where": {"role": "user", "content": [{"type": "tool_call", "name": "f"}]},
    "role 'assistant' holds tool results": {
        "role": "assistant",
        "content": [{"type": "tool_result", "tool_use_id": "t", "content": ""}],
    },
}


@pytest.mark.parametrize("problem", BAD)
def test_a_bad_message_is_refused_by_name(problem: str) -> None:
    with pytest.raises(InvalidMessage, match=problem) as refused:
        as_message(BAD[problem])
    assert refused.value.remedy.endswith(".")
    assert len(str(refused.value)) < 400


def test_a_bad_one_of_many_is_named_by_its_place() -> None:
    called = [{"type": "function_call", "call_id": f"c{n}", "name": "f", "arguments": "{}"} for n in range(2)]
    results = [{"type": "function_call_output", "call_id": f"c{n}", "output": "1"} for n in range(2)]
    with pytest.raises(InvalidMessage, match=r"^Message 5: The role 'robot' is unknown\."):
        as_messages([*called, *results, {"role": "robot", "content": "hi"}])
    with pytest.raises(InvalidId, match=r"^Message 2: The message id 7 is not"):
        as_messages(one for one in [("user", "hi"), {"role": "user", "content": "hi", "id": 7}])
    with pytest.raises(InvalidMessage, match=r"^The role"):
        as_messages([{"role": "robot", "content": "hi"}])


def test_numbers_as_dynamodb_reads_them_are_numbers() -> None:
    """boto3 gives every number of an item as a `Decimal`: what was kept in a table comes with them."""
    bought = {"n": Decimal(3), "price": Decimal("1.5")}
    message = as_message(
        {
            "role": "assistant",
            "content": [{"toolUse": {"toolUseId": "t", "name": "buy", "input": bought}}],
            "created_at": Decimal(1_740_909_600),
            "tokens_used": Decimal("1E+2"),
        }
    )
    assert message.tool_calls[0].arguments == '{"n":3,"price":1.5}'
    assert message.created_at == datetime(2025, 3, 2, 10, tzinfo=UTC)
    assert repr(message.metadata["tokens_used"]) == "100"


@pytest.mark.parametrize("given", ["NaN", "sNaN", "Infinity", "1E+400", "1E+999999"])
def test_a_decimal_that_json_cannot_say_is_refused(given: str) -> None:
    for field in ("note", "created_at"):
        with pytest.raises(InvalidMessage, match=r"JSON cannot say|no point in time"):
            as_message({"role": "user", "content": "", field: Decimal(given)})


@pytest.mark.parametrize("id_", ["", 5, "x" * 3_000, "\ud800"])
def test_a_bad_id_is_refused(id_: object) -> None:
    with pytest.raises(InvalidId):
        as_message({"role": "user", "content": "hi", "id": id_})


def test_endless_nesting_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidMessage, match="nested more than 100 levels"):
        as_message({"role": "user", "content": [{"type": "other", "value": endless}]})


@pytest.mark.parametrize(
    "not_a_list", ["hi", b"hi", {"role": "user", "content": "hi"}, Message(role="user"), None, 5], ids=repr
)
def test_a_single_message_is_no_list(not_a_list: Any) -> None:
    with pytest.raises(InvalidMessage, match="not a list of messages"):
        as_messages(not_a_list)


@pytest.mark.parametrize("value", ["hi", 5, None, object(), ["hi"]])
def test_what_is_no_message_is_refused(value: object) -> None:
    with pytest.raises(InvalidMessage, match="is not a message"):
        as_message(value)


@pytest.mark.parametrize(
    "other",
    [
        {"role": "user", "content": "Bye", "id": "m1"},
        {"role": "assistant", "content": "Hello", "id": "m1"},
        {"role": "user", "content": "Hello", "id": "m1", "name": "Ana"},
        Message(role="user", content="Hello", id="m1", metadata={"a": 1}),
    ],
)
def test_of_two_messages_with_one_id_none_is_dropped_in_silence(other: object) -> None:
    with pytest.raises(InvalidMessage, match="Two different messages have the id 'm1'") as error:
        as_messages([{"role": "user", "content": "Hello", "id": "m1"}, other])
    assert error.value.value == "m1"


def test_a_message_may_stand_twice_and_many_may_have_no_id() -> None:
    hello = Message(role="user", content="Hello", id="m1")
    stored = replace(hello, created_at=datetime(2026, 5, 4, tzinfo=UTC), seq=1, tokens=2, counter="o200k_base")
    assert as_messages([hello, stored]) == [hello, stored]
    assert len(as_messages([{"role": "user", "content": text} for text in "abc"])) == 3


def test_any_iterable_will_do() -> None:
    def lines() -> Iterator[dict[str, str]]:
        yield {"role": "user", "content": "a"}
        yield {"role": "assistant", "content": "b"}

    assert [message.content for message in as_messages(lines())] == ["a", "b"]


def test_a_message_is_checked_and_keeps_what_a_store_gave_it() -> None:
    stored = Message(role="user", content="hi", id="m", seq=3, tokens=5, counter="c")
    assert as_message(stored) == stored
    with pytest.raises(InvalidMessage):
        as_message(Message(role="tool", content="hi"))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=10,
)
keys = st.sampled_from(
    ["role", "content", "id", "name", "tool_calls", "tool_call_id", "created_at", "metadata", "function_call", "type"]
)
blocks = st.dictionaries(
    st.sampled_from(["type", "text", "tool_use_id", "id", "name", "input", "toolUse", "toolResult", "image", "json"]),
    st.sampled_from(["text", "tool_use", "tool_result", "tool_call"]) | json_like,
    max_size=3,
)
dicts = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system", "developer", "function"]) | json_like},
    optional={"content": st.lists(blocks, max_size=3) | st.text() | json_like},
)


@given(st.builds(lambda base, more: {**more, **base}, dicts, st.dictionaries(keys, json_like, max_size=4)))
def test_any_dict_is_understood_or_refused_and_what_is_understood_can_be_kept(data: dict[str, Any]) -> None:
    try:
        messages = as_messages([data])
    except InvalidInput:
        return
    for message in messages:
        assert loads(dumps(message)) == message == as_message(message)


@pytest.mark.parametrize(
    ("given", "role"),
    [
        (("human", "hi"), "user"),
        (("user", "hi"), "user"),
        (("ai", "hi"), "assistant"),
        (("system", "hi"), "system"),
        ({"role": "human", "content": "hi"}, "user"),
        ({"role": "ai", "content": "hi"}, "assistant"),
    ],
)
def test_what_langchain_s_users_write_by_hand_is_understood(given: object, role: str) -> None:
    assert as_message(given) == Message(role=role, content="hi")  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [("human",), ("human", "hi", "there"), (1, "hi"), ["human", "hi"]])
def test_other_tuples_and_lists_are_no_messages(given: object) -> None:
    with pytest.raises(InvalidMessage, match="is not a message"):
        as_message(given)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"id": "x", "choices": [{"message": {"role": "assistant", "content": "hi"}}]}, "choices[0].message"),
        ({"output": {"message": {"role": "assistant", "content": []}}}, '["output"]["message"]'),
        ({"index": 0, "message": {"role": "assistant", "content": "hi"}}, "Pass the `message` in it"),
        ({"role": "model", "parts": [{"text": "hi"}]}, 'Write its parts as "content"'),
        ({"object": "response", "output": [{"type": "message"}]}, "*response.output"),
        ({"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"}, "offer the model functions"),
        ({"role": "user"}, 'Give it a "content"'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_has_a_message_in_it_or_is_another_api_s_is_refused_with_where_to_look(
    given: dict[str, object], remedy: str
) -> None:
    with pytest.raises(InvalidMessage) as refused:
        as_message(given)
    assert remedy in str(refused.value)
