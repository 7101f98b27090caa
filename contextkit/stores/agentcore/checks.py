"""Requests checked before they are sent, by botocore's own model of the service.

botocore checks what is required, minimums and types; maximums, patterns and enums it leaves to
the service, whose answer comes later, names less, and counts against a quota.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.model import Shape  # type: ignore[import-untyped]

from contextkit.errors import InvalidInput


def check_request(shape: Shape, request: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` for the first value that is too large, misspelt or not among those allowed."""
    _check(shape, request, "")


def _check(shape: Shape, value: Any, where: str) -> None:
    match shape.type_name, value:
        case "structure", Mapping():
            _check_members(shape, value, where)
        case "list", list() | tuple():
            _check_size(shape, len(value), "items", where, value)
            for number, member in enumerate(value):
                _check(shape.member, member, f"{where}[{number}]")
        case "map", Mapping():
            _check_size(shape, len(value), "entries", where, value)
            for key, member in value.items():
                _check(shape.key, key, f"the key {key!r:.80} of {where}")
                _check(shape.value, member, f"{where}[{key!r:.80}]")
        case "string", str():
            _check_text(shape, value, where)
        case _, int() | float():
            _check_size(shape, value, "", where, value)


def _check_members(shape: Shape, value: Mapping[str, Any], where: str) -> None:
    if getattr(shape, "is_document_type", False):  # any JSON
        return
    for name, member in shape.members.items():
        if value.get(name) is not None:
            _check(member, value[name], f"{where}.{name}".lstrip("."))


def _check_size(shape: Shape, size: float, unit: str, where: str, value: object) -> None:
    most = shape.metadata.get("max")
    if most is None or size <= most:
        return
    raise InvalidInput(
        f"{where} has {size:,} {unit}; AgentCore takes {most:,}."
        if unit
        else f"{where} is {size:,}; AgentCore takes at most {most:,}.",
        "Send less at once." if unit else "Pass a smaller number.",
        value=value,
    )


def _check_text(shape: Shape, value: str, where: str) -> None:
    most, pattern = shape.metadata.get("max"), shape.metadata.get("pattern")
    if most is not None and len(value) > most:
        raise InvalidInput(
            f"{where} has {len(value):,} characters; AgentCore takes {most:,}.",
            "Shorten it, or split it.",
            value=value[:80],
        )
    if shape.enum and value not in shape.enum:
        raise InvalidInput(
            f"{where} is {value!r:.80}, which AgentCore does not know.",
            f"Use one of {', '.join(shape.enum)}.",
            value=value[:80],
        )
    if pattern and not _compiled(pattern).fullmatch(value):
        raise InvalidInput(
            f"{where} is {value!r:.80} ({len(value):,} characters), which AgentCore does not take.",
            f"It must match {pattern}",
            value=value[:80],
        )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the model. It is Java's, in which `\\s` and the like mean ASCII alone."""
    return re.compile(pattern, re.ASCII)
