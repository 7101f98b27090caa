"""A builder as the plugin of a real Strands agent: what its model is sent, what is stored, and what is not lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import pytest
from pydantic import BaseModel, Field

from contextkit import Budget, ContextBuilder
from contextkit.errors import BudgetTooSmall, InvalidBudget, InvalidInput, VersionConflict
from contextkit.sources import History, Overflow, System
from contextkit.stores.sqlite import SQLiteStore
from contextkit.tokens import get_counter
from tests.noise import noise

strands = pytest.importorskip("strands", reason="needs the extra dev: strands-agents")

from strands.models import BedrockModel, Model  # noqa: E402
from strands.multiagent import Swarm  # noqa: E402
from strands.types.exceptions import ContextWindowOverflowException, EventLoopException  # noqa: E402

from contextkit.adapters.strands import AgentTools, ContextPlugin  # noqa: E402
from tests.strands_model import Scripted, call, text  # noqa: E402

IDS = {"actor_id": "u1", "session_id": "s1"}


@strands.tool
def track_order(order_id: str) -> str:
    """Where an order is, and when it will arrive."""
    return f"{order_id} is with the carrier, due on Friday."


@pytest.fixture
def built(store: SQLiteStore) -> Callable[..., ContextBuilder]:
    def build(window: int = 16_000, **options: Any) -> ContextBuilder:
        sources = [System("You are Otis, an assistant."), AgentTools(), History(), Overflow()]
        return ContextBuilder(sources=sources, budget=Budget(window=window, reserve=500), store=store, **options)

    return build


def agent(
    model: Model, builder: ContextBuilder, tools: Sequence[Any] = (track_order,), cache: Any = "auto", **options: Any
) -> Any:
    plugin = ContextPlugin(builder, cache=cache, **IDS)
    return strands.Agent(model, tools=list(tools), plugins=[plugin], callback_handler=None, **options)


def said(store: SQLiteStore) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in store.messages("u1", "s1")]


def test_the_model_is_sent_what_the_builder_decides_and_all_that_is_said_is_stored(
    built: Callable[..., ContextBuilder], store: SQLiteStore
) -> None:
    model = Scripted([text("I look."), call("track_order", order_id="TT-1")], [text("On Friday.")])
    assert str(agent(model, built())("Where is my order TT-1?")) == "On Friday.\n"
    first, second = model.asked
    assert first.system[0]["text"] == "You are Otis, an assistant."
    assert first.tools == second.tools == ["read_context", "track_order"]
    assert [message["role"] for message in second.messages] == ["user", "assistant", "user"]
    assert second.messages[2]["content"][0]["toolResult"]["toolUseId"] == "call-1"
    assert [role for role, _ in said(store)] == ["user", "assistant", "tool", "assistant"]
    assert said(store)[-1] == ("assistant", "On Friday.")


def test_strands_own_provider_for_anthropic_takes_the_prompt(built: Callable[..., ContextBuilder]) -> None:
    anthropic = pytest.importorskip("strands.models.anthropic", reason="needs the extra dev: langchain-anthropic")
    model = Scripted([call("track_order", order_id="TT-1")], [text("On Friday.")])
    agent(model, built(), cache=True)("Where is my order TT-1?")
    asked = model.asked[1]
    provider = anthropic.AnthropicModel(client_args={"api_key": "x"}, model_id="m", max_tokens=100)
    request = provider.format_request(asked.messages, asked.specs, system_prompt_content=asked.system)
    assert request["messages"][2]["content"][0]["type"] == "tool_result"
    assert not request["messages"][2]["content"][0]["is_error"]
    assert request["system"][0]["cache_control"] == {"type": "ephemeral"}


class GeminiModel(Scripted):
    """A model of Gemini's, as far as its name goes."""


class AnthropicModel(Scripted):
    """A model of Claude's."""


