from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from contextkit.errors import InvalidInput
from contextkit.usage import input_tokens


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (120, 120),
        ({"input_tokens": 120, "output_tokens": 9, "input_token_details": {"cache_read": 100}}, 120),
        ({"prompt_tokens": 120, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 64}}, 120),
        ({"input_tokens": 20, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 30}, 120),
        ({"inputTokens": 20, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 0, "outputTokens": 1}, 120),
        ({"input_tokens": 120, "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 30}}, 120),
        (SimpleNamespace(input_tokens=100, cache_read_input_tokens=20, cache_creation_input_tokens=None), 120),
    ],
    ids=["a number", "LangChain", "OpenAI", "Anthropic", "Converse", "Responses", "an object"],
)
def test_the_whole_prompt_is_read_from_any_shape(usage: object, tokens: int) -> None:
    assert input_tokens(usage) == tokens


@pytest.mark.parametrize("usage", [None, {}, "120", True, {"input_tokens": "many"}])
def test_a_usage_that_says_nothing_is_refused(usage: Any) -> None:
    with pytest.raises(InvalidInput, match="usage_metadata"):
        input_tokens(usage)
