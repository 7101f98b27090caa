"""The LangChain adapter on a real builder: what the stub builder of test_langchain.py cannot show."""

from __future__ import annotations

import json
from copy import deepcopy
from string import Template
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser

from contextkit import Budget, ContextBuilder
from contextkit.adapters.langchain import ContextPrompt, read_context_tool, with_tools
from contextkit.decide import Decided
from contextkit.errors import InvalidId, InvalidInput, StoreUnavailable
from contextkit.render.langchain_cache import CacheStyle
from contextkit.sources import History, System, Tools
from contextkit.stores.sqlite import SQLiteStore

CONFIG = {"configurable": {"actor_id": "u1", "session_id": "s1"}}


class ToolModel(GenericFakeChatModel):
    """A fake model that can be given tools."""

    def bind_tools(self, tools: object, **kwargs: object) -> ToolModel:  # noqa: ARG002 - LangChain's signature
        return self


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Rain in {city}."


@pytest.fixture
def store() -> SQLiteStore:
    return SQLiteStore(":memory:")


@pytest.fixture
def builder(store: SQLiteStore) -> ContextBuilder:
    system = System(Template("You help $customer."))
    return ContextBuilder(
        store=store, sources=[system, Tools([get_weather]), History()], strategy="agent", budget=Budget(4_000)
    )


def test_a_chain_answers_with_the_assembled_prompt(builder: ContextBuilder) -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("It rains.")]))
    chain = builder.as_runnable() | model | StrOutputParser()
    assert chain.invoke({"query": "Weather?", "customer": "Ada"}, config=CONFIG) == "It rains."


def test_a_chain_without_tools_tells_of_earlier_calls_in_words(builder: ContextBuilder, store: SQLiteStore) -> None:
    call = {"name": "get_weather", "args": {"city": "Oslo"}, "id": "c1"}
    asked = [HumanMessage("Weather?"), AIMessage("", tool_calls=[call]), ToolMessage("Rain.", tool_call_id="c1")]
    store.append("u1", "s1", [*asked, AIMessage("It rains.")])
    chain = builder.as_runnable() | ContextPrompt.without_calls
    prompt = chain.invoke({"query": "And now?", "customer": "Ada"}, config=CONFIG)
    assert {message.type for message in prompt.messages} == {"system", "human", "ai"}
    assert "[called get_weather" in prompt.to_string()
    assert not any(getattr(message, "tool_calls", ()) for message in prompt.messages)


async def test_every_way_of_calling_gives_the_same_prompt(builder: ContextBuilder) -> None:
    runnable = builder.as_runnable()
    asked = {"query": "Weather?", "customer": "Ada"}
    prompts = [
        runnable.invoke(asked, config=CONFIG),
        await runnable.ainvoke(asked, config=CONFIG),
        runnable.batch([asked], config=CONFIG)[0],
        *runnable.stream(asked, config=CONFIG),
    ]
    texts = [[message.content for message in prompt.to_messages()] for prompt in prompts]
    assert texts == [["You help Ada.", "Weather?"]] * 4


@pytest.mark.filterwarnings("ignore:astream")
async def test_what_a_chain_does_can_be_followed_step_by_step(builder: ContextBuilder) -> None:
    """`astream_log` and the first `astream_events`, deprecated both, copy deeply all that passes through a chain."""
    chain = builder.as_runnable() | with_tools(ToolModel(messages=iter([AIMessage("It rains.")] * 2)))
    asked = {"query": "Weather?", "customer": "Ada"}
    logged = [patch async for patch in chain.astream_log(asked, config=CONFIG)]
    assert any("It" in str(patch) for patch in logged)
    events = [event async for event in chain.astream_events(asked, config=CONFIG, version="v1")]
    assert events[-1]["event"] == "on_chain_end"


def test_a_copied_prompt_has_messages_of_its_own_and_the_same_context(builder: ContextBuilder) -> None:
    prompt = builder.as_runnable().invoke({"query": "Weather?", "customer": "Ada"}, config=CONFIG)
    copied = deepcopy(prompt)
    assert copied.to_messages() == prompt.to_messages()
    assert copied.to_messages()[0] is not prompt.to_messages()[0]
    assert copied.context is prompt.context


@pytest.mark.parametrize("cache", [None, "anthropic", "converse"])
def test_where_the_assistant_would_speak_first_the_user_does(store: SQLiteStore, cache: CacheStyle | None) -> None:
    """Bedrock, Anthropic and Gemini refuse a conversation that their model begins, and LangChain passes it on."""
    store.append("u1", "s1", [AIMessage("Welcome!"), HumanMessage("Hi."), AIMessage("How can I help?")])
    builder = ContextBuilder(store=store, sources=[System("Help."), History()], strategy="chat", budget=4_000)
    prompt = builder.as_runnable(cache=cache).invoke("Weather?", config=CONFIG).to_messages()
    assert [message.text for message in prompt[:3]] == ["Help.", "(continued)", "Welcome!"]
    assert [message.type for message in prompt] == ["system", "human", "ai", "human", "ai", "human"]