def test_how_gemini_signed_a_call_goes_back_to_it_alone(built: Callable[..., ContextBuilder]) -> None:
    """It answers with an error to a call of its own without; and nobody else knows the field."""
    signed = call("track_order", order_id="TT-1")
    signed["toolUse"]["reasoningSignature"] = "c2lnbmVk"
    gemini, claude = GeminiModel([signed], [text("On Friday.")]), AnthropicModel([text("Yes.")])
    agent(gemini, built())("Where is my order TT-1?")
    assert gemini.asked[1].messages[1]["content"][0]["toolUse"]["reasoningSignature"] == "c2lnbmVk"
    agent(claude, built())("Is that late?")
    assert "toolUse" in claude.asked[0].text
    assert "c2lnbmVk" not in claude.asked[0].text


def test_a_model_is_marked_only_what_it_takes_marks_in(built: Callable[..., ContextBuilder]) -> None:
    """Strands' models of others than Claude ignore cache points, and some raise an error."""
    other, claude = Scripted([text("A fine name.")]), AnthropicModel([text("Andorinha.")])
    agent(other, built())("Our café is called Andorinha.")
    agent(claude, built())("What is it called?")
    assert "cachePoint" not in other.asked[0].text
    assert claude.asked[0].text.count("cachePoint") == 2


def test_another_agent_goes_on_with_the_session(built: Callable[..., ContextBuilder]) -> None:
    agent(Scripted([text("A fine name.")]), built())("Our café is called Andorinha.")
    model = Scripted([text("Andorinha.")])
    agent(model, built())("What is our café called?")
    assert "Our caf\\u00e9 is called Andorinha." in model.asked[0].text


def test_of_many_tools_those_are_shown_that_the_builder_chooses(built: Callable[..., ContextBuilder]) -> None:
    tools = [strands.tool(lambda city: city, name=f"weather_{n}", description=f"Weather, kind {n}.") for n in range(30)]
    tools.append(track_order)
    model = Scripted([text("Soon.")])
    agent(model, built(), tools)("Where is my order?")
    assert "track_order" in model.asked[0].tools
    assert len(model.asked[0].tools) <= 11


def test_what_was_offloaded_is_read_back_by_its_handle(built: Callable[..., ContextBuilder]) -> None:
    long = noise(60_000)

    @strands.tool
    def read_log() -> str:
        """Read the whole log."""
        return f"{long} THE END"

    reading = [call("read_context", 2, handle="m3", search="THE END"), call("read_context", 3, handle="m99")]
    model = Scripted([call("read_log")], reading, [text("Done.")])
    agent(model, built(window=8_000), [read_log])("What does the log end with?")
    assert "m3" in json.dumps(model.asked[1].messages[-1])
    found, missed = (block["toolResult"] for block in model.asked[2].messages[-1]["content"] if "toolResult" in block)
    assert "THE END" in found["content"][0]["text"]
    assert found["status"] == "success"
    assert missed["status"] == "error"
    assert "m99" in missed["content"][0]["text"]


def test_a_model_s_slip_is_a_failed_result_that_says_how(built: Callable[..., ContextBuilder]) -> None:
    slips = [call("read_context", 1, handle="m1", actor_id="u2"), call("read_context", 2, start=None, handle="m1")]
    model = Scripted(slips, [text("Done.")])
    agent(model, built())("Hello")
    slip, read = (block["toolResult"] for block in model.asked[1].messages[-1]["content"] if "toolResult" in block)
    assert slip["status"] == "error"
    assert "have 'actor_id'. Pass a JSON object with handle, start" in slip["content"][0]["text"]
    assert (read["status"], read["content"][0]["text"]) == ("success", "Hello")


class Parcel(BaseModel):
    """Where a parcel is."""

    place: str = Field(description="Where it is now.")


def test_structured_output_is_given_by_the_tool_that_strands_adds(built: Callable[..., ContextBuilder]) -> None:
    model = Scripted([text("It is in Porto.")], [call("Parcel", place="Porto")])
    result = agent(model, built())("Where is it?", structured_output_model=Parcel)
    assert result.structured_output == Parcel(place="Porto")
    assert all("Parcel" in asked.tools for asked in model.asked)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_answer_by_a_schema_past_every_plugin_is_refused(built: Callable[..., ContextBuilder]) -> None:
    with pytest.raises(InvalidInput, match=r"past every plugin: .*, structured_output_model=…\)`\."):
        agent(Scripted(), built()).structured_output(Parcel, "Where is my order?")


