"""A tool call's arguments: kept as JSON text, needed as an object by some providers."""

from __future__ import annotations

import json
from typing import Any

from contextkit.messages.check import json_value


def argument_text(arguments: object) -> str:
    """The arguments as JSON text: a text as it stands, anything else as compact JSON."""
    if isinstance(arguments, str):
        return arguments
    value = json_value({} if arguments is None else arguments, "The arguments of a tool call")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def argument_object(arguments: str) -> dict[str, Any] | None:
    """The arguments as an object: `{}` for empty text, None for text that is no JSON object."""
    if not arguments.strip():
        return {}
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
