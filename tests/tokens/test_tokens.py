"""Counting: OpenAI's published examples, an independent tokenizer, and the laws of a counter."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import warnings
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextkit import tokens
from contextkit.errors import InvalidMessage, InvalidTool, TokenizerUnavailable
from contextkit.tokens import BpeCounter, TokensEstimated, get_counter
from contextkit.tokens.estimates import estimate
from contextkit.tokens.seams import SLICE
from contextkit.tokens.vocabulary import VOCABULARIES
from contextkit.types import Message, Tool, ToolCall

# The examples of OpenAI's cookbook notebook "How to count tokens with tiktoken", and the counts
# that its API reported for them.
JARGON = [
    Message(
        role="system",
        content="You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
    ),
    Message(role="system", name="example_user", content="New synergies will help drive top-line growth."),
    Message(role="system", name="example_assistant", content="Things working well together will increase revenue."),
    Message(
        role="system",
        name="example_user",
        content="Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
    ),
    Message(
        role="system",
        name="example_assistant",
        content="Let's talk later when we're less busy about how to do better.",
    ),
    Message(
        role="user",
        content="This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ),
]
WEATHER = [
    Message(role="system", content="You are a helpful assistant that can answer to questions about the weather."),
    Message(role="user", content="What's the weather like in San Francisco?"),
]
WEATHER_TOOL = Tool(
    "get_current_weather",
    "Get the current weather in a given location",
    {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {
                "type": "string",
                "description": "The unit of temperature to return",
                "enum": ["celsius", "fahrenheit"],
            },
        },
        "required": ["location"],
    },
)
TEXTS = [
    "",
    "plain words, and 12345 digits.",
    "def f(x):\n    return x ** 2  # square\n\n\n",
    "日本語のテキストと中文文本，한국어도",
    "👩‍💻🏳️‍🌈 emoji 😀😀",
    "<|endoftext|><|im_start|>system",
    "\ud800 lone \udfff surrogates",
    "\x00\x01 control",
]


def independent(name: str, text: str) -> int:
    """The count of bpe-openai's own tokenizer, another implementation of the same vocabulary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its import uses an old way to read its data
        from bpe_openai._bindings import tokenizer_for_encoding
    return int(tokenizer_for_encoding(name).count(text))


def prompt(name: str, messages: list[Message], tools: list[Tool]) -> int:
    counter = get_counter(name)
    counted = sum(map(counter.message, messages)) + sum(map(counter.tool, tools))
    return counted + counter.framing(len(messages), len(tools))


@pytest.mark.parametrize(
    ("model", "expected"),
    [("gpt-3.5-turbo", 129), ("gpt-4", 129), ("gpt-4-0613", 129), ("gpt-4o", 124), ("gpt-4o-mini", 124)],
)
def test_messages_as_openai_published(model: str, expected: int) -> None:
    assert prompt(model, JARGON, []) == expected


@pytest.mark.parametrize(
    ("model", "expected"), [("gpt-3.5-turbo", 105), ("gpt-4", 105), ("gpt-4o", 101), ("gpt-4o-mini", 101)]
)
def test_tools_as_openai_published(model: str, expected: int) -> None:
    assert prompt(model, WEATHER, [WEATHER_TOOL]) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("antidisestablishmentarianism", "cl100k_base", 6),
        ("2 + 2 = 4", "cl100k_base", 7),
        ("お誕生日おめでとう", "cl100k_base", 9),
        ("お誕生日おめでとう", "o200k_base", 8),
    ],
)
def test_texts_as_openai_published(text: str, name: str, expected: int) -> None:
    assert get_counter(name).text(text) == expected


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_equals_an_independent_tokenizer(name: str, text: str) -> None:
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert get_counter(name).text(text) == independent(name, clean)


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
@settings(max_examples=200, deadline=None)
@given(
    text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from([*TEXTS[:6], " ", "\n"]), max_size=20).map("".join))
)
def test_any_text_equals_an_independent_tokenizer(name: str, text: str) -> None:
    assert get_counter(name).text(text) == independent(name, text)


