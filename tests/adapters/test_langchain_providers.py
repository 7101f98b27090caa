"""A session that goes from one provider's chat model to another's: whatever the one said, the other takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.prompt_values import PromptValue

from contextkit import ContextBuilder
from contextkit.adapters.langchain import ContextPrompt, with_tools
from contextkit.sources import History, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from tests.adapters.test_langchain_models import check_calls, only_prompt
from tests.render.anthropic_types import check_messages
from tests.render.converse_types import check_converse
from tests.render.openai_types import check_completion

langchain_openai = pytest.importorskip("langchain_openai", reason="needs the extra dev: langchain-openai")
langchain_aws = pytest.importorskip("langchain_aws", reason="needs the extra dev: langchain-aws")

CONFIG: Any = {"configurable": {"actor_id": "u1", "session_id": "s1"}}
SEALED, SIGNED = "U0VBTEVE", "U0lHTkVE"
PNG = "iVBORw0KGgo="
CALL = {"name": "now", "args": {"zone": 1}, "id": "c1"}


def said(maker: str, content: list[Any], version: str | None = None, **fields: Any) -> AIMessage:
    """An answer as the chat models of LangChain's that call their provider so have it, and a call of a tool in it."""
    made = {"model_provider": maker} | ({"output_version": version} if version else {})
    return AIMessage(content, response_metadata=made, tool_calls=[CALL], **fields)


SAID: dict[str, Any] = {
    "ChatAnthropic": said(
        "anthropic",
        [
            {"type": "thinking", "thinking": "Hm.", "signature": SIGNED},
            {"type": "redacted_thinking", "data": SEALED},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "bridges"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            {
                "type": "text",
                "text": "Six.",
                "citations": [
                    {
                        "type": "web_search_result_location",
                        "url": "https://x.test",
                        "title": "T",
                        "encrypted_index": SEALED,
                        "cited_text": "six",
                    }
                ],
            },
            {"type": "tool_use", "id": "c1", "name": "now", "input": {"zone": 1}},
        ],
    ),
    "ChatAnthropic, v1": said(
        "anthropic",
        [
            {"type": "reasoning", "reasoning": "Hm.", "extras": {"signature": SIGNED}},
            {"type": "non_standard", "value": {"type": "redacted_thinking", "data": SEALED}},
            {"type": "server_tool_call", "id": "srvtoolu_1", "name": "web_search", "args": {"query": "bridges"}},
            {
                "type": "server_tool_result",
                "tool_call_id": "srvtoolu_1",
                "status": "success",
                "output": [],
                "extras": {"block_type": "web_search_tool_result"},
            },
            {"type": "text", "text": "Six."},
            {"type": "tool_call", "id": "c1", "name": "now", "args": {"zone": 1}},
        ],
        "v1",
    ),
    "ChatBedrockConverse": said(
        "bedrock_converse",
        [
            {"type": "reasoning_content", "reasoning_content": {"text": "Hm.", "signature": SIGNED}},
            {"type": "reasoning_content", "reasoning_content": {"redacted_content": b"SEALED"}},
            {"type": "text", "text": "Six.", "citations": [{"title": "T", "source_content": [{"text": "six"}]}]},
            {"type": "tool_use", "id": "c1", "name": "now", "input": {"zone": 1}},
        ],
    ),
    "ChatBedrockConverse, v1": said(
        "bedrock_converse",
        [
            {"type": "reasoning", "extras": {"redacted_content": b"SEALED"}},
            {"type": "text", "text": "Six."},
            {"type": "tool_call", "id": "c1", "name": "now", "args": {"zone": 1}},
        ],
        "v1",
    ),
    "ChatOpenAI by Responses": said(
        "openai",
        [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SEALED},
            {
                "type": "web_search_call",
                "id": "ws_1",
                "status": "completed",
                "action": {"type": "search", "query": "bridges"},
            },
            {"type": "text", "text": "Six.", "id": "msg_1", "annotations": []},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "now", "arguments": '{"zone": 1}'},
        ],
    ),
    "ChatOpenAI, v1": said(
        "openai",
        [{"type": "text", "text": "Six."}, {"type": "tool_call", "id": "c1", "name": "now", "args": {"zone": 1}}],
        "v1",
    ),
    "ChatGoogleGenerativeAI": said(
        "google_genai",
        [
            {"type": "thinking", "thinking": "Hm.", "signature": SIGNED},
            {"type": "executable_code", "executable_code": "bridges()", "language": "PYTHON", "id": "e1"},
            {"type": "text", "text": "Six."},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        ],
    ),
    "ChatGoogleGenerativeAI, v1": said(
        "google_genai",
        [
            {"type": "reasoning", "reasoning": "Hm.", "extras": {"signature": SIGNED}},
            {"type": "server_tool_call", "id": "e1", "name": "code_interpreter", "args": {"code": "bridges()"}},
            {"type": "text", "text": "Six."},
            {"type": "tool_call", "id": "c1", "name": "now", "args": {"zone": 1}},
        ],
        "v1",
    ),
}
"""What each of LangChain's chat models says, by its name."""

