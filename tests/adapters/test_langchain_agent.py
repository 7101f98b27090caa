"""A builder as the middleware of LangChain's own agents: what the model is shown, what is stored, what is said."""

from __future__ import annotations

import asyncio
import json
import operator
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated, Any

import pytest
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from packaging.version import Version
from pydantic import BaseModel, Field

from contextkit import Budget, ContextBuilder
from contextkit.compress import from_chat_model
from contextkit.context import Context
from contextkit.errors import InvalidId, InvalidInput
from contextkit.memory.asking import Asker
from contextkit.shown_tools import shown_name
from contextkit.sources import Documents, History, Overflow, Preferences, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from tests.adapters.providers import STYLES
from tests.noise import noise

agents = pytest.importorskip("langchain.agents", reason="needs the extra dev: langchain")
checkpoints = pytest.importorskip("langgraph.checkpoint.memory", reason="needs the extra dev: langchain")

from langchain.agents.middleware import (  # noqa: E402
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    ModelFallbackMiddleware,
    SummarizationMiddleware,
    TodoListMiddleware,
)
from langgraph.config import get_config  # noqa: E402
from langgraph.graph import START, MessagesState, StateGraph  # noqa: E402
from langgraph.types import Command, Send  # noqa: E402

from contextkit.adapters.langchain_agent import AgentTools, ContextMiddleware  # noqa: E402
from contextkit.adapters.langgraph import EditedMessage  # noqa: E402

COUNTER = get_counter()
CONFIG: Any = {"configurable": {"actor_id": "u1", "thread_id": "s1"}}


class Scripted(GenericFakeChatModel):
    """Says what it was told to, and keeps what it was shown."""

    shown: list[list[BaseMessage]] = Field(default_factory=list)
    tools: list[list[str]] = Field(default_factory=list)

    def bind_tools(self, tools: Any, **_: Any) -> Scripted:
        self.tools.append([one["function"]["name"] if isinstance(one, dict) else one.name for one in tools])
        return self

    def _generate(self, messages: list[BaseMessage], *rest: Any, **more: Any) -> Any:
        self.shown.append(messages)
        return super()._generate(messages, *rest, **more)

    def texts(self, place: int = -1) -> list[str]:
        return [message.text for message in self.shown[place]]


@tool
def track_order(order_id: str) -> str:
    """Where an order is, and when it will arrive."""
    return f"{order_id} is with the carrier, due on Friday."


def call(name: str = "track_order", number: int = 1, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"call-{number}"}])


def says(*said: AIMessage | str) -> Scripted:
    return Scripted(messages=iter([AIMessage(one) if isinstance(one, str) else one for one in said]))


Made = Callable[..., Any]


class Tracking(MessagesState):
    """A conversation, and what others found out beside it."""

    answers: Annotated[list[str], operator.add]


@pytest.fixture
def made(store: SQLiteStore) -> Made:
    def make(model: Scripted, *more: Any, tools: Any = (track_order,), window: int = 8_000, **options: Any) -> Any:
        sources = [System("You are Otis."), AgentTools(), Preferences(), History(), Overflow()]
        builder = ContextBuilder(store=store, sources=sources, budget=Budget(window=window, reserve=500))
        agents_own = {name: options.pop(name, None) for name in ("checkpointer", "response_format")}
        middleware = [*options.pop("outside", ()), ContextMiddleware(builder, **options), *more]
        return agents.create_agent(model, tools=list(tools), middleware=middleware, **agents_own)

    return make


def ask(agent: Any, question: Any, config: Any = CONFIG) -> Any:
    return agent.invoke(question if isinstance(question, Command | dict) else {"messages": [question]}, config)


def test_the_model_is_shown_what_the_builder_decides_and_all_that_is_said_is_stored(
    made: Made, store: SQLiteStore
) -> None:
    store.set_preferences("u1", {"tone": "brief"})
    model = says(call(order_id="TT-1"), "On Friday.")
    answer = ask(made(model), HumanMessage("Where is my order TT-1?"))
    assert answer["messages"][-1].text == "On Friday."
    assert model.texts(0)[0] == "You are Otis."
    assert "tone: brief" in model.texts(0)[1]
    assert model.shown[1][:3] == model.shown[0], "within a turn prompts only grow"
    assert model.texts(1)[-1] == "TT-1 is with the carrier, due on Friday."
    assert model.tools == [["read_context", "track_order"]] * 2
    assert [message.role for message in store.messages("u1", "s1")] == ["user", "assistant", "tool", "assistant"]


