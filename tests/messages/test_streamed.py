from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from contextkit.messages import as_messages
from contextkit.messages.streamed import StreamedAnswer
from contextkit.render.converse import to_converse
from contextkit.types import Message, Tool

USAGE = {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}
TOOL = Tool("find", "", {"type": "object", "properties": {}})


def start(at: int, **block: Any) -> dict[str, Any]:
    return {"contentBlockStart": {"contentBlockIndex": at, "start": block}}


def deltas(at: int, *given: Any) -> list[dict[str, Any]]:
    events = [{"contentBlockDelta": {"contentBlockIndex": at, "delta": delta}} for delta in given]
    return [*events, {"contentBlockStop": {"contentBlockIndex": at}}]


def stopped(reason: str) -> list[dict[str, Any]]:
    return [{"messageStop": {"stopReason": reason}}, {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 1}}}]


CALL = {"toolUse": {"toolUseId": "t1", "name": "find"}}
BEGUN = {"messageStart": {"role": "assistant"}}
ALL = [
    BEGUN,
    *deltas(0, {"reasoningContent": {"text": "He "}}, {"reasoningContent": {"text": "asks."}})[:2],
    *deltas(0, {"reasoningContent": {"signature": "s"}}),
    *deltas(1, {"text": "Let me "}, {"text": "see."}),
    start(2, **CALL),
    *deltas(2, {"toolUse": {"input": '{"q":'}}, {"toolUse": {"input": ' "é"}'}}),
    start(3, toolUse={"toolUseId": "t2", "name": "find"}),
    *deltas(3, {"toolUse": {"input": ""}}),
    *stopped("tool_use"),
]


def test_an_answer_comes_in_words_and_ends_as_the_message_that_converse_gives() -> None:
    answer = StreamedAnswer(ALL)
    assert list(answer) == ["Let me ", "see."]
    assert answer.message == {
        "role": "assistant",
        "content": [
            {"reasoningContent": {"reasoningText": {"text": "He asks.", "signature": "s"}}},
            {"text": "Let me see."},
            {"toolUse": {"toolUseId": "t1", "name": "find", "input": {"q": "é"}}},
            {"toolUse": {"toolUseId": "t2", "name": "find", "input": {}}},
        ],
    }
    assert (answer.stop_reason, answer.usage) == ("tool_use", USAGE)
    assert [(call["toolUseId"], call["input"]) for call in answer.calls] == [("t1", {"q": "é"}), ("t2", {})]


def test_what_was_streamed_goes_back_as_it_came() -> None:
    answer = StreamedAnswer()
    for event in ALL:
        answer.add(event)
    results = [Message(role="tool", content="x", tool_call_id=name) for name in ("t1", "t2")]
    request = to_converse([Message(role="user", content="?"), *as_messages([answer.message]), *results], [TOOL])
    assert request["messages"][1] == answer.message


@pytest.mark.parametrize("came", range(len(ALL) + 1))
def test_wherever_it_breaks_off_it_has_what_came_and_no_half_of_a_call(came: int) -> None:
    answer = StreamedAnswer(ALL[:came])
    told = "".join(answer)
    assert "".join(block.get("text", "") for block in answer.message["content"]) == told
    assert all(call["input"] in ({}, {"q": "é"}) for call in answer.calls)
    assert (answer.stop_reason is None) == (came < len(ALL) - 1)
    as_messages([answer.message])


def test_a_call_that_ran_out_of_tokens_is_left_out() -> None:
    cut = [BEGUN, *deltas(0, {"text": "So:"}), start(1, **CALL), *deltas(1, {"toolUse": {"input": '{"q": "a'}})]
    answer = StreamedAnswer([*cut, *stopped("max_tokens")])
    assert list(answer) == ["So:"]
    assert answer.message["content"] == [{"text": "So:"}]
    assert (answer.calls, answer.stop_reason) == ([], "max_tokens")


def test_all_kinds_of_blocks_are_put_together() -> None:
    where = {"web": {"url": "https://a.example"}}
    events = [
        *deltas(0, {"reasoningContent": {"redactedContent": b"\x00"}}, {"reasoningContent": {"redactedContent": b"1"}}),
        start(1, toolUse={"toolUseId": "g", "name": "nova_grounding", "type": "server_tool_use"}),
        *deltas(1, {"toolUse": {"input": "{}"}}),
        start(2, toolResult={"toolUseId": "g", "type": "nova_grounding_result", "status": "success"}),
        *deltas(2, {"toolResult": [{"text": "a"}]}, {"toolResult": [{"json": {"b": 1}}]}),
        *deltas(3, {"text": "It is "}, {"text": "open."}, {"citation": {"title": "A", "location": where}}),
        start(4, image={"format": "png"}),
        *deltas(4, {"image": {"source": {"bytes": b"\x89"}}}, {"image": {"source": {"bytes": b"PNG"}}}),
        start(5, image={"format": "png"}),
        *deltas(5, {"image": {"source": {"s3Location": {"uri": "s3://b/a.png"}}}}),
        start(6, image={"format": "png"}),
        *deltas(6, {"image": {"error": {"message": "no"}}}),
        *deltas(7, {"text": ""}),
        *stopped("end_turn"),
    ]
    answer = StreamedAnswer(events)
    assert "".join(answer) == "It is open."
    result = {"toolUseId": "g", "type": "nova_grounding_result", "status": "success"}
    assert answer.message["content"] == [
        {"reasoningContent": {"redactedContent": b"\x001"}},
        {"toolUse": {"toolUseId": "g", "name": "nova_grounding", "type": "server_tool_use", "input": {}}},
        {"toolResult": {**result, "content": [{"text": "a"}, {"json": {"b": 1}}]}},
        {"citationsContent": {"content": [{"text": "It is open."}], "citations": [{"title": "A", "location": where}]}},
        {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/a.png"}}}},
    ]
    assert answer.calls == [], "Bedrock has run it itself"
    shape = botocore.session.get_session().get_service_model("bedrock-runtime").shape_for("Message")
    assert not (errors := ParamValidator().validate(answer.message, shape)).has_errors(), errors.generate_report()
    as_messages([answer.message])
