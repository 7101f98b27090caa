"""What holds for every prompt in every provider's shape."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages, dumps, loads
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.langchain import to_langchain
from contextkit.render.openai import to_openai
from contextkit.render.request import Breakpoints
from contextkit.render.responses import to_responses
from contextkit.types import Message, Tool, ToolCall
from tests.render.anthropic_types import check_messages
from tests.render.converse_types import check_converse
from tests.render.openai_types import check_completion, check_request

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TOOLS = (
    Tool("find", "Find an order.", {"type": "object", "properties": {"q": {"type": "integer"}}}),
    Tool("now", "", {"type": "object", "properties": {}}),
)

BLOCK_KEYS = ["source", "data", "base64", "url", "image_url", "file", "file_data", "file_id", "input_audio", "format"]
BLOCK_KEYS += [
    "mime_type",
    "media_type",
    "title",
    "name",
    "filename",
    "extras",
    "metadata",
    "value",
    "source_type",
    "id",
]
BLOCK_KEYS += ["type", "text", "thinking", "signature", "reasoning", "reasoning_content", "refusal", "detail"]
BLOCK_KEYS += ["summary", "content", "encrypted_content", "file_url", "phase"]
BLOCK_KINDS = ["image", "image_url", "input_image", "input_audio", "audio", "video", "file", "document", "text-plain"]
BLOCK_KINDS += ["input_file", "output_text", "web_search_call", "compaction"]
BLOCK_KINDS += ["thinking", "redacted_thinking", "reasoning", "reasoning_content", "non_standard", "refusal", "other"]

texts = st.text(st.one_of(st.characters(categories=["Cs"]), st.characters(), st.sampled_from("ab \n\x00")), max_size=8)
text_blocks = st.builds(lambda text: {"type": "text", "text": text}, texts)
image_blocks = st.sampled_from(
    [
        {"type": "image", "base64": PNG, "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    ]
)
reasoning_blocks = st.sampled_from(
    [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "reasoning", "reasoning": "hm", "extras": {"signature": "s"}},
        {"type": "redacted_thinking", "data": "AAAA"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "s"},
    ]
)
call_ids = st.text(min_size=1, max_size=50)
arguments = st.sampled_from(
    ["", "{}", '{"q": 1}', '{"q": "\\ud800"}', "[1]", "not json", '{"a": {"b": [1, null, 2.5]}}']
)


def contents(*blocks: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    return texts | st.lists(st.one_of(*blocks), max_size=3).map(tuple)


systems = st.builds(Message, role=st.just("system"), content=contents(text_blocks))
users = st.builds(
    Message, role=st.just("user"), content=contents(text_blocks, image_blocks), name=st.none() | st.just("Ann Lee")
)
others_blocks = st.sampled_from(
    [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "hm"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "hm"}},
        {"citationsContent": {"content": [{"text": "hm"}]}},
        {"citationsContent": {"content": [{"text": " "}]}},
    ]
)
answers = st.builds(Message, role=st.just("assistant"), content=contents(text_blocks, reasoning_blocks, others_blocks))


@st.composite
def loops(draw: st.DrawFn) -> list[Message]:
    """An assistant's calls with all their results, in any order."""
    ids = draw(st.lists(call_ids, min_size=1, max_size=3, unique=True))
    calls = tuple(ToolCall(id_, draw(st.sampled_from(["find", "no good name!"])), draw(arguments)) for id_ in ids)
    call = Message(role="assistant", content=draw(contents(text_blocks, reasoning_blocks)), tool_calls=calls)
    results = [
        Message(
            role="tool",
            content=draw(contents(text_blocks, image_blocks)),
            tool_call_id=id_,
            metadata=draw(st.sampled_from([{}, {"status": "error"}])),
        )
        for id_ in draw(st.permutations(ids))
    ]
    return [call, *results]


histories = st.lists(
    st.one_of(systems.map(lambda m: [m]), users.map(lambda m: [m]), answers.map(lambda m: [m]), loops())
)
prompts = st.builds(
    lambda history, question: [*(message for group in history for message in group), question],
    histories,
    st.just(Message(role="user", content="And now?")),
)
tool_lists = st.sampled_from([(), TOOLS])
breakpoints = st.builds(
    Breakpoints, st.lists(st.integers(0, 12), unique=True).map(sorted).map(tuple), after_tools=st.booleans()
)


@given(prompt=prompts, tools=tool_lists, points=breakpoints)
def test_bedrock_s_own_model_takes_every_converse_request(
    prompt: list[Message], tools: tuple[Tool, ...], points: Breakpoints
) -> None:
    check_converse(to_converse(prompt, tools, points))


