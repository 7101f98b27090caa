"""Requests against the types that OpenAI's own package declares for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter


@cache
def _adapter() -> TypeAdapter[Any]:
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

    return TypeAdapter(ResponseCreateParamsNonStreaming)


def check_request(request: Any) -> None:
    """Raises where the request is none that `client.responses.create` declares, or says more than it declares."""
    assert _settled(_adapter().validate_python(request)) == request


def _settled(value: Any) -> Any:
    """The validated value as plain lists and dicts: what the types call iterable is only validated when it is read."""
    if isinstance(value, Mapping):
        return {key: _settled(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float | None) else [_settled(item) for item in value]
