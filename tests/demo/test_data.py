"""The demo's data is what its docstring says: the counts, whole pairs, and answers that are there."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest

from contextkit import demo
from contextkit.demo import Demo, Question
from contextkit.types import Message

DATA = demo.load()
CALLS = [(message, call) for message in DATA.messages for call in message.tool_calls]
RESULTS = [message for message in DATA.messages if message.role == "tool"]
TOOLS = {tool.name: tool for tool in DATA.tools}


@pytest.fixture
def data() -> Demo:
    return DATA


def visits(data: Demo) -> list[str]:
    return list(dict.fromkeys(message.metadata["session"] for message in data.messages))


def ids_of_everything(data: Demo) -> list[str]:
    messages = [message.id or "" for message in data.messages]
    return messages + [document.id for document in data.documents] + [memory.id for memory in data.memories]


def test_loading_twice_gives_equal_data(data: Demo) -> None:
    assert demo.load() == data


def test_it_is_as_large_as_its_docstring_says(data: Demo) -> None:
    assert len(visits(data)) == 29
    assert len(data.messages) == 468
    assert len(CALLS) == 105
    assert len(data.tools) == 60
    assert len(data.documents) == 80
    assert len(data.memories) == 26
    assert len(data.preferences) == 9
    assert len(data.questions) == 20


def test_ids_are_unique_across_messages_documents_and_memories(data: Demo) -> None:
    ids = [*ids_of_everything(data), *(question.id for question in data.questions)]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert len(TOOLS) == len(data.tools)


def test_the_conversation_runs_forward_over_fourteen_months(data: Demo) -> None:
    times = [message.created_at for message in data.messages]
    assert all(time is not None for time in times)
    assert all(earlier <= later for earlier, later in pairwise(times) if earlier and later)
    assert times[0] is not None
    assert times[-1] is not None
    assert (times[-1] - times[0]).days > 13 * 30


def test_every_visit_begins_with_a_person_and_stays_together(data: Demo) -> None:
    for label in visits(data):
        indices = [i for i, message in enumerate(data.messages) if message.metadata["session"] == label]
        assert indices == list(range(indices[0], indices[-1] + 1))
        assert data.messages[indices[0]].role == "user"
        created = data.messages[indices[0]].created_at
        assert created is not None
        assert label.startswith(f"{created:%Y-%m-%d}")


def test_every_call_is_answered_at_once_and_in_order(data: Demo) -> None:
    for index, message in enumerate(data.messages):
        following = data.messages[index + 1 : index + 1 + len(message.tool_calls)]
        assert [(call.id, call.name) for call in message.tool_calls] == [
            (answer.tool_call_id, answer.name) for answer in following
        ]
    assert len(RESULTS) == len(CALLS)


def test_calls_keep_to_their_tools_schemas() -> None:
    for _, call in CALLS:
        schema = TOOLS[call.name].parameters
        arguments: dict[str, Any] = json.loads(call.arguments)
        assert set(schema["required"]) <= set(arguments) <= set(schema["properties"]), call
        for name, value in arguments.items():
            assert value in schema["properties"][name].get("enum", [value]), call


def test_tools_have_schemas_of_objects(data: Demo) -> None:
    for tool in data.tools:
        assert tool.description.endswith(".")
        assert tool.parameters["type"] == "object"
        assert set(tool.parameters["required"]) <= set(tool.parameters["properties"])


def test_one_result_is_over_200_kb_of_json() -> None:
    large = [result for result in RESULTS if len(result.text.encode()) > 200 * 1024]
    assert [result.name for result in large] == ["export_shipment_events"]
    export = json.loads(large[0].text)
    assert export["count"] == len(export["events"])
    assert [event["shock_g"] for event in export["events"] if event["event"] == "shock alarm"] == [11.4]
    assert [event["parcel"] for event in export["events"] if event.get("signed_by")] == [17]


def test_the_large_result_is_the_same_on_every_machine() -> None:
    digest = "de79415b51af29fef40b5efa3a2ae99d39ceaf2e36b1338cb8fc01b039d4eb48"
    assert sha256(demo.shipment_events().encode()).hexdigest() == digest


@pytest.mark.parametrize("question", DATA.questions, ids=lambda question: question.id)
def test_every_holder_exists_and_has_the_words(question: Question, data: Demo) -> None:
    assert question.evidence
    for piece in question.evidence:
        assert piece.holders
        assert piece.words
        for holder in piece.holders:
            missing = [word for word in piece.words if word not in data.text(holder)]
            assert not missing, (holder, missing)


def test_a_question_knows_whether_a_prompt_answers_it(data: Demo) -> None:
    question = next(question for question in data.questions if question.id == "q-refund")
    promise, landed = (data.text(piece.holders[0]) for piece in question.evidence)
    assert question.answerable(f"{promise}\n{landed}")
    assert not question.answerable(promise)


def test_questions_reach_into_the_first_sessions_and_into_the_large_result(data: Demo) -> None:
    early = [question for question in data.questions if question.kind == "early"]
    first_visits = set(visits(data)[:7])
    label = {message.id: message.metadata["session"] for message in data.messages}
    assert len(early) >= 5
    assert all(label[question.evidence[0].holders[0]] in first_visits for question in early)
    assert len({question.kind for question in data.questions}) == 8


def test_the_shock_stands_nowhere_but_in_the_large_result(data: Demo) -> None:
    assert [item_id for item_id in ids_of_everything(data) if "11.4" in data.text(item_id)] == ["s17-05"]


def test_six_documents_try_an_injection(data: Demo) -> None:
    tricks = {document.id: document.text for document in data.documents if document.injection}
    assert len(tricks) == 6
    assert "</documents>" in tricks["forum-k80-scraping"]
    assert "Ignore all previous instructions" in tricks["review-fiorella-marketplace"]
    assert "<|im_start|>system" in tricks["partner-leasing-offer"]
    assert '"role": "tool"' in tricks["carrier-answer-51903"]


def test_superseded_memories_end_where_their_successors_begin(data: Demo) -> None:
    memories = {memory.id: memory for memory in data.memories}
    assert memories["mem-hazelnut"].valid_to == memories["mem-nuts"].valid_from
    assert memories["mem-settings-2024"].valid_to == memories["mem-settings-2025"].valid_from
    assert sum(memory.valid_to is not None for memory in data.memories) == 5


def test_memories_were_learnt_from_messages_that_exist(data: Demo) -> None:
    times = {message.id: message.created_at for message in data.messages if message.created_at}
    for memory in data.memories:
        assert memory.sources
        assert all(times[source] <= memory.created_at for source in memory.sources)


def test_some_facts_stand_in_more_than_one_section(data: Demo) -> None:
    cord, recipe, voucher = "mem-cord", "mem-recipe-k80", "mem-voucher"
    assert data.text(cord) in data.text("recall-vento-b3")
    assert any(data.text(cord) in result.text for result in RESULTS)
    assert said(data, "19 g in, 40 g out, 28 s, K80 at 5.5")
    assert "19 g in, 40 g out, 28 s, K80 at 5.5" in data.text(recipe)
    assert said(data, data.text(voucher).removeprefix("A "))


def said(data: Demo, words: str) -> list[Message]:
    return [message for message in data.messages if words in message.text]


def test_it_speaks_more_than_one_alphabet_and_shows_a_picture(data: Demo) -> None:
    assert said(data, "茶筅直し")
    assert said(data, "🕊️")
    assert [message.id for message in data.messages if not isinstance(message.content, str)] == ["s12-01"]