async def test_it_does_the_same_asynchronously(made: Made, store: SQLiteStore) -> None:
    model = says(call(order_id="TT-1"), "On Friday.")
    await made(model).ainvoke({"messages": [HumanMessage("Where is my order TT-1?")]}, CONFIG)
    assert model.texts(1)[-1] == "TT-1 is with the carrier, due on Friday."
    assert [message.role for message in store.messages("u1", "s1")] == ["user", "assistant", "tool", "assistant"]


@pytest.mark.parametrize("saver", [None, checkpoints.InMemorySaver()], ids=["no checkpointer", "a checkpointer"])
def test_a_session_goes_on_and_nobody_else_sees_it(made: Made, store: SQLiteStore, saver: Any) -> None:
    model = says("A fine name.", "Andorinha.", "I do not know.")
    agent = made(model, checkpointer=saver)
    ask(agent, HumanMessage("Our café is called Andorinha."))
    ask(agent, HumanMessage("What is it called?"))
    said = ["Our café is called Andorinha.", "A fine name.", "What is it called?"]
    assert model.texts() == ["You are Otis.", *said]
    assert [message.text for message in store.messages("u1", "s1")] == [*said, "Andorinha."]
    ask(agent, HumanMessage("What is it called?"), {"configurable": {"actor_id": "u2", "thread_id": "s2"}})
    assert model.texts() == ["You are Otis.", "What is it called?"]


def test_of_many_tools_those_are_shown_that_the_builder_chooses(made: Made) -> None:
    many = [tool(f"weather_{n}", description=f"Weather, kind {n}.")(lambda city: city) for n in range(30)]
    model = says("Soon.")
    ask(made(model, tools=[*many, track_order]), HumanMessage("Where is my order?"))
    (shown,) = model.tools
    assert "track_order" in shown
    assert len(shown) <= 11


@pytest.mark.parametrize("name", ["orders.track", "x" * 70])
async def test_a_tool_that_is_shown_under_another_name_is_run_by_its_own(
    made: Made, store: SQLiteStore, name: str
) -> None:
    orders = tool(name, description="Where an order is.")(lambda order_id: f"{order_id} is due on Friday.")
    model = says(call(shown_name(name), order_id="TT-1"), "Soon.", call(shown_name(name), 2, order_id="TT-2"), "Soon.")
    agent = made(model, tools=[orders])
    ask(agent, HumanMessage("Where is my order?"))
    assert model.texts()[-1] == "TT-1 is due on Friday."
    await agent.ainvoke({"messages": [HumanMessage("And the other?")]}, CONFIG)
    assert model.texts()[-1] == "TT-2 is due on Friday."
    assert {one.name for message in store.messages("u1", "s1") for one in message.tool_calls} == {name}
    assert shown_name(name) in model.tools[-1]


def test_what_was_moved_out_is_read_back_by_the_agent_s_own_tool(made: Made) -> None:
    long = noise(60_000)

    @tool
    def read_log() -> str:
        """Read the whole log."""
        return f"{long} THE END"

    model = says(call("read_log"), call("read_context", 2, handle="m3", search="THE END"), "Done.")
    ask(made(model, tools=[read_log]), HumanMessage("How does the log end?"))
    assert "m3" in model.texts(1)[-1]
    assert "THE END" in model.texts(2)[-1]


def test_an_agent_that_a_tool_runs_has_a_session_of_its_own(made: Made, store: SQLiteStore) -> None:
    long = noise(60_000)

    @tool
    def read_log() -> str:
        """Read the whole log."""
        return f"{long} THE END"

    inner_model = says(call("read_log"), call("read_context", 2, handle="m3", search="THE END"), "It ends.", "Again.")
    inner = made(inner_model, tools=[read_log])

    @tool
    def research(question: str) -> str:
        """Ask another agent."""
        return str(ask(inner, HumanMessage(question), None)["messages"][-1].text)

    @tool
    def ask_elsewhere(question: str) -> str:
        """Ask it in a session that has a name."""
        return str(ask(inner, HumanMessage(question), _session("elsewhere"))["messages"][-1].text)

    both = AIMessage("", tool_calls=[*call("research", 7, question="How?").tool_calls, *call(number=8).tool_calls])
    model = says(both, call("ask_elsewhere", 9, question="And now?"), "So it is.")
    ask(made(model, tools=[research, ask_elsewhere, track_order]), HumanMessage("How does the log end?"))

    assert model.texts(1)[1:4] == ["How does the log end?", "", "It ends."]
    assert inner_model.texts(0) == ["You are Otis.", "How?"]
    assert "THE END" in inner_model.texts(2)[-1], "it reads its own session's handles"
    roles = {session: [message.role for message in store.messages("u1", session)] for session in ("s1", "s1/call-7")}
    assert roles["s1"] == ["user", "assistant", "tool", "tool", "assistant", "tool", "assistant"]
    assert roles["s1/call-7"] == ["user", "assistant", "tool", "assistant", "tool", "assistant"]
    assert [message.text for message in store.messages("u1", "elsewhere")] == ["And now?", "Again."]


