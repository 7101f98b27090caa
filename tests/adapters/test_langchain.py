# ruff: noqa: ARG002 - the fake model has the signatures that LangChain calls

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import ChatPromptValue
from langchain_core.runnables import ConfigurableField, Runnable, RunnableConfig, RunnableLambda
from langchain_core.tracers import BaseTracer
from langchain_core.tracers.schemas import Run
from pydantic import Field

from contextkit.adapters.langchain import ContextRunnable, with_tools
from contextkit.context import Context
from contextkit.errors import InvalidId, InvalidInput
from contextkit.types import Message, Tool

FIND = Tool("find", "Find an order.", {"type": "object", "properties": {"q": {"type": "integer"}}})
CONFIG: RunnableConfig = {"configurable": {"actor_id": "u1", "session_id": "s1"}}
HI = Message(role="user", content="hi")
USAGE = {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}


class Builds:
    """A builder that answers each request with its query and remembers what it was asked."""

    def __init__(self, tools: tuple[Tool, ...] = (FIND,)) -> None:
        self.tools = tools
        self.asked: list[tuple[object, str, str, dict[str, Any]]] = []
        self.beside: list[Sequence[Mapping[str, Any]]] = []
        self.observed: list[tuple[Context, Mapping[str, Any]]] = []

    def build(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context:
        self.beside.append(beside)
        self.asked.append((query, actor_id, session_id, dict(variables or {})))
        messages = (
            Message(role="system", content="Be brief."),
            Message(role="user", content=str(query or "continued")),
        )
        report: Any = None  # not read here
        return Context(messages=messages, tools=self.tools, report=report, tokens=9)

    async def abuild(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context:
        await asyncio.sleep(0)
        return self.build(query, actor_id=actor_id, session_id=session_id, variables=variables, beside=beside)

    def observe(self, context: Context, usage: Mapping[str, Any]) -> None:
        self.observed.append((context, usage))


class Echo(BaseChatModel):
    """Answers with the last message and the names of the tools it was given; streams word by word."""

    tool_names: tuple[str, ...] = ()

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any) -> Runnable[Any, Any]:
        return Echo(tool_names=tuple(tool["function"]["name"] for tool in tools))

    def _stream(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        for word in (str(messages[-1].content), " with ", ",".join(self.tool_names) or "nothing"):
            yield ChatGenerationChunk(message=AIMessageChunk(word))
        yield ChatGenerationChunk(message=AIMessageChunk("", usage_metadata=USAGE))

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        words = [chunk.message.content for chunk in self._stream(messages)]
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(words), usage_metadata=USAGE))])

    @property
    def _llm_type(self) -> str:
        return "echo"


class Down(Echo):
    """Never answers."""

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any) -> Runnable[Any, Any]:
        return self

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise TimeoutError


class GivenKeywords(GenericFakeChatModel):
    """Keeps the words at which it was to stop."""

    given: list[Any] = Field(default_factory=list)

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any) -> Runnable[Any, Any]:
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        self.given.append(stop)
        return super()._generate(messages, stop, run_manager, **kwargs)


