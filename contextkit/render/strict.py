"""Strict tools: whose calls the provider makes keep to their schema.

Each provider allows its own part of JSON schema there, and many a model has no such tools: so a tool that was given as
strict is so for the provider in whose shape it was given, and no other.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from contextkit.types import Tool

Shape: TypeAlias = Literal["openai", "anthropic", "converse"]


def is_strict(tool: Tool, shape: Shape) -> bool | None:
    """Whether the tool was given as strict in the provider's own shape; None where nothing was said of it there."""
    match shape, tool.origin:
        case "openai", {"type": "function", "function": {"strict": bool(strict)}}:
            return strict
        case "openai", {"type": "function", "strict": bool(strict)}:
            return strict
        case "anthropic", {"input_schema": _, "strict": bool(strict)}:
            return strict
        case "converse", {"toolSpec": {"strict": bool(strict)}}:
            return strict
    return None