def test_agents_beside_each_other_keep_apart_in_sessions_of_their_own(made: Made, store: SQLiteStore) -> None:
    models = [says(call(number=number, order_id=f"TT-{number}"), "On Friday.") for number in range(3)]

    def track(task: dict[str, int]) -> dict[str, list[str]]:
        question, number = HumanMessage(f"Where is TT-{task['number']}?"), task["number"]
        answer = ask(made(models[number]), question, _session(f"s1/{number}"))
        return {"answers": [answer["messages"][-1].text]}

    def agent(state: Tracking) -> dict[str, list[BaseMessage]]:
        return {"messages": ask(made(model), {"messages": state["messages"]})["messages"]}

    model = says("All on Friday.")
    graph = StateGraph(Tracking)
    graph.add_node("track", track)
    graph.add_node("agent", agent)
    graph.add_conditional_edges(START, lambda _: [Send("track", {"number": number}) for number in range(3)], ["track"])
    graph.add_edge("track", "agent")
    graph.compile().invoke({"messages": [HumanMessage("Where are they?")]}, CONFIG)
    for number in range(3):
        asked = ["You are Otis.", f"Where is TT-{number}?", "", f"TT-{number} is with the carrier, due on Friday."]
        assert models[number].texts() == asked
    assert model.texts() == ["You are Otis.", "Where are they?"]
    assert [message.text for message in store.messages("u1", "s1")] == ["Where are they?", "All on Friday."]


def test_a_tool_may_leave_the_program_anything(made: Made, store: SQLiteStore) -> None:
    @tool(response_format="content_and_artifact")
    def draw() -> tuple[str, bytes]:
        """Draw something."""
        return "Drawn.", b"\x89PNG"

    model = says(call("draw"), "Here it is.", "And again.")
    agent = made(model, tools=[draw], checkpointer=checkpoints.InMemorySaver())
    ask(agent, HumanMessage("Draw!"))
    assert ask(agent, HumanMessage("Again!"))["messages"][2].artifact == b"\x89PNG"
    assert model.texts(1)[-1] == "Drawn."
    assert [message.text for message in store.messages("u1", "s1")][2] == "Drawn."


@pytest.mark.parametrize("as_it_came", [True, False])
def test_a_caller_may_give_all_of_its_history_each_time(made: Made, store: SQLiteStore, as_it_came: bool) -> None:
    model = says(call(order_id="TT-1"), "Yes.", "Yes.", "Yes.", "Yes.")
    agent, history = made(model), []
    for question in ("Is it late?", "Is it late?", "Is it in Porto?", "Is it late?"):
        history.append({"role": "user", "content": question})
        answer = ask(agent, {"messages": list(history)})["messages"][-1]
        history.append(answer if as_it_came else {"role": "assistant", "content": answer.text})
    said = [one["content"] if isinstance(one, dict) else one.text for one in history]
    assert [message.text for message in store.messages("u1", "s1") if message.text and message.role != "tool"] == said
    assert [one for one in model.texts()[1:] if one and "carrier" not in one] == said[:-1]


def test_a_history_that_begins_elsewhere_is_taken_as_it_is(made: Made, store: SQLiteStore) -> None:
    before = [HumanMessage("I am Ann."), AIMessage("Hello."), HumanMessage("Yes."), AIMessage("Hello.")]
    ask(made(says("Ann.")), {"messages": [*before, HumanMessage("Who am I?")]})
    other = [HumanMessage("I am Ann."), AIMessage("Hello, hello."), HumanMessage("Who am I?")]
    ask(made(says("Ann.")), {"messages": other})
    texts = [message.text for message in store.messages("u1", "s1")]
    assert texts == [*[one.text for one in before], "Who am I?", "Ann.", "Hello, hello.", "Who am I?", "Ann."]