class Traces(BaseTracer):
    """Keeps the names of the runs it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[tuple[str, str]] = []

    def _on_run_create(self, run: Run) -> None:
        self.names.append((run.name, run.run_type))

    def _persist_run(self, run: Run) -> None:
        pass


def test_a_query_becomes_a_prompt_with_its_context() -> None:
    builds = Builds()
    prompt = ContextRunnable(builds).invoke("Where?", CONFIG)
    assert isinstance(prompt, ChatPromptValue)
    assert prompt.to_messages() == [SystemMessage("Be brief."), HumanMessage("Where?")]
    assert prompt.context.tools == (FIND,)
    assert builds.asked == [("Where?", "u1", "s1", {})]


def test_a_chain_with_any_model() -> None:
    chain = ContextRunnable(Builds()) | GenericFakeChatModel(messages=iter(["There it is."])) | StrOutputParser()
    assert chain.invoke("Where?", CONFIG) == "There it is."


def test_a_chain_invokes_batches_and_streams_with_tools() -> None:
    builds = Builds()
    chain = ContextRunnable(builds) | with_tools(Echo())
    assert chain.invoke("a", CONFIG).content == "a with find"
    assert [answer.content for answer in chain.batch(["b", "c"], CONFIG)] == ["b with find", "c with find"]
    assert [chunk.content for chunk in chain.stream("d", CONFIG)][:3] == ["d", " with ", "find"]
    assert sorted(str(query) for query, *_ in builds.asked) == ["a", "b", "c", "d"]


async def test_a_chain_does_the_same_asynchronously() -> None:
    builds = Builds()
    chain = ContextRunnable(builds) | with_tools(Echo())
    assert (await chain.ainvoke("a", CONFIG)).content == "a with find"
    assert [answer.content for answer in await chain.abatch(["b", "c"], CONFIG)] == ["b with find", "c with find"]
    assert [chunk.content async for chunk in chain.astream("d", CONFIG)][:3] == ["d", " with ", "find"]
    assert [usage for _, usage in builds.observed] == [USAGE] * 4


def test_reported_usage_is_observed_with_its_context() -> None:
    builds = Builds()
    chain = ContextRunnable(builds) | with_tools(Echo())
    chain.invoke("a", CONFIG)
    list(chain.stream("b", CONFIG))
    assert [(context.messages[-1].content, usage) for context, usage in builds.observed] == [("a", USAGE), ("b", USAGE)]


def test_a_model_that_reports_nothing_teaches_nothing() -> None:
    builds = Builds(tools=())
    (ContextRunnable(builds) | with_tools(GenericFakeChatModel(messages=iter(["x"])))).invoke("a", CONFIG)
    assert builds.observed == []


def test_without_tools_nothing_is_bound() -> None:
    chain = ContextRunnable(Builds(tools=())) | with_tools(Echo())
    assert chain.invoke("a", CONFIG).content == "a with nothing"


def test_a_model_that_takes_no_tools_is_named() -> None:
    chain = ContextRunnable(Builds()) | with_tools(GenericFakeChatModel(messages=iter(["x"])))
    with pytest.raises(InvalidInput, match="GenericFakeChatModel cannot be given tools"):
        chain.invoke("a", CONFIG)


def test_a_model_is_wrapped_after_it_was_given_tools() -> None:
    with pytest.raises(InvalidInput, match=r"wrap what `with_tools` returns"):
        with_tools(Echo().with_retry())  # type: ignore[arg-type]
    chain = ContextRunnable(Builds()) | with_tools(Echo()).with_retry()
    assert chain.invoke("a", CONFIG).content == "a with find"


@pytest.mark.parametrize(
    "wrapped",
    [
        Echo().bind(stop=["."]),
        Echo().bind_tools([]).bind(stop=["."]),
        Echo().with_config(tags=["slow"]),
        Echo().configurable_alternatives(ConfigurableField("model"), other=Echo()),
    ],
    ids=lambda wrapped: type(wrapped).__name__,
)
def test_what_a_wrapper_adds_is_not_silently_lost(wrapped: Any) -> None:
    """LangChain's wrappers hand `bind_tools` on to the bare model: its answer knows nothing of them."""
    with pytest.raises(InvalidInput, match=r"wrapped.*`with_tools\(model\)\.bind"):
        with_tools(wrapped)


def test_what_is_wrapped_after_it_was_given_tools_is_kept() -> None:
    model = GivenKeywords(messages=iter(["."]))
    (ContextRunnable(Builds()) | with_tools(model).bind(stop=["."])).invoke("a", CONFIG)
    assert model.given == [["."]]


def test_fallbacks_are_given_tools_each() -> None:
    chain = ContextRunnable(Builds()) | with_tools(Down().with_fallbacks([Echo()]))  # type: ignore[arg-type]
    assert chain.invoke("a", CONFIG).content == "a with find"


def test_with_tools_wants_a_prompt_of_ours() -> None:
    with pytest.raises(InvalidInput, match="right after"):
        (RunnableLambda(lambda _: "hi") | with_tools(Echo())).invoke(None)


@pytest.mark.parametrize(
    ("given", "query", "variables"),
    [
        ("hi", "hi", {}),
        ({"query": "hi", "shop": "A"}, "hi", {"shop": "A"}),
        ([HumanMessage("old"), AIMessage("yes"), HumanMessage("hi")], HI, {}),
        ([{"role": "user", "content": "hi"}], HI, {}),
        ({"messages": [HumanMessage("hi")], "shop": "A"}, HI, {"shop": "A"}),
        ({"query": HumanMessage("hi")}, HumanMessage("hi"), {}),
        (None, None, {}),
        ({"query": None}, None, {}),
        ([HumanMessage("hi"), AIMessage("Hello.")], None, {}),
        (HumanMessage("hi"), HI, {}),
        (HI, HI, {}),
        ({"role": "user", "content": "hi"}, HI, {}),
    ],
)
def test_what_a_turn_may_start_from(given: Any, query: object, variables: dict[str, str]) -> None:
    builds = Builds()
    ContextRunnable(builds).invoke(given, CONFIG)
    assert builds.asked == [(query, "u1", "s1", variables)]


