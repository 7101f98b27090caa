"""A session that changes its provider: what one did by itself, the others are told in words, and none refuses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from contextkit.errors import InvalidMessage
from contextkit.messages import as_messages, dumps, loads
from contextkit.render.anthropic import to_anthropic
from contextkit.render.converse import to_converse
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.langchain_cache import CacheStyle
from contextkit.render.openai import to_openai
from contextkit.render.request import Breakpoints
from contextkit.render.responses import to_responses
from contextkit.tokens import get_counter
from contextkit.types import Message, Tool
from tests.render.anthropic_types import check_messages
from tests.render.converse_types import check_converse
from tests.render.openai_types import check_completion, check_request

SEALED = "EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5"
FIND = Tool("find", "Find an order.", {"type": "object", "properties": {"q": {"type": "integer"}}})

CLAUDE_S: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "Search.", "signature": SEALED},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Porto's bridges"}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [
            {
                "type": "web_search_result",
                "url": "https://x.test/bridges",
                "title": "Six bridges",
                "encrypted_content": SEALED,
                "page_age": "May 2",
            }
        ],
    },
    {"type": "server_tool_use", "id": "srvtoolu_2", "name": "web_fetch", "input": {"url": "https://x.test/a.pdf"}},
    {
        "type": "web_fetch_tool_result",
        "tool_use_id": "srvtoolu_2",
        "content": {
            "type": "web_fetch_result",
            "url": "https://x.test/a.pdf",
            "content": {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": SEALED},
                "title": "The Arrábida",
            },
        },
    },
    {"type": "server_tool_use", "id": "srvtoolu_3", "name": "bash_code_execution", "input": {"command": "wc -l x"}},
    {
        "type": "bash_code_execution_tool_result",
        "tool_use_id": "srvtoolu_3",
        "content": {
            "type": "bash_code_execution_result",
            "stdout": "270 metres",
            "stderr": "",
            "return_code": 0,
            "content": [],
        },
    },
    {"type": "text", "text": "Six."},
]
SHOWN = ("web_search", "Porto's bridges", "Six bridges", "The Arrábida", "wc -l x", "270 metres", "Six.")


def talk(*said: dict[str, Any]) -> list[Message]:
    """The messages as they come back from a store, and a question behind them."""
    question = {"role": "user", "content": "And now?"}
    return [loads(dumps(message)) for message in as_messages([*said, question])]


RENDERED = {
    "openai": (to_openai, check_completion, "openai"),
    "responses": (to_responses, check_request, "openai"),
    "anthropic": (to_anthropic, check_messages, "anthropic"),
    "converse": (to_converse, check_converse, "botocore"),
}


def rendered(name: str, prompt: list[Message], tools: Sequence[Tool] = (FIND,)) -> str:
    """The request, checked by the provider's own types, as text."""
    render, check, package = RENDERED[name]
    pytest.importorskip(package, reason="needs the extra dev")
    request = render(prompt, tools)  # type: ignore[operator]
    check(request)  # type: ignore[operator]
    return json.dumps(request, ensure_ascii=False)


@pytest.mark.parametrize("name", ["openai", "responses", "converse"])
def test_what_claude_s_servers_did_is_told(name: str) -> None:
    use = {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"q": 1}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "none"}
    prompt = talk(
        {"role": "user", "content": "How many bridges?"},
        {"role": "assistant", "content": [*CLAUDE_S, use]},
        {"role": "user", "content": [result]},
    )
    request = rendered(name, prompt)
    assert all(shown in request for shown in SHOWN)
    places = [request.index(shown) for shown in SHOWN]
    assert places == sorted(places)
    if name != "converse":  # which is sent reasoning that is signed
        assert SEALED not in request


def test_anthropic_gets_its_own_blocks_as_they_were() -> None:
    said = {"role": "assistant", "content": CLAUDE_S}
    prompt = talk({"role": "user", "content": "How many bridges?"}, said)
    rendered("anthropic", prompt)
    assert to_anthropic(prompt)["messages"][1] == said