def test_what_langchain_sums_up_is_not_said_by_the_user(made: Made, store: SQLiteStore) -> None:
    sums_up = SummarizationMiddleware(says(*["They asked."] * 9), trigger=("messages", 4), keep=("messages", 1))
    model = says("1", call(order_id="TT-1"), "2", "3")
    agent = made(model, sums_up, checkpointer=checkpoints.InMemorySaver())
    for question in ("One?", "Two?", "Three?"):
        state = ask(agent, HumanMessage(question))
    assert "They asked." in state["messages"][0].text
    roles = [message.role for message in store.messages("u1", "s1")]
    assert roles == ["user", "assistant", "user", "assistant", "tool", "assistant", "user", "assistant"]
    adopted = {"configurable": {**CONFIG["configurable"], "session_id": "s2"}}
    model.messages = iter([AIMessage("4")])
    ask(agent, HumanMessage("Four?"), adopted)
    assert "They asked." in store.messages("u1", "s2")[0].text, "where the session has nothing, it is all there is"


async def test_agents_within_agents_keep_apart_on_an_event_loop_too(made: Made, store: SQLiteStore) -> None:
    def tool_of(name: str, agent: Any) -> Any:
        async def run(question: str) -> str:
            answer = await agent.ainvoke({"messages": [HumanMessage(question)]})
            return str(answer["messages"][-1].text)

        return tool(name, description="Ask another agent.")(run)

    innermost = tool_of("innermost", made(says("C."), tools=()))
    inner = tool_of("inner", made(says(call("innermost", question="c?"), "B."), tools=[innermost]))
    model = says(call("inner", 5, question="b?"), "A.")
    await made(model, tools=[inner]).ainvoke({"messages": [HumanMessage("a?")]}, CONFIG)
    said = {name: [one.text for one in store.messages("u1", name)] for name in ("s1", "s1/call-5", "s1/call-5/call-1")}
    assert said == {
        "s1": ["a?", "", "B.", "A."],
        "s1/call-5": ["b?", "", "C.", "B."],
        "s1/call-5/call-1": ["c?", "C."],
    }


def _session(name: str) -> Any:
    return {"configurable": {**CONFIG["configurable"], "session_id": name}}


def test_a_person_may_change_a_call_before_it_runs(made: Made, store: SQLiteStore) -> None:
    approve = HumanInTheLoopMiddleware(interrupt_on={"track_order": True})
    model = says(call(order_id="TT-1"), "On Friday.")
    agent = made(model, approve, checkpointer=checkpoints.InMemorySaver())
    ask(agent, HumanMessage("Where is my order?"))
    edited = {"name": "track_order", "args": {"order_id": "TT-2"}}
    ask(agent, Command(resume={"decisions": [{"type": "edit", "edited_action": edited}]}))
    assert "TT-2 is with the carrier" in model.texts()[-1]
    assert [message.role for message in store.messages("u1", "s1")] == ["user", "assistant", "tool", "assistant"]


answers_unreadable = pytest.mark.skipif(
    Version(version("langchain")) < Version("1.4.3"), reason="An older LangChain does not answer a call it cannot read."
)


@answers_unreadable
def test_a_call_that_cannot_be_read_is_answered_once(made: Made, store: SQLiteStore) -> None:
    broken = AIMessage("", invalid_tool_calls=[{"name": "track_order", "args": "{", "id": "c1", "error": "no JSON"}])
    model = says(broken, call(number=2, order_id="TT-1"), "On Friday.")
    agent = made(model, checkpointer=checkpoints.InMemorySaver())
    ask(agent, HumanMessage("Where is my order?"))
    for question in ("Well?", "And now?"):
        model.messages = iter([AIMessage("Hm.")])
        ask(agent, HumanMessage(question))
    kept = [message.tool_call_id for message in store.messages("u1", "s1") if message.role == "tool"]
    assert kept.count("c1") == 1


@answers_unreadable
def test_a_call_that_cannot_be_read_is_answered_once_however_often_the_model_fails(
    made: Made, store: SQLiteStore
) -> None:
    broken = AIMessage("", invalid_tool_calls=[{"name": "track_order", "args": "{", "id": "c1", "error": "no JSON"}])
    model = says(broken)
    agent = made(model, checkpointer=checkpoints.InMemorySaver())
    ask(agent, HumanMessage("Where is my order?"))
    for question in ({"messages": [HumanMessage("Well?")]}, None, None):
        with pytest.raises(RuntimeError):
            agent.invoke(question, CONFIG)
    model.messages = iter([AIMessage("On Friday.")])
    agent.invoke(None, CONFIG)
    roles = [message.role for message in store.messages("u1", "s1")]
    assert roles == ["user", "assistant", "tool", "user", "assistant"]