async def test_what_the_model_is_bound_to_besides_reaches_the_builder() -> None:
    builds, answer = Builds(), {"title": "Answer", "type": "object"}
    runnable = ContextRunnable(builds, beside=[answer])
    runnable.invoke("hi", CONFIG)
    await runnable.ainvoke("hi", CONFIG)
    assert builds.beside == [[answer], [answer]]


@pytest.mark.parametrize("given", [5, {}, {"question": "hi"}, b"hi", [], {"messages": "hi"}, {"messages": 5}, ["hi"]])
def test_what_holds_no_query_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput):
        ContextRunnable(Builds()).invoke(given, CONFIG)


def test_of_a_list_only_the_last_message_is_read() -> None:
    """A graph passes its whole history on for every prompt; what it costs must not grow with it."""
    builds = Builds()
    ContextRunnable(builds).invoke([object(), HumanMessage("hi")], CONFIG)
    assert builds.asked[0][0] == HI


def test_a_picture_in_the_question_reaches_the_builder() -> None:
    builds = Builds()
    picture = {"type": "image", "url": "https://x.test/a.png"}
    ContextRunnable(builds).invoke([HumanMessage([{"type": "text", "text": "what is it?"}, picture])], CONFIG)
    assert builds.asked[0][0] == Message(role="user", content=({"type": "text", "text": "what is it?"}, picture))


@pytest.mark.parametrize(
    ("configurable", "problem"),
    [({}, "names no actor_id"), ({"session_id": "s"}, "names no actor_id"), ({"actor_id": "u"}, "names no session_id")],
)
async def test_missing_ids_are_named(configurable: dict[str, str], problem: str) -> None:
    runnable = ContextRunnable(Builds())
    with pytest.raises(InvalidId, match=problem):
        runnable.invoke("hi", {"configurable": configurable})
    with pytest.raises(InvalidId, match=problem):
        await runnable.ainvoke("hi", {"configurable": configurable})


def test_a_langgraph_thread_is_a_session() -> None:
    builds = Builds()
    ContextRunnable(builds).invoke("hi", {"configurable": {"actor_id": "u1", "thread_id": "t1"}})
    assert builds.asked[0][2] == "t1"


def test_a_surrounding_runnable_s_config_is_inherited() -> None:
    builds = Builds()
    inner = ContextRunnable(builds)
    RunnableLambda(lambda query: inner.invoke(query)).invoke("hi", CONFIG)
    assert builds.asked == [("hi", "u1", "s1", {})]


def test_runs_are_traced_by_name() -> None:
    traces = Traces()
    chain = ContextRunnable(Builds()) | with_tools(Echo())
    chain.invoke("hi", {**CONFIG, "callbacks": [traces]})
    assert traces.names == [("RunnableSequence", "chain"), ("contextkit", "prompt"), ("Echo", "llm")]
    traces.names.clear()
    ContextRunnable(Builds(), name="support").with_config(run_name="mine").invoke(
        "hi", {**CONFIG, "callbacks": [traces]}
    )
    assert traces.names == [("mine", "prompt")]


def test_traces_record_a_plain_prompt() -> None:
    recorded = dumpd(ContextRunnable(Builds()).invoke("hi", CONFIG))
    assert recorded["id"] == ["langchain", "prompts", "chat", "ChatPromptValue"]
    assert list(recorded["kwargs"]) == ["messages"]


def test_the_chain_can_be_described() -> None:
    chain = ContextRunnable(Builds()) | with_tools(Echo())
    assert {spec.id for spec in chain.config_specs} == {"actor_id", "session_id"}
    assert chain.get_input_jsonschema()["title"] == "contextkit_input"
    assert [node.name for node in chain.get_graph().nodes.values()][1:3] == ["contextkit", "Echo"]
    assert [step.get_name() for step in chain.steps] == ["contextkit", "Echo"]
