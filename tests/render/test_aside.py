"""What OpenAI's models say beside their content is said to every provider, and counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from contextkit.messages import as_messages, dumps, loads
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.openai import to_openai
from contextkit.render.responses import to_responses
from contextkit.tokens import get_counter
from contextkit.types import Message, Tool
from tests.render.anthropic_types import check_messages
from tests.render.converse_types import check_converse
from tests.render.openai_types import check_completion, check_request

SPOKEN = {"id": "audio_1", "data": "UklGRg==", "transcript": "It opens on Mondays.", "expires_at": 1}
SAID: dict[str, Any] = {
    "a refusal": {"role": "assistant", "content": None, "refusal": "It opens on Mondays."},
    "a refusal, LangChain's": AIMessage("", additional_kwargs={"refusal": "It opens on Mondays."}),
    "speech": {"role": "assistant", "content": None, "audio": SPOKEN},
    "speech, LangChain's": AIMessage("", additional_kwargs={"audio": SPOKEN}),
}


def prompt(said: Any) -> list[Message]:
    return [loads(dumps(message)) for message in as_messages([HumanMessage("When?"), said, HumanMessage("And now?")])]


@pytest.mark.parametrize("kind", SAID)
def test_it_reaches_every_provider_once(kind: str) -> None:
    talk = prompt(SAID[kind])
    renders: Any = ((to_responses, check_request), (to_anthropic, check_messages), (to_converse, check_converse))
    for render, check in renders:
        request = render(talk)
        check(request)
        assert str(request).count("It opens on Mondays.") == 1
    completion = to_openai(talk)
    check_completion(completion)
    assert ("It opens on Mondays." in str(completion)) != ("audio_1" in str(completion))
    families: tuple[Any, ...] = ("anthropic", "converse", "openai", "responses", "google", "other", None)
    for family in families:
        shown = to_langchain_prompt(talk, family=family)
        assert [one.text for one in shown] == ["When?", "It opens on Mondays.", "And now?"]


@pytest.mark.parametrize("kind", SAID)
def test_it_is_counted(kind: str) -> None:
    counter = get_counter()
    said, bare = prompt(SAID[kind])[1], Message(role="assistant", content="")
    assert counter.message(said) - counter.message(bare) == counter.text("It opens on Mondays.")


def test_what_gemini_notes_of_a_call_goes_back_within_the_turn() -> None:
    """By its servers that speak OpenAI's language: Gemini 3 refuses a call without; OpenAI does not know the field."""
    function = {"name": "find", "arguments": "{}"}
    noted = {"google": {"thought_signature": "c2lnbmVk"}}
    calls = [{"id": "c1", "type": "function", "function": function, "extra_content": noted}]
    turn = [{"role": "assistant", "tool_calls": calls}, {"role": "tool", "tool_call_id": "c1", "content": "Here."}]
    tools = [Tool("find", "Find it.", {"type": "object", "properties": {}})]
    question = {"role": "user", "content": "Where?"}
    (_, called, _) = to_openai(as_messages([question, *turn]), tools)["messages"]
    assert called["tool_calls"] == calls
    later = to_openai(as_messages([question, *turn, question]), tools)
    assert "c2lnbmVk" not in json.dumps(later)


SIGNED_ID = f"call_1__thought__{'Ab+/' * 200}=="


def signed_turn(question: str = "Where?") -> list[Any]:
    calls = [{"id": SIGNED_ID, "type": "function", "function": {"name": "find", "arguments": "{}"}}]
    result = {"role": "tool", "tool_call_id": SIGNED_ID, "content": "Here."}
    return [("user", question), {"role": "assistant", "content": None, "tool_calls": calls}, result]


FIND = [Tool("find", "Find it.", {"type": "object", "properties": {}})]


def test_an_id_in_which_litellm_says_how_gemini_signed_the_call_stays_within_the_turn() -> None:
    """By whichever client: it is all that goes back of the signature, and OpenAI itself takes no id as long."""
    now, later = as_messages(signed_turn()), as_messages([*signed_turn(), ("user", "And now?")])
    for talk, places in ((now, 2), (later, 0)):
        assert json.dumps(to_openai(talk, FIND)).count(SIGNED_ID) == places
        assert json.dumps(to_converse(talk, FIND, family="openai")).count(SIGNED_ID) == places
        shown = to_langchain_prompt(talk, family="openai")
        assert [shown[1].tool_calls[0]["id"], shown[2].tool_call_id].count(SIGNED_ID) == places
    for request in (to_converse(now, FIND), to_anthropic(now, FIND), to_responses(now, FIND)):
        assert SIGNED_ID not in json.dumps(request)


def test_a_signature_is_not_counted() -> None:
    counter = get_counter()
    (_, _, signed), short = (
        as_messages(signed_turn()),
        Message(role="tool", content="Here.", tool_call_id=SIGNED_ID[:64]),
    )
    assert counter.message(signed) == counter.message(short)
