"""Cache marks as they arrive at the providers: through LangChain's own chat models, to a server on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnablePassthrough

from contextkit import Budget, ContextBuilder
from contextkit.adapters.langchain import with_tools
from contextkit.errors import InvalidInput, InvalidTool
from contextkit.messages import as_messages
from contextkit.render.langchain import to_langchain
from contextkit.render.langchain_cache import langchain_tools
from contextkit.render.request import Breakpoints
from contextkit.sources import History, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message, Tool
from tests.adapters.providers import STYLES

CONTROL = {"type": "ephemeral"}
POINT = {"cachePoint": {"type": "default"}}
Sent = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def sent(provider: tuple[str, list[dict[str, Any]]], models: dict[str, BaseChatModel]) -> Sent:
    """The request that a model makes of a prompt."""

    def send(name: str, messages: list[Message], points: Breakpoints, tools: tuple[Tool, ...] = (), mark: bool = True):
        style: Any = STYLES[name] if mark else None
        bound = models[name].bind_tools(langchain_tools(tools, points, style)) if tools else models[name]
        bound.invoke(to_langchain(messages, points, style))
        return provider[1][-1]

    return send


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Rain in {city}."


NOW = Tool("now", "", {"type": "object", "properties": {}})
LOOP = as_messages(
    [
        SystemMessage("Be brief."),
        HumanMessage("Hello."),
        AIMessage("Hi."),
        HumanMessage("Now?"),
        AIMessage("", tool_calls=[{"name": "now", "args": {}, "id": "c1"}]),
        ToolMessage("12:00", tool_call_id="c1", status="error"),
    ]
)


@pytest.mark.parametrize("name", STYLES)
def test_a_chain_marks_system_tools_history_and_turn(
    name: str, models: dict[str, BaseChatModel], provider: tuple[str, list[dict[str, Any]]]
) -> None:
    with SQLiteStore(":memory:") as store:
        builder = ContextBuilder(
            store=store,
            sources=[System("Be brief."), Tools([get_weather]), History()],
            strategy="agent",
            budget=Budget(8_000),
        )
        store.append("u1", "s1", [HumanMessage("Hello."), AIMessage("Hi.")])
        chain = builder.as_runnable(cache=STYLES[name]) | with_tools(models[name])  # type: ignore[arg-type]
        chain.invoke("Weather?", config={"configurable": {"actor_id": "u1", "session_id": "s1"}})
        call = AIMessage("", tool_calls=[{"name": "get_weather", "args": {"city": "Lund"}, "id": "c1"}])
        store.append("u1", "s1", [HumanMessage("Weather?"), call, ToolMessage("Rain.", tool_call_id="c1")])
        chain.invoke(None, config={"configurable": {"actor_id": "u1", "session_id": "s1"}})
    first, second = provider[1][-2:]
    assert marks(first) == [("tools",), ("system",), ("messages", 1)]
    assert marks(second) == [("tools",), ("system",), ("messages", 1), ("messages", 4)]


def test_nova_is_told_what_it_takes_marks_in(provider: tuple[str, list[dict[str, Any]]]) -> None:
    """Not the tools, and no message in a turn with calls or results: it answers with an error to a mark there."""
    langchain_aws = pytest.importorskip("langchain_aws", reason="needs the extra dev: langchain-aws")
    aws = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    nova = langchain_aws.ChatBedrockConverse(model="us.amazon.nova-pro-v1:0", endpoint_url=provider[0], **aws)
    config: Any = {"configurable": {"actor_id": "u1", "session_id": "s1"}}
    call = AIMessage("", tool_calls=[{"name": "get_weather", "args": {"city": "Lund"}, "id": "c1"}])
    with SQLiteStore(":memory:") as store:
        sources = [System("Be brief."), Tools([get_weather]), History()]
        chain = ContextBuilder(store=store, sources=sources, budget=8_000).as_runnable() | with_tools(nova)
        store.append("u1", "s1", [HumanMessage("Hello."), AIMessage("Hi.")])
        chain.invoke("Weather?", config)
        store.append("u1", "s1", [HumanMessage("Weather?"), call, ToolMessage("Rain.", tool_call_id="c1")])
        chain.invoke(None, config)
        store.append("u1", "s1", [HumanMessage("And in Malmö?"), AIMessage("Rain.")])
        chain.invoke("Why?", config)
    first, second, third = provider[1][-3:]
    assert marks(first) == [("system",), ("messages", 0)]
    assert marks(second) == [("system",), ("messages", 0), ("messages", 2)]
    assert marks(third) == [("system",), ("messages", 2)]


Chain = Callable[[ContextBuilder, BaseChatModel], Any]
CHAINS: dict[str, Chain] = {
    "alone": lambda builder, model: builder.as_runnable() | model,
    "with tools": lambda builder, model: builder.as_runnable() | with_tools(model).with_retry(),
    "piped": lambda builder, model: builder.as_runnable().pipe(with_tools(model), StrOutputParser()),
    "bound": lambda builder, model: builder.as_runnable() | (model.bind(stop=["."]) | StrOutputParser()),
    "with a fallback": lambda builder, model: builder.as_runnable() | model.with_fallbacks([model]),
    "with one of another provider": lambda builder, model: builder.as_runnable() | model.with_fallbacks([FAKE]),
}
UNMARKED: dict[str, Chain] = {
    "none wanted": lambda builder, model: builder.as_runnable(cache=None) | with_tools(model),
    "fallbacks out of sight": lambda builder, model: (
        builder.as_runnable() | model.with_fallbacks([FAKE]).with_config(tags=["a"])
    ),
    "not the next step": lambda builder, model: builder.as_runnable() | RunnablePassthrough() | model,
}
FAKE = FakeListChatModel(responses=["Yes."])


@pytest.fixture
def first_request(provider: tuple[str, list[dict[str, Any]]], models: dict[str, BaseChatModel]) -> Any:
    """What a model is sent by a chain."""

    def request(name: str, chain: Chain) -> dict[str, Any]:
        with SQLiteStore(":memory:") as store:
            builder = ContextBuilder(store=store, sources=[System("Be brief."), History()], budget=Budget(8_000))
            chain(builder, models[name]).invoke("Well?", {"configurable": {"actor_id": "u1", "session_id": "s1"}})
        return provider[1][-1]

    return request


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("name", STYLES)
def test_a_chain_marks_by_itself_what_its_model_is_to_cache(name: str, chain: str, first_request: Any) -> None:
    assert ("system",) in marks(first_request(name, CHAINS[chain]))


@pytest.mark.parametrize("chain", UNMARKED)
@pytest.mark.parametrize("name", STYLES)
def test_a_chain_marks_nothing_where_it_is_not_known_that_its_model_is_told_so(
    name: str, chain: str, first_request: Any
) -> None:
    assert marks(first_request(name, UNMARKED[chain])) == []


def test_where_anthropic_wants_its_marks(sent: Sent) -> None:
    for name in ("ChatAnthropic", "ChatBedrock"):
        request = sent(name, LOOP, Breakpoints((0, 2, 5), after_tools=True), (NOW,))
        assert request["system"] == [{"type": "text", "text": "Be brief.", "cache_control": CONTROL}]
        assert request["tools"][-1]["cache_control"] == CONTROL
        assert request["messages"][1]["content"] == [{"type": "text", "text": "Hi.", "cache_control": CONTROL}]
        assert request["messages"][-1]["content"] == [
            {
                "type": "tool_result",
                "tool_use_id": "c1",
                "content": "12:00",
                "is_error": True,
                "cache_control": CONTROL,
            }
        ]


def test_where_converse_wants_its_points(sent: Sent) -> None:
    request = sent("ChatBedrockConverse", LOOP, Breakpoints((0, 2, 5), after_tools=True), (NOW,))
    assert request["system"] == [{"text": "Be brief."}, POINT]
    assert request["toolConfig"]["tools"][-1] == POINT
    assert request["messages"][1]["content"] == [{"text": "Hi."}, POINT]
    result, point = request["messages"][-1]["content"]
    assert (result["toolResult"]["content"], point) == ([{"text": "12:00"}], POINT)


@pytest.mark.parametrize("name", STYLES)
def test_without_a_style_there_is_no_mark(name: str, sent: Sent) -> None:
    assert marks(sent(name, LOOP, Breakpoints((0, 2, 5), after_tools=True), (NOW,), mark=False)) == []


@pytest.mark.parametrize("name", STYLES)
def test_marks_that_messages_came_with_do_not_add_up(name: str, sent: Sent) -> None:
    """Five would be refused; and each prompt has its own places."""
    said = [
        {"type": "text", "text": "Hello.", "cache_control": CONTROL},
        {"type": "text", "text": "You there?", "cache_control": CONTROL},
    ]
    prompt = as_messages([HumanMessage(said), AIMessage([{"type": "text", "text": "Yes."}, POINT]), HumanMessage("?")])
    assert marks(sent(name, prompt, Breakpoints((1,)))) == [("messages", 1)]


@pytest.mark.parametrize(
    "answer",
    [
        AIMessage("", tool_calls=[{"name": "now", "args": {}, "id": "c1"}]),
        AIMessage(content_blocks=[{"type": "text", "text": "Hm."}], response_metadata={"output_version": "v1"}),
        AIMessage(" "),
    ],
    ids=["nothing but a call", "v1 blocks", "blank"],
)
@pytest.mark.parametrize("name", STYLES)
def test_what_cannot_be_marked_leaves_the_mark_to_the_message_before(name: str, answer: AIMessage, sent: Sent) -> None:
    result = [ToolMessage("12:00", tool_call_id="c1")] if answer.tool_calls else [HumanMessage("Now?")]
    prompt = as_messages([HumanMessage("Now?"), answer, *result])
    assert marks(sent(name, prompt, Breakpoints((1,)), (NOW,))) == [("messages", 0)]


def test_a_style_that_no_model_has_is_refused() -> None:
    for style in ("openai", True):
        with pytest.raises(InvalidInput, match=r"cache style .* is unknown"):
            to_langchain(LOOP, Breakpoints(), style)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match="ChatBedrockConverse"):
            langchain_tools((NOW,), Breakpoints(), style)  # type: ignore[arg-type]


def test_tools_no_provider_takes_are_refused_before_they_are_bound() -> None:
    with pytest.raises(InvalidTool, match="Two tools"):
        langchain_tools((NOW, NOW), Breakpoints())


def test_no_tools_need_no_mark() -> None:
    assert langchain_tools((), Breakpoints(after_tools=True), "converse") == []


texts = st.sampled_from(["Hello.", " ", "", "Ada\ud800", "12:00"])
contents = texts | st.lists(
    st.builds(lambda text: {"type": "text", "text": text}, texts)
    | st.just({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}),
    max_size=2,
)
calls = st.just([{"name": "now", "args": {}, "id": "c"}])


@st.composite
def talks(draw: st.DrawFn, in_a_row: int = 1) -> list[Message]:
    """Turns of a user who says something, several things `in_a_row` at most, with loops of calls between them."""
    said: list[Any] = [SystemMessage("Be brief.")]
    for number in range(draw(st.integers(1, 3))):
        said += [HumanMessage(draw(contents) or "Now?") for _ in range(draw(st.integers(1, in_a_row)))]
        if draw(st.booleans()):
            call = {"name": "now", "args": {}, "id": f"c{number}"}
            said.append(AIMessage(draw(texts), tool_calls=[call]))
            status = draw(st.sampled_from(["success", "error"]))
            said.append(ToolMessage(draw(texts), tool_call_id=call["id"], status=status))
        said.append(AIMessage(draw(texts)))
    return as_messages([*said, HumanMessage("And now?")])


@pytest.mark.parametrize("name", STYLES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(prompt=talks(), places=st.sets(st.integers(0, 12), max_size=6))
def test_marks_change_nothing_else(name: str, sent: Sent, prompt: list[Message], places: set[int]) -> None:
    points = Breakpoints(tuple(sorted(places)), after_tools=True)
    marked, plain = sent(name, prompt, points, (NOW,)), sent(name, prompt, points, (NOW,), mark=False)
    assert without_marks(marked) == without_marks(plain)
    assert 1 <= len(marks(marked)) <= 4


@pytest.mark.parametrize("name", STYLES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(prompt=talks(in_a_row=2), places=st.lists(st.sets(st.integers(0, 12), max_size=3), min_size=2, max_size=2))
def test_where_the_marks_are_changes_no_other_byte(
    name: str, sent: Sent, prompt: list[Message], places: list[set[int]]
) -> None:
    """A mark moves on as the prompt grows, and what it leaves behind must still be found in the cache."""
    one, other = (sent(name, prompt, Breakpoints(tuple(sorted(where))), (NOW,)) for where in places)
    assert bare(one) == bare(other)


def bare(value: Any) -> Any:
    """The request without marks, and nothing else different."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key != "cache_control"}
    return [bare(inner) for inner in value if inner != POINT] if isinstance(value, list) else value


def marks(request: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Where marks stand: the tools, the system prompt, or a message by its index."""
    tools = request.get("tools") or request.get("toolConfig", {}).get("tools", [])
    places: list[tuple[tuple[Any, ...], Any]] = [(("tools",), tools), (("system",), request.get("system"))]
    places += [(("messages", index), message) for index, message in enumerate(request["messages"])]
    return [place for place, value in places for _ in range(json.dumps(value).count('{"type": "ephemeral"}'))] + [
        place for place, value in places for _ in range(json.dumps(value).count('"cachePoint"'))
    ]


def without_marks(value: Any) -> Any:
    """The request without marks, and texts that stand alone as the blocks they are."""
    if isinstance(value, dict):
        plain = {key: without_marks(inner) for key, inner in value.items() if key != "cache_control"}
        for key in ("content", "system"):
            if isinstance(plain.get(key), str):
                plain[key] = [{"type": "text", "text": plain[key]}] if plain[key].strip() else []
        plain.pop("is_error", None)  # which `ChatBedrock` tells of nobody's results but these
        if plain.get("description") in ("", plain.get("name")):
            plain.pop("description", None)
        return plain
    if isinstance(value, list):
        return [without_marks(inner) for inner in value if inner != POINT]
    return value
