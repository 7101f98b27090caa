"""Agents beside each other in a graph, and graphs that go back: a prompt shows what the graph's own state has."""

from __future__ import annotations

import asyncio
import operator
import threading
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, RemoveMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from pydantic import Field

from contextkit import ContextBuilder
from contextkit.adapters.langgraph import DivergedState, StateKeeper
from contextkit.context import Context
from contextkit.sources import History, Overflow, System
from contextkit.stores.sqlite import SQLiteStore

agents = pytest.importorskip("langchain.agents", reason="needs the extra dev: langchain")
checkpoints = pytest.importorskip("langgraph.checkpoint.memory", reason="needs the extra dev: langchain")

from langgraph.graph import START, MessagesState, StateGraph  # noqa: E402
from langgraph.types import Send  # noqa: E402

from contextkit.adapters.langchain_agent import AgentTools, ContextMiddleware  # noqa: E402

CONFIG: Any = {"configurable": {"actor_id": "u1", "thread_id": "s1"}}


class Scripted(GenericFakeChatModel):
    """Says what it was told to, and keeps what it was shown."""

    shown: list[list[BaseMessage]] = Field(default_factory=list)

    def bind_tools(self, *_: Any, **__: Any) -> Scripted:
        return self

    def _generate(self, messages: list[BaseMessage], *rest: Any, **more: Any) -> Any:
        self.shown.append(messages)
        return super()._generate(messages, *rest, **more)

    @property
    def texts(self) -> list[list[str]]:
        """What was shown after the system prompt, calls as `call`."""
        return [[one.text or "call" for one in shown[1:]] for shown in self.shown]


def says(*said: AIMessage | str) -> Scripted:
    return Scripted(messages=iter([AIMessage(one) if isinstance(one, str) else one for one in said]))


def looks(name: str, times: int = 3) -> Scripted:
    """A model that looks its subject up so often, and answers."""
    called = [{"name": "look_up", "args": {"subject": name}, "type": "tool_call"}]
    calls = [AIMessage("", tool_calls=[{**called[0], "id": f"{name}-{n}"}]) for n in range(times)]
    return says(*calls, f"{name} is done.")


