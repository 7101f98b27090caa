"""Any shape of tool becomes the same `Tool`; what no provider would take is refused by name."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, InjectedToolArg, tool
from pydantic import BaseModel, Field

from contextkit.errors import InvalidTool
from contextkit.schemas import as_tool, as_tools, distinct
from contextkit.types import Tool

CITY = {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}}, "required": ["city"]}
DESCRIPTION = "Weather in a city."


class Weather(BaseModel):
    """Weather in a city."""

    city: str = Field(description="Where")


def weather(city: str) -> str:
    """Weather in a city.

    Args:
        city: Where
    """
    return city


@tool("weather", description=DESCRIPTION)
def langchain_weather(city: Annotated[str, "Where"], user: Annotated[str, InjectedToolArg] = "") -> str:
    return city + user


SHAPES: dict[str, Any] = {
    "Tool": Tool("weather", DESCRIPTION, CITY),
    "callable": weather,
    "openai": {"type": "function", "function": {"name": "weather", "description": DESCRIPTION, "parameters": CITY}},
    "openai responses": {"type": "function", "name": "weather", "description": DESCRIPTION, "parameters": CITY},
    "bare function": {"name": "weather", "description": DESCRIPTION, "parameters": CITY},
    "anthropic": {"name": "weather", "description": DESCRIPTION, "input_schema": CITY},
    "mcp": {"name": "weather", "description": DESCRIPTION, "inputSchema": CITY},
    "mcp object": SimpleNamespace(name="weather", description=DESCRIPTION, inputSchema=CITY),
    "bedrock": {"toolSpec": {"name": "weather", "description": DESCRIPTION, "inputSchema": {"json": CITY}}},
    "strands": SimpleNamespace(
        tool_spec={"name": "weather", "description": DESCRIPTION, "inputSchema": {"json": CITY}}
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_the_same_tool(shape: str) -> None:
    assert as_tool(SHAPES[shape]) == Tool("weather", DESCRIPTION, CITY)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "Tool"])
def test_the_object_itself_is_kept_as_origin(shape: str) -> None:
    assert as_tool(SHAPES[shape]).origin is SHAPES[shape]


def test_a_tool_that_needs_nothing_is_returned_as_it_is() -> None:
    ready = Tool("weather", DESCRIPTION, CITY, origin=weather)
    assert as_tool(ready) is ready


def test_langchain_tools_leave_out_injected_arguments() -> None:
    assert list(as_tool(langchain_weather).parameters["properties"]) == ["city"]
    assert isinstance(as_tool(langchain_weather).origin, BaseTool)


def test_a_function_s_configuration_is_not_for_the_model() -> None:
    """LangChain gives it to a function that asks for it, and leaves it out of tools; of mere functions it does not."""

    def forecast(city: str, config: RunnableConfig) -> str:
        """Tell the weather."""
        return f"{city} {config}"

    def later(city: str, days: int = 1, settings: RunnableConfig | None = None) -> str:
        """Tell the weather."""
        return f"{city} {days} {settings}"

    assert as_tool(forecast).parameters == as_tool(tool(forecast)).parameters
    assert as_tool(later).parameters["properties"].keys() == {"city", "days"}
    assert as_tool(later).parameters["required"] == ["city"]


def test_a_pydantic_model_is_named_for_its_class() -> None:
    assert as_tool(Weather) == Tool("Weather", DESCRIPTION, CITY)


@pytest.mark.parametrize(
    "given", [{}, {"properties": {}}, {"type": "dict"}, {"type": "object", "properties": {}}, None]
)
def test_no_parameters_are_an_object_without_properties(given: object) -> None:
    assert as_tool({"name": "ping", "parameters": given}).parameters == {"type": "object", "properties": {}}


def test_pythons_names_of_types_become_jsons_at_every_depth() -> None:
    given = {
        "type": "dict",
        "properties": {
            "type": {"type": "any", "default": {"type": "dict"}},
            "spots": {"type": "tuple", "items": {"type": "dict", "properties": {"x": {"type": "float"}}}},
            "either": {"anyOf": [{"type": "int"}, {"type": "bool"}]},
        },
    }
    assert as_tool({"name": "plot", "parameters": given}).parameters == {
        "type": "object",
        "properties": {
            "type": {"default": {"type": "dict"}},
            "spots": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}}},
            "either": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
        },
    }


def test_null_is_as_good_as_nothing() -> None:
    """What Go's servers list has nulls for empty lists and maps, which providers refuse."""
    inner = {"type": "object", "properties": None, "required": None, "default": None}
    given = {"type": "object", "required": None, "properties": {"at": inner, "to": {"const": None, "enum": [None]}}}
    tool = as_tool({"name": "a", "inputSchema": given})
    assert tool.parameters == {
        "type": "object",
        "properties": {"at": {"type": "object", "default": None}, "to": {"const": None, "enum": [None]}},
    }
    assert as_tool({"name": "a", "inputSchema": {"properties": None}}).parameters == {
        "type": "object",
        "properties": {},
    }