def test_what_is_edited_after_it_was_stored_is_said_to_be(made: Made) -> None:
    seen: list[Context] = []
    model = says(call(order_id="TT-1"), "Hello.", "Yes.")
    agent = made(model, checkpointer=checkpoints.InMemorySaver(), on_context=seen.append)
    said = ask(agent, HumanMessage("I am Ann.", id="h1"))["messages"]
    agent.update_state(CONFIG, {"messages": [HumanMessage("I am Bea.", id="h1")]})
    ask(agent, HumanMessage("What is my name?"))
    assert model.texts()[1:] == ["I am Bea.", *(one.text for one in said[1:]), "What is my name?"]
    assert [notice.kind for notice in seen[-1].report.notices] == ["left to others"]
    result = said[2].model_copy(update={"content": "It is lost."})
    agent.update_state(CONFIG, {"messages": [result]})
    model.messages = iter([AIMessage("Oh.")])
    with pytest.warns(EditedMessage, match=result.id):
        ask(agent, HumanMessage("Where is it?"))
    assert said[2].text in model.texts()
    assert "message edited" in [notice.kind for notice in seen[-1].report.notices]
    again: Any = {"configurable": {**CONFIG["configurable"], "session_id": "s1, edited"}}
    model.messages = iter([AIMessage("Bea.")])
    ask(agent, HumanMessage("Who?"), again)
    assert model.texts()[1:4] == ["I am Bea.", "", "It is lost."]


class Dating(AgentMiddleware[Any, Any, Any]):
    """Says another time of day in every call."""

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        *before, last = request.messages
        asked = last.model_copy(update={"content": f"{last.text} ({len(before)} o'clock)"})
        return handler(request.override(messages=[*before, asked]))


@pytest.mark.filterwarnings("ignore::contextkit.adapters.langgraph.EditedMessage")
def test_what_other_middleware_says_otherwise_for_one_call_is_not_told_anew(made: Made, store: SQLiteStore) -> None:
    model = says("1", "2", "3")
    agent = made(model, outside=[Dating()], checkpointer=checkpoints.InMemorySaver())
    for question in ("One?", "Two?", "Three?"):
        ask(agent, HumanMessage(question))
    assert len(store.messages("u1", "s1")) == 6


def test_what_a_graph_left_behind_as_it_went_back_is_said(made: Made) -> None:
    seen: list[Context] = []
    model = says("1", "2", "3", "4")
    agent = made(model, checkpointer=checkpoints.InMemorySaver(), on_context=seen.append)
    ask(agent, HumanMessage("One?"))
    earlier = agent.get_state(CONFIG).config["configurable"]
    ask(agent, HumanMessage("Two?"))
    ask(agent, HumanMessage("Another two?"), {"configurable": {**CONFIG["configurable"], **earlier}})
    assert "Two?" not in model.texts()
    kinds = [[notice.kind for notice in context.report.notices] for context in seen]
    assert kinds == [[], [], ["left to others"]]
    assert "2 messages, 3 to 4," in seen[-1].report.notices[0].text


def test_what_the_model_reports_teaches_and_what_was_said_is_remembered(made: Made) -> None:
    usage = {"input_tokens": 900, "output_tokens": 1, "total_tokens": 901}
    remembered: list[Any] = []
    model = says(*[AIMessage("Hm.", usage_metadata=usage) for _ in range(3)])
    seen: list[Context] = []
    agent = made(model, on_context=seen.append, remember=lambda *ids, variables: remembered.append((ids, variables)))
    for _ in range(3):
        ask(agent, HumanMessage("Why?"))
    assert not seen[-1].report.exact or seen[-1].report.counter != seen[0].report.counter
    assert remembered == [(("u1", "s1"), {})] * 3


def test_structured_answers_and_provider_s_own_tools_go_their_way(store: SQLiteStore) -> None:
    class Parcel(BaseModel):
        """Where a parcel is."""

        place: str

    builder = ContextBuilder(store=store, sources=[System("Otis."), Tools([track_order]), History()], budget=4_000)
    model = says(call("Parcel", place="Porto"))
    agent = agents.create_agent(
        model,
        tools=[track_order, {"type": "function", "function": {"name": "native"}}],
        middleware=[ContextMiddleware(builder)],
        response_format=agents.structured_output.ToolStrategy(Parcel),
    )
    assert ask(agent, HumanMessage("Where is it?"))["structured_response"] == Parcel(place="Porto")
    assert model.tools == [["read_context", "track_order", "native", "Parcel"]]
    assert [message.role for message in store.messages("u1", "s1")] == ["user", "assistant", "tool"]


