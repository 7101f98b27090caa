"""Tools as every provider takes them.

MCP lets a tool be called `github/issues.create`, in up to 128 characters, lets its schema combine others
(`anyOf`) beside `type: object`, and its arguments be called `$top` or `filter[id]`. OpenAI, Anthropic and Bedrock
answer a whole request with an error for one such tool (their API references, and the errors themselves). So a tool
stays in contextkit as it came, while requests have it as `shown_tool` makes it, and `Context.tool` finds it when the
model calls it by the name it was shown under.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from contextkit.types import Tool

OWN_NAME: Final = re.compile(r"[a-zA-Z0-9_./-]{1,128}")
"""What MCP allows (its proposal SEP-986 has the slash, its specification of November 2025 the 128 characters)."""

SHOWN_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What OpenAI, Anthropic and Bedrock all take. Anthropic alone allows 128 characters."""

_SHOWN_PROPERTY: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""What Anthropic takes as the name of an argument, on Bedrock too; within arguments it looks at no names."""

_REFUSED: Final = ("anyOf", "oneOf", "allOf", "not", "enum")
"""What OpenAI, and all but the last two Anthropic, refuse at the top of a schema; within properties it may stand."""

_CLOSING: Final = ("additionalProperties", "unevaluatedProperties")
"""What would forbid the arguments that are only told of."""

_DIGITS: Final = 6
"""Of a hash of the name, so that `a.b` and `a_b` stay two, whatever other tools there are: 16 million values."""


def shown_tool(tool: Tool) -> Tool:
    """The tool under a name that every provider takes; what they refuse of its schema is told in its description.

    The tool itself where it will do. The schema only grows wider: what it no longer forbids is for the tool to refuse;
    the object that it was made from is another then.
    """
    parameters, refused = _parted(tool.parameters)
    if not refused:
        name = shown_name(tool.name)
        return tool if name == tool.name else replace(tool, name=name)
    told = f"The arguments must also match this JSON schema: {json.dumps(refused, ensure_ascii=False)}"
    return replace(
        tool,
        name=shown_name(tool.name),
        description=f"{tool.description}\n{told}" if tool.description else told,
        parameters=parameters,
        origin=None,
    )


def _parted(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A schema as providers take it, and what is refused of it, which is a schema too."""
    refused = {key: schema[key] for key in _REFUSED if key in schema}
    taken = {key: value for key, value in schema.items() if key not in refused}
    properties, required = schema.get("properties"), schema.get("required")
    if isinstance(properties, Mapping) and not all(map(_SHOWN_PROPERTY.fullmatch, properties)):
        odd = {name: inner for name, inner in properties.items() if not _SHOWN_PROPERTY.fullmatch(name)}
        refused["properties"] = odd
        taken = {key: value for key, value in taken.items() if key not in _CLOSING}
        taken["properties"] = {name: inner for name, inner in properties.items() if name not in odd}
        if isinstance(required, list | tuple) and not odd.keys().isdisjoint(required):
            refused["required"] = [name for name in required if name in odd]
            taken["required"] = [name for name in required if name not in odd]
    return taken, refused


def shown_name(name: str) -> str:
    """The name as every provider takes it; the same one each time, and the name itself where it will do."""
    if SHOWN_NAME.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
    return f"{re.sub(r'[^a-zA-Z0-9_-]', '_', name)[: 63 - _DIGITS]}_{digest}"