@pytest.mark.parametrize("cache", [None, "anthropic", "converse"])
def test_a_failure_without_a_word_says_that(store: SQLiteStore, cache: CacheStyle | None) -> None:
    """Anthropic refuses a failed result that is empty, and so every prompt of a session that has one."""
    call = {"name": "get_weather", "args": {"city": "Lund"}, "id": "c1"}
    failed = ToolMessage("", tool_call_id="c1", status="error")
    store.append("u1", "s1", [HumanMessage("Weather?"), AIMessage("", tool_calls=[call]), failed])
    builder = ContextBuilder(store=store, sources=[System("Help."), History()], strategy="chat", budget=4_000)
    prompt = builder.as_runnable(cache=cache).invoke(None, config=CONFIG).to_messages()
    assert "(no output)" in str(prompt[-1].content)


def test_a_missing_session_is_a_clear_error(builder: ContextBuilder) -> None:
    with pytest.raises(InvalidId, match="session_id"):
        builder.as_runnable().invoke("Weather?", config={"configurable": {"actor_id": "u1"}})


def test_a_tool_loop_runs_through_langchain_messages(builder: ContextBuilder, store: SQLiteStore) -> None:
    call = {"name": "get_weather", "args": {"city": "Lund"}, "id": "call_1"}
    model = ToolModel(messages=iter([AIMessage("", tool_calls=[call]), AIMessage("Rain.")]))
    chain = builder.as_runnable() | with_tools(model)
    asked = {"query": "Weather in Lund?", "customer": "Ada"}
    first = chain.invoke(asked, config=CONFIG)
    assert first.tool_calls
    store.append(
        "u1", "s1", [HumanMessage("Weather in Lund?"), first, ToolMessage("Rain in Lund.", tool_call_id="call_1")]
    )
    second = builder.build(actor_id="u1", session_id="s1", variables={"customer": "Ada"})
    assert [message.role for message in second.messages] == ["system", "user", "assistant", "tool"]
    assert second.to_langchain()[2].tool_calls[0]["args"] == {"city": "Lund"}


async def test_results_that_were_never_appended_are_not_silently_left_out(
    builder: ContextBuilder, store: SQLiteStore
) -> None:
    """A graph that keeps its messages to itself would have its model call the same tool for ever."""
    runnable = builder.as_runnable()
    runnable.invoke({"query": "Weather in Lund?", "customer": "Ada"}, config=CONFIG)
    call = AIMessage("", tool_calls=[{"name": "get_weather", "args": {"city": "Lund"}, "id": "call_1"}])
    said = [HumanMessage("Weather in Lund?"), call, ToolMessage("Rain in Lund.", tool_call_id="call_1")]
    state = {"messages": said, "customer": "Ada"}
    with pytest.raises(InvalidInput, match=r"'call_1', which the prompt lacks\. Append"):
        runnable.invoke(state, config=CONFIG)
    with pytest.raises(InvalidInput, match="call_1"):
        await runnable.ainvoke(state, config=CONFIG)
    store.append("u1", "s1", said)
    assert runnable.invoke(state, config=CONFIG).to_messages()[-1].content == "Rain in Lund."


def test_a_result_beside_which_another_lacks_is_said_to_be(builder: ContextBuilder, store: SQLiteStore) -> None:
    calls = [{"name": "get_weather", "args": {"city": city}, "id": city} for city in ("Lund", "Oslo")]
    result = ToolMessage("Rain in Lund.", tool_call_id="Lund", id="r1")
    store.append("u1", "s1", [HumanMessage("Weather?"), AIMessage("", tool_calls=calls), result])
    with pytest.raises(InvalidInput, match=r"'Lund', which .* leaves out: .* no result for tool call Oslo\. Append"):
        builder.as_runnable().invoke({"messages": [result], "customer": "Ada"}, config=CONFIG)