@pytest.mark.parametrize("name", RENDERED)
def test_a_call_that_claude_s_code_made_is_one_and_anthropic_is_told_whose(name: str) -> None:
    code = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "code_execution", "input": {"code": "find(1)"}}
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"q": 1}}
    direct = {**call, "id": "toolu_2", "caller": {"type": "direct"}}
    said = [code, {**call, "caller": caller}]
    results = [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "none"} for number in (1, 2)]
    prompt = talk(
        {"role": "user", "content": "How many?"},
        {"role": "assistant", "content": said},
        {"role": "user", "content": results[:1]},
        {"role": "assistant", "content": [direct]},
        {"role": "user", "content": results[1:]},
    )
    assert rendered(name, prompt).count("toolu_1") > 1
    turns = to_anthropic(prompt, [FIND])["messages"]
    assert turns[1]["content"] == said
    assert turns[3]["content"] == [{**call, "id": "toolu_2"}]


@pytest.mark.parametrize(("written", "read"), [('{"query": "bridges"}', {"query": "bridges"}), ("{bad", "{bad")])
def test_what_claude_s_servers_did_is_whole_where_it_was_streamed(written: str, read: Any) -> None:
    """LangChain leaves the chunks' numbers in it, and what a server was called with as the text that came."""
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    chunks = [{**use, "partial_json": written, "index": 1}, {**result, "index": 2}, {"type": "text", "text": "Six."}]
    said = AIMessageChunk(content=chunks, response_metadata={"model_provider": "anthropic"})
    prompt = talk({"role": "user", "content": "How many?"}, said)  # type: ignore[arg-type]
    rendered("anthropic", prompt)
    called = {**use, "input": read if isinstance(read, dict) else {"unparsed": read}}
    assert to_anthropic(prompt)["messages"][1]["content"][:2] == [called, result]
    assert to_langchain_prompt(prompt, family="invoke")[1].content[:2] == [called, result]
    for name in ("openai", "responses", "converse"):
        assert "[called web_search with" in rendered(name, prompt)
        assert (written if read == written else "bridges") in rendered(name, prompt)


@pytest.mark.parametrize("name", ["openai", "responses", "converse"])
@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ({"type": "container_upload", "file_id": "file_7"}, "file_7"),
        (
            {
                "type": "search_result",
                "source": "https://x.test",
                "title": "Hours",
                "content": [{"type": "text", "text": "Open at seven."}],
            },
            "Open at seven.",
        ),
        (
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "Closed."}]}},
            "Closed.",
        ),
    ],
    ids=lambda block: block["type"] if isinstance(block, dict) else "",
)
def test_what_the_user_gave_claude_alone_is_told(name: str, block: dict[str, Any], shown: str) -> None:
    assert shown in rendered(name, talk({"role": "user", "content": [block]}))


@pytest.mark.parametrize("name", ["openai", "responses", "anthropic"])
def test_what_only_converse_has_is_told_in_its_own_words(name: str) -> None:
    guarded = {"guardContent": {"text": {"text": "Is it safe?", "qualifiers": ["query"]}}}
    cited = {"citationsContent": {"content": [{"text": "It is"}, {"text": " safe."}], "citations": []}}
    found = {"searchResult": {"source": "https://x.test", "title": "Safety", "content": [{"text": "Sound."}]}}
    prompt = talk({"role": "user", "content": [guarded, found]}, {"role": "assistant", "content": [cited]})
    request = rendered(name, prompt)
    assert all(shown in request for shown in ("Is it safe?", "It is safe.", "Sound."))
    assert "citationsContent" not in request
    assert "guardContent" not in request


