from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from contextkit.errors import InvalidInput
from contextkit.usage import cached_tokens, input_tokens


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        (120, None),
        ({"input_tokens": 120, "output_tokens": 9, "input_token_details": {"cache_read": 100}}, 100),
        ({"prompt_tokens": 120, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 64}}, 64),
        ({"input_tokens": 20, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 30}, 70),
        ({"inputTokens": 20, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 0, "outputTokens": 1}, 100),
        ({"input_tokens": 120, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 30}}, 0),
        ({"prompt_tokens": 120, "prompt_tokens_details": None}, None),
        (SimpleNamespace(input_tokens=100, cache_read_input_tokens=20, cache_creation_input_tokens=None), 20),
        (SimpleNamespace(prompt_tokens=120, prompt_tokens_details=SimpleNamespace(cached_tokens=64)), 64),
    ],
    ids=[
        "a number",
        "LangChain",
        "OpenAI",
        "Anthropic",
        "Converse",
        "Responses",
        "no details",
        "an object",
        "an object of objects",
    ],
)
def test_the_whole_prompt_and_what_was_cached_of_it_are_read_from_any_shape(usage: object, cached: int | None) -> None:
    assert input_tokens(usage) == 120
    assert cached_tokens(usage) == cached


@pytest.mark.parametrize("usage", [None, {}, "120", True, {"input_tokens": "many"}])
def test_a_usage_that_says_nothing_is_refused(usage: Any) -> None:
    with pytest.raises(InvalidInput, match="usage_metadata"):
        input_tokens(usage)