def test_properties_that_say_they_are_required_are_listed() -> None:
    city = {"type": "string", "required": True}
    given = {
        "properties": {
            "city": city,
            "unit": {"type": "string", "required": False},
            "days": {"type": "integer"},
            "place": {"type": "object", "properties": {"city": city}, "required": True},
        },
        "required": ["days", "city"],
    }
    assert as_tool({"name": "a", "parameters": given}).parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string"},
            "days": {"type": "integer"},
            "place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
        "required": ["days", "city", "place"],
    }


def test_later_changes_to_the_original_do_not_show() -> None:
    given: dict[str, Any] = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
    made = as_tool(given)
    given["parameters"]["properties"]["late"] = {"type": "string"}
    assert made.parameters["properties"] == {}


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"inner": schema}}
    return schema


WRONG: dict[str, tuple[Any, str]] = {
    "no name": ({"description": "?"}, "no name"),
    "empty name": ({"name": ""}, "no name"),
    "name with a space": ({"name": "get weather"}, "'get weather'"),
    "name too long": ({"name": "x" * 129}, "1 to 128"),
    "name of another type": ({"name": 7}, "7"),
    "lambda": (lambda: None, "<lambda>"),
    "description of another type": ({"name": "a", "description": 7}, "7"),
    "array": ({"name": "a", "parameters": {"type": "array"}}, "'array'"),
    "text": ({"name": "a", "parameters": "city"}, "'city'"),
    "properties of another type": ({"name": "a", "parameters": {"properties": ["city"]}}, "['city']"),
    "property of another type": ({"name": "a", "parameters": {"properties": {"city": 3}}}, "'city'"),
    "required of another type": ({"name": "a", "parameters": {"properties": {}, "required": "city"}}, "'city'"),
    "not JSON": ({"name": "a", "parameters": {"properties": {"x": {"default": object()}}}}, "not JSON"),
    "not a number": ({"name": "a", "parameters": {"properties": {"x": {"default": float("nan")}}}}, "not JSON"),
    "too deep": ({"name": "a", "parameters": _deep(sys.getrecursionlimit())}, "not JSON"),
    "built in": ({"type": "web_search_20250305", "name": "web_search"}, "web_search_20250305"),
    "of free text": ({"type": "custom", "name": "write_code"}, "'custom'"),
    "class of tools": (BaseTool, "is the class BaseTool"),
    "number": (5, "5"),
    "no signature": (BaseModel, "BaseModel"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_no_provider_would_take_is_refused_by_index(case: str) -> None:
    given, told = WRONG[case]
    with pytest.raises(InvalidTool, match=r"^Tool 1\b") as caught:
        as_tools([weather, given])
    assert told in str(caught.value)
    assert caught.value.remedy


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidTool, match="Tool 1 has the name 'weather'"):
        as_tools([weather, SHAPES["anthropic"]])


def test_distinct_keeps_the_order() -> None:
    tools = [Tool(name, "", {}) for name in "cab"]
    assert distinct(tools) == tuple(tools)