def test_a_tool_that_the_model_is_forced_to_call_is_shown_among_however_many(
    built: Callable[..., ContextBuilder],
) -> None:
    tools = [strands.tool(lambda place: place, name=f"place_{n}", description=f"Where is it? {n}") for n in range(30)]
    model = Scripted([text("It is in Porto.")], [call("Parcel", place="Porto")])
    plugin = ContextPlugin(built(), **IDS)
    made = strands.Agent(model, tools=tools, plugins=[plugin], callback_handler=None)
    assert made("Where is it?", structured_output_model=Parcel).structured_output == Parcel(place="Porto")
    assert "Parcel" not in model.asked[0].tools
    assert plugin.context is not None
    assert "Parcel" in model.asked[1].tools
    assert "Parcel" in {tool.name for tool in plugin.context.tools}, "so it is counted"
    schema = json.dumps(Parcel.model_json_schema())
    assert plugin.context.beside == get_counter().text(schema), "which goes to Bedrock and Anthropic beside the tool"


def test_agents_of_a_swarm_hand_over_by_the_tool_that_strands_adds(store: SQLiteStore) -> None:
    builder = ContextBuilder(sources=[System("Be brief."), AgentTools(), History()], budget=8_000, store=store)
    handing = Scripted([call("handoff_to_agent", agent_name="two", message="Take it.")], [text("Gone.")])
    one, two = (
        strands.Agent(
            model,
            name=name,
            plugins=[ContextPlugin(builder, actor_id="u1", session_id=name)],
            callback_handler=None,
        )
        for name, model in (("one", handing), ("two", Scripted([text("Done.")])))
    )
    assert Swarm([one, two])("Do it.").status.value == "completed"
    assert "handoff_to_agent" in handing.asked[0].tools
    assert store.messages("u1", "two", last=1)[0].text == "Done."


def test_results_of_tools_in_the_background_are_stored_and_what_was_said_before_them_once(
    built: Callable[..., ContextBuilder], store: SQLiteStore
) -> None:
    """Strands puts the call by which it delivers such a result behind the answer before, in the same message."""

    @strands.tool
    async def bake(loaf: str) -> str:
        """Bake a loaf, which takes until the model has been asked again."""
        while len(model.asked) < 2:
            await asyncio.sleep(0.001)
        return f"The {loaf} is baked."

    model = Scripted([call("bake", loaf="rye")], [text("It is in the oven.")], [text("It is ready.")])
    agent(model, built(), [bake], background_tasks={"always": ["bake"]})("Bake me a rye.")
    roles = [message.role for message in store.messages("u1", "s1")]
    assert roles == ["user", "assistant", "tool", "assistant", "assistant", "tool", "assistant"]
    assert [words for role, words in said(store) if role == "assistant" and words] == [
        "It is in the oven.",
        "It is ready.",
    ]
    assert "The rye is baked." in model.asked[2].text
    assert [message["role"] for message in model.asked[2].messages] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]


def test_what_other_plugins_add_is_sent_too_and_takes_of_the_budget(built: Callable[..., ContextBuilder]) -> None:
    injector = pytest.importorskip("strands.vended_plugins.context_injector")
    skills = pytest.importorskip("strands.vended_plugins.skills")
    skill = skills.Skill(name="baking", description="How to bake a loaf.", instructions="Knead it.")
    model, plugin = Scripted([text("At noon.")], [text("Now.")]), ContextPlugin(built(), **IDS)
    clock = injector.ContextInjector(lambda _: "It is ten to twelve.")
    adding = [skills.AgentSkills(skills=[skill]), clock]
    baker = strands.Agent(model, plugins=[*adding, plugin], callback_handler=None)
    for question in ("When is lunch?", "And now?"):
        baker(question)
        assert model.asked[-1].system[0] == {"text": "You are Otis, an assistant."}
        assert model.asked[-1].text.count("How to bake a loaf.") == 1
        assert model.asked[-1].text.count("It is ten to twelve.") == 1
        assert model.asked[-1].messages[-1]["content"][0] == {"text": question}
    counter, context = get_counter(), plugin.context
    assert context is not None
    assert context.beside > counter.text(model.asked[-1].system[1]["text"]) + counter.text("It is ten to twelve.")
    assert "beside:plugins" in {one.item_id for one in context.report.decisions}