def test_long_text_in_slices_equals_an_independent_tokenizer() -> None:
    for text in ("word after word, " * 9_000, "for x in y:\n    z += 1\n\n" * 5_000, "日本語の文。" * 9_000):
        assert len(text) > 3 * SLICE
        assert get_counter().text(text) == independent("o200k_base", text)


@pytest.mark.parametrize("unit", ["a", "ab", " ", "\n", "-", "\t ", "漢", "ACGT", "0", "😀"])
def test_endless_stretches_are_never_undercounted(unit: str) -> None:
    text = unit * (5 * SLICE // len(unit) + 11)
    real = independent("o200k_base", text)
    assert real <= get_counter().text(text) <= real + 4 * 6 + real // 100


def test_a_huge_text_is_counted_and_not_remembered() -> None:
    counter = BpeCounter(VOCABULARIES["o200k_base"])
    assert counter.text("A line of a huge log file.\n" * 200_000) == 200_000 * counter.text(
        "A line of a huge log file.\n"
    )
    assert counter._texts.get("A line of a huge log file.\n" * 200_000) is None


def test_a_counter_is_one_per_vocabulary_and_counters_pass_through() -> None:
    assert get_counter("gpt-4o") is get_counter("o200k_base") is get_counter() is get_counter("o200k_harmony")
    assert get_counter(get_counter("gpt-4")) is get_counter("cl100k_base")
    assert (get_counter("gpt-4").name, get_counter("gpt-4").exact) == ("cl100k_base", True)


def test_an_unknown_model_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(TokenizerUnavailable, match=r"claude-sonnet.*count with 'o200k_base'"):
        get_counter("claude-sonnet")


def test_importing_and_getting_a_counter_loads_no_tiktoken() -> None:
    code = "import sys; from contextkit.tokens import get_counter; get_counter(); sys.exit('tiktoken' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_many_threads_share_one_load(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    real = tokens.find
    monkeypatch.setattr(tokens, "find", lambda vocabulary: (loads.append(vocabulary.name), real(vocabulary))[1])
    counter = BpeCounter(VOCABULARIES["cl100k_base"])
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(counter.text("twelve threads"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["cl100k_base"]
    assert counts == [get_counter("cl100k_base").text("twelve threads")] * 12


def test_without_a_vocabulary_it_estimates_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "find", lambda _: None)
    counter = BpeCounter(VOCABULARIES["o200k_base"])
    with pytest.warns(TokensEstimated, match=r"contextkit-sdk\[offline\]"):
        assert counter.text("no vocabulary here") == estimate("no vocabulary here")
    assert counter.text("nor here") == estimate("nor here")  # a second warning would be an error here
    assert (counter.name, counter.exact) == ("o200k_base~estimate", False)
    assert counter.message(Message(role="user", content="hi")) >= get_counter().message(
        Message(role="user", content="hi")
    )


def test_a_warning_made_an_error_is_raised_once_and_the_counter_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "find", lambda _: None)
    counter = BpeCounter(VOCABULARIES["o200k_base"])
    with pytest.raises(TokensEstimated):
        counter.text("x")
    assert counter.text("x") == 1


def test_a_message_costs_every_part_of_it() -> None:
    counter = get_counter()
    bare = counter.message(Message(role="assistant", content="Looking."))
    call = ToolCall("call_1", "find_order", '{"order_id": "A-1"}')
    with_call = counter.message(Message(role="assistant", content="Looking.", tool_calls=(call,)))
    assert with_call == bare + tokens.PER_CALL + counter.text(call.name) + counter.text(call.arguments)
    result = counter.message(Message(role="tool", content="Looking.", tool_call_id="call_1"))
    assert result == bare + tokens.PER_RESULT + counter.text("call_1")
    assert counter.message(Message(role="user", name="ana", content="")) == 3 + 1 + 1 + counter.text("ana")


def test_text_blocks_cost_their_text_and_nothing_else() -> None:
    counter = get_counter()
    block = {"type": "text", "text": "Hello there.", "cache_control": {"type": "ephemeral"}}
    for content in ((block,), ({"text": "Hello there."},), ({"type": "input_text", "text": "Hello there."},)):
        assert counter.message(Message(role="user", content=content)) == 3 + 1 + counter.text("Hello there.")


def test_unknown_blocks_cost_their_json() -> None:
    counter = get_counter()
    block = {"type": "thinking", "thinking": "First, the order.", "signature": "c2ln"}
    counted = counter.message(Message(role="assistant", content=(block,)))
    assert counted == 3 + 1 + counter.text(json.dumps(block))


def test_a_payload_is_never_counted_as_text() -> None:
    counter = get_counter()
    payload = "QUJD" * 500_000
    blocks: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{payload}"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": payload}},
        {"type": "image", "base64": payload, "mime_type": "image/png"},
        {"image": {"format": "png", "source": {"bytes": b"ABC" * 500_000}}},
        {
            "type": "tool_result",
            "tool_use_id": "t",
            "content": [{"type": "image", "base64": payload, "mime_type": "image/jpeg"}],
        },
    ]
    for block in blocks:
        assert counter.message(Message(role="user", content=(block,))) < 6_000