CLAUDE = ("ChatAnthropic", "ChatBedrock", "ChatBedrockConverse")
ASKED = (*CLAUDE, "ChatBedrockConverse of Nova", "ChatOpenAI", "ChatOpenAI by Responses")


def now(zone: int) -> str:
    """What time it is."""
    return f"12:00 in {zone}"


@pytest.fixture(scope="module")
def every(models: dict[str, BaseChatModel], provider: tuple[str, list[dict[str, Any]]]) -> dict[str, BaseChatModel]:
    aws = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    nova = langchain_aws.ChatBedrockConverse(model="amazon.nova-pro-v1:0", endpoint_url=provider[0], **aws)
    openai = {
        name: langchain_openai.ChatOpenAI(model="m", api_key="x", base_url=provider[0], use_responses_api=responses)
        for name, responses in (("ChatOpenAI", False), ("ChatOpenAI by Responses", True))
    }
    return {**models, "ChatBedrockConverse of Nova": nova, **openai}


@pytest.fixture
def builder(store: SQLiteStore) -> ContextBuilder:
    return ContextBuilder(store=store, sources=[System("Be brief."), Tools([now]), History()], budget=32_000)


def check(name: str, request: dict[str, Any]) -> str:
    """The request as text, if the provider takes it."""
    if name == "ChatOpenAI":
        check_completion({"messages": request["messages"]})
        assert all(message.get("content") != [] for message in request["messages"])
    elif "Responses" in name:
        check_items(request["input"])
    else:
        (check_converse if "Converse" in name else check_messages)(only_prompt(request))
        check_calls(request)
    return json.dumps(request, ensure_ascii=False)