def test_messages_that_an_agent_begins_with_open_a_session_that_has_none(
    built: Callable[..., ContextBuilder], store: SQLiteStore
) -> None:
    opening = (("user", "I am Ines."), ("assistant", "Hello Ines."))
    before = [{"role": role, "content": [text(words)]} for role, words in opening]
    model = Scripted([text("Ines.")])
    agent(model, built(), messages=before)("Who am I?")
    agent(Scripted([text("Ines.")]), built(), messages=before)("And now?")
    assert "I am Ines." in model.asked[0].text
    assert [words for _, words in said(store)][:3] == ["I am Ines.", "Hello Ines.", "Who am I?"]
    assert len(said(store)) == 6


def test_the_agents_state_is_the_sessions(built: Callable[..., ContextBuilder], store: SQLiteStore) -> None:
    first = agent(Scripted([text("Yes.")], [text("Yes.")]), built(), state={"step": 1})
    first.state.set("city", "Porto")
    first("Hello?")
    session = store.session("u1", "s1")
    assert session is not None
    assert session.state == {"step": 1, "city": "Porto"}
    store.save_state("u1", "s1", {"step": 1, "paid": True}, expected=session.version)
    first.state.set("step", 2)
    first("Hello again?")
    assert first.state.get() == {"step": 2, "paid": True}
    second = agent(Scripted(), built(), state={"step": 0})
    assert second.state.get() == {"step": 2, "paid": True}


def test_the_state_outlives_the_tasks_of_a_swarm(built: Callable[..., ContextBuilder], store: SQLiteStore) -> None:
    @strands.tool(context=True)
    def note(what: str, tool_context: Any) -> str:
        """Keep a note."""
        state = tool_context.agent.state
        state.set("notes", [*(state.get("notes") or ()), what])
        return "Noted."

    answers = [[call("note", 1, what="one")], [text("Yes.")], [call("note", 2, what="two")], [text("Yes.")]]
    swarm = Swarm([agent(Scripted(*answers), built(), [note], name="otis")])
    for task in ("Note one.", "Note two."):
        assert swarm(task).status.value == "completed"
    session = store.session("u1", "s1")
    assert session is not None
    assert session.state == {"notes": ["one", "two"]}


def test_an_agent_does_not_go_on_from_a_result_that_its_prompt_lacks(
    built: Callable[..., ContextBuilder], store: SQLiteStore
) -> None:
    @strands.tool
    def overheard() -> str:
        """Has another agent speak in the session meanwhile."""
        other = {"id": "other", "type": "function", "function": {"name": "overheard", "arguments": "{}"}}
        store.append("u1", "s1", [{"role": "assistant", "content": "", "tool_calls": [other]}])
        return "Hm."

    blind = ContextBuilder(sources=[System("Be brief."), AgentTools()], budget=4_000, store=store)
    for builder in (built(), blind):
        model = Scripted(*[[call("overheard")]] * 2)
        with pytest.raises(EventLoopException, match=r"call-1', which the prompt lacks\. Have a History source"):
            agent(model, builder, [overheard])("Hello?")
        assert len(model.asked) == 1


def test_a_prompt_that_the_model_refuses_as_too_long_is_not_sent_again(built: Callable[..., ContextBuilder]) -> None:
    class Short(Scripted):
        async def stream(self, messages: Any, *rest: Any, **more: Any) -> AsyncIterator[Any]:
            async for event in super().stream(messages, *rest, **more):
                if len(messages) > 1:
                    raise ContextWindowOverflowException("Too long.")
                yield event

    model = Short(*[[text("Yes.")]] * 9)
    talking = agent(model, built())
    talking("One?")
    with pytest.raises(InvalidBudget, match=r"no prompt as long as this one, of \d+ tokens in a window of 16,000"):
        talking("Two?")
    assert len(model.asked) == 2


def test_states_of_two_agents_that_changed_the_same_do_not_overwrite_each_other(
    built: Callable[..., ContextBuilder],
) -> None:
    one, other = (agent(Scripted([text("Yes.")]), built()) for _ in range(2))
    one.state.set("step", "one")
    other.state.set("step", "other")
    one("Hello?")
    with pytest.raises(VersionConflict):
        other("Hello?")


