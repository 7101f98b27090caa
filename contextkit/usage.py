"""Usage: how many input tokens a provider says a prompt had, cached ones among them, whatever shape it says it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contextkit.errors import InvalidInput, shortened

_CACHED: Final = (
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cacheReadInputTokens",
    "cacheWriteInputTokens",
)
"""What Anthropic and Bedrock report apart from their input tokens, and bill as input all the same."""


_CACHE_READS: Final = ("cache_read_input_tokens", "cacheReadInputTokens", "cache_read", "cached_tokens")
"""What was read from the provider's cache: as Anthropic, Bedrock, LangChain and OpenAI call it."""

_DETAILS: Final = ("input_token_details", "prompt_tokens_details", "input_tokens_details")
"""Where LangChain and OpenAI, in either API, say more about the input tokens."""

_KNOWN: Final = ("prompt_tokens", "input_tokens", "inputTokens", *_CACHED, *_CACHE_READS, *_DETAILS)


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


def cached_tokens(usage: object) -> int | None:
    """How many of the prompt's input tokens the provider read from its cache, None where it does not say.

    Takes what `input_tokens` takes.
    """
    fields = _fields(usage)
    places = (fields, *(_fields(fields.get(name)) for name in _DETAILS))
    told = (place.get(name) for place in places for name in _CACHE_READS)
    return next((tokens for tokens in told if isinstance(tokens, int)), None)


def _fields(usage: object) -> Mapping[str, Any]:
    if isinstance(usage, Mapping):
        return usage
    return {name: getattr(usage, name) for name in _KNOWN if hasattr(usage, name)}