def check_items(items: list[dict[str, Any]]) -> None:
    """Every call is answered, once; nothing has an id of another provider's, or is nothing that OpenAI knows."""
    called = [item["call_id"] for item in items if item.get("type") == "function_call"]
    assert called == [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    known = {"message", "function_call", "function_call_output", "reasoning", "web_search_call"}
    assert {item["type"] for item in items} <= known
    assert all(item["id"].partition("_")[0] in ("msg", "fc", "rs", "ws") for item in items if "id" in item)
    blocks = [block for item in items if isinstance(item.get("content"), list) for block in item["content"]]
    assert {block["type"] for block in blocks} <= {"input_text", "output_text"}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("maker", SAID)
def test_each_takes_what_any_other_said(
    maker: str,
    name: str,
    builder: ContextBuilder,
    store: SQLiteStore,
    every: dict[str, BaseChatModel],
    provider: tuple[str, list[dict[str, Any]]],
) -> None:
    store.append("u1", "s1", [HumanMessage("How many?"), SAID[maker], ToolMessage("12:00", tool_call_id="c1")])
    (builder.as_runnable() | with_tools(every[name])).invoke(None, CONFIG)
    request = check(name, provider[1][-1])
    assert all(text in request for text in ("Six.", "12:00"))
    assert ("bridges" in request) == ("bridges" in str(SAID[maker].content))
    by_claude = maker.partition(",")[0] in CLAUDE
    assert (SIGNED in request) == (by_claude and name in CLAUDE and SIGNED in str(SAID[maker].content))
    if name not in CLAUDE and maker != name:
        assert SEALED not in request


@pytest.mark.parametrize("name", ["ChatAnthropic", "ChatBedrockConverse"])
def test_reasoning_that_only_claude_can_read_goes_back_through_either_api(
    name: str,
    builder: ContextBuilder,
    store: SQLiteStore,
    every: dict[str, BaseChatModel],
    provider: tuple[str, list[dict[str, Any]]],
) -> None:
    for maker in ("ChatAnthropic", "ChatBedrockConverse"):
        store.append("u1", maker, [HumanMessage("How many?"), SAID[maker], ToolMessage("12:00", tool_call_id="c1")])
        config: Any = {"configurable": {"actor_id": "u1", "session_id": maker}}
        (builder.as_runnable() | with_tools(every[name])).invoke(None, config)
        assert SEALED in json.dumps(provider[1][-1]["messages"])


class Busy(langchain_openai.ChatOpenAI):  # type: ignore[misc]
    """A chat model of OpenAI's whose server is too busy. It keeps what it would have sent."""

    def _generate(self, messages: Any, *_: Any, **__: Any) -> Any:
        KEPT.append(self._get_request_payload(messages))
        raise RuntimeError("busy")


KEPT: list[dict[str, Any]] = []
CHAINS: dict[str, Any] = {
    "with tools": lambda builder, model: builder.as_runnable() | with_tools(model),
    "alone": lambda builder, model: builder.as_runnable() | model,
    "piped": lambda builder, model: builder.as_runnable().pipe(model),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_a_fallback_of_another_provider_is_sent_what_it_takes(
    chain: str,
    builder: ContextBuilder,
    store: SQLiteStore,
    every: dict[str, BaseChatModel],
    provider: tuple[str, list[dict[str, Any]]],
) -> None:
    store.append("u1", "s1", [HumanMessage("?"), SAID["ChatAnthropic"], ToolMessage("12:00", tool_call_id="c1")])
    busy = Busy(model="m", api_key="x", base_url=provider[0], use_responses_api=False)
    model: Any = busy.with_fallbacks([every["ChatAnthropic"]])
    if chain != "with tools":
        model = busy.bind_tools([now]).with_fallbacks([every["ChatAnthropic"].bind_tools([now])])  # type: ignore[list-item]
    CHAINS[chain](builder, model).invoke(None, CONFIG)
    assert SEALED not in check("ChatOpenAI", {"messages": KEPT[-1]["messages"]})
    assert all(text in check("ChatAnthropic", provider[1][-1]) for text in (SEALED, SIGNED, "cache_control"))


def test_a_model_without_tools_is_written_for_likewise(
    builder: ContextBuilder,
    store: SQLiteStore,
    every: dict[str, BaseChatModel],
    provider: tuple[str, list[dict[str, Any]]],
) -> None:
    store.append("u1", "s1", [HumanMessage("?"), SAID["ChatAnthropic"], ToolMessage("12:00", tool_call_id="c1")])
    (builder.as_runnable() | ContextPrompt.without_calls | every["ChatOpenAI"]).invoke(None, CONFIG)
    request = check("ChatOpenAI", provider[1][-1])
    assert "[called now" in request
    assert SEALED not in request


def test_a_prompt_is_written_for_a_model_that_does_not_come_next(
    builder: ContextBuilder, store: SQLiteStore, every: dict[str, BaseChatModel]
) -> None:
    store.append("u1", "s1", [HumanMessage("?"), SAID["ChatAnthropic"], ToolMessage("12:00", tool_call_id="c1")])
    prompt: PromptValue = builder.as_runnable(model=every["ChatOpenAI"]).invoke(None, CONFIG)
    assert SEALED not in str(prompt.to_messages())
    unseen = builder.as_runnable().invoke(None, CONFIG)
    assert SEALED in str(unseen.to_messages())
    assert SEALED not in str(unseen.for_model(every["ChatOpenAI"]).to_messages())
    assert unseen.for_model(object()) is unseen
    outside = builder.build(actor_id="u1", session_id="s1").to_langchain(family="openai")
    assert SEALED not in str(outside)