@pytest.mark.parametrize("by_provider", [True, False])
def test_tools_beside_an_answer_by_a_schema_can_be_made_strict(made: Made, by_provider: bool) -> None:
    class Strict(Scripted):
        def bind_tools(self, tools: Any, **_: Any) -> Scripted:
            bound = [convert_to_openai_tool(one, strict=True) for one in tools]  # as `ChatOpenAI` does
            assert all(one["function"].get("strict") for one in bound), "OpenAI's client refuses any other"
            return super().bind_tools(bound)

    wanted = agents.structured_output.ProviderStrategy(Parcel) if by_provider else Parcel
    profile = {"structured_output": True}
    model = Strict(messages=iter([call(order_id="TT-1"), AIMessage('{"place": "Porto"}')]), profile=profile)
    agent = made(model, response_format=wanted)
    assert ask(agent, HumanMessage("Where is it?"))["structured_response"] == Parcel(place="Porto")
    assert model.tools == [["read_context", "track_order"]] * 2


class Parcel(BaseModel):
    """Where a parcel is."""

    place: str = Field(description=f"Where it is now. {noise(600)}")


@pytest.mark.parametrize("name", STYLES)
def test_what_the_provider_is_to_cache_is_marked_as_its_model_is_told(
    store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]], models: dict[str, BaseChatModel], name: str
) -> None:
    builder = ContextBuilder(store=store, sources=[System("You are Otis."), AgentTools(), History()], budget=8_000)
    expected = {"anthropic": '"cache_control"', "converse": '"cachePoint"'}[STYLES[name]]
    for caching, marks in (({}, 2), ({"cache": None}, 0)):
        middleware = ContextMiddleware(builder, **caching)
        ask(agents.create_agent(models[name], tools=[track_order], middleware=[middleware]), HumanMessage("Hello?"))
        assert json.dumps(provider[1][-1]).count(expected) == marks


def test_where_another_middleware_marks_what_to_cache_ours_does_not(
    store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]], models: dict[str, BaseChatModel]
) -> None:
    """Anthropic refuses more than four marks."""
    caching = pytest.importorskip("langchain_anthropic.middleware")
    builder = ContextBuilder(store=store, sources=[System("You are Otis."), AgentTools(), History()], budget=8_000)
    middleware = [caching.AnthropicPromptCachingMiddleware(), ContextMiddleware(builder)]
    ask(agents.create_agent(models["ChatAnthropic"], tools=[track_order], middleware=middleware), HumanMessage("Hi?"))
    assert json.dumps(provider[1][-1]["messages"]).count("cache_control") == 0
    assert provider[1][-1]["cache_control"] == {"type": "ephemeral", "ttl": "5m"}


def test_a_fallback_of_another_provider_gets_its_own_prompt(
    store: SQLiteStore, provider: tuple[str, list[dict[str, Any]]], models: dict[str, BaseChatModel]
) -> None:
    anthropic = pytest.importorskip("langchain_anthropic")
    down = anthropic.ChatAnthropic(model="claude-opus-5-5", api_key="x", base_url="http://127.0.0.1:9", max_retries=0)
    builder = ContextBuilder(store=store, sources=[System("You are Otis."), AgentTools(), History()], budget=8_000)
    middleware = [ModelFallbackMiddleware(models["ChatBedrockConverse"]), ContextMiddleware(builder)]
    answer = ask(agents.create_agent(down, tools=[track_order], middleware=middleware), HumanMessage("Hello?"))
    sent = json.dumps(provider[1][-1])
    assert ('"cachePoint"' in sent, '"cache_control"' in sent) == (True, False)
    assert [message.text for message in store.messages("u1", "s1")] == ["Hello?", "Yes."]
    assert answer["messages"][-1].text == "Yes."


SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "allowed_domains": ["post.example"]}
STRUCTURED = {
    "as a tool": agents.structured_output.ToolStrategy(Parcel),
    "by the provider": agents.structured_output.ProviderStrategy(Parcel),
    "either way": Parcel,
    "untitled": {"type": "object", "description": noise(600), "properties": {"place": {"type": "string"}}},
    "none": None,
}


