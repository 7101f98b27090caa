"""A LangGraph agent whose model node is the README's: parallel calls, a tool that fails, one that says too much."""

from __future__ import annotations

import copy
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from pydantic import Field

from contextkit import Budget, ContextBuilder
from contextkit.adapters.langchain import with_tools
from contextkit.adapters.langgraph import DivergedState, EditedMessage, StateKeeper
from contextkit.sources import History, Overflow, System, Tools
from contextkit.stores.sqlite import SQLiteStore

graphs = pytest.importorskip("langgraph.graph")
prebuilt = pytest.importorskip("langgraph.prebuilt")
checkpoints = pytest.importorskip("langgraph.checkpoint.memory")

CONFIG = {"configurable": {"actor_id": "ines", "thread_id": "s1"}}


class State(TypedDict):
    messages: Annotated[list[BaseMessage], graphs.add_messages]


class Scripted(GenericFakeChatModel):
    """Says what it was told to, and keeps what it was shown."""

    shown: list[list[BaseMessage]] = Field(default_factory=list)

    def bind_tools(self, tools: object, **_: object) -> Scripted:  # noqa: ARG002 - LangChain's signature
        return self

    def _generate(self, messages: list[BaseMessage], *rest: Any, **more: Any) -> Any:
        self.shown.append(messages)
        return super()._generate(messages, *rest, **more)


def weather(city: str) -> str:
    """The weather in a city."""
    if city == "Atlantis":
        raise LookupError("There is no such city.")
    return "twelve degrees and rain\n" * (20_000 if city == "Bergen" else 1)


def calls(*cities: str) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": "weather", "args": {"city": city}, "id": city} for city in cities])


def test_a_graph_that_goes_back_goes_on_as_another_session() -> None:
    store, model = SQLiteStore(":memory:"), Scripted(messages=iter([AIMessage(text) for text in ("1", "2", "3")]))
    builder = ContextBuilder(store=store, sources=[System("Count."), History()], strategy="chat", budget=3_000)
    chain = builder.as_runnable() | model

    keeper = StateKeeper(store)

    def call_model(state: State, config: RunnableConfig) -> dict[str, Any]:
        keeper.append(state["messages"], config)
        return {"messages": [chain.invoke(state, config)]}

    graph = graphs.StateGraph(State)
    graph.add_node("model", call_model)
    graph.add_edge(graphs.START, "model")
    agent = graph.compile(checkpointer=checkpoints.InMemorySaver())
    for question in ("One?", "Two?"):
        agent.invoke({"messages": [("user", question)]}, CONFIG)
    before = next(one for one in agent.get_state_history(CONFIG) if not one.next and len(one.values["messages"]) == 2)
    back = {**CONFIG["configurable"], **before.config["configurable"], "session_id": "s1, again"}
    agent.invoke({"messages": [("user", "Another two?")]}, {"configurable": back})
    assert [message.text for message in model.shown[-1]] == ["Count.", "One?", "1", "Another two?"]


def test_an_agent_of_several_turns() -> None:
    store, model = SQLiteStore(":memory:"), Scripted(messages=iter([]))
    model.messages = iter(
        [calls("Porto", "Atlantis", "Bergen"), AIMessage("Rain."), calls("Porto"), AIMessage("Rain.")]
    )
    sources = [System("You know the weather."), Tools([weather]), History(), Overflow()]
    builder = ContextBuilder(store=store, sources=sources, budget=Budget(3_000, reserve=500))
    chain = builder.as_runnable() | with_tools(model)

    keeper = StateKeeper(store)

    def call_model(state: State, config: RunnableConfig) -> dict[str, Any]:
        keeper.append(state["messages"], config)
        return {"messages": [chain.invoke(state, config)]}

    graph = graphs.StateGraph(State)
    graph.add_node("model", call_model)
    graph.add_node("tools", prebuilt.ToolNode([weather], handle_tool_errors=True))
    graph.add_edge(graphs.START, "model")
    graph.add_conditional_edges("model", prebuilt.tools_condition)
    graph.add_edge("tools", "model")
    agent = graph.compile(checkpointer=checkpoints.InMemorySaver())
    for question in ("The weather in Porto, Atlantis and Bergen?", "And in Porto now?"):
        agent.invoke({"messages": [("user", question)]}, CONFIG)

    assert [len(messages) for messages in model.shown[:2]] == [2, 6]
    _, failed, long = [message for message in model.shown[1] if isinstance(message, ToolMessage)]
    assert "There is no such city." in failed.text
    assert "read_context(" in long.text
    assert model.shown[2][-1].text == "And in Porto now?"
    kept = [message.role for message in store.messages("ines", "s1")]
    assert kept == ["user", "assistant", *["tool"] * 3, "assistant", "user", "assistant", "tool"]


