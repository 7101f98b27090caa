"""Requests against the types that Anthropic's own package declares for them."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from tests.render.openai_types import settled


@cache
def _adapter() -> TypeAdapter[Any]:
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

    return TypeAdapter(MessageCreateParamsNonStreaming)


def check_messages(request: Any) -> None:
    """Raises where the request is none that `client.messages.create` declares, or says more than it declares."""
    whole = {"model": "m", "max_tokens": 1, **request}
    assert settled(_adapter().validate_python(whole)) == whole
