"""Whole prompts through LangChain's chat model for OpenAI: what a session holds, neither of its APIs refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from pydantic import BaseModel

from contextkit import ContextBuilder
from contextkit.adapters.langchain import with_tools
from contextkit.sources import History, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from tests.adapters.providers import ANSWERS
from tests.render.openai_types import check_completion

langchain_openai = pytest.importorskip("langchain_openai", reason="needs the extra dev: langchain-openai")

CONFIG: Any = {"configurable": {"actor_id": "u1", "session_id": "s1"}}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
NOTE = {"type": "text", "media_type": "text/plain", "data": "Open on Mondays."}


def now(zone: int) -> str:
    """What time it is."""
    return f"12:00 in {zone}"


Asks = Callable[[], list[dict[str, Any]]]


@pytest.fixture(params=[False, True], ids=["chat completions", "Responses"])
def ask(request: pytest.FixtureRequest, store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]]) -> Asks:
    """What the model is sent of the session and the next question."""
    url, requests = provider
    model = langchain_openai.ChatOpenAI(model="m", api_key="x", base_url=url, use_responses_api=request.param)
    sources = [System("Be brief."), Tools([now]), History()]
    builder = ContextBuilder(store=store, sources=sources, strategy="chat", budget=32_000)

    def ask() -> list[dict[str, Any]]:
        (builder.as_runnable() | with_tools(model)).invoke("And now?", CONFIG)
        sent = requests[-1]["input" if request.param else "messages"]
        if not request.param:  # of Responses ChatOpenAI leaves out what is declared, and not asked for
            check_completion({"messages": sent})
        return sent

    return ask


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ([{"type": "image", "base64": PNG["data"], "mime_type": "image/png"}], "iVBORw0KGgo="),
        ([{"type": "text", "text": "Here:"}, {"type": "image", "source": PNG}], "iVBORw0KGgo="),
        ([{"type": "image", "data": PNG["data"], "mimeType": "image/png"}], "iVBORw0KGgo="),
        ([{"type": "document", "source": PDF, "title": "a.pdf"}], "JVBERi0="),
        ([{"type": "document", "source": NOTE, "title": "Hours"}], "Open on Mondays."),
        ([{"type": "json", "json": {"open": "Mondays"}}], "Mondays"),
        ([], ""),
    ],
)
def test_whatever_a_tool_answered_reaches_the_model(ask: Asks, store: SQLiteStore, content: Any, shown: str) -> None:
    calls = [{"name": "now", "args": {"zone": zone}, "id": f"c{zone}"} for zone in (1, 2)]
    results = [ToolMessage(content, tool_call_id="c1"), ToolMessage("12:00", tool_call_id="c2")]
    store.append("u1", "s1", [HumanMessage("When?"), AIMessage("", tool_calls=calls), *results, AIMessage("Soon.")])
    sent = ask()
    assert str(sent).count(shown) == 1 or not shown
    assert all(one.get("content") != [] and one.get("output") != [] for one in sent), "neither takes an empty list"


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ({"type": "document", "source": PDF, "title": "a.pdf"}, "data:application/pdf;base64,JVBERi0="),
        ({"type": "document", "source": NOTE, "title": "Hours"}, "Hours\\nOpen on Mondays."),
        ({"type": "image", "source": PNG}, "data:image/png;base64,iVBORw0KGgo="),
    ],
)
def test_what_a_user_showed_another_provider_reaches_the_model(
    ask: Asks, store: SQLiteStore, block: dict[str, Any], shown: str
) -> None:
    store.append("u1", "s1", [{"role": "user", "content": [{"type": "text", "text": "See."}, block]}, AIMessage("Hm.")])
    assert shown in str(ask())


def test_people_and_agents_are_called_as_openai_takes_it(ask: Asks, store: SQLiteStore) -> None:
    store.append("u1", "s1", [HumanMessage("When?", name="Ann Lee"), AIMessage("Soon.", name="Onboarding Agent")])
    assert [one["name"] for one in ask() if "name" in one] in (["Ann_Lee", "Onboarding_Agent"], [])


def test_an_answer_that_ended_in_reasoning_is_no_answer(ask: Asks, store: SQLiteStore) -> None:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"}
    store.append("u1", "s1", [HumanMessage("When?"), AIMessage([reasoning])])
    assert [one.get("role") for one in ask()][-2:] == ["user", "user"]


def test_the_prompt_is_whole_also_where_openai_keeps_answers(
    store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]]
) -> None:
    kept = AIMessage("Soon.", response_metadata={"id": "resp_1", "model_provider": "openai"})
    store.append("u1", "s1", [HumanMessage("When?"), kept])
    model = langchain_openai.ChatOpenAI(model="m", api_key="x", base_url=provider[0], use_previous_response_id=True)
    builder = ContextBuilder(store=store, sources=[System("Be brief."), History()], strategy="chat", budget=4_000)
    (builder.as_runnable() | model).invoke("And now?", CONFIG)
    request = provider[1][-1]
    assert "previous_response_id" not in request
    assert [one["role"] for one in request["input"]] == ["system", "user", "assistant", "user"]


class Hours(BaseModel):
    """When it is open."""

    days: str


def test_an_agent_with_tools_answers_by_a_schema(
    store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = pytest.importorskip("langchain.agents", reason="needs the extra dev: langchain")
    from contextkit.adapters.langchain_agent import AgentTools, ContextMiddleware

    said = {"role": "assistant", "content": '{"days": "Mondays"}'}
    monkeypatch.setitem(ANSWERS["completions"]["choices"][0], "message", said)
    model = langchain_openai.ChatOpenAI(model="m", api_key="x", base_url=provider[0])
    builder = ContextBuilder(store=store, sources=[System("Be brief."), AgentTools(), History()], budget=4_000)
    wanted = agents.structured_output.ProviderStrategy(Hours)
    agent = agents.create_agent(model, [now], middleware=[ContextMiddleware(builder)], response_format=wanted)
    state = agent.invoke({"messages": [("user", "When?")]}, CONFIG)
    assert state["structured_response"] == Hours(days="Mondays")
    assert [tool["function"]["strict"] for tool in provider[1][-1]["tools"]] == [True, True]
