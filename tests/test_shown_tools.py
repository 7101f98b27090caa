"""Tools stay as MCP allows them to be, and are shown as every provider takes them."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextkit import Budget, ContextBuilder
from contextkit.shown_tools import SHOWN_NAME, shown_name, shown_tool
from contextkit.sources import History, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from contextkit.types import Tool

NAMES = ("github/issues.create", "github_issues_create", "x" * 128)
own_names = st.text("ab_./-", min_size=1, max_size=128)


def test_a_name_that_will_do_is_left_as_it_is() -> None:
    assert shown_name("get-weather_2") == "get-weather_2"


def test_other_names_stay_legible() -> None:
    assert shown_name("github/issues.create").startswith("github_issues_create_")


@given(own_names, own_names)
def test_every_name_is_shown_as_one_that_providers_take_and_no_two_as_one(one: str, other: str) -> None:
    assert SHOWN_NAME.fullmatch(shown_name(one))
    assert shown_name(shown_name(one)) == shown_name(one)
    assert (shown_name(one) == shown_name(other)) == (one == other)


def test_a_tool_is_found_by_the_name_the_model_called_it() -> None:
    schema = {"type": "object", "anyOf": [{"required": ["title"]}]}
    listed = [SimpleNamespace(name=name, description="", inputSchema=schema) for name in NAMES]
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(
            store=store, sources=[System("Hi."), Tools(listed), History()], strategy="agent", budget=Budget(8_000)
        )
        context = builder.build("Create an issue.", actor_id="u1", session_id="s1")
        for called in names(context):
            found = context.tool(called)
            assert found is not None
            if called != "read_context":
                assert found.origin in listed
        assert context.tool("github/issues.create") == context.tool(shown_name("github/issues.create"))
        assert context.tool("no such tool") is None


@pytest.mark.parametrize("key", ["anyOf", "oneOf", "allOf", "not", "enum"])
def test_what_a_schema_combines_at_its_top_is_told_in_words(key: str) -> None:
    """OpenAI and Anthropic refuse the whole request for one such tool, and name it by its number."""
    either = [{"required": ["id"]}, {"required": ["städte"]}]
    schema = {"type": "object", "properties": {"id": {key: [{"type": "string"}]}}}
    shown = shown_tool(Tool("find", "Finds.", {**schema, key: either}))
    assert shown.parameters == schema
    assert shown.description.startswith(f'Finds.\nThe arguments must also match this JSON schema: {{"{key}": [')
    assert "städte" in shown.description
    assert shown_tool(Tool("find", "", {**schema, key: either})).description.startswith("The arguments must")
    assert shown_tool(shown) is shown
    assert get_counter().tool(Tool("find", "Finds.", {**schema, key: either})) == get_counter().tool(shown)


@pytest.mark.parametrize("name", ["$top", "filter[id]", "größe", "Account Number", "x" * 65, "", "id\n"])
def test_arguments_of_names_that_anthropic_refuses_are_told_in_words(name: str) -> None:
    """It refuses the whole request for one of them, on Bedrock too; the model can still give such an argument."""
    inner = {"type": "object", "properties": {name: {"type": "string"}}}
    schema = {"type": "object", "properties": {"id": inner, name: {"type": "string"}}, "required": ["id", name]}
    shown = shown_tool(Tool("find", "Finds.", {**schema, "additionalProperties": False, "$defs": {}}))
    assert shown.parameters == {"type": "object", "properties": {"id": inner}, "required": ["id"], "$defs": {}}
    told = json.loads(shown.description.partition("schema: ")[2])
    assert told == {"properties": {name: {"type": "string"}}, "required": [name]}
    assert shown_tool(shown) is shown
    optional = shown_tool(Tool("find", "", {"type": "object", "properties": {name: {}}, "required": []}))
    assert optional.parameters == {"type": "object", "properties": {}, "required": []}


def test_history_and_tools_name_a_tool_alike() -> None:
    """A conversation from elsewhere has the name that its server gave."""
    listed = [SimpleNamespace(name="a.b", description="", inputSchema={"type": "object"})]
    with SQLiteStore(":memory:") as store:
        call = {"id": "c1", "function": {"name": "a.b", "arguments": "{}"}}
        store.append(
            "u1",
            "s1",
            [
                {"role": "user", "content": "Go."},
                {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "Gone."},
            ],
        )
        builder = ContextBuilder(store=store, sources=[Tools(listed), History()], strategy="agent", budget=8_000)
        context = builder.build(actor_id="u1", session_id="s1")
        called = [message["tool_calls"][0]["function"]["name"] for message in _calling(context.to_openai())]
    assert called == [shown_name("a.b")]
    assert shown_name("a.b") in names(context)


def test_a_tool_costs_what_it_is_shown_as() -> None:
    counter = get_counter()
    own, shown = (Tool(name, "Goes.", {"type": "object"}) for name in ("a.b/c", shown_name("a.b/c")))
    assert counter.tool(own) == counter.tool(shown)


def names(context: Any) -> list[str]:
    """The tools' names in every shape, which must agree."""
    openai = [tool["function"]["name"] for tool in context.to_openai()["tools"]]
    assert openai == [tool["name"] for tool in context.to_anthropic()["tools"]]
    assert openai == [tool["toolSpec"]["name"] for tool in context.to_converse(cache=False)["toolConfig"]["tools"]]
    assert openai == [tool["function"]["name"] for tool in context.to_langchain_tools()]
    assert all(SHOWN_NAME.fullmatch(name) for name in openai)
    assert all("anyOf" not in tool["function"]["parameters"] for tool in context.to_openai()["tools"])
    assert "anyOf" not in [key for tool in context.to_anthropic()["tools"] for key in tool["input_schema"]]
    return openai


def _calling(request: Any) -> list[Any]:
    return [message for message in request["messages"] if message.get("tool_calls")]