class Together:
    """A tool that waits until all who work beside each other have called it."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties, timeout=20)

    @property
    def tool(self) -> Any:
        def look_up(subject: str) -> str:
            self.barrier.wait()
            return f"found {subject}"

        return tool("look_up", description="Look something up.")(look_up)


class Researching(MessagesState):
    """A conversation, and what workers found beside it."""

    found: Annotated[list[str], operator.add]


Agents = Callable[..., Any]


@pytest.fixture
def builder(store: SQLiteStore) -> ContextBuilder:
    sources = [System("Otis."), AgentTools(), History(), Overflow()]
    return ContextBuilder(store=store, sources=sources, budget=8_000)


@pytest.fixture
def made(builder: ContextBuilder) -> Agents:
    middleware = ContextMiddleware(builder)

    def make(model: Scripted, *tools: Any, seen: list[Context] | None = None) -> Any:
        own = middleware if seen is None else ContextMiddleware(builder, on_context=seen.append)
        return agents.create_agent(model, tools=list(tools), middleware=[own])

    return make


def alone(name: str, question: Sequence[str], times: int = 3) -> list[list[str]]:
    """The prompts of an agent that works by itself."""
    return [[*question, *["call", f"found {name}"] * n] for n in range(times + 1)]


@pytest.mark.parametrize("saver", [None, checkpoints.InMemorySaver()], ids=["no checkpointer", "a checkpointer"])
def test_branches_of_a_graph_see_their_own_work_alone(made: Agents, store: SQLiteStore, saver: Any) -> None:
    work, models = Together(2), {name: looks(name) for name in ("a", "b")}
    last = says("All is done.", "You are welcome.")
    graph = StateGraph(MessagesState)
    for name, model in models.items():
        graph.add_node(name, made(model, work.tool))
        graph.add_edge(START, name)
    graph.add_node("last", made(last))
    graph.add_edge(["a", "b"], "last")
    graph.add_edge(START, "a")
    app = graph.compile(checkpointer=saver)
    app.invoke({"messages": [HumanMessage("Where?")]}, CONFIG)
    for name, model in models.items():
        assert model.texts == alone(name, ["Where?"])
    done = [*["call", "found a"] * 3, "a is done.", *["call", "found b"] * 3, "b is done."]
    assert last.texts[0][0] == "Where?"
    assert sorted(last.texts[0][1:-1]) == sorted(done)
    assert len(store.messages("u1", "s1")) == 1 + 2 * 7 + 1, "nothing is lost"


@pytest.mark.parametrize("number", [2, 12])
def test_workers_see_their_own_task_alone(made: Agents, store: SQLiteStore, number: int) -> None:
    names = [f"task {n}" for n in range(number)]
    work, models = Together(number), {name: looks(name) for name in names}
    last = says("All is done.", "You are welcome.")
    agents_of = {name: made(model, work.tool) for name, model in models.items()}

    def worker(task: dict[str, str]) -> dict[str, list[str]]:
        answer = agents_of[task["name"]].invoke({"messages": [HumanMessage(f"Do {task['name']}!")]})
        return {"found": [answer["messages"][-1].text]}

    graph = StateGraph(Researching)
    graph.add_node("plan", lambda _: {})
    graph.add_node("worker", worker)
    graph.add_node("last", made(last))
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", lambda _: [Send("worker", {"name": name}) for name in names], ["worker"])
    graph.add_edge("worker", "last")
    app = graph.compile(checkpointer=checkpoints.InMemorySaver())
    app.invoke({"messages": [HumanMessage("Where?")]}, {**CONFIG, "max_concurrency": number})
    for name, model in models.items():
        assert model.texts == alone(name, [f"Do {name}!"])
    assert last.texts[0] == ["Where?"]
    assert len(store.messages("u1", "s1")) == 8 * number + 2


def test_what_workers_said_stays_out_of_later_turns_also_of_another_process(made: Agents, store: SQLiteStore) -> None:
    names = ["a", "b"]
    work, model = Together(2), says("All is done.")
    workers = {name: made(looks(name, 1), work.tool) for name in names}

    def app(model: Scripted) -> Any:
        graph = StateGraph(Researching)
        graph.add_node("worker", lambda name: {"found": [ask(workers[name], f"Do {name}!")]})
        graph.add_node("last", made(model))
        graph.add_conditional_edges(START, lambda _: [Send("worker", name) for name in names], ["worker"])
        graph.add_edge("worker", "last")
        return graph.compile()

    app(model).invoke({"messages": [HumanMessage("Where?")]}, CONFIG)
    fresh = ContextBuilder(store=store, sources=[System("Otis."), AgentTools(), History(), Overflow()], budget=8_000)
    for number, (question, builder) in enumerate((("And now?", fresh), ("And a, found where?", fresh))):
        model = says(f"Answer {number}.")
        ask(agents.create_agent(model, middleware=[ContextMiddleware(builder)]), question, CONFIG)
        assert model.texts[0][:2] == ["Where?", "All is done."]
    assert "found a" in model.texts[0][-2], "what was said in another branch is recalled"


def ask(agent: Any, question: str, config: Any = None) -> str:
    return str(agent.invoke({"messages": [HumanMessage(question)]}, config)["messages"][-1].text)


async def test_branches_keep_apart_on_an_event_loop_too(made: Agents) -> None:
    models = {name: looks(name) for name in ("a", "b", "c")}
    look_up = tool("look_up", description="Look something up.")(lambda subject: f"found {subject}")
    graph = StateGraph(MessagesState)
    for name, model in models.items():
        graph.add_node(name, made(model, look_up))
        graph.add_edge(START, name)
    app = graph.compile(checkpointer=checkpoints.InMemorySaver())
    for turn in range(2):
        for name, model in models.items():
            model.shown.clear()
            model.messages = looks(name).messages
        await app.ainvoke({"messages": [HumanMessage(f"Where, {turn}?")]}, CONFIG)
        for name, model in models.items():
            own = alone(name, [f"Where, {turn}?"])
            assert [texts[-len(mine) :] for texts, mine in zip(model.texts, own, strict=True)] == own
            assert all(texts.count(f"Where, {turn}?") == 1 for texts in model.texts)
            assert [len(texts) for texts in model.texts] == [1 + 22 * turn, 3 + 22 * turn, 5 + 22 * turn, 7 + 22 * turn]


def test_nodes_of_one_s_own_keep_apart_too(builder: ContextBuilder, store: SQLiteStore) -> None:
    keeper, barrier = StateKeeper(store), threading.Barrier(4, timeout=20)
    models = {name: says("Well.", "Then.") for name in "abcd"}

    def think(task: dict[str, str]) -> dict[str, list[str]]:
        said: list[BaseMessage] = [HumanMessage(f"Think of {task['name']}!")]
        for _ in range(2):
            barrier.wait()
            keeper.append(said, task["config"])
            said.append((builder.as_runnable() | models[task["name"]]).invoke({"messages": said}, task["config"]))
            said.append(HumanMessage("And then?"))
        return {"found": [said[-2].text]}

    def node(task: dict[str, str], config: RunnableConfig) -> dict[str, list[str]]:
        return think({**task, "config": config})  # type: ignore[dict-item]

    graph = StateGraph(Researching)
    graph.add_node("think", node)
    graph.add_conditional_edges(START, lambda _: [Send("think", {"name": name}) for name in "abcd"], ["think"])
    graph.compile().invoke({"messages": [HumanMessage("Where?")]}, CONFIG)
    for name, model in models.items():
        asked = f"Think of {name}!"
        assert model.texts == [[asked], [asked, "Well.", "And then?"]]


@pytest.mark.parametrize("anew", [False, True], ids=["one process", "another process each time"])
def test_a_graph_that_went_back_shows_what_its_state_has(store: SQLiteStore, anew: bool) -> None:
    model, saver = says("1", "2", "2b", "3b", "3", "4b"), checkpoints.InMemorySaver()
    notices = []

    def agent() -> Any:
        builder = ContextBuilder(store=store, sources=[System("Otis."), AgentTools(), History()], budget=8_000)
        middleware = ContextMiddleware(builder, on_context=lambda context: notices.append(context.report.notices))
        return agents.create_agent(model, middleware=[middleware], checkpointer=saver)

    app = agent()

    def asked(question: str, at: Any = CONFIG) -> Any:
        ask(agent() if anew else app, question, at)
        return {"configurable": {**CONFIG["configurable"], **app.get_state(CONFIG).config["configurable"]}}

    first = asked("One?")
    second = asked("Two?")
    asked("Another two?", first)
    assert model.texts[-1] == ["One?", "1", "Another two?"]
    assert [notice.kind for notice in notices[-1]] == ["left to others"]
    asked("Another three?")
    assert model.texts[-1] == ["One?", "1", "Another two?", "2b", "Another three?"]
    asked("Three?", second)
    assert model.texts[-1] == ["One?", "1", "Two?", "2", "Three?"]
    assert len(store.messages("u1", "s1")) == 10


def test_what_is_taken_out_of_the_state_is_no_part_of_the_dialogue(builder: ContextBuilder, store: SQLiteStore) -> None:
    model = says("1", "2", "3", "4")
    middleware = [ContextMiddleware(builder)]
    app = agents.create_agent(model, middleware=middleware, checkpointer=checkpoints.InMemorySaver())
    for question in ("One?", "Two?", "Three?"):
        ask(app, question, CONFIG)
    said = app.get_state(CONFIG).values["messages"]
    app.update_state(CONFIG, {"messages": [RemoveMessage(id=one.id) for one in said[2:4]]})
    ask(app, "Four?", CONFIG)
    assert model.texts[-1] == ["One?", "1", "Three?", "3", "Four?"]
    assert len(store.messages("u1", "s1")) == 8


def test_what_others_append_to_the_session_is_shown(builder: ContextBuilder, store: SQLiteStore) -> None:
    """A colleague's words are in no state."""
    model = says("1", "2", "3")
    middleware = [ContextMiddleware(builder)]
    app = agents.create_agent(model, middleware=middleware, checkpointer=checkpoints.InMemorySaver())
    ask(app, "One?", CONFIG)
    store.append("u1", "s1", [{"role": "assistant", "content": "This is Ann: your parcel is here."}])
    ask(app, "Two?", CONFIG)
    shown = ["One?", "1", "This is Ann: your parcel is here.", "Two?"]
    assert model.texts[-1] == shown
    store.append("u1", "s1", [{"role": "user", "content": "Thank you, Ann!", "id": "slack-1"}])
    with pytest.warns(DivergedState, match="message 6 where"):
        ask(app, "Three?", CONFIG)
    assert model.texts[-1] == [*shown, "2", "Thank you, Ann!", "Three?"]


