"""What a model thought goes back to servers that ask for it, and to no others."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage
from openai.types.chat import ChatCompletionMessage

from contextkit import ContextBuilder
from contextkit.errors import InvalidInput
from contextkit.messages import as_messages, dumps, loads
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.openai import to_openai
from contextkit.render.responses import to_responses
from contextkit.sources import History, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Message, Tool

TOOLS = [Tool("find", "Find it.", {"type": "object", "properties": {}})]
QUESTION = {"role": "user", "content": "Where?"}
BLOCKS = [{"type": "thinking", "thinking": "It is not in Ghent.", "signature": "c2lnbmVk"}]
DETAILS = [{"type": "reasoning.text", "text": "It is not in Ghent.", "signature": "c2lnbmVk"}]
FIELDS: dict[str, Any] = {
    "reasoning_content": "It is not in Ghent.",
    "reasoning": "Not there.",
    "reasoning_details": DETAILS,
    "thinking_blocks": BLOCKS,
}


def calling(number: int = 1, **thought: Any) -> list[dict[str, Any]]:
    function = {"name": "find", "arguments": "{}"}
    call = {"id": f"c{number}", "type": "function", "function": function}
    said = {"role": "assistant", "content": None, "tool_calls": [call], **thought}
    return [said, {"role": "tool", "tool_call_id": call["id"], "content": "Here."}]


def answer(**thought: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "Here it is.", **thought}


def talk(*said: Any) -> list[Message]:
    return [loads(dumps(message)) for message in as_messages([*said])]


def sent(*said: Any, tools: Any = TOOLS, **options: Any) -> list[Any]:
    """What each answer of the request bears of what was thought."""
    messages: Any = to_openai(talk(*said), tools, **options)["messages"]
    answers = [message for message in messages if message["role"] == "assistant"]
    return [{field: message[field] for field in FIELDS if field in message} for message in answers]


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "reasoning"])
def test_within_a_turn_a_call_goes_back_with_what_was_thought_under_the_name_it_came_by(field: str) -> None:
    thought = {field: FIELDS[field]}
    assert sent(QUESTION, *calling(**thought)) == [thought]


def test_it_is_read_off_the_client_s_own_message() -> None:
    said = ChatCompletionMessage.model_validate(calling(reasoning_content="Not in Ghent.")[0])
    assert sent(QUESTION, said, calling()[1]) == [{"reasoning_content": "Not in Ghent."}]


def test_of_several_names_the_fullest_is_given_back() -> None:
    assert sent(QUESTION, *calling(**FIELDS)) == [{"thinking_blocks": BLOCKS}]


def test_deepseek_and_kimi_get_it_with_the_calls_of_earlier_turns_and_a_blank_with_every_other_answer() -> None:
    thought = {"reasoning_content": "Not in Ghent."}
    turns = [QUESTION, *calling(**thought), answer(**thought), QUESTION]
    blank = {"reasoning_content": " "}
    assert sent(*turns) == [thought, blank]
    assert sent(*turns, *calling(2, **thought)) == [thought, blank, thought]
    assert sent(QUESTION, *calling(), *turns) == [blank, thought, blank]


def test_others_get_what_is_theirs_and_no_blanks() -> None:
    thought = {"reasoning_details": DETAILS}
    deepseek = {"reasoning_content": "Not in Ghent."}
    turns = [QUESTION, *calling(**deepseek), answer(), QUESTION, *calling(2, **thought), answer(**thought), QUESTION]
    assert sent(*turns) == [{}, {}, thought, {}]


def test_a_session_that_went_on_with_another_model_gives_nothing_back() -> None:
    thought = {"reasoning_content": "Not in Ghent."}
    assert sent(QUESTION, *calling(**thought), answer(**thought), QUESTION, answer(), QUESTION) == [{}, {}, {}]


def test_what_a_program_may_note_for_itself_goes_back_where_it_is_asked_for() -> None:
    noted = {"reasoning": "Not there."}
    turn = [QUESTION, *calling(**noted)]
    assert sent(*turn) == [{}]
    assert sent(*turn, thinking="reasoning") == [noted]


def test_it_can_be_said_for_a_session_that_goes_over_to_another_model() -> None:
    thought = {"reasoning_content": "Not in Ghent."}
    assert sent(QUESTION, *calling(**thought), thinking=None) == [{}]
    assert sent(QUESTION, *calling(), thinking="reasoning_content") == [{"reasoning_content": " "}]
    assert sent(QUESTION, *calling(), thinking="reasoning_details") == [{}]
    with pytest.raises(InvalidInput, match=r"Nothing .* is called 'thoughts'\. Use one of thinking_blocks, "):
        sent(QUESTION, thinking="thoughts")


def test_a_talk_without_tools_gives_nothing_back() -> None:
    assert sent(QUESTION, answer(reasoning_content="Hm."), QUESTION, tools=()) == [{}]
    assert sent(QUESTION, answer(reasoning_content="Hm."), QUESTION) == [{"reasoning_content": " "}]


def test_other_apis_are_told_nothing_of_it() -> None:
    said = talk(QUESTION, *calling(reasoning_content="Not in Ghent."))
    for render in (to_responses, to_anthropic, to_converse):
        assert "Ghent" not in str(render(said, TOOLS))


def test_langchain_s_chat_models_find_it_where_they_put_it() -> None:
    """`ChatOpenAI` does not give it back; those that do find it there."""
    calls = [{"name": "find", "args": {}, "id": "c1"}]
    said = AIMessage("", tool_calls=calls, additional_kwargs={"reasoning_content": "Not in Ghent."})
    families: tuple[Any, ...] = ("openai", "other", None)
    for family in families:
        shown = to_langchain_prompt(talk(QUESTION, said, calling()[1]), family=family)
        assert shown[1].additional_kwargs == {"reasoning_content": "Not in Ghent."}
    assert sent(QUESTION, said, calling()[1]) == [{"reasoning_content": "Not in Ghent."}]


def test_what_goes_back_is_counted_and_nothing_else() -> None:
    counter = get_counter()
    (bare, _), (thinking, _) = talk(*calling()), talk(*calling(reasoning_content="Not in Ghent."))
    assert counter.message(thinking) - counter.message(bare) == counter.text("Not in Ghent.")
    (said,), (unthinking,) = talk(answer(reasoning_content="Not in Ghent.")), talk(answer())
    assert counter.message(said) == counter.message(unthinking)


def test_a_builder_s_prompt_gives_it_back() -> None:
    with SQLiteStore(":memory:") as store:
        store.append("u1", "s1", [QUESTION, *calling(reasoning_content="Not in Ghent.")])
        builder = ContextBuilder(store=store, sources=[Tools(TOOLS), History()], budget=4_000)
        context = builder.build(actor_id="u1", session_id="s1")
    called, without = (context.to_openai(**options)["messages"][-2] for options in ({}, {"thinking": None}))
    assert called["reasoning_content"] == "Not in Ghent."
    assert "reasoning_content" not in without
