"""Items of OpenAI's Responses API become messages: those that were said at once become one."""

from __future__ import annotations

from typing import Any

import pytest

from contextkit.errors import InvalidMessage
from contextkit.messages import as_message, as_messages
from contextkit.types import Message, ToolCall

THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "find", "arguments": '{ "q":1}'}
OTHER = CALL | {"id": "fc_2", "call_id": "c2", "arguments": "{}"}
USER = {"role": "user", "content": "Where?"}


def spoken(words: str = "Yes.", number: int = 1, **part: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": words, "annotations": [], "logprobs": None, **part}]
    return {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed", "content": content}


def test_a_plain_answer_is_a_plain_message() -> None:
    assert as_messages([USER, spoken()]) == [
        Message(role="user", content="Where?"),
        Message(role="assistant", content="Yes.", id="msg_1"),
    ]


def test_calls_that_were_made_at_once_are_one_message_s() -> None:
    said, first, second = as_messages(
        [
            spoken("Looking."),
            CALL,
            OTHER,
            {"type": "function_call_output", "call_id": "c2", "output": "two", "status": None},
            {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "one"}]},
        ]
    )
    calls = (ToolCall("c1", "find", '{ "q":1}'), ToolCall("c2", "find", "{}"))
    assert said == Message(role="assistant", content="Looking.", id="msg_1", tool_calls=calls)
    assert first == Message(role="tool", content="two", tool_call_id="c2")
    assert second == Message(role="tool", content=({"type": "input_text", "text": "one"},), tool_call_id="c1")


def test_reasoning_is_kept_and_so_is_what_stood_behind_it() -> None:
    (said,) = as_messages([THOUGHT, spoken("Looking."), {**THOUGHT, "id": "rs_2", "status": None}, CALL])
    assert said.id == "rs_1"
    assert said.content == (
        THOUGHT,
        {"type": "text", "text": "Looking.", "id": "msg_1"},
        {**THOUGHT, "id": "rs_2"},
    )
    placed = {key: value for key, value in CALL.items() if key != "arguments"}
    assert said.metadata == {"content_calls": [[3, placed]]}
    assert said.text == "Looking."


def test_what_is_cited_and_a_phase_are_kept() -> None:
    cited = {"type": "url_citation", "url": "https://x.test", "title": "X", "start_index": 0, "end_index": 3}
    commentary = {**spoken("Looking."), "phase": "commentary"}
    first, second = as_messages([commentary, spoken("Yes.", 2, annotations=[cited])])
    assert first.content == ({"type": "text", "text": "Looking.", "id": "msg_1", "phase": "commentary"},)
    assert second.content == ({"type": "text", "text": "Yes.", "annotations": [cited], "id": "msg_2"},)


def test_a_refusal_is_kept_as_one() -> None:
    said = {**spoken(), "content": [{"type": "refusal", "refusal": "I will not."}]}
    assert as_message(said).content == ({"type": "refusal", "refusal": "I will not.", "id": "msg_1"},)


def test_answers_are_joined_by_nothing_but_what_must_stand_together() -> None:
    assert [one.content for one in as_messages([spoken("Hi."), spoken("Well?", 2)])] == ["Hi.", "Well?"]
    outputs = [{"type": "function_call_output", "call_id": call_id, "output": "x"} for call_id in ("c1", "c2")]
    turns = as_messages([CALL, outputs[0], OTHER, outputs[1]])
    assert [one.role for one in turns] == ["assistant", "tool", "assistant", "tool"]


def test_what_openai_s_own_client_answers_with() -> None:
    responses = pytest.importorskip("openai.types.responses", reason="needs the extra dev: openai")
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    }
    answer = responses.Response.model_validate(
        {
            "id": "resp_1",
            "object": "response",
            "created_at": 0,
            "model": "m",
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "output": [THOUGHT, search, spoken(), CALL],
        }
    )
    (said,) = as_messages(answer.output)
    assert said.content == (THOUGHT, search, {"type": "text", "text": "Yes.", "id": "msg_1"})
    assert said.tool_calls == (ToolCall("c1", "find", '{ "q":1}'),)
    assert said == as_messages([THOUGHT, search, spoken(), CALL])[0]
    with pytest.raises(InvalidMessage, match=r"\*response\.output"):
        as_messages([answer])


@pytest.mark.parametrize(
    "kind",
    ["custom_tool_call", "computer_call", "local_shell_call", "mcp_approval_request", "item_reference", "program"],
)
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_answered_otherwise_than_a_function_s_call_is_refused(kind: str, alone: bool) -> None:
    with pytest.raises(InvalidMessage, match=f"An item of type '{kind}'"):
        as_messages([*([] if alone else [THOUGHT, CALL]), {"type": kind, "id": "x", "call_id": "c"}])


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({**CALL, "call_id": None}, "id is ''"),
        ({**CALL, "name": None}, "name is ''"),
        ({"type": "function_call_output", "output": "x"}, "no tool_call_id"),
        ({"type": "function_call_output", "call_id": "c", "output": 5}, "The content 5"),
        (spoken(None), "text block's text is None"),  # type: ignore[arg-type]
    ],
)
def test_a_misshapen_item_is_refused_by_name(item: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidMessage, match=problem):
        as_messages([item])