def test_the_builder_learns_from_what_the_model_reports(built: Callable[..., ContextBuilder]) -> None:
    builder = built(model="odd")
    several = agent(Scripted(*[[text("Yes.")]] * 5, usage=(400, 7)), builder)
    for number in range(5):
        several(f"What about the order number {number}?")
    assert "corrected by" in str(builder.counter)


def test_its_prompts_have_reports(built: Callable[..., ContextBuilder]) -> None:
    plugin = ContextPlugin(built(), **IDS)
    assert plugin.context is None
    strands.Agent(Scripted([text("Yes.")]), tools=[track_order], plugins=[plugin], callback_handler=None)("Hello?")
    assert plugin.context is not None
    assert plugin.context.report.decisions


def test_who_remembers_hears_of_each_invocation_that_ends(built: Callable[..., ContextBuilder]) -> None:
    heard: list[tuple[str, str]] = []

    def remember(actor_id: str, session_id: str, *, variables: Mapping[str, str] | None = None) -> None:
        assert variables == {}
        heard.append((actor_id, session_id))

    plugin = ContextPlugin(built(), **IDS, remember=remember)
    strands.Agent(Scripted([text("Yes.")]), tools=[], plugins=[plugin], callback_handler=None)("Hello?")
    assert heard == [("u1", "s1")]


def test_an_event_loop_streams_and_many_sessions_keep_apart(store: SQLiteStore) -> None:
    builder = ContextBuilder(sources=[System("Be brief."), History()], budget=4_000, store=store)

    async def converse(number: int) -> str:
        plugin = ContextPlugin(builder, actor_id="u1", session_id=f"s{number}")
        model = Scripted([text(f"Answer {number}.")])
        one = strands.Agent(model, plugins=[plugin], callback_handler=None)
        streamed = [event["data"] async for event in one.stream_async(f"Question {number}?") if "data" in event]
        return "".join(streamed)

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*map(converse, range(8)))

    assert asyncio.run(all_of_them()) == [f"Answer {number}." for number in range(8)]
    for number in range(8):
        texts = [message.text for message in store.messages("u1", f"s{number}")]
        assert texts == [f"Question {number}?", f"Answer {number}."]


def test_what_cannot_be_built_reaches_the_caller(built: Callable[..., ContextBuilder], store: SQLiteStore) -> None:
    with pytest.raises(BudgetTooSmall):
        agent(Scripted(), built(window=1_000))(noise(40_000))
    assert len(said(store)) == 1


def test_a_builder_that_would_lose_something_is_refused(
    built: Callable[..., ContextBuilder], store: SQLiteStore
) -> None:
    with pytest.raises(InvalidInput, match="system prompt of its own"):
        agent(Scripted(), built(), system_prompt="You are Ada.")
    without = ContextBuilder(sources=[System("Be brief."), History()], budget=4_000, store=store)
    with pytest.raises(InvalidInput, match="tools that the builder knows nothing of: track_order"):
        agent(Scripted(), without)
    with pytest.raises(InvalidInput, match="tools that the builder knows nothing of: Parcel"):
        agent(Scripted(), without, ())("Where is it?", structured_output_model=Parcel)
    with pytest.raises(InvalidInput, match="no store that keeps sessions"):
        ContextPlugin(ContextBuilder(sources=[System("Hi.")], budget=4_000), **IDS)


def test_bedrock_is_sent_a_request_it_takes_with_its_cache_points(
    built: Callable[..., ContextBuilder],
    provider: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    url, asked = provider
    claude = "global.anthropic.claude-sonnet-4-6"
    model = BedrockModel(model_id=claude, endpoint_url=url, region_name="us-east-1", streaming=False)
    several = agent(model, built())
    for question in ("Is it late?", "Is it in Porto?"):
        assert str(several(question)) == "Yes.\n"
    request = asked[-1]
    assert request["system"][-1] == {"cachePoint": {"type": "default"}}
    assert [tool["toolSpec"]["name"] for tool in request["toolConfig"]["tools"]] == ["read_context", "track_order"]
    assert any("cachePoint" in block for message in request["messages"] for block in message["content"])