GROUNDED: list[dict[str, Any]] = [
    {"text": "I look."},
    {
        "toolUse": {
            "toolUseId": "t1",
            "name": "nova_grounding",
            "input": {"query": "bridges"},
            "type": "server_tool_use",
        }
    },
    {
        "toolResult": {
            "toolUseId": "t1",
            "content": [{"text": "Six of them."}],
            "status": "success",
            "type": "nova_grounding_result",
        }
    },
    {"citationsContent": {"content": [{"text": "There are six."}], "citations": []}},
]


@pytest.mark.parametrize("name", RENDERED)
def test_what_bedrock_s_own_tools_did_stands_in_the_answer(name: str) -> None:
    """Nobody else is to run them, and so the answer can be appended as it came."""
    prompt = talk({"role": "user", "content": [{"text": "?"}]}, {"role": "assistant", "content": GROUNDED})
    assert [message.role for message in prompt] == ["user", "assistant", "user"]
    places = [rendered(name, prompt).index(shown) for shown in ("I look.", "nova_grounding", "Six of", "There are")]
    assert places == sorted(places)
    if name == "converse":
        said = to_converse(prompt, [FIND])["messages"][1]["content"]
        assert said == GROUNDED


@pytest.mark.parametrize("name", ["openai", "anthropic", "converse"])
def test_what_openai_s_servers_did_is_told(name: str) -> None:
    search = {"type": "search", "query": "Porto's bridges"}
    outputs = [{"type": "logs", "logs": "270 metres"}]
    prompt = as_messages(
        [
            {"role": "user", "content": "How many bridges?"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": search},
            {"type": "code_interpreter_call", "id": "ci_1", "code": "len(x)", "outputs": outputs},
            {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": SEALED},
            {"type": "compaction", "id": "cmp_1", "encrypted_content": SEALED},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Six."}],
            },
            {"role": "user", "content": "And now?"},
        ]
    )
    request = rendered(name, prompt)
    assert all(shown in request for shown in ("Porto's bridges", "len(x)", "270 metres", "image_generation", "Six."))
    assert SEALED not in request


@pytest.mark.parametrize(
    "block",
    [
        {"type": "reasoning_content", "reasoning_content": {"redacted_content": b"SEALED"}},
        {"type": "reasoning", "extras": {"redacted_content": b"SEALED"}},
    ],
    ids=["", "v1"],
)
def test_reasoning_that_langchain_keeps_as_bytes_goes_back_to_claude(block: dict[str, Any]) -> None:
    said = AIMessage(
        [block, {"type": "text", "text": "Six."}], response_metadata={"model_provider": "bedrock_converse"}
    )
    prompt = [loads(dumps(message)) for message in as_messages([("user", "?"), said, ("user", "And now?")])]
    sealed, _ = to_anthropic(prompt)["messages"][1]["content"]
    assert sealed == {"type": "redacted_thinking", "data": "U0VBTEVE"}
    sealed, _ = to_converse(prompt)["messages"][1]["content"]
    assert sealed == {"reasoningContent": {"redactedContent": b"SEALED"}}
    assert "U0VBTEVE" not in str((to_openai(prompt), to_responses(prompt)))


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": SEALED},
        {"type": "reasoning", "reasoning": "Hm.", "extras": {"signature": SEALED}},
    ],
    ids=["", "v1"],
)
def test_reasoning_that_gemini_signed_is_not_claude_s(block: dict[str, Any]) -> None:
    """It looks the same, and Anthropic answers with an error to a signature that is not its own."""
    said = AIMessage([block, {"type": "text", "text": "Six."}], response_metadata={"model_provider": "google_genai"})
    prompt = as_messages([("user", "How many?"), said, ("user", "And now?")])
    for request in (to_anthropic(prompt), to_converse(prompt)):
        assert SEALED not in str(request)
        assert "Six." in str(request)


