"""Any shape a tool comes in, as a `Tool`.

`as_tool` takes LangChain tools, callables, pydantic models, OpenAI, Anthropic, Bedrock Converse
and MCP definitions, and checks what every provider checks, so that a tool no provider would take
is refused here, by name, and not in the middle of a conversation.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MethodType
from typing import Any, Final, get_args, get_type_hints

from contextkit.errors import InvalidTool, shortened
from contextkit.shown_tools import OWN_NAME
from contextkit.types import Tool

_TYPES: Final = {
    "dict": "object",
    "float": "number",
    "int": "integer",
    "str": "string",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
}
"""Python's names for JSON's types, which some catalogues (the Berkeley leaderboard's) use."""

_NULLABLE: Final = ("default", "const")
"""Keywords that null is a value of. Any other is as good as not there, but providers refuse it: what Go's servers list
has `"required": null`, for one."""

_NAMED_SCHEMAS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTED_SCHEMAS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMAS: Final = ("items", "additionalProperties", "contains", "not", "if", "then", "else")
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
        raise _wrong(where, f"has the description {shortened(description)}", "Describe it in text.", description)
    tool = Tool(name, description or "", _object_schema(parameters, where), given)
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
    raise _wrong(where, f"is {shortened(given)}, which is no tool", _FUNCTION, given)


def _read_mapping(given: Mapping[str, Any], where: str) -> tuple[Any, Any, Any]:
    if given.get("type") not in _OWN_TYPES:
        raise _wrong(
            where,
            f"is of type {shortened(given['type'])}, one the provider runs itself",
            _ELSEWHERE,
            given["type"],
        )
    found: Any = next((given[key] for key in _SCHEMA_KEYS if given.get(key) is not None), None)
    if found is None and given.get("type") == "custom":  # Anthropic's have one
        raise _wrong(where, "is of type 'custom' and has no schema: OpenAI's takes free text", _ELSEWHERE, given)
    match found:
        case {"json": Mapping() as inner}:
            found = inner
    return given.get("name"), given.get("description"), {} if found is None else found


def _by_langchain(given: type | Callable[..., object] | object, where: str) -> Mapping[str, Any]:
    """LangChain reads signatures, docstrings and pydantic models, and leaves out injected arguments."""
    from langchain_core.tools import BaseTool
    from langchain_core.utils.function_calling import convert_to_openai_function

    if isinstance(given, type) and issubclass(given, BaseTool):  # a pydantic model too, of what makes a tool
        raise _wrong(where, f"is the class {given.__name__}", "Pass a tool of that class.", given)
    try:
        return _without_config(convert_to_openai_function(given), given)  # type: ignore[arg-type]
    except Exception as error:
        raise _wrong(where, f"{shortened(given)} cannot be read ({error})", _FUNCTION, given) from error


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
        raise _wrong(where, f"has no name: {shortened(given)}", _FUNCTION, given)
    if not isinstance(name, str) or not OWN_NAME.fullmatch(name):
        raise _wrong(
            where,
            f"has the name {shortened(name)}",
            "Use 1 to 128 letters, digits, underscores, dots, slashes and hyphens.",
            name,
        )


def _object_schema(parameters: object, where: str) -> Mapping[str, Any]:
    """The schema in plain JSON values of its own, so that later changes to the original do not show."""
    if not isinstance(parameters, Mapping):
        raise _wrong(where, f"has the parameters {shortened(parameters)}", "Give them as a JSON schema.", parameters)
    try:
        schema: dict[str, Any] = _normalised(json.loads(json.dumps(dict(parameters), allow_nan=False)))
    except (TypeError, ValueError, RecursionError) as error:
        raise _wrong(
            where, f"has parameters that are not JSON ({error})", "Use plain JSON values only.", parameters
        ) from error
    if not schema or "properties" in schema or schema.get("type") == "object":
        schema = {"type": "object", "properties": {}} | schema
    _check_object(schema, where)
    return schema


def _check_object(schema: Mapping[str, Any], where: str) -> None:
    if schema.get("type") != "object":
        raise _wrong(
            where,
            f"has parameters of type {shortened(schema.get('type'))}",
            'Wrap them in {"type": "object", "properties": {…}}; providers take nothing else.',
            schema.get("type"),
        )
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise _wrong(where, f"has the properties {shortened(properties)}", "Map names to schemas.", properties)
    for name, value in properties.items():
        if not isinstance(value, dict | bool):
            raise _wrong(
                where, f"has {shortened(value)} as the schema of {name!r}", "Use a JSON schema for each.", value
            )
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise _wrong(where, f"requires {shortened(required)}", "List the names of required parameters.", required)


def _normalised(schema: Any) -> Any:
    """A schema whose types have JSON schema's own names, and which lists what it requires, at every depth."""
    if not isinstance(schema, dict):
        return schema
    listed = _listing_required(schema)
    return {key: _keyword(key, value) for key, value in listed.items() if not _says_nothing(key, value)}


def _says_nothing(key: str, value: Any) -> bool:
    return (value is None and key not in _NULLABLE) or (key, value) == ("type", "any")


def _listing_required(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with a list of what it requires, where properties say of themselves that they are required.

    So they did until JSON schema's fourth draft, and people still write it; providers refuse a tool for it.
    """
    properties, listed = schema.get("properties"), schema.get("required") or []
    if not isinstance(properties, dict):
        return schema
    objects = {name: inner for name, inner in properties.items() if isinstance(inner, dict)}
    said = {name: inner["required"] for name, inner in objects.items() if isinstance(inner.get("required"), bool)}
    if not said or not isinstance(listed, list):
        return schema
    plain = {name: {key: value for key, value in objects[name].items() if key != "required"} for name in said}
    required = [*listed, *(name for name, needed in said.items() if needed and name not in listed)]
    return schema | {"properties": properties | plain, "required": required}


def _keyword(key: str, value: Any) -> Any:
    if key == "type" and isinstance(value, str):
        return _TYPES.get(value, value)
    if key in _NAMED_SCHEMAS and isinstance(value, dict):
        return {name: _normalised(inner) for name, inner in value.items()}
    if key in (*_LISTED_SCHEMAS, "items") and isinstance(value, list):
        return [_normalised(inner) for inner in value]
    return _normalised(value) if key in _SCHEMAS else value


def _wrong(where: str, problem: str, remedy: str, value: object) -> InvalidTool:
    return InvalidTool(f"{where} {problem}.", remedy, value=value)
