"""Whole prompts through LangChain's own chat models: what a session holds, none of them refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ChatMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage

from contextkit import ContextBuilder
from contextkit.adapters.langchain import with_tools
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.langchain_cache import langchain_tools
from contextkit.render.request import Breakpoints
from contextkit.sources import History, Preferences, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message
from tests.adapters.providers import STYLES
from tests.render.anthropic_types import check_messages
from tests.render.converse_types import check_converse
from tests.render.test_laws import TOOLS, breakpoints, prompts

CONFIG = {"configurable": {"actor_id": "u1", "session_id": "s1"}}
Asks = Callable[[str, bool, str], dict[str, Any]]


@pytest.fixture
def store() -> Iterator[SQLiteStore]:
    with SQLiteStore(":memory:") as store:
        store.set_preferences("u1", {"language": "English"})
        yield store


@pytest.fixture
def ask(store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]], models: dict[str, BaseChatModel]) -> Asks:
    """The request that a model makes of the prompt for a question."""
    sources = [System("Be brief."), Preferences(), Tools([now]), History()]
    builder = ContextBuilder(store=store, sources=sources, strategy="chat", budget=32_000)

    def ask(name: str, marked: bool, question: str) -> dict[str, Any]:
        chain = builder.as_runnable(cache=STYLES[name] if marked else None) | with_tools(models[name])
        chain.invoke(question, CONFIG)
        return provider[1][-1]

    return ask


def text(content: Any) -> str:
    """What is said there; some models join texts, and some do not."""
    blocks = [{"text": content}] if isinstance(content, str) else content
    return "\n".join(block["text"] for block in blocks if "text" in block)


def turns(request: dict[str, Any]) -> list[tuple[str, str]]:
    return [(turn["role"], text(turn["content"])) for turn in request["messages"]]


def now(zone: int) -> str:
    """What time it is."""
    return f"12:00 in {zone}"


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", STYLES)
def test_a_system_message_of_the_session_stands_where_it_was_said(
    name: str, marked: bool, ask: Asks, store: SQLiteStore
) -> None:
    """`ChatAnthropic` refuses one behind others, and `ChatBedrockConverse` puts it before all that was cached."""
    store.append("u1", "s1", [SystemMessage("Ann joined."), HumanMessage("Hi."), AIMessage("Hello.")])
    first = ask(name, marked, "Who is here?")
    store.append("u1", "s1", [HumanMessage("Who is here?"), AIMessage("Ann."), SystemMessage("Bob joined.")])
    second = ask(name, marked, "And now?")
    assert text(first["system"]) == text(second["system"]) == "Be brief."
    assert turns(first)[0][1].endswith("Ann joined.\nHi.")
    assert turns(second)[:2] == turns(first)[:2]
    assert turns(second)[2:] == [("user", "Who is here?"), ("assistant", "Ann."), ("user", "Bob joined.\nAnd now?")]


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", STYLES)
def test_messages_of_kinds_that_only_openai_knows_reach_every_model(
    name: str, marked: bool, ask: Asks, store: SQLiteStore
) -> None:
    called = AIMessage("", additional_kwargs={"function_call": {"name": "now", "arguments": '{"zone": 1}'}})
    said = [ChatMessage("What time is it?", role="user"), called, FunctionMessage("12:00", name="now")]
    store.append("u1", "s1", [*said, ChatMessage("Noon.", role="assistant")])
    request = str(ask(name, marked, "And now?")["messages"])
    assert all(text in request for text in ("What time is it?", "'zone': 1", "12:00", "Noon."))


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", STYLES)
def test_messages_with_nothing_in_them_are_left_out(name: str, marked: bool, ask: Asks, store: SQLiteStore) -> None:
    """Anthropic refuses blank text, and so would every prompt of a session be in which somebody said nothing."""
    blank = [{"type": "text", "text": "\n"}]
    said = [HumanMessage(" "), AIMessage("Hello."), HumanMessage(""), AIMessage(" \n"), HumanMessage(blank)]
    store.append("u1", "s1", [*said, AIMessage(blank), SystemMessage(""), HumanMessage("Hi."), AIMessage("Hi.")])
    (_, opening), *spoken = turns(ask(name, marked, "Well?"))
    assert spoken == [("assistant", "Hello."), ("user", "Hi."), ("assistant", "Hi."), ("user", "Well?")]
    assert opening.endswith("</preferences>")


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", STYLES)
def test_white_space_before_a_call_is_left_out(name: str, marked: bool, ask: Asks, store: SQLiteStore) -> None:
    called = AIMessage("\n\n", tool_calls=[{"name": "now", "args": {"zone": 1}, "id": "c1"}])
    store.append("u1", "s1", [HumanMessage("When?"), called, ToolMessage("12:00", tool_call_id="c1")])
    (_, said) = turns(ask(name, marked, "Well?"))[1]
    assert said in ("", ".")  # which is what some chat models say instead


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("in_blocks", [False, True])
@pytest.mark.parametrize("name", STYLES)
def test_calls_that_another_provider_took_are_taken_and_answered_once(
    name: str, in_blocks: bool, marked: bool, ask: Asks, store: SQLiteStore
) -> None:
    """Kimi numbers its calls anew each time, and with a dot and a colon; MCP lets tools have dots and slashes."""
    first, again, broken = "functions.now:0", "functions.now:0", "{bad"
    valid = [{"name": "clock/now", "args": {"zone": zone}, "id": first} for zone in (1, 2)]
    blocks = [[{"type": "tool_use", "id": call["id"], "name": "now", "input": call["args"]}] for call in valid]
    invalid = [
        {"name": "now", "args": broken, "id": "c3", "error": None},
        dict.fromkeys(("name", "args", "id", "error")),
    ]
    said = [
        HumanMessage("When?"),
        AIMessage(blocks[0] if in_blocks else "", tool_calls=[valid[0]]),
        ToolMessage("12:00", tool_call_id=first),
        AIMessage(blocks[1] if in_blocks else "", tool_calls=[valid[1]], invalid_tool_calls=invalid),
        ToolMessage("No JSON.", tool_call_id="c3", status="error"),
        ToolMessage("13:00", tool_call_id=again),
    ]
    store.append("u1", "s1", [*said, AIMessage("At one.")])
    request = ask(name, marked, "And now?")
    check_calls(request)
    called = str(request["messages"])
    assert all(text in called for text in ("'zone': 1", "'zone': 2", "{bad", "No JSON.", "13:00"))


@pytest.mark.parametrize("name", STYLES)
def test_a_call_that_a_person_changed_is_shown_as_it_was_run(name: str, ask: Asks, store: SQLiteStore) -> None:
    """`HumanInTheLoopMiddleware` changes it beside the blocks, in which it still stands as the model made it."""
    block = {"type": "tool_use", "id": "c1", "name": "now", "input": {"zone": 1}, "caller": {"type": "direct"}}
    changed = AIMessage([block], tool_calls=[{"name": "now", "args": {"zone": 2}, "id": "c1"}])
    store.append("u1", "s1", [HumanMessage("When?"), changed, ToolMessage("13:00", tool_call_id="c1")])
    request = str(ask(name, True, "And now?")["messages"])
    assert "{'zone': 2}" in request
    assert "{'zone': 1}" not in request


@pytest.mark.parametrize("name", STYLES)
def test_a_model_without_tools_is_told_of_calls_in_words(
    name: str, store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]], models: dict[str, BaseChatModel]
) -> None:
    """Anthropic and Bedrock refuse calls and results where a request has no tools."""
    block = {"type": "tool_use", "id": "c1", "name": "now", "input": {"zone": 1}}
    called = [AIMessage([block], tool_calls=[{"name": "now", "args": {"zone": 1}, "id": "c1"}])]
    store.append(
        "u1", "s1", [HumanMessage("When?"), *called, ToolMessage("12:00", tool_call_id="c1"), AIMessage("Noon.")]
    )
    builder = ContextBuilder(store=store, sources=[System("Be brief."), History()], strategy="chat", budget=32_000)
    (builder.as_runnable(cache=STYLES[name]) | with_tools(models[name])).invoke("And now?", CONFIG)
    request = provider[1][-1]
    assert not {"tools", "toolConfig"} & request.keys()
    assert [call for turn in request["messages"] for call in turn["content"] if called_or_answered(call)] == []
    assert turns(request)[1:3] == [("assistant", '[called now with {"zone":1}]'), ("user", "[result of now]\n12:00")]


CLAUDE_S = [
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "bridges of Porto"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    {"type": "text", "text": "Six."},
]
CONVERSE_S = [{"citationsContent": {"content": [{"text": "Six."}], "citations": []}}]
OPENAI_S = [
    {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "bridges of Porto"},
    },
    {"type": "output_text", "text": "Six.", "annotations": []},
]
GEMINI_S = [{"type": "text", "text": "Six."}, {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}]
MCP_S = [
    {"type": "resource", "resource": {"uri": "file:///a.txt", "text": "Six."}},
    {"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"},
    {"bridges": "bridges of Porto"},
]


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("said", [CLAUDE_S, CONVERSE_S, OPENAI_S, GEMINI_S])
def test_a_session_goes_on_with_another_provider_s_chat_model(
    name: str, said: list[dict[str, Any]], ask: Asks, store: SQLiteStore
) -> None:
    store.append("u1", "s1", [HumanMessage("How many?"), {"role": "assistant", "content": said}])
    request = ask(name, True, "And now?")
    (check_converse if STYLES[name] == "converse" else check_messages)(only_prompt(request))
    told = str(request["messages"])
    assert "Six." in told
    assert ("bridges of Porto" in told) == (said in (CLAUDE_S, OPENAI_S))
    assert ("[image of type image/png]" in told) == (said is GEMINI_S)


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("made_by", ["openai", "google_genai", "anthropic", "bedrock_converse"])
def test_langchain_s_v1_blocks_reach_another_provider_s_chat_model(
    name: str, made_by: str, ask: Asks, store: SQLiteStore
) -> None:
    """Each chat model takes what the servers of its own provider did; of these none answers with a picture."""
    own = {"anthropic": "anthropic", "converse": "bedrock_converse"}[STYLES[name]] == made_by
    done: list[Any] = [
        {"type": "server_tool_call", "id": "s1", "name": "web_search", "args": {"query": "bridges of Porto"}},
        {"type": "server_tool_result", "tool_call_id": "s1", "status": "success", "output": ["Luís I"]},
        {"type": "non_standard", "value": {"type": "odd", "of": made_by}},
    ]
    said = [
        *([] if own else done),
        {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"},
        *GEMINI_S[:1],
    ]
    version = {"output_version": "v1", "model_provider": made_by}
    store.append("u1", "s1", [HumanMessage("How many?"), AIMessage(content_blocks=said, response_metadata=version)])
    request = ask(name, True, "And now?")
    (check_converse if STYLES[name] == "converse" else check_messages)(only_prompt(request))
    told = str(request["messages"])
    assert all(text in told for text in ("Six.", "[image of type image/png]"))
    assert own or all(text in told for text in ("bridges of Porto", "Luís I", "odd"))


@pytest.mark.parametrize("name", STYLES)
def test_the_model_is_told_who_speaks(name: str, ask: Asks, store: SQLiteStore) -> None:
    picture = HumanMessage([MEDIA["a picture of chat completions"]], name="Ann")
    words = HumanMessage([{"type": "text", "text": "And mine?"}], name="Bob")
    store.append("u1", "s1", [HumanMessage("Whose turn?", name="Ann"), AIMessage("Yours."), picture, words])
    store.append("u1", "s1", [AIMessage("Ann's.")])
    said = [words for role, words in turns(ask(name, True, "And now?")) if role == "user"]
    assert said[0].endswith("Ann: Whose turn?")
    assert said[0].startswith("<preferences>"), "which nobody said"
    assert "".join(said[1].split()) == "Ann:Bob:Andmine?"


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", ["ChatAnthropic", "ChatBedrockConverse"])
def test_what_an_mcp_server_answered_reaches_the_model(name: str, marked: bool, ask: Asks, store: SQLiteStore) -> None:
    called = AIMessage("", tool_calls=[{"name": "now", "args": {"zone": 1}, "id": "c1"}])
    store.append(
        "u1", "s1", [HumanMessage("How many?"), called, {"role": "tool", "tool_call_id": "c1", "content": MCP_S}]
    )
    store.append("u1", "s1", [AIMessage("Six.")])
    request = ask(name, marked, "And now?")
    (check_converse if STYLES[name] == "converse" else check_messages)(only_prompt(request))
    assert all(shown in str(request["messages"]) for shown in ("Six.", "iVBORw0KGgo=", "bridges of Porto"))


PNG_URL, PDF_URL = "data:image/png;base64,iVBORw0KGgo=", "data:application/pdf;base64,JVBERi0="
PDF_SOURCE = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
MEDIA = {
    "a picture of chat completions": {"type": "image_url", "image_url": {"url": PNG_URL}},
    "one that is only its URL": {"type": "image_url", "image_url": PNG_URL},
    "a picture of the Responses API": {"type": "input_image", "image_url": PNG_URL, "detail": "auto"},
    "a file of the Responses API": {"type": "input_file", "filename": "a.pdf", "file_data": PDF_URL},
    "a file of chat completions": {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF_URL}},
    "a document of Anthropic's": {"type": "document", "source": PDF_SOURCE, "title": "a.pdf"},
    "a file of LangChain's": {"type": "file", "base64": "JVBERi0=", "mime_type": "application/pdf"},
}


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("kind", MEDIA)
def test_pictures_and_files_reach_every_model_whoever_shaped_them(
    name: str, kind: str, ask: Asks, store: SQLiteStore
) -> None:
    called = AIMessage("", tool_calls=[{"name": "now", "args": {"zone": 1}, "id": "c1"}])
    both = [{"role": "user", "content": [MEDIA[kind]]}, called]
    store.append(
        "u1", "s1", [*both, {"role": "tool", "tool_call_id": "c1", "content": [MEDIA[kind]]}, AIMessage("Hm.")]
    )
    request = ask(name, True, "And now?")
    (check_converse if STYLES[name] == "converse" else check_messages)(only_prompt(request))
    shown = str(request["messages"])
    assert shown.count("iVBORw0KGgo=") + shown.count("JVBERi0=") == 2
    if STYLES[name] == "converse" and "JVBERi0=" in shown:
        first, second = re.findall(r"'name': '([^']*)'", shown.replace("'name': 'now'", ""))
        assert second == f"{first}-2"
        assert re.fullmatch(r"[a-z]+", first)
        assert {"text": "(attached)"} in request["messages"][0]["content"]


def test_a_picture_that_is_only_a_url_is_told_of_in_words_to_converse(ask: Asks, store: SQLiteStore) -> None:
    shown = {"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}}
    store.append("u1", "s1", [{"role": "user", "content": [shown]}, AIMessage("Hm.")])
    assert "[image by URL: it cannot be shown here]" in str(ask("ChatBedrockConverse", True, "And now?")["messages"])
    assert "a.example" in str(ask("ChatAnthropic", True, "And now?")["messages"])


def test_a_document_is_cited_through_langchain_too(ask: Asks, store: SQLiteStore) -> None:
    asked = {**MEDIA["a document of Anthropic's"], "citations": {"enabled": True}}
    store.append("u1", "s1", [{"role": "user", "content": [asked]}, AIMessage("Hm.")])
    for name in STYLES:
        assert "'citations': {'enabled': True}" in str(ask(name, True, "And now?")["messages"])


@pytest.mark.parametrize("name", STYLES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(prompt=prompts, points=breakpoints)
def test_no_chat_model_makes_a_request_that_its_provider_does_not_declare(
    name: str,
    provider: tuple[str, list[dict[str, Any]]],
    models: dict[str, BaseChatModel],
    prompt: list[Message],
    points: Breakpoints,
) -> None:
    tools = langchain_tools(TOOLS, points, STYLES[name])
    models[name].bind_tools(tools).invoke(to_langchain_prompt(prompt, points, STYLES[name]))
    request = provider[1][-1]
    (check_converse if STYLES[name] == "converse" else check_messages)(only_prompt(request))
    check_calls(request)
    for turn in request["messages"]:
        assert turn["content"]
        blocks = [] if isinstance(turn["content"], str) else turn["content"]
        assert all(block["text"].strip() for block in blocks if "text" in block)


def check_calls(request: dict[str, Any]) -> None:
    """Ids and names are of the characters and the length that Anthropic and Bedrock take, and no id occurs twice.

    All calls of a turn are answered in the next, each once, in front of all else.
    """
    seen: set[str] = set()
    waiting: list[str] = []
    for turn in request["messages"]:
        blocks = [block for block in turn["content"] if isinstance(block, dict) and "cachePoint" not in block]
        results = [id_ for block in blocks if (id_ := answered(block))]
        assert sorted(results) == sorted(waiting)
        assert [bool(answered(block)) for block in blocks[: len(results)]] == [True] * len(results)
        calls = [call for block in blocks if (call := called(block))]
        waiting = [id_ for id_, _ in calls]
        assert len({*waiting} - seen) == len(waiting)
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", part) for call in calls for part in call)
        seen.update(waiting)
    assert not waiting


def called_or_answered(block: dict[str, Any]) -> bool:
    return bool(called(block) or answered(block))


def called(block: dict[str, Any]) -> tuple[str, str] | None:
    if "toolUse" in block:
        return block["toolUse"]["toolUseId"], block["toolUse"]["name"]
    return (block["id"], block["name"]) if block.get("type") == "tool_use" else None


def answered(block: dict[str, Any]) -> str | None:
    if "toolResult" in block:
        return str(block["toolResult"]["toolUseId"])
    return str(block["tool_use_id"]) if block.get("type") == "tool_result" else None


def only_prompt(request: dict[str, Any]) -> dict[str, Any]:
    """The messages and the system prompt, with bytes as Bedrock's client takes them."""
    return {key: with_bytes(request[key]) for key in ("messages", "system") if key in request}


def with_bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [with_bytes(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {key: inner.encode() if key == "bytes" else with_bytes(inner) for key, inner in value.items()}