@pytest.mark.parametrize("block", [{"type": "x", "value": {(1, 2): 3}}, {"type": "deep"}])
def test_a_block_that_is_no_json_is_an_error_of_ours(block: dict[str, Any]) -> None:
    if block["type"] == "deep":
        block["self"] = block
    with pytest.raises(InvalidMessage, match="not JSON"):
        get_counter().message(Message(role="user", content=(block,)))


def test_a_schema_that_is_no_json_is_an_error_of_ours() -> None:
    endless: dict[str, Any] = {}
    endless["properties"] = {"a": endless}
    for parameters in (endless, {("a", "b"): 1}):
        with pytest.raises(InvalidTool, match="'broken' is not JSON"):
            get_counter().tool(Tool("broken", "", parameters))


def test_nested_schemas_cost_at_least_what_they_say() -> None:
    counter = get_counter()
    plain = counter.tool(Tool("f", "Does.", {"type": "object", "properties": {}}))
    for extra in (
        {"items": {"type": "object", "properties": {"street": {"type": "string", "description": "Street name"}}}},
        {"anyOf": [{"type": "string", "enum": ["alpha", "beta"]}, {"type": "null"}]},
        {"$defs": {"Address": {"type": "object", "properties": {"street": {"type": "string"}}}}},
        {"type": ["string", "null"], "default": "somewhere", "pattern": "^[a-z]+$"},
    ):
        schema = {"type": "object", "properties": {"address": extra}}
        words = sum(counter.text(word) for word in ("address", *(w for w in _words(extra))))
        assert counter.tool(Tool("f", "Does.", schema)) >= plain + words


def _words(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(word for item in value.values() for word in _words(item))] if value else []
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return [str(value)] if value != "object" else []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "description", "properties", "enum", "items", "anyOf", "$defs", "required", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    name=st.text(max_size=8),
    description=st.text(max_size=20),
    parameters=st.dictionaries(st.text(max_size=5), JSON),
    nested=JSON,
)
def test_no_schema_crashes_and_none_is_free(
    name: str, description: str, parameters: dict[str, Any], nested: Any
) -> None:
    tool = Tool(name, description, MappingProxyType({**parameters, "properties": nested}))
    assert get_counter().tool(tool) >= 7


def test_equal_schemas_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = BpeCounter(VOCABULARIES["o200k_base"])
    first = counter.tool(WEATHER_TOOL)
    monkeypatch.setattr(counter, "_schema", lambda _: pytest.fail("counted again"))
    assert counter.tool(Tool(WEATHER_TOOL.name, WEATHER_TOOL.description, dict(WEATHER_TOOL.parameters))) == first


def test_a_text_is_tokenized_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = BpeCounter(VOCABULARIES["o200k_base"])
    first = counter.text("the same text")
    monkeypatch.setattr(counter, "_count", lambda _: pytest.fail("tokenized again"))
    assert counter.text("".join(["the same", " text"])) == first
