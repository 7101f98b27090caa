"""Calls that a graph's state goes on behind without a result: a run was cancelled, failed, or handed over."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import InjectedToolCallId, tool

from contextkit import ContextBuilder
from contextkit.adapters.unanswered import NO_RESULT, with_results
from contextkit.sources import History, System
from contextkit.stores.sqlite import SQLiteStore
from tests.adapters.test_branches import CONFIG, ask, says

agents = pytest.importorskip("langchain.agents", reason="needs the extra dev: langchain")
checkpoints = pytest.importorskip("langgraph.checkpoint.memory", reason="needs the extra dev: langchain")

from langgraph.graph import START, MessagesState, StateGraph  # noqa: E402
from langgraph.prebuilt import InjectedState  # noqa: E402
from langgraph.types import Command  # noqa: E402

from contextkit.adapters.langchain_agent import AgentTools, ContextMiddleware  # noqa: E402


def calls(*names: str) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": {}, "id": f"call-{name}"} for name in names], id="a1")


def result(name: str) -> ToolMessage:
    return ToolMessage("Done.", tool_call_id=f"call-{name}", id=f"r-{name}")


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ([calls("a", "b"), result("a"), HumanMessage("Well?")], "call Done. none Well?"),
        ([calls("a", "b"), result("a")], "call Done. none"),
        ([calls("a", "b")], "call"),
        ([calls("a"), HumanMessage("Well?")], "call none Well?"),
        ([calls("a", "b"), result("a"), HumanMessage("Hm."), result("b")], "call Done. Hm. Done."),
        ([calls("a"), result("a"), HumanMessage("Well?")], "call Done. Well?"),
    ],
)
def test_where_no_result_is_to_come_words_stand_for_it(said: list[BaseMessage], after: str) -> None:
    found = with_results({str(number): one for number, one in enumerate(said)})
    assert " ".join({"": "call", NO_RESULT: "none"}.get(one.text, one.text) for one in found.values()) == after


@tool
def refund() -> str:
    """Pay back."""
    return "Paid back."


@tool
async def wait() -> str:
    """Wait for long."""
    await asyncio.sleep(60)
    return "Waited."


@tool
def hand_over(
    state: Annotated[dict[str, Any], InjectedState], tool_call_id: Annotated[str, InjectedToolCallId]
) -> Command[Any]:
    """Hand over to a colleague."""
    said = [*state["messages"], ToolMessage("Handed over.", tool_call_id=tool_call_id)]
    return Command(goto="colleague", graph=Command.PARENT, update={"messages": said})


@pytest.fixture
def middleware(store: SQLiteStore) -> list[Any]:
    builder = ContextBuilder(store=store, sources=[System("Otis."), AgentTools(), History()], budget=8_000)
    return [ContextMiddleware(builder)]


async def test_a_run_that_was_cancelled_leaves_word_of_its_calls(middleware: list[Any]) -> None:
    model, saver = says(calls("refund", "wait"), "Well."), checkpoints.InMemorySaver()
    agent = agents.create_agent(model, tools=[refund, wait], middleware=middleware, checkpointer=saver)
    running = asyncio.create_task(agent.ainvoke({"messages": [HumanMessage("Pay me back!")]}, CONFIG))
    while not model.shown:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await agent.ainvoke({"messages": [HumanMessage("Well?")]}, CONFIG)
    assert model.texts[-1] == ["Pay me back!", "call", NO_RESULT, NO_RESULT, "Well?"]


def test_a_tool_that_fails_leaves_word_of_the_calls_beside_it(middleware: list[Any]) -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise LookupError

    model, saver = says(calls("refund", "fail"), "Well."), checkpoints.InMemorySaver()
    agent = agents.create_agent(model, tools=[refund, fail], middleware=middleware, checkpointer=saver)
    with pytest.raises(LookupError):
        ask(agent, "Pay me back!", CONFIG)
    ask(agent, "Well?", CONFIG)
    assert model.texts[-1] == ["Pay me back!", "call", NO_RESULT, NO_RESULT, "Well?"]


def test_who_hands_over_beside_other_calls_is_followed(middleware: list[Any], store: SQLiteStore) -> None:
    model, colleague = says(calls("refund", "hand_over")), says("Hello.", "Well.")
    graph = StateGraph(MessagesState)
    graph.add_node("first", agents.create_agent(model, tools=[refund, hand_over], middleware=middleware))
    graph.add_node("colleague", agents.create_agent(colleague, middleware=middleware))
    graph.add_edge(START, "first")
    app = graph.compile(checkpointer=checkpoints.InMemorySaver())
    ask(app, "Pay me back!", CONFIG)
    assert colleague.texts[-1][-1].endswith(NO_RESULT)
    said = store.messages("u1", "s1")
    assert [message.role for message in said] == ["user", "assistant", "tool", "tool", "assistant"]


def test_a_result_that_comes_after_all_takes_its_place(middleware: list[Any]) -> None:
    model, saver = says("Well.", "Then."), checkpoints.InMemorySaver()
    agent = agents.create_agent(model, tools=[refund], middleware=middleware, checkpointer=saver)
    said = [HumanMessage("Pay me back!", id="h1"), calls("refund"), HumanMessage("Well?", id="h2")]
    agent.invoke({"messages": said}, CONFIG)
    assert model.texts[-1] == ["Pay me back!", "call", NO_RESULT, "Well?"]
    late = [said[0], said[1], result("refund"), said[2], AIMessage("Well.", id="a2"), HumanMessage("Then?")]
    agents.create_agent(model, tools=[refund], middleware=middleware).invoke({"messages": late}, CONFIG)
    assert model.texts[-1] == ["Pay me back!", "call", "Done.", "Well?", "Well.", "Then?"]
