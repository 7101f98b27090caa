"""A JSON schema of strategy files, so that an editor completes and checks them while they are written.

It is made from the dataclasses that the files are read into and from their docstrings. The copy in
`strategies/context.schema.json` ships with the strategies; print it with

    python -m contextkit.strategy.schema

A file names it in its first line, which Taplo and the editors that use it look for:

    #:schema ./../context.schema.json

The schema knows each key and its bounds. That a ladder is in order only `contextkit strategies
check` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, fields
from inspect import getdoc
from typing import Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from contextkit.strategy import ContextStrategy
from contextkit.strategy.section import BLOCKS, LONGEST_DEADLINE, OWN_REGIONS, Region, Section, Size

Schema: TypeAlias = Mapping[str, Any]

FRACTION: Schema = {"type": "number", "minimum": 0, "maximum": 1}
TOKENS: Schema = {"type": "integer", "minimum": 0}

BOUNDS: Mapping[str, Schema] = {
    "history_low": {"exclusiveMinimum": 0, "maximum": 1},
    "ladder": {"minItems": 1},
    "weight": {"minimum": 0},
    "relevance": {"minimum": 0},
    "limit": {"minimum": 0},
    "deadline": {"minimum": 0.001, "maximum": LONGEST_DEADLINE},
}
"""What the loader asks of single numbers, beyond their type."""


def strategy_schema() -> dict[str, Any]:
    """The JSON schema (draft 7, which every editor reads) of a context strategy's file."""
    sections = {
        "type": "object",
        "required": ["system", "turn"],
        "propertyNames": {"pattern": r"^\w[\w-]*$"},
        "properties": {name: _section_in(region) for name, region in OWN_REGIONS.items()},
        "additionalProperties": _section_in(*BLOCKS),
    }
    properties = properties_of(ContextStrategy, BOUNDS, leave_out=("name", "sections")) | {
        "sections": {**sections, "description": descriptions_of(ContextStrategy)["sections"]}
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "contextkit context strategy",
        "description": summary_of(ContextStrategy),
        "type": "object",
        "additionalProperties": False,
        "required": ["sections"],
        "properties": properties,
        "definitions": {
            "section": {
                "description": summary_of(Section),
                "type": "object",
                "additionalProperties": False,
                "required": ["region"],
                "properties": properties_of(Section, BOUNDS),
            }
        },
    }


def _section_in(*regions: Region) -> Schema:
    """A section that stands in one of these regions."""
    return {"allOf": [{"$ref": "#/definitions/section"}, {"properties": {"region": {"enum": list(regions)}}}]}


def properties_of(
    record: type[Any], bounds: Mapping[str, Schema], leave_out: Collection[str] = ("name",)
) -> dict[str, Schema]:
    """A schema for each key of a table. The name is none of them: it is the table's, or the file's, own."""
    hints, said = get_type_hints(record), descriptions_of(record)
    return {
        field.name: {
            **_of_type(hints[field.name]),
            **bounds.get(field.name, {}),
            "description": said[field.name],
            **_default(field),
        }
        for field in fields(record)
        if field.name not in leave_out
    }


def _of_type(hint: Any) -> Schema:
    if hint == Size:
        return {"anyOf": [TOKENS, FRACTION]}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of_type(get_args(hint)[0]), "uniqueItems": True}
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}[hint]}


def _default(field: Field[Any]) -> Schema:
    if field.default is MISSING:
        return {}
    return {"default": list(field.default) if isinstance(field.default, tuple) else field.default}


def summary_of(record: type[Any]) -> str:
    """What the class's docstring says first."""
    return (getdoc(record) or "").partition("\n\n")[0].replace("\n", " ")


def descriptions_of(record: type[Any]) -> dict[str, str]:
    """What the class's docstring says of each field: its lines `* name: what it means.`"""
    said = re.findall(r"^\* `(\w+)`: (.*?)(?=\n\S|\n\n|\Z)", getdoc(record) or "", re.DOTALL | re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text[0].upper() + text[1:]) for name, text in said}


if __name__ == "__main__":
    print(json.dumps(strategy_schema(), indent=2))  # noqa: T201
