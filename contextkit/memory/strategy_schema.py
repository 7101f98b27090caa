"""A JSON schema of memory strategies, so that an editor completes and checks them while they are written.

It is made from the dataclasses that the files are read into and from their docstrings. The copy in
`strategies/memory.schema.json` ships with the strategies; print it with

    python -m contextkit.memory.strategy_schema

The schema knows each key and its bounds. That a namespace names only known variables, and that what
`[managed]` says fits together, only `contextkit strategies check` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from contextkit.memory.strategy import LONGEST_LIFE, MemoryStrategy
from contextkit.memory.strategy_parts import (
    FIELD_NAME,
    LONGEST_DESCRIPTION,
    LONGEST_FIELD,
    LONGEST_NAMESPACE,
    LONGEST_PROMPT,
    MOST_FIELDS,
    MOST_VALUES,
    MOST_VARIABLES,
    NAMESPACE,
    OWN_VARIABLES,
    TRIGGER_BOUNDS,
    VARIABLE,
    Consolidation,
    Extraction,
    Managed,
    RecordField,
    Triggers,
)
from contextkit.strategy.schema import Schema, descriptions_of, properties_of, summary_of

PARTS: Final = {"extraction": Extraction, "consolidation": Consolidation, "triggers": Triggers, "managed": Managed}
"""The tables of a file that are read into a dataclass each."""


def memory_strategy_schema() -> dict[str, Any]:
    """The JSON schema (draft 7, which every editor reads) of a memory strategy's file."""
    said = descriptions_of(MemoryStrategy)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "contextkit memory strategy",
        "description": summary_of(MemoryStrategy),
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "namespace", "extraction", "consolidation"],
        "properties": {
            **properties_of(MemoryStrategy, _BOUNDS, leave_out=("name", "fields", *PARTS)),
            **{
                name: {**_table(part, *_REQUIRED.get(name, ())), "description": said[name]}
                for name, part in PARTS.items()
            },
            "fields": {**_FIELDS, "description": said["fields"]},
        },
    }


def _text(longest: int) -> Schema:
    return {"minLength": 1, "maxLength": longest, "pattern": r"\S"}


def _table(record: type[Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        **({"required": list(required)} if required else {}),
        "properties": properties_of(record, _PART_BOUNDS[record]),
    }


_BOUNDS: Final[Mapping[str, Schema]] = {
    "description": _text(LONGEST_DESCRIPTION),
    "namespace": {"pattern": rf"^(?={NAMESPACE}$).*/$", "maxLength": LONGEST_NAMESPACE},
    "variables": {
        "items": {"type": "string", "pattern": rf"^(?!({'|'.join(OWN_VARIABLES)})$){VARIABLE}$"},
        "maxItems": MOST_VARIABLES,
    },
    "expires_after": {"minimum": 0, "maximum": LONGEST_LIFE},
}
_PART_BOUNDS: Final[Mapping[type[Any], Mapping[str, Schema]]] = {
    Extraction: {"prompt": _text(LONGEST_PROMPT)},
    Consolidation: {"prompt": _text(LONGEST_PROMPT)},
    Triggers: {name: {"minimum": least, "maximum": most} for name, (least, most) in TRIGGER_BOUNDS.items()},
    RecordField: {
        "description": _text(LONGEST_FIELD),
        "values": {"items": {"type": "string", "minLength": 1}, "maxItems": MOST_VALUES},
    },
    Managed: {},
}
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "extraction": ("prompt",),
    "consolidation": ("prompt",),
    "triggers": (),
    "managed": ("base",),
}
_FIELDS: Final[Schema] = {
    "type": "object",
    "maxProperties": MOST_FIELDS,
    "propertyNames": {"pattern": f"^{FIELD_NAME}$"},
    "additionalProperties": _table(RecordField, "type", "description"),
}

if __name__ == "__main__":
    print(json.dumps(memory_strategy_schema(), indent=2))  # noqa: T201
