"""A tool that was given as strict is so for the provider in whose shape it was given, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from contextkit.messages import as_messages
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.langchain_cache import langchain_tools
from contextkit.render.openai import to_openai
from contextkit.render.request import NO_BREAKPOINTS
from contextkit.render.responses import to_responses
from contextkit.schemas import as_tools
from tests.render.anthropic_types import check_messages
from tests.render.converse_types import check_converse
from tests.render.openai_types import check_completion, check_request

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
FUNCTION = {"name": "find", "description": "Find it.", "parameters": SCHEMA}
GIVEN: dict[str, Any] = {
    "completions": {"type": "function", "function": {**FUNCTION, "strict": True}},
    "responses": {"type": "function", **FUNCTION, "strict": True},
    "anthropic": {"name": "find", "description": "Find it.", "input_schema": SCHEMA, "strict": True},
    "converse": {
        "toolSpec": {"name": "find", "description": "Find it.", "inputSchema": {"json": SCHEMA}, "strict": True}
    },
}


def sent(given: Any) -> dict[str, Any]:
    """What each provider is told of whether the tool is strict."""
    tools, talk = as_tools([given]), as_messages([("user", "Where?")])
    openai, responses = to_openai(talk, tools), to_responses(talk, tools)
    anthropic, converse = to_anthropic(talk, tools), to_converse(talk, tools)
    for check, request in (
        (check_completion, openai),
        (check_request, responses),
        (check_messages, anthropic),
        (check_converse, converse),
    ):
        check(request)
    specs: dict[str, Any] = {
        "completions": openai["tools"][0]["function"],
        "langchain": langchain_tools(tools, NO_BREAKPOINTS)[0]["function"],
        "responses": responses["tools"][0],
        "anthropic": anthropic["tools"][0],
        "converse": converse["toolConfig"]["tools"][0]["toolSpec"],
    }
    return {provider: spec["strict"] for provider, spec in specs.items() if "strict" in spec}


@pytest.mark.parametrize(
    ("shape", "strict"),
    [
        ("completions", {"completions": True, "langchain": True, "responses": True}),
        ("responses", {"completions": True, "langchain": True, "responses": True}),
        ("anthropic", {"responses": False, "anthropic": True}),
        ("converse", {"responses": False, "converse": True}),
    ],
)
def test_it_is_strict_where_it_was_given(shape: str, strict: dict[str, bool]) -> None:
    assert sent(GIVEN[shape]) == strict


def test_a_tool_of_whose_strictness_nothing_is_said_is_not() -> None:
    given = {"type": "function", "function": FUNCTION}
    assert sent(given) == {"responses": False}


def test_a_schema_that_no_provider_takes_as_it_is_is_not_kept_to() -> None:
    wider = {**SCHEMA, "anyOf": [{"required": []}]}
    given = {"type": "function", "function": {**FUNCTION, "parameters": wider, "strict": True}}
    assert sent(given) == {"responses": False}
