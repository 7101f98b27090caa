"""A tool call's arguments: kept as JSON text, needed as an object by some providers and by the tool itself."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from contextkit.errors import InvalidInput, shortened
from contextkit.messages.check import json_value
from contextkit.types import Tool


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


def called_with(tool: Tool, given: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """What a model called a tool of our own with, as the tool's schema says: plain values, none nested.

    `given` is JSON text or what it says, as clients hand it on; None where the model sent nothing. A null is
    an argument not given, which is how strict schemas have models leave one out. Models write numbers as
    text and text as numbers; what says the same is taken.

    Raises `InvalidInput`, in words that tell the model what to write.
    """
    values = {key: value for key, value in _object(tool, given).items() if value is not None}
    properties = tool.parameters["properties"]
    for key, value in values.items():
        if key not in properties:
            raise _wrong(tool, f"have {shortened(key)}")
        values[key] = _READERS[properties[key]["type"]](value)
        if values[key] is None:
            raise _wrong(tool, f"have {shortened(value)} for {key!r}")
    if lacking := [key for key in tool.parameters["required"] if key not in values]:
        raise _wrong(tool, f"lack {lacking[0]!r}")
    return values


def _object(tool: Tool, given: object) -> Mapping[str, Any]:
    try:
        read = json.loads(given or "{}") if isinstance(given, str) else given
    except (ValueError, RecursionError) as error:
        raise _wrong(tool, f"are no JSON ({error})") from error
    if not isinstance(read, Mapping | None):
        raise _wrong(tool, "are no JSON object")
    return read or {}


def _wrong(tool: Tool, what: str) -> InvalidInput:
    takes = ", ".join(tool.parameters["properties"])
    return InvalidInput(
        f"The arguments of {tool.name} {what}.", f"Pass a JSON object with {takes}, as its schema says."
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None if _number(value) is None else str(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def _whole(value: object) -> int | None:
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    read = _number(value)
    return int(read) if read is not None and read.is_integer() else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())


_READERS: Mapping[str, Callable[[object], Any]] = {
    "string": _text,
    "number": _number,
    "integer": _whole,
    "boolean": _truth,
}
"""How a value is read as one of JSON's plain types; None where it is not one."""