@pytest.mark.parametrize("anew", [False, True], ids=["one process", "another process each time"])
def test_an_edit_is_what_the_prompt_goes_on_from(store: SQLiteStore, anew: bool) -> None:
    model, saver = says(*map(str, range(1, 9))), checkpoints.InMemorySaver()

    def agent() -> Any:
        builder = ContextBuilder(store=store, sources=[System("Otis."), AgentTools(), History()], budget=8_000)
        return agents.create_agent(model, middleware=[ContextMiddleware(builder)], checkpointer=saver)

    app = agent()

    def asked(question: str, name: str) -> list[str]:
        (agent() if anew else app).invoke({"messages": [HumanMessage(question, id=name)]}, CONFIG)
        return model.texts[-1]

    def edit(*messages: BaseMessage) -> None:
        app.update_state(CONFIG, {"messages": list(messages)})

    asked("I am Ann.", "q1")
    assert asked("Who?", "q2") == ["I am Ann.", "1", "Who?"]
    edit(HumanMessage("I am Bea.", id="q1"))
    state = [one.text for one in app.get_state(CONFIG).values["messages"]]
    assert asked("Really?", "q3") == [*state, "Really?"]
    assert asked("Really now?", "q4") == [*state, "Really?", model_said(app, -3), "Really now?"]
    last = app.get_state(CONFIG).values["messages"][-1]
    edit(AIMessage("Edited.", id=last.id))
    state = [one.text for one in app.get_state(CONFIG).values["messages"]]
    assert state[-1] == "Edited."
    assert asked("And?", "q5") == [*state, "And?"]
    assert asked("So?", "q6") == [*state, "And?", model_said(app, -3), "So?"]