class Counting(SQLiteStore):
    """Counts the messages that it is sent."""

    sent = 0
    read = 0

    def messages(self, *args: Any, **options: Any) -> Any:
        found = super().messages(*args, **options)
        self.read += len(found)
        return found

    def append(self, actor_id: str, session_id: str, messages: Any) -> Any:
        self.sent += len(messages)
        return super().append(actor_id, session_id, messages)


def test_a_keeper_sends_no_message_twice() -> None:
    store = Counting(":memory:")
    keeper, state = StateKeeper(store), [HumanMessage("One?"), AIMessage("1")]
    for question in ("Two?", "Three?"):
        state.append(HumanMessage(question))
        keeper.append(state, CONFIG)
        keeper.append([message.model_copy() for message in state], CONFIG)
    assert store.sent == 4
    StateKeeper(store).append(state, CONFIG)
    assert [message.text for message in store.messages("ines", "s1")] == ["One?", "1", "Two?", "Three?"]


def test_another_process_reads_no_more_of_the_session_than_its_last_turn() -> None:
    store = Counting(":memory:")
    state = [type_(f"{n}") for n in range(9) for type_ in (HumanMessage, AIMessage)]
    for number, message in enumerate(state):
        message.id = f"lc_run-{number}" if message.type == "ai" else None  # as LangChain's chat models do
    StateKeeper(store).append(state, CONFIG)
    store.read = 0
    StateKeeper(store).append([*state, HumanMessage("Ten?")], CONFIG)
    assert store.read == 2
    assert [message.text for message in store.messages("ines", "s1", last=2)] == ["8", "Ten?"]


class Frame:
    """Compares as tables and arrays do: by their cells, which are neither true nor false as a whole."""

    def __eq__(self, other: object) -> Any:
        raise ValueError("The truth value of an array with more than one element is ambiguous.")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("artifact", [b"\x89PNG", Frame(), {1: "one"}, [Document("", metadata={"score": Frame()})]])
def test_what_a_tool_leaves_for_the_program_alone_stays_in_the_state(artifact: object) -> None:
    store = SQLiteStore(":memory:")
    call = {"name": "draw", "args": {}, "id": "c1"}
    keeper = StateKeeper(store)
    for _ in range(2):
        drawn = ToolMessage("Drawn.", tool_call_id="c1", id="t1", artifact=copy.copy(artifact))
        said = [HumanMessage("Draw!", id="h1"), AIMessage("", tool_calls=[call], id="a1"), drawn]
        assert keeper.append(said, CONFIG) == []
        assert drawn.artifact is not None
    kept = store.messages("ines", "s1")
    assert [message.role for message in kept] == ["user", "assistant", "tool"]
    assert (kept[-1].text, kept[-1].metadata) == ("Drawn.", {})
    plain = ToolMessage("Found.", tool_call_id="c1", artifact={"rows": [1]})
    StateKeeper(store).append([AIMessage("", tool_calls=[call]), plain], CONFIG)
    assert store.messages("ines", "s1", last=1)[0].metadata == {"artifact": {"rows": [1]}}


