"""Parameters: the JSON schema of a tool's arguments, as every provider takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from contextkit.errors import InvalidTool, shortened

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


def object_schema(parameters: object, where: str) -> Mapping[str, Any]:
    """The schema in plain JSON values of its own, so that later changes to the original do not show.

    Raises `InvalidTool`, which says `where`, for what is no JSON schema of an object.
    """
    if not isinstance(parameters, Mapping):
        raise wrong(where, f"has the parameters {shortened(parameters)}", "Give them as a JSON schema.", parameters)
    try:
        schema: dict[str, Any] = _normalised(json.loads(json.dumps(dict(parameters), allow_nan=False)))
    except (TypeError, ValueError, RecursionError) as error:
        raise wrong(
            where, f"has parameters that are not JSON ({error})", "Use plain JSON values only.", parameters
        ) from error
    if not schema or "properties" in schema or schema.get("type") == "object":
        schema = {"type": "object", "properties": {}} | schema
    _check_object(schema, where)
    return schema


def _check_object(schema: Mapping[str, Any], where: str) -> None:
    if schema.get("type") != "object":
        raise wrong(
            where,
            f"has parameters of type {shortened(schema.get('type'))}",
            'Wrap them in {"type": "object", "properties": {…}}; providers take nothing else.',
            schema.get("type"),
        )
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise wrong(where, f"has the properties {shortened(properties)}", "Map names to schemas.", properties)
    for name, value in properties.items():
        if not isinstance(value, dict | bool):
            raise wrong(
                where, f"has {shortened(value)} as the schema of {name!r}", "Use a JSON schema for each.", value
            )
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise wrong(where, f"requires {shortened(required)}", "List the names of required parameters.", required)


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


def wrong(where: str, problem: str, remedy: str, value: object) -> InvalidTool:
    """The refusal of a tool, which is called by its place and its name."""
    return InvalidTool(f"{where} {problem}.", remedy, value=value)
