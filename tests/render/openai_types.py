"""Requests against the types that OpenAI's own package declares for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter


@cache
def _responses() -> TypeAdapter[Any]:
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

    return TypeAdapter(ResponseCreateParamsNonStreaming)


@cache
def _completions() -> TypeAdapter[Any]:
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

    return TypeAdapter(CompletionCreateParamsNonStreaming)


def check_request(request: Any) -> None:
    """Raises where the request is none that `client.responses.create` declares, or says more than it declares."""
    assert settled(_responses().validate_python(request)) == request


def check_completion(request: Any) -> None:
    """The same for `client.chat.completions.create`."""
    whole = {"model": "m", **request}
    assert settled(_completions().validate_python(whole)) == whole


def settled(value: Any) -> Any:
    """The validated value as plain lists and dicts: what the types call iterable is only validated when it is read."""
    if isinstance(value, BaseModel):  # which the types take, too
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping):
        return {key: settled(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float | None) else [settled(item) for item in value]