@pytest.mark.parametrize("wanted", STRUCTURED)
@pytest.mark.parametrize("name", ["ChatAnthropic", "ChatBedrockConverse"])
def test_what_is_sent_beside_the_prompt_takes_of_the_budget(
    store: SQLiteStore,
    provider: tuple[str, list[dict[str, Any]]],
    models: dict[str, BaseChatModel],
    name: str,
    wanted: str,
) -> None:
    store.append("u1", "s1", [HumanMessage(f"Order {n} went to Ghent, and arrived on day {n}.") for n in range(60)])
    sources = [System("You are Otis."), AgentTools(), History()]
    builder = ContextBuilder(store=store, sources=sources, budget=Budget(window=1_500))
    seen: list[Context] = []
    agent = agents.create_agent(
        models[name],
        tools=[track_order, *([SEARCH] if name == "ChatAnthropic" else [])],
        middleware=[ContextMiddleware(builder, on_context=seen.append)],
        response_format=STRUCTURED[wanted],
    )
    with suppress(agents.structured_output.StructuredOutputError):  # its answer is a mere "Yes."
        ask(agent, HumanMessage("Where is order 7?"))
    (context,) = seen
    request, own = provider[1][-1], {tool.name for tool in context.tools}
    tools = request.get("tools") or [tool["toolSpec"] for tool in request["toolConfig"]["tools"] if "toolSpec" in tool]
    beside = [tool for tool in tools if tool["name"] not in own]
    beside += [request[key] for key in ("output_config", "outputConfig") if key in request]
    assert len(beside) == (wanted != "none") + (name == "ChatAnthropic")
    sent = sum(COUNTER.text(json.dumps(one)) for one in beside)
    assert sent <= context.beside + 40, "what a provider wraps a schema in"
    assert context.tokens <= 1_500


class Searching(AgentMiddleware[Any, Any, Any]):
    """Offers the model a tool that its provider runs."""

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        return handler(request.override(tools=[*request.tools, WEB]))

    async def awrap_model_call(self, request: Any, handler: Any) -> Any:
        return await handler(request.override(tools=[*request.tools, WEB]))


