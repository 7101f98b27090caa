"""Any shape a tool comes in, as a `Tool`.

`as_tool` takes LangChain tools, callables, pydantic models, OpenAI, Anthropic, Bedrock Converse
and MCP definitions, and checks what every provider checks, so that a tool no provider would take
is refused here, by name, and not in the middle of a conversation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MethodType
from typing import Any, Final, get_args, get_type_hints

from contextkit.errors import InvalidTool, shortened
from contextkit.schemas.parameters import object_schema, wrong
from contextkit.shown_tools import OWN_NAME
from contextkit.types import Tool

_SCHEMA_KEYS: Final = ("input_schema", "inputSchema", "parameters")
_OWN_TYPES: Final = (None, "function", "custom")
_NO_LISTS: Final = (str, bytes, bool, int, float, dict, None)
_NO_LIST_NAMES: Final = frozenset(getattr(kind, "__name__", "None") for kind in _NO_LISTS)
"""What a function that lists tools cannot give; annotations are types, or their names."""

_FUNCTION: Final = "Pass a LangChain tool, a function with a name, a pydantic model or a schema with a name."

_ELSEWHERE: Final = (
    "Add it to the prompt's tools where the model is called; only tools with a schema can be chosen here."
)


def as_tools(objects: Iterable[object]) -> tuple[Tool, ...]:
    """All of them, in order. An `InvalidTool` says at which index; two of one name are refused."""
    return distinct(as_tool(given, index=index) for index, given in enumerate(objects))


def distinct(tools: Iterable[Tool]) -> tuple[Tool, ...]:
    """The tools, if no two have one name; `InvalidTool` otherwise."""
    named: dict[str, Tool] = {}
    for index, tool in enumerate(tools):
        if named.setdefault(tool.name, tool) is not tool:
            raise same_name(tool.name, index)
    return tuple(named.values())


def same_name(name: str, index: int) -> InvalidTool:
    """The refusal of the tool at this place, whose name an earlier one has."""
    return InvalidTool(
        f"Tool {index} has the name {name!r}, which an earlier one has.",
        "Give every tool a name of its own; models call tools by name.",
        value=name,
    )


def is_tool(given: object) -> bool:
    """Whether an object is one tool by itself, and neither several nor a function that lists them.

    A function is one if it cannot list any: it needs arguments, or is annotated to give what is no list.
    """
    if isinstance(given, Tool | Mapping | type) or hasattr(given, "args_schema"):
        return True
    if any(isinstance(getattr(given, key, None), Mapping) for key in (*_SCHEMA_KEYS, "tool_spec")):
        return True
    return callable(given) and _cannot_list(given)


def _cannot_list(function: Callable[..., object]) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some of C's functions have none
        return False
    required = any(
        one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        for one in signature.parameters.values()
    )
    gives = signature.return_annotation
    return required or (gives in _NO_LIST_NAMES if isinstance(gives, str) else gives in _NO_LISTS)


def as_tool(given: object, *, index: int | None = None) -> Tool:
    """The `Tool` an object stands for; the object itself becomes its `origin`.

    `index` is its place in a list, for the error. Raises `InvalidTool` where the object is of no
    known shape, has no usable name, or its parameters are not a JSON schema of an object.
    """
    where = "The tool" if index is None else f"Tool {index}"
    name, description, parameters = _read(given, where)
    _check_name(name, where, given)
    where = f"{where} ({name})"
    if not isinstance(description, str | None):
        raise wrong(where, f"has the description {shortened(description)}", "Describe it in text.", description)
    tool = Tool(name, description or "", object_schema(parameters, where), given)
    return given if isinstance(given, Tool) and given == tool else tool


def _read(given: object, where: str) -> tuple[Any, Any, Any]:
    """Name, description and parameters, as they were given."""
    match given:
        case Tool():
            return given.name, given.description, given.parameters
        case {"type": "function", "function": Mapping() as inner} | {"toolSpec": Mapping() as inner}:
            return _read_mapping(inner, where)
        case Mapping():
            return _read_mapping(given, where)
    if hasattr(given, "args_schema") or isinstance(given, type):
        return _read_mapping(_by_langchain(given, where), where)
    for key in _SCHEMA_KEYS:
        if isinstance(getattr(given, key, None), Mapping):
            return getattr(given, "name", None), getattr(given, "description", None), getattr(given, key)
    if isinstance(spec := getattr(given, "tool_spec", None), Mapping):
        return _read_mapping(spec, where)
    if callable(given):
        return _read_mapping(_by_langchain(given, where), where)
    raise wrong(where, f"is {shortened(given)}, which is no tool", _FUNCTION, given)


def _read_mapping(given: Mapping[str, Any], where: str) -> tuple[Any, Any, Any]:
    if given.get("type") not in _OWN_TYPES:
        raise wrong(
            where,
            f"is of type {shortened(given['type'])}, one the provider runs itself",
            _ELSEWHERE,
            given["type"],
        )
    found: Any = next((given[key] for key in _SCHEMA_KEYS if given.get(key) is not None), None)
    if found is None and given.get("type") == "custom":  # Anthropic's have one
        raise wrong(where, "is of type 'custom' and has no schema: OpenAI's takes free text", _ELSEWHERE, given)
    match found:
        case {"json": Mapping() as inner}:
            found = inner
    return given.get("name"), given.get("description"), {} if found is None else found


def _by_langchain(given: type | Callable[..., object] | object, where: str) -> Mapping[str, Any]:
    """LangChain reads signatures, docstrings and pydantic models, and leaves out injected arguments."""
    from langchain_core.tools import BaseTool
    from langchain_core.utils.function_calling import convert_to_openai_function

    if isinstance(given, type) and issubclass(given, BaseTool):  # a pydantic model too, of what makes a tool
        raise wrong(where, f"is the class {given.__name__}", "Pass a tool of that class.", given)
    try:
        return _without_config(convert_to_openai_function(given), given)  # type: ignore[arg-type]
    except Exception as error:
        raise wrong(where, f"{shortened(given)} cannot be read ({error})", _FUNCTION, given) from error


def _without_config(read: dict[str, Any], given: object) -> dict[str, Any]:
    """What was read of a function without its run's configuration, which LangChain gives it and no model may."""
    from langchain_core.runnables import RunnableConfig

    if not isinstance(given, FunctionType | MethodType):
        return read
    parameters = read["parameters"]
    hints = get_type_hints(given)
    own = {name for name, hint in hints.items() if RunnableConfig in (hint, *get_args(hint))}
    if own.isdisjoint(parameters.get("properties", {})):
        return read
    properties = {name: inner for name, inner in parameters["properties"].items() if name not in own}
    required = [name for name in parameters.get("required", []) if name not in own]
    return {**read, "parameters": {**parameters, "properties": properties, "required": required}}


def _check_name(name: object, where: str, given: object) -> None:
    if name is None or name == "":
        raise wrong(where, f"has no name: {shortened(given)}", _FUNCTION, given)
    if not isinstance(name, str) or not OWN_NAME.fullmatch(name):
        raise wrong(
            where,
            f"has the name {shortened(name)}",
            "Use 1 to 128 letters, digits, underscores, dots, slashes and hyphens.",
            name,
        )