async def test_nothing_more_is_read_to_say_what_is_wrong_with_a_result(
    builder: ContextBuilder, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_all(*_: object) -> None:
        raise StoreUnavailable("Gone.", "Try again.")

    kinds = (HumanMessage, AIMessage)
    store.append("u1", "s1", [kinds[number % 2](f"Line {number}") for number in range(2_000)])
    monkeypatch.setattr(Decided, "decisions", read_all)
    state = {"messages": [ToolMessage("Rain in Lund.", tool_call_id="c1")], "customer": "Ada"}
    with pytest.raises(InvalidInput, match=r"'c1', which the prompt lacks"):
        await builder.as_runnable().ainvoke(state, config=CONFIG)


def test_usage_teaches_the_builders_counter(builder: ContextBuilder, store: SQLiteStore) -> None:
    asked = {"query": "Weather in Lund?", "customer": "Ada"}
    plain = builder.counter.name
    counted = builder.build("Weather in Lund?", actor_id="u1", session_id="s1", variables={"customer": "Ada"}).tokens
    usage = {"input_tokens": int(counted * 1.3), "output_tokens": 1, "total_tokens": int(counted * 1.3) + 1}
    model = ToolModel(messages=iter([AIMessage("Rain.", usage_metadata=usage)] * 3))
    chain = builder.as_runnable() | with_tools(model)
    for _ in range(3):
        chain.invoke(asked, config=CONFIG)
    assert builder.counter.name != plain
    report = builder.build("And now?", actor_id="u1", session_id="s1", variables={"customer": "Ada"}).report
    assert "the model's own reports" in report.to_text()
    assert not report.exact
    another = ContextBuilder(store=store, sources=[System("Hi.")], strategy="chat", budget=2_000)
    assert another.counter.name.startswith(f"{plain}*"), "what was learnt is kept in the store"


@pytest.mark.parametrize("usage", [{"output_tokens": 1}, {"input_tokens": None, "total_tokens": 7}])
async def test_an_answer_with_half_a_usage_is_an_answer(builder: ContextBuilder, usage: Any) -> None:
    """LangChain checks what a message is made with, and not what a chat model sets afterwards."""
    answers = [AIMessage("Rain."), AIMessage("Rain.")]
    for answer in answers:
        answer.usage_metadata = usage
    chain = builder.as_runnable() | with_tools(ToolModel(messages=iter(answers)))
    asked = {"query": "Weather?", "customer": "Ada"}
    assert chain.invoke(asked, config=CONFIG).text == "Rain."
    assert (await chain.ainvoke(asked, config=CONFIG)).text == "Rain."


def test_the_read_context_tool_reads_this_session_only(builder: ContextBuilder, store: SQLiteStore) -> None:
    store.append("u1", "s1", [HumanMessage("x" * 50)])
    tool = read_context_tool(builder, actor_id="u1", session_id="s1")
    assert tool.invoke({"handle": "m1"}) == "x" * 50
    assert tool.invoke({"handle": "m1", "start": 40}) == "x" * 10
    assert "handle" in tool.invoke({"handle": "m99"})
    stranger = read_context_tool(builder, actor_id="u2", session_id="s1")
    assert "Nothing is stored" in stranger.invoke({"handle": "m1"})
    assert json.loads(json.dumps(tool.tool_call_schema))["required"] == []


def test_a_model_s_slip_is_a_failed_result_that_says_how(builder: ContextBuilder) -> None:
    call = {"type": "tool_call", "id": "c1", "name": "read_context", "args": {"handle": "m1", "page": 2}}
    answer = read_context_tool(builder, actor_id="u1", session_id="s1").invoke(call)
    assert "have 'page'. Pass a JSON object with handle, start" in answer.text
    assert answer.status == "error"


def test_a_null_is_an_argument_not_given(builder: ContextBuilder, store: SQLiteStore) -> None:
    """Models under strict schemas send one for every argument that they do without."""
    store.append("u1", "s1", [HumanMessage("x" * 50)])
    tool = read_context_tool(builder, actor_id="u1", session_id="s1")
    assert tool.invoke({"handle": "m1", "start": None, "length": None, "search": None}) == "x" * 50


def test_one_read_context_tool_serves_every_session(builder: ContextBuilder, store: SQLiteStore) -> None:
    """A graph is compiled once, with its tools, and then runs for everybody: whom for is in its config."""
    store.append("u1", "s1", [HumanMessage("x" * 50)])
    tool = read_context_tool(builder)
    assert tool.invoke({"handle": "m1"}, CONFIG) == "x" * 50
    assert tool.invoke({"handle": "m1"}, {"configurable": {"actor_id": "u1", "thread_id": "s1"}}) == "x" * 50
    assert "Nothing is stored" in tool.invoke(
        {"handle": "m1"}, {"configurable": {"actor_id": "u1", "session_id": "s2"}}
    )
    bound = read_context_tool(builder, actor_id="u2")
    assert "Nothing is stored" in bound.invoke({"handle": "m1"}, CONFIG), "what was given comes before the config"
    with pytest.raises(InvalidId, match="The config names no actor_id"):
        tool.invoke({"handle": "m1", "config": CONFIG})