WEB = {"type": "function", "function": {"name": "web_search", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.parametrize("in_a_loop", [False, True])
def test_what_other_middleware_adds_takes_of_the_budget_from_the_next_call_on(
    made: Made, store: SQLiteStore, in_a_loop: bool
) -> None:
    store.append("u1", "s1", [HumanMessage(f"Order {n} went to Ghent, and arrived on day {n}.") for n in range(200)])
    model, seen = says("In Ghent.", "In Lund.", "In Faro."), list[Context]()
    plan = "\n".join(f"Step {number}: look again." for number in range(40))
    todo = TodoListMiddleware(system_prompt=plan)
    agent = made(model, todo, Searching(), window=1_500, on_context=seen.append)
    for question in ("Where is order 7?", "And 8?", "And 9?"):
        asked = {"messages": [HumanMessage(question)]}
        asyncio.run(agent.ainvoke(asked, CONFIG)) if in_a_loop else agent.invoke(asked, CONFIG)
    assert all(plan in texts for texts in (model.texts(place)[0] for place in range(3)))
    room = [context.tokens - context.beside for context in seen]
    assert [context.beside == 0 for context in seen] == [True, False, False]
    assert seen[1].beside > COUNTER.text(plan)
    assert room[0] > room[1]
    assert all(context.tokens <= 1_000 for context in seen)
    assert {"beside:middleware", "beside:web_search"} <= {one.item_id for one in seen[1].report.decisions}


class Reminding(AgentMiddleware):
    """Copies the messages, makes the last one longer, and says something behind it."""

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        *before, last = [message.model_copy() for message in request.messages]
        longer = last.model_copy(update={"content": f"{last.text} Please."})
        return handler(request.override(messages=[*before, longer, HumanMessage(noise(900))]))


def test_what_other_middleware_says_takes_of_the_budget(made: Made) -> None:
    seen, model = list[Context](), says("Soon.", "Very.")
    agent = made(model, Reminding(), on_context=seen.append)
    for question in (noise(2_000), "How soon?"):
        ask(agent, HumanMessage(question))
    words, counted = COUNTER.text(noise(900)), seen[1].beside
    assert words < counted < 1.5 * words, "what was given is not counted twice"


class Planning(AgentMiddleware):
    """Adds to the system prompt in one of the sessions."""

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        if get_config()["configurable"]["thread_id"] != "planned":
            return handler(request)
        return handler(request.override(system_prompt=f"{request.system_prompt} {noise(200)}"))


def test_what_other_middleware_adds_is_known_of_each_session(made: Made) -> None:
    seen = list[Context]()
    agent = made(says(*(["Soon."] * 5)), Planning(), on_context=seen.append)
    for thread in ("planned", "new", "planned", "new", "planned"):
        ask(agent, HumanMessage("When?"), {"configurable": {"actor_id": "u1", "thread_id": thread}})
    first, new, *rest = (context.beside for context in seen)
    assert (first, new > 0) == (0, True), "what is not known of a session is taken to be as in the last call"
    assert rest == [new, 0, new]


@pytest.mark.parametrize("choice", ["weather_29", {"type": "function", "function": {"name": "weather_29"}}])
def test_a_tool_that_the_model_is_forced_to_call_is_shown_among_however_many(made: Made, choice: Any) -> None:
    class Forcing(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            return handler(request.override(tool_choice=choice))

    many = [tool(f"weather_{n}", description=f"Weather, kind {n}.")(lambda city: city) for n in range(30)]
    model, seen = says("Soon."), []
    inner = made(model, tools=[*many, track_order], on_context=seen.append)
    ask(inner, HumanMessage("Where is my order?"))
    assert "weather_29" not in model.tools[-1]
    model.messages = iter([AIMessage("Soon.")])
    ask(made(model, tools=[*many, track_order], outside=[Forcing()]), HumanMessage("Where is my order?"))
    assert "weather_29" in model.tools[-1]


def test_an_agent_without_tools_goes_on_with_the_session_of_one_that_has_some(made: Made, store: SQLiteStore) -> None:
    ask(made(says(call(order_id="TT-1"), "On Friday.")), HumanMessage("Where is my order?"))
    model = says("Soon.", call("Parcel", place="Porto"))
    chat = ContextBuilder(
        store=store, sources=[System("Otis."), AgentTools(), History()], strategy="chat", budget=4_000
    )
    ask(agents.create_agent(model, middleware=[ContextMiddleware(chat)]), HumanMessage("When?"))
    assert not model.tools
    assert model.texts()[2] == '[called track_order with {"order_id":"TT-1"}]'
    assert model.texts()[3].startswith("[result of track_order]")
    assert [message.type for message in model.shown[-1]] == ["system", "human", "ai", "human", "ai", "human"]
    structured = agents.structured_output.ToolStrategy(Parcel)
    ask(
        agents.create_agent(model, middleware=[ContextMiddleware(chat)], response_format=structured),
        HumanMessage("Where is it?"),
    )
    assert [message.type for message in model.shown[-1]][:4] == ["system", "human", "ai", "tool"]


class Structured(GenericFakeChatModel):
    """Answers in whatever shape is asked for, word by word."""

    def with_structured_output(self, *_: Any, **__: Any) -> Any:
        return RunnableLambda(lambda messages: {"facts": [self.invoke(messages).text]})


@pytest.mark.parametrize("streamed", ["stream", "astream"])
async def test_of_what_models_say_only_the_agent_s_answer_is_streamed(store: SQLiteStore, streamed: str) -> None:
    """A summary that is written, facts that are extracted and queries that a retriever has a model rephrase are not."""
    aside = Structured(messages=iter(["Aside."] * 99))

    @RunnableLambda
    def retriever(query: str) -> list[str]:
        return [aside.invoke(query).text]

    summarizer, ask_for_facts = from_chat_model(aside), Asker(aside, {"title": "Facts"}, instead="none")
    sources = [System("Otis."), AgentTools(), History(), Documents(retriever)]
    builder = ContextBuilder(store=store, sources=sources, strategy="chat", budget=1_800, summarizer=summarizer)
    middleware = ContextMiddleware(builder, remember=lambda *_, **__: ask_for_facts([("human", "What is there?")]))
    agent = agents.create_agent(says(*[f"Well: {noise(1_000)}"] * 6), middleware=[middleware])
    said = ""
    for number in range(6):
        asked = {"messages": [HumanMessage(f"{number}? {noise(1_000)}")]}
        if streamed == "stream":
            said += "".join(chunk.text for chunk, _ in agent.stream(asked, CONFIG, stream_mode="messages"))
        else:
            said += "".join([chunk.text async for chunk, _ in agent.astream(asked, CONFIG, stream_mode="messages")])
    assert said.count("Well:") == 6
    assert "Aside." not in said
    assert len([*aside.messages]) < 99 - 12, "it was asked for summaries, facts and documents"


def test_what_would_be_ignored_is_refused(store: SQLiteStore) -> None:
    bare = ContextBuilder(store=store, sources=[System("Otis."), History()], budget=4_000)
    with pytest.raises(InvalidInput, match="no store that keeps sessions"):
        ContextMiddleware(ContextBuilder(sources=[System("Otis.")], budget=4_000))
    with pytest.raises(InvalidInput, match="is not a builder"):
        ContextMiddleware("agent.db")  # type: ignore[arg-type]
    for options, problem in (({"tools": [track_order]}, "track_order"), ({"system_prompt": "Hi."}, "system prompt")):
        agent = agents.create_agent(says("Hm."), middleware=[ContextMiddleware(bare)], **options)
        with pytest.raises(InvalidInput, match=problem):
            ask(agent, HumanMessage("Hi."))
    agent = agents.create_agent(says("Hm."), middleware=[ContextMiddleware(bare)])
    with pytest.raises(InvalidId, match="names no actor_id"):
        ask(agent, HumanMessage("Hi."), {"configurable": {"thread_id": "s1"}})
