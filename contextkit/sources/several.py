"""Several: whether what a source was given is a list, or one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard


def is_list(given: object) -> TypeGuard[Iterable[object]]:
    """Whether these are several: a text's letters, a dict's keys and the fields of a pydantic model (such as MCP's
    `ListToolsResult`) are not, though one can loop over them."""
    if isinstance(given, str | bytes | Mapping) or hasattr(given, "model_dump"):
        return False
    return isinstance(given, Iterable)