@given(prompt=prompts, tools=tool_lists, points=breakpoints)
def test_turns_alternate_and_the_user_has_the_first_and_the_last(
    prompt: list[Message], tools: tuple[Tool, ...], points: Breakpoints
) -> None:
    for turns in (to_anthropic(prompt, tools, points)["messages"], to_converse(prompt, tools, points)["messages"]):
        roles = [turn["role"] for turn in turns]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
        assert all(turn["content"] for turn in turns)


@given(prompt=prompts, tools=tool_lists, points=breakpoints)
def test_at_most_four_breakpoints(prompt: list[Message], tools: tuple[Tool, ...], points: Breakpoints) -> None:
    anthropic, converse = to_anthropic(prompt, tools, points), to_converse(prompt, tools, points)
    assert sum("cache_control" in value for value in dicts(anthropic)) <= 4
    assert sum("cachePoint" in value for value in dicts(converse)) <= 4


@given(prompt=prompts, points=breakpoints)
def test_each_call_is_answered_in_the_very_next_turn_under_an_id_of_its_own(
    prompt: list[Message], points: Breakpoints
) -> None:
    turns = to_anthropic(prompt, TOOLS, points)["messages"]
    seen: set[str] = set()
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        called = [block["id"] for block in turn["content"] if block["type"] == "tool_use"]
        results = [b for b in following["content"] if b["type"] == "tool_result"] if following else []
        if turn["role"] == "assistant":
            assert sorted(called) == sorted(result["tool_use_id"] for result in results)
        assert not seen & set(called)
        seen |= set(called)


@given(prompt=prompts, tools=tool_lists, points=breakpoints)
def test_openai_s_own_types_take_every_request_of_the_responses_api(
    prompt: list[Message], tools: tuple[Tool, ...], points: Breakpoints
) -> None:
    pytest.importorskip("openai", reason="needs the extra dev: openai")
    request = to_responses(prompt, tools, points)
    check_request(request)
    assert sum("prompt_cache_breakpoint" in value for value in dicts(request)) <= 3


@given(prompt=prompts, tools=tool_lists, points=breakpoints)
def test_anthropic_s_own_types_take_every_request(
    prompt: list[Message], tools: tuple[Tool, ...], points: Breakpoints
) -> None:
    pytest.importorskip("anthropic", reason="needs the extra dev: langchain-anthropic")
    check_messages(to_anthropic(prompt, tools, points))


@given(prompt=prompts, tools=tool_lists)
def test_openai_s_own_types_take_every_completion(prompt: list[Message], tools: tuple[Tool, ...]) -> None:
    pytest.importorskip("openai", reason="needs the extra dev: openai")
    check_completion(to_openai(prompt, tools))


@given(prompt=prompts, points=breakpoints)
def test_each_call_of_the_responses_api_is_answered_behind_those_it_was_made_with(
    prompt: list[Message], points: Breakpoints
) -> None:
    waiting: list[str] = []
    seen: set[str] = set()
    for item in to_responses(prompt, TOOLS, points)["input"]:
        if item.get("type") == "function_call":
            assert item["call_id"] not in seen
            seen.add(item["call_id"])
            waiting.append(item["call_id"])
        elif item.get("type") == "function_call_output":
            waiting.remove(item["call_id"])
        else:
            assert not waiting
    assert not waiting
    assert len(seen) == sum(len(message.tool_calls) for message in prompt)


@given(prompt=prompts, points=breakpoints)
def test_no_word_no_call_and_no_image_is_lost_on_the_way_to_the_responses_api(
    prompt: list[Message], points: Breakpoints
) -> None:
    request = to_responses(prompt, TOOLS, points)
    sent = whole_characters(request.get("instructions", "") + "".join(map(told, request["input"])))
    position = 0
    for words in (whole_characters(text) for message in prompt for text in said(message)):
        position = sent.find(words, position) + len(words)
        assert position >= len(words), (words, sent)
    images = [value for value in dicts(request) if value.get("type") == "input_image"]
    assert len(images) == sum(str(message.content).count(PNG) for message in prompt)


def told(item: dict[str, Any]) -> str:
    content = item.get("arguments") or item.get("output") or item.get("content") or ""
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def said(message: Message) -> list[str]:
    texts = [message.content] if isinstance(message.content, str) else [b.get("text", "") for b in message.content]
    return [*texts, *(call.arguments for call in message.tool_calls)]


def whole_characters(text: str) -> str:
    """The text without surrogates and what becomes of them: two that meet become one character."""
    return "".join(char for char in text if char < "\ud800" or "\udfff" < char < "\ufffd")


