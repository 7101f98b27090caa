"""Who gave which answer reaches the model where several did, whichever provider's it is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from contextkit.messages import as_messages
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.cues import cues
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.openai import to_openai
from contextkit.render.responses import to_responses
from contextkit.tokens import get_counter
from contextkit.types import Tool
from tests.render.anthropic_types import check_messages
from tests.render.converse_types import check_converse
from tests.render.openai_types import check_request

CALL = {"name": "find", "args": {}, "id": "c1"}
TOOLS = [Tool("find", "Find it.", {"type": "object", "properties": {}})]
TAKEN_OVER: list[BaseMessage] = [
    HumanMessage("Where is it?"),
    AIMessage("In Porto."),
    HumanMessage("Really?"),
    AIMessage("", name="Maria Reis", tool_calls=[CALL]),
    ToolMessage("In Lisbon.", tool_call_id="c1"),
    AIMessage("No, in Lisbon.", name="Maria Reis"),
    HumanMessage("Thanks!"),
    AIMessage("Anything else?"),
    HumanMessage("Maria?"),
    AIMessage("Yes?", name="Maria Reis"),
    HumanMessage("When?"),
]
"""A bot answers, then a person, with a tool; then the bot again, and the person again."""


def said(request: Mapping[str, Any], key: str = "messages") -> list[tuple[str, str]]:
    """The texts by role."""
    found = []
    for turn in request[key]:
        content = turn.get("content", [])
        blocks = [{"text": content}] if isinstance(content, str) else content
        found += [(turn["role"], block["text"]) for block in blocks if "text" in block]
    return found


TOLD = [
    ("user", "Where is it?"),
    ("assistant", "In Porto."),
    ("user", "Really?"),
    ("user", "Maria Reis:"),
    ("assistant", "No, in Lisbon."),
    ("user", "Thanks!"),
    ("assistant", "Anything else?"),
    ("user", "Maria?"),
    ("user", "Maria Reis:"),
    ("assistant", "Yes?"),
    ("user", "When?"),
]


def test_a_person_who_takes_over_is_named_in_the_user_s_turn_before() -> None:
    prompt = as_messages(TAKEN_OVER)
    for request, check in ((to_anthropic(prompt, TOOLS), check_messages), (to_converse(prompt, TOOLS), check_converse)):
        check(request)
        assert said(request) == TOLD
    responses = to_responses(prompt, TOOLS)
    check_request(responses)
    assert said(responses, "input") == TOLD
    assert [message.get("name") for message in to_openai(prompt)["messages"]].count("Maria_Reis") == 3


@pytest.mark.parametrize("family", ["anthropic", "converse", "bedrock", "responses", "google"])
def test_through_langchain_likewise_where_it_passes_no_names_on(family: Any) -> None:
    shown = to_langchain_prompt(as_messages(TAKEN_OVER), family=family)
    spoken = {"human": "user", "ai": "assistant"}
    assert [(spoken[one.type], one.text) for one in shown if one.type in spoken and one.text] == TOLD


@pytest.mark.parametrize("family", ["openai", None])
def test_elsewhere_the_name_is_passed_on(family: Any) -> None:
    shown = to_langchain_prompt(as_messages(TAKEN_OVER), family=family)
    assert [one.text for one in shown] == [one.text for one in TAKEN_OVER]
    assert {one.name for one in shown if one.type == "ai"} == {None, "Maria_Reis"}


def test_an_agent_that_speaks_alone_is_not_named() -> None:
    alone = [HumanMessage("?"), AIMessage("Six.", name="agent"), HumanMessage("And?"), AIMessage("No.", name="agent")]
    assert not any(cues(as_messages(alone)))


def test_a_prompt_that_grows_keeps_its_beginning() -> None:
    whole = cues(as_messages(TAKEN_OVER))
    assert all(cues(as_messages(TAKEN_OVER[:count])) == whole[:count] for count in range(12))
    turns = [to_anthropic(as_messages(TAKEN_OVER[:count]), TOOLS)["messages"] for count in (3, 7, 9, 11)]
    for before, after in pairwise(turns):
        *same, last = before
        assert after[: len(same)] == same
        assert after[len(same)]["content"][: len(last["content"])] == last["content"]


def test_a_name_that_is_told_costs_no_more_than_was_counted() -> None:
    counter = get_counter()
    named, bare = as_messages([AIMessage("Yes?", name="Maria Reis"), AIMessage("Yes?")])
    assert counter.message(named) - counter.message(bare) >= counter.text("Maria Reis:")
