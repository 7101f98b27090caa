"""Usage: how many input tokens a provider says a prompt had, whatever shape it says it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contextkit.errors import InvalidInput, shortened

_CACHED = ("cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens")
"""What Anthropic and Bedrock report apart from their input tokens, and bill as input all the same."""


def input_tokens(usage: object) -> int:
    """The whole prompt's input tokens, cached ones included.

    Takes a number; LangChain's `usage_metadata` or OpenAI's `usage`, of either API (whose totals
    include cached tokens); Anthropic's or Bedrock Converse's `usage` (which list them apart). Mappings
    and objects with attributes alike. Raises `InvalidInput` for anything else.
    """
    if isinstance(usage, int) and not isinstance(usage, bool):
        return usage
    fields = _fields(usage)
    for name in ("prompt_tokens", "input_tokens", "inputTokens"):
        if isinstance(fields.get(name), int):
            return int(fields[name]) + sum(int(fields.get(cached) or 0) for cached in _CACHED)
    raise InvalidInput(
        f"{shortened(usage)} does not say how many input tokens the prompt had.",
        "Pass the answer's usage_metadata, the response's usage, or the number itself.",
        value=usage,
    )


def _fields(usage: object) -> Mapping[str, Any]:
    if isinstance(usage, Mapping):
        return usage
    known = ("prompt_tokens", "input_tokens", "inputTokens", *_CACHED)
    return {name: getattr(usage, name) for name in known if hasattr(usage, name)}