def model_said(app: Any, place: int) -> str:
    """What the state has at that place, from its end."""
    return str(app.get_state(CONFIG).values["messages"][place].text)


def test_a_question_that_is_edited_and_asked_again_and_then_as_it_was(store: SQLiteStore) -> None:
    model = says("1", "2", "2b", "3b", "3", "4")
    builder = ContextBuilder(store=store, sources=[System("Otis."), AgentTools(), History()], budget=8_000)
    app = agents.create_agent(model, middleware=[ContextMiddleware(builder)], checkpointer=checkpoints.InMemorySaver())

    def asked(question: str, name: str, at: Any = CONFIG) -> Any:
        app.invoke({"messages": [HumanMessage(question, id=name)]}, at)
        return {"configurable": {**CONFIG["configurable"], **app.get_state(CONFIG).config["configurable"]}}

    first = asked("One?", "q1")
    second = asked("Two?", "q2")
    asked("Another two?", "q2", first)
    assert model.texts[-1] == ["One?", "1", "Another two?"]
    asked("Another three?", "q3")
    assert model.texts[-1] == ["One?", "1", "Another two?", "2b", "Another three?"]
    asked("Three?", "q3", second)
    assert model.texts[-1] == ["One?", "1", "Two?", "2", "Three?"]
    asked("Four?", "q4")
    assert model.texts[-1] == ["One?", "1", "Two?", "2", "Three?", "3", "Four?"]


async def test_agents_that_one_node_starts_at_once_see_their_own_task_alone(made: Agents, store: SQLiteStore) -> None:
    models, last = [looks(f"task {number}") for number in range(3)], says("First.", "Then.", "All is done.")
    look_up = tool("look_up", description="Look something up.")(lambda subject: f"found {subject}")
    started = [made(model, look_up) for model in models]
    then = made(last)

    async def node(_: MessagesState, config: RunnableConfig) -> dict[str, list[BaseMessage]]:
        tasks = (HumanMessage(f"Do task {number}!") for number in range(3))
        runs = (agent.ainvoke({"messages": [task]}, config) for agent, task in zip(started, tasks, strict=True))
        answers = [answer["messages"][-1] for answer in await asyncio.gather(*runs)]
        for question in ("Well?", "And?"):
            answers += (await then.ainvoke({"messages": [HumanMessage(question)]}, config))["messages"][-1:]
        return {"messages": answers}

    graph = StateGraph(MessagesState)
    graph.add_node("node", node)
    graph.add_node("last", then)
    graph.add_edge(START, "node")
    graph.add_edge("node", "last")
    app = graph.compile(checkpointer=checkpoints.InMemorySaver())
    await app.ainvoke({"messages": [HumanMessage("Where?")]}, CONFIG)
    for number, model in enumerate(models):
        assert model.texts == alone(f"task {number}", [f"Do task {number}!"])
    said = [[text for text in texts if not text.startswith("<recall>")] for texts in last.texts]
    assert said[:2] == [["Well?"], ["Well?", "First.", "And?"]], "one goes on from the other"
    answers = [f"task {number} is done." for number in range(3)]
    assert all(answer in said[2] for answer in answers)
    assert not any(f"found {task}" in " ".join(said[2]) for task in ("task 0", "task 1", "task 2"))
    assert len(store.messages("u1", "s1")) == 3 * 8 + 4 + 2


def test_nobody_wonders_whose_the_words_of_branches_are(builder: ContextBuilder) -> None:
    work, models = Together(2), {name: looks(name) for name in ("a", "b")}
    own = {name: [ContextMiddleware(builder)] for name in models}
    started = {name: agents.create_agent(models[name], tools=[work.tool], middleware=own[name]) for name in models}

    def node(name: str) -> Callable[[MessagesState], dict[str, list[BaseMessage]]]:
        def run(state: MessagesState) -> dict[str, list[BaseMessage]]:
            asked = HumanMessage(f"Do {name}!", id=f"do-{name}")
            return {"messages": started[name].invoke({"messages": [*state["messages"], asked]})["messages"]}

        return run

    graph = StateGraph(MessagesState)
    for name in models:
        graph.add_node(name, node(name))
        graph.add_edge(START, name)
    graph.compile().invoke({"messages": [HumanMessage("Where?", id="h1")]}, CONFIG)
    for name, model in models.items():
        assert model.texts == alone(name, ["Where?", f"Do {name}!"])