def test_an_answer_may_be_repeated_whoever_gave_it_its_id() -> None:
    store, state = SQLiteStore(":memory:"), [HumanMessage("Is it late?")]
    keeper = StateKeeper(store)
    for _ in range(3):
        keeper.append(state, CONFIG)
        state += [AIMessage("No."), HumanMessage("Is it late?")]
    said = ["Is it late?", "No.", "Is it late?", "No.", "Is it late?"]
    assert [message.text for message in store.messages("ines", "s1")] == said
    StateKeeper(store).append([message.model_copy(update={"id": None}) for message in state], CONFIG)
    assert [message.text for message in store.messages("ines", "s1")] == [*said, "No.", "Is it late?"]
    with pytest.warns(EditedMessage, match=str(state[0].id)), pytest.warns(DivergedState, match="3 to 7"):
        keeper.append([state[0].model_copy(update={"content": "No."}), AIMessage("No."), HumanMessage("Oh.")], CONFIG)
    assert [message.text for message in store.messages("ines", "s1", last=2)] == ["Is it late?", "Oh."]


def test_what_was_edited_is_said_to_be_for_as_long_as_it_is() -> None:
    store = SQLiteStore(":memory:")
    keeper, asked = StateKeeper(store), HumanMessage("I am Ann.")
    assert keeper.append([asked], CONFIG) == []
    for _ in range(2):
        with pytest.warns(EditedMessage, match="name another session_id"):
            assert keeper.append([HumanMessage("I am Bea.", id=asked.id)], CONFIG) == [asked.id]
    assert keeper.append([asked, AIMessage("Hello.", name="otis")], CONFIG) == []
    assert [message.text for message in store.messages("ines", "s1")] == ["I am Ann.", "Hello."]


def test_a_state_that_goes_back_is_said_to_lack_what_the_session_has() -> None:
    store, said = SQLiteStore(":memory:"), [HumanMessage("One?"), AIMessage("1"), HumanMessage("Two?"), AIMessage("2")]
    keeper, other = StateKeeper(store), [HumanMessage("Another"), HumanMessage("two?")]
    keeper.append(said, CONFIG)
    for whoever in (keeper, StateKeeper(store)):
        with pytest.warns(DivergedState, match="2 messages, 3 to 4, .* name another session_id"):
            assert whoever.append([*said[:2], *other], CONFIG) == []
    assert keeper.append([*said[:2], *other, AIMessage("3"), HumanMessage("Four?")], CONFIG) == []
    with pytest.warns(DivergedState, match="has 7 messages, 2 to 8, where"):
        keeper.append(said[:1], CONFIG)


def test_a_session_that_was_deleted_begins_anew() -> None:
    store = SQLiteStore(":memory:")
    keeper = StateKeeper(store)
    keeper.append([HumanMessage("One?"), AIMessage("1"), HumanMessage("Two?"), AIMessage("2")], CONFIG)
    store.delete_session("ines", "s1")
    said: list[BaseMessage] = []
    for words in ("Three?", "Four?"):
        said += [HumanMessage(words), AIMessage("Hm.")]
        assert keeper.append(said, CONFIG) == []
    with pytest.warns(DivergedState, match="has 3 messages, 2 to 4, where"):
        keeper.append(said[:1], CONFIG)


def test_a_state_may_have_less_than_its_session() -> None:
    store = SQLiteStore(":memory:")
    keeper = StateKeeper(store)
    said = [HumanMessage("One?"), AIMessage("1"), HumanMessage("Two?"), AIMessage("2"), HumanMessage("Three?")]
    keeper.append(said[:4], CONFIG)
    for state in (said[2:], [said[0], *said[3:]], said[4:], [AIMessage("2"), said[4]]):
        StateKeeper(store).append(state, CONFIG)
        keeper.append(state, CONFIG)