ENDINGS: dict[str, list[dict[str, Any]]] = {
    "Anthropic's": [{"type": "thinking", "thinking": "Hm.", "signature": SEALED}, {"type": "text", "text": " "}],
    "redacted": [{"type": "redacted_thinking", "data": SEALED}],
    "Converse's": [{"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": SEALED}}}],
    "the Responses API's": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SEALED}],
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_reasoning_that_an_answer_ends_in_is_left_out(kind: str) -> None:
    """The answer ran out of tokens: Anthropic, Bedrock and the Responses API refuse every later prompt that has it."""
    said = {"text": "Six. Or"} if kind == "Converse's" else {"type": "text", "text": "Six. Or"}
    ended = [{"role": "assistant", "content": content} for content in (ENDINGS[kind], [said, *ENDINGS[kind]])]
    prompt = talk({"role": "user", "content": "How many?"}, ended[0], {"role": "user", "content": "Well?"}, ended[1])
    styles: tuple[CacheStyle | None, ...] = (None, "anthropic", "converse")
    requests = [rendered(name, prompt) for name in RENDERED]
    requests += [str(to_langchain_prompt(prompt, cache=style)) for style in styles]
    assert all("Six. Or" in request and SEALED not in request for request in requests)
    went_on = talk({"role": "assistant", "content": [*ENDINGS[kind], said]})
    assert any(SEALED in rendered(name, went_on) for name in RENDERED)


def test_an_agent_that_follows_another_goes_on_from_its_answer() -> None:
    """Claude's models of today refuse an answer of the assistant's at the end, through whichever API."""
    said: list[dict[str, Any]] = [{"role": "user", "content": "How many?"}, {"role": "assistant", "content": "Six."}]
    prompt = as_messages(said)
    points = Breakpoints((1,))
    marked = {"type": "text", "text": "Six.", "cache_control": {"type": "ephemeral"}}
    turns = to_anthropic(prompt, (FIND,), points)["messages"]
    assert [turn["content"] for turn in turns[1:]] == [[marked], [{"type": "text", "text": "(continue)"}]]
    assert to_converse(prompt, (FIND,))["messages"][-1] == {"role": "user", "content": [{"text": "(continue)"}]}
    for style in ("anthropic", "converse"):
        *_, answer, last = to_langchain_prompt(prompt, points, style)  # type: ignore[arg-type]
        assert (answer.type, last.type, last.text) == ("ai", "human", "(continue)")
    assert to_openai(prompt)["messages"][-1]["role"] == "assistant"


@pytest.mark.parametrize("name", RENDERED)
def test_a_picture_that_a_model_made_is_mentioned(name: str) -> None:
    """Providers take pictures of users only; a session in which a model made one goes on all the same."""
    picture = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}
    assert "[image of type image/png]" in rendered(name, talk({"role": "assistant", "content": [picture]}))


@pytest.mark.parametrize("render", [to_openai, to_responses, to_anthropic, to_converse])
def test_what_is_told_costs_no_more_than_was_counted(render: Any) -> None:
    counter = get_counter()
    (message,) = as_messages([{"role": "assistant", "content": CLAUDE_S}])
    request = render([message, Message(role="user", content="?")])
    texts = [text for text in strings(request) if text not in ("text", "assistant", "user", "(continued)")]
    assert sum(map(counter.text, texts)) <= counter.message(message)


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for one in inner for text in strings(one)]


@pytest.mark.parametrize("render", [to_openai, to_responses, to_anthropic, to_converse])
def test_what_nobody_knows_is_still_refused_of_a_user(render: Any) -> None:
    with pytest.raises(InvalidMessage, match="takes no block of type 'imgae'"):
        render([Message(role="user", content=({"type": "imgae", "url": "https://x.test/a.png"},))])


@pytest.mark.parametrize("name", RENDERED)
def test_where_no_tools_are_given_whatever_a_tool_answered_is_told_all_the_same(name: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    odd = {"type": "odd", "payload": {"a": 1}}
    asked = {"role": "assistant", "content": "", "tool_calls": [call]}
    answered = {"role": "tool", "tool_call_id": "c1", "content": [odd, {"type": "text", "text": "fine"}]}
    request = rendered(name, talk(asked, answered), ())
    assert "payload" in request
    assert "fine" in request