@given(prompt=prompts, tools=tool_lists, points=breakpoints)
def test_every_shape_can_be_sent_as_utf_8(prompt: list[Message], tools: tuple[Tool, ...], points: Breakpoints) -> None:
    shapes: list[Any] = [
        to_anthropic(prompt, tools, points),
        to_converse(prompt, tools, points),
        to_openai(prompt, tools),
        to_responses(prompt, tools, points),
    ]
    shapes += [message.model_dump() for message in to_langchain(prompt)]
    for shape in shapes:
        json.dumps(shape, ensure_ascii=False, default=bytes.hex).encode()


@given(prompts)
def test_a_longer_prompt_begins_like_the_shorter_one(prompt: list[Message]) -> None:
    more = [*prompt, Message(role="assistant", content="Yes."), Message(role="user", content="Thanks.")]
    shorter, longer = to_anthropic(prompt, TOOLS), to_anthropic(more, TOOLS)
    assert longer["messages"][: len(shorter["messages"])] == shorter["messages"]
    assert longer.get("system") == shorter.get("system")
    items, more_items = to_responses(prompt, TOOLS), to_responses(more, TOOLS)
    assert more_items["input"][: len(items["input"])] == items["input"]
    assert more_items.get("instructions") == items.get("instructions")


@given(prompts)
def test_what_left_for_langchain_comes_back(prompt: list[Message]) -> None:
    once = to_langchain(as_messages(to_langchain(prompt)))
    assert once == to_langchain(prompt)
    for message, shaped in zip(prompt, once, strict=True):
        if isinstance(shaped, AIMessage):
            assert len(shaped.tool_calls) + len(shaped.invalid_tool_calls) == len(message.tool_calls)


def dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from dicts(item)


junk = st.recursive(
    st.none()
    | st.integers(0, 3)
    | st.sampled_from(["", "x", PNG, f"data:image/png;base64,{PNG}", "image/png", "s3://b/a.png"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(BLOCK_KEYS), inner, max_size=3),
    max_leaves=6,
)
numbers = st.integers(1, 10**6)
thoughts = st.builds(
    lambda number, summary: {
        "type": "reasoning",
        "id": f"rs_{number}",
        "summary": [{"type": "summary_text", "text": text} for text in summary],
        "encrypted_content": "gAAAA",
    },
    numbers,
    st.lists(st.sampled_from(["One.", "Two."]), max_size=2),
)
spoken = st.builds(
    lambda number, phase, pieces: {
        "type": "message",
        "id": f"msg_{number}",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []} for text in pieces],
        **phase,
    },
    numbers,
    st.sampled_from([{}, {"phase": "commentary"}]),
    st.lists(st.sampled_from(["a", "b "]), min_size=1, max_size=2),
)
called = st.builds(
    lambda number: {
        "type": "function_call",
        "id": f"fc_{number}",
        "call_id": f"call_{number}",
        "name": "find",
        "arguments": "{}",
    },
    numbers,
)
steps = st.tuples(thoughts, spoken | called).map(list) | called.map(lambda one: [one]) | spoken.map(lambda one: [one])


@given(thoughts, st.lists(steps, min_size=1, max_size=5))
def test_what_a_model_said_goes_back_item_by_item(first: dict[str, Any], more: list[list[dict[str, Any]]]) -> None:
    output = [first, {"type": "function_call", "id": "fc_0", "call_id": "call_0", "name": "find", "arguments": "{}"}]
    output += [item for step in more for item in step]
    assume(len({item["id"] for item in output}) == len(output))
    calls = [item["call_id"] for item in output if item["type"] == "function_call"]
    results = [{"type": "function_call_output", "call_id": call_id, "output": "x"} for call_id in calls]
    question = {"role": "user", "content": [{"type": "input_text", "text": "Where?"}]}
    prompt = as_messages([question, *output, *results])
    assert [message.role for message in prompt] == ["user", "assistant", *["tool"] * len(calls)]
    assert to_responses([loads(dumps(message)) for message in prompt])["input"] == [question, *output, *results]


odd_blocks = st.builds(
    lambda kind, block: {**block, "type": kind},
    st.sampled_from(BLOCK_KINDS),
    st.dictionaries(st.sampled_from(BLOCK_KEYS), junk, max_size=3),
)


@given(odd_blocks, st.sampled_from(["system", "user", "assistant"]))
def test_any_block_is_rendered_or_refused(block: dict[str, Any], role: Any) -> None:
    prompt = as_messages([{"role": role, "content": [block]}, {"role": "user", "content": "And now?"}])
    for render in (to_openai, to_anthropic, to_converse, to_responses):
        with contextlib.suppress(InvalidMessage):
            json.dumps(render(prompt), default=bytes.hex)
