"""LangChain agents: a middleware by which the model of `create_agent` sees what a builder decides.

    builder = ContextBuilder(sources=[System("…"), AgentTools(), History()], budget=32_000, store=store)
    agent = create_agent(model, tools=tools, middleware=[ContextMiddleware(builder)])
    agent.invoke({"messages": [("user", "…")]}, {"configurable": {"actor_id": "u1", "thread_id": "s1"}})

The messages of the agent's state are left to LangGraph, and need not be complete: without a checkpointer, or on
another machine, an agent goes on with the session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeAlias, cast

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool

from contextkit.adapters.agent_tools import AgentTools as AgentTools
from contextkit.adapters.agent_tools import asking, forced_tool, own_prompt, unknown_tools
from contextkit.adapters.langchain import ContextPrompt, ContextRunnable, read_context_tool
from contextkit.adapters.langchain_added import Additions, added, watched
from contextkit.adapters.langchain_sessions import agents_config, ids_of, running
from contextkit.adapters.langgraph import Difference, StateKeeper
from contextkit.adapters.lifecycle import Remembers, sessions_of
from contextkit.aside import aside
from contextkit.assemble import ContextBuilder
from contextkit.context import Context
from contextkit.errors import MissingExtra
from contextkit.ladder import READ_TOOL
from contextkit.render.langchain_cache import Caching
from contextkit.sources.tools import Tools

try:
    from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse, ToolCallRequest
    from langchain.agents.structured_output import AutoStrategy, ProviderStrategy, ToolStrategy
    from langgraph.config import get_config
    from langgraph.runtime import Runtime
    from langgraph.types import Command
except ImportError as error:
    raise MissingExtra("The middleware for LangChain's agents", "agents") from error

_Request: TypeAlias = ModelRequest[Any]
_Response: TypeAlias = ModelResponse[Any]
_Answer: TypeAlias = ToolMessage | Command[Any]


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of the model: whom it is for, and what the session does not have as the agent's state has it."""

    request: _Request
    config: RunnableConfig
    difference: Difference


class ContextMiddleware(AgentMiddleware[AgentState[Any], Any, Any]):
    """Has an agent's model see what a builder decides, and keeps what is said in the builder's store.

    * The system prompt is the builder's (`System`), not the agent's.
    * The agent runs its tools, and `AgentTools` among the builder's sources chooses those that the model sees;
      or `Tools`, given the same. `read_context` is added to the agent's.
    * Tools of the provider's own, given as dicts, and the schemas of a structured answer are always passed on, and
      take up some of the budget, as the JSON that they are.
    * The config names the actor (`actor_id`) and the session (`session_id`, or else the `thread_id`): one agent
      serves every session. A checkpointer goes by the `thread_id` alone: no two actors may have one of the same name.
    * An agent that one of its tools runs inherits the config, and would be in the midst of the same session: if it
      has this middleware too, each call of it has a session of its own, `<session>/<id of the tool call>`, unless the
      tool names another.
    * Agents in a graph share its session. Those that it runs beside each other (parallel branches, `Send`, or what one
      of its nodes starts at once) are each shown what was said before and what their own state has, and nothing of each
      other; and later turns what the graph's state took up of it.
    * What the provider is to cache is marked as the model is told so. Another middleware that does it, or that goes
      over to a model of another provider, comes before this one in the list; `cache=None` is for no marks.
    * `variables` fill the system prompt's template.
    * `on_context` is called with each prompt, for its report.
    * `remember` hears when the agent has answered: `MemoryEngine.run`, or `BackgroundMemory.notify`.

    What the model reports to have read teaches the builder how it counts. Put it first in the list: what other
    middleware changes in a request before it is taken for what was said. What those behind it add to the system prompt
    (`TodoListMiddleware` does), to the messages or to the provider's own tools takes up as much of the budget as in the
    session's call before; in a session's first call as much as in the last call of any other, and in the very first
    nothing.

    Where the state goes on without what a graph said in the session, as it went back to an earlier checkpoint or
    messages were edited or removed, so does the prompt, and the report says so. A tool's result that is edited after it
    was stored is named in the report and by a warning (`contextkit.adapters.langgraph.EditedMessage`), and so is what
    the session has and the state lacks where nobody knows whose it is (`DivergedState`).

    Raises `InvalidInput` for a builder whose store keeps no sessions, and with an agent that has a system prompt of
    its own, or has tools where the builder has no source of any.
    """

    def __init__(
        self,
        builder: ContextBuilder,
        *,
        cache: Caching = "auto",
        variables: Mapping[str, Any] | None = None,
        on_context: Callable[[Context], object] | None = None,
        remember: Remembers | None = None,
    ) -> None:
        super().__init__()
        self.tools = [read_context_tool(builder)]
        self._keeper = StateKeeper(sessions_of(builder))
        self._chooses = any(isinstance(source, Tools) for source in builder.sources)
        self._builder = builder
        self._cache = cache
        self._variables = dict(variables or {})
        self._on_context = on_context
        self._remember = remember
        self._added = Additions()

    # LangChain's hooks

    def wrap_model_call(self, request: _Request, handler: Callable[[_Request], _Response]) -> _Response:
        """Call the model with the builder's prompt, and learn from what it reports."""
        call = self._kept(request, agents_config(get_config()))
        with asking(_own(request), forced_tool(request.tool_choice)):
            prompt = self._prompts(call).invoke(self._input(request), call.config)
        with watched(self._shown(call, prompt)) as (shown, copies):
            response = handler(shown)
        self._added.put(ids_of(call.config), added(copies[0], copies[-1]))
        _observe(prompt, response)
        return _by_own_names(response, prompt.context)

    async def awrap_model_call(
        self, request: _Request, handler: Callable[[_Request], Awaitable[_Response]]
    ) -> _Response:
        """The same, without blocking the event loop."""
        call = await aside(partial(self._kept, request, agents_config(get_config())))
        with asking(_own(request), forced_tool(request.tool_choice)):
            prompt = await self._prompts(call).ainvoke(self._input(request), call.config)
        with watched(self._shown(call, prompt)) as (shown, copies):
            response = await handler(shown)
        self._added.put(ids_of(call.config), added(copies[0], copies[-1]))
        await aside(partial(_observe, prompt, response))
        return _by_own_names(response, prompt.context)

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], _Answer]) -> _Answer:
        """Run the tool. An agent that it runs, in the session of this one, has a session of its own."""
        with running(_call_id(request), get_config()):
            return handler(request)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[_Answer]]
    ) -> _Answer:
        """The same, without blocking the event loop."""
        with running(_call_id(request), get_config()):
            return await handler(request)

    def after_agent(self, state: AgentState[Any], runtime: Runtime[Any]) -> None:  # noqa: ARG002 - LangChain's
        """The agent has answered: its answer is appended, and what was said is due to be remembered."""
        self._ended(state, agents_config(get_config()))

    async def aafter_agent(self, state: AgentState[Any], runtime: Runtime[Any]) -> None:  # noqa: ARG002
        """The same, without blocking the event loop."""
        await aside(partial(self._ended, state, agents_config(get_config())))

    # What they do

    def _kept(self, request: _Request, config: RunnableConfig) -> _Call:
        self._check(request)
        difference = self._keeper.keep(request.messages, config, edits=_as_in_state(request))
        difference.warn(stacklevel=2)
        return _Call(request, config, difference)

    def _prompts(self, call: _Call) -> ContextRunnable:
        request = call.request
        # marks are at most four: where another middleware sets them, they are its own
        cache = None if self._cache == "auto" and "cache_control" in request.model_settings else self._cache
        beside = [*_beside(request), *self._added.of(ids_of(call.config))]
        return self._builder.as_runnable(cache=cache, beside=beside, model=request.model)

    def _input(self, request: _Request) -> dict[str, Any]:
        return {**self._variables, "messages": request.messages}

    def _shown(self, call: _Call, prompt: ContextPrompt) -> _Request:
        """The request with the prompt in the place of the state's messages."""
        if self._on_context is not None:
            self._on_context(_noting(prompt.context, call.difference))
        tools: list[BaseTool | dict[str, Any]] = [*_chosen(call.request, prompt), *_native(call.request)]
        calls = tools or _answers_by_tool(call.request)
        messages = cast("list[AnyMessage]", (prompt if calls else prompt.without_calls()).to_messages())
        system = messages.pop(0) if isinstance(messages[0], SystemMessage) else None
        return call.request.override(
            system_message=cast(SystemMessage | None, system),
            messages=messages,
            tools=tools,
        )

    def _ended(self, state: AgentState[Any], config: RunnableConfig) -> None:
        self._keeper.keep(state["messages"], config, edits=False).warn(stacklevel=2)
        self._keeper.over(config)
        if self._remember is not None:
            variables = {name: str(value) for name, value in self._variables.items()}
            self._remember(*ids_of(config), variables=variables)

    def _check(self, request: _Request) -> None:
        if request.system_message is not None:
            raise own_prompt(request.system_message.content)
        unknown = [] if self._chooses else [tool.name for tool in _own(request)]
        if unknown:
            raise unknown_tools(unknown)


def _call_id(request: ToolCallRequest) -> str:
    """Which call it is; a tool's name where a model gave its call no id."""
    return request.tool_call["id"] or request.tool_call["name"]


def _as_in_state(request: _Request) -> bool:
    """Whether no other middleware has put for this call in other words what the agent's state has."""
    given = {message.id: message for message in request.state["messages"]}
    return all(
        one is message or one.text == message.text
        for message in request.messages
        if (one := given.get(message.id)) is not None
    )


def _own(request: _Request) -> list[BaseTool]:
    """The tools that the agent runs itself, apart from ours."""
    return [tool for tool in request.tools if isinstance(tool, BaseTool) and tool.name != READ_TOOL]


def _chosen(request: _Request, prompt: ContextPrompt) -> list[dict[str, Any]]:
    """The prompt's tools; where the provider may keep to the schema of an answer, as functions that can be made strict.

    OpenAI's client then refuses functions that are not, and LangChain's `strict` passes over what is in OpenAI's shape.
    """
    by_provider = not isinstance(request.response_format, ToolStrategy | None)
    return [tool.get("function", tool) for tool in prompt.tools] if by_provider else prompt.tools


def _native(request: _Request) -> list[dict[str, Any]]:
    """The tools that the provider runs, and others that are given as it takes them."""
    return [tool for tool in request.tools if isinstance(tool, dict)]


def _answers_by_tool(request: _Request) -> bool:
    """Whether LangChain adds a tool for a structured answer, as far as that is known before the call."""
    return not isinstance(request.response_format, ProviderStrategy | None)


def _beside(request: _Request) -> list[Mapping[str, Any]]:
    """What the agent sends with the prompt: those tools, and what a structured answer must look like."""
    wanted: Any = request.response_format
    if wanted is None:
        return [*_native(request)]
    if isinstance(wanted, ProviderStrategy):
        return [*_native(request), wanted.to_model_kwargs()["response_format"]]
    if not isinstance(wanted, ToolStrategy):  # LangChain decides later how it is sent: as a tool takes about the same
        wanted = ToolStrategy(wanted.schema if isinstance(wanted, AutoStrategy) else wanted)
    return [*_native(request), *map(_as_tool, wanted.schema_specs)]


_UNTITLED: Final = "response_format_0000"
"""Stands for the name of a schema without a title: LangChain invents another each time, with four random digits."""


def _as_tool(spec: Any) -> Mapping[str, Any]:
    """The tool by which a model gives an answer of that schema."""
    untitled = isinstance(spec.schema, dict) and "title" not in spec.schema
    function = {"name": _UNTITLED if untitled else spec.name, "description": spec.description}
    return {"type": "function", "function": {**function, "parameters": spec.json_schema}}


def _observe(prompt: ContextPrompt, response: _Response) -> None:
    for message in response.result:
        if isinstance(message, AIMessage):
            prompt.observe(message.usage_metadata)


def _by_own_names(response: _Response, context: Context) -> _Response:
    """The answer with its calls under the names that the agent knows its tools by, whatever the model was shown."""
    return replace(response, result=[_renamed(message, context) for message in response.result])


def _renamed(message: BaseMessage, context: Context) -> BaseMessage:
    if not isinstance(message, AIMessage):
        return message
    own = {call["name"]: tool.name for call in message.tool_calls if (tool := context.tool(call["name"]))}
    if all(shown == name for shown, name in own.items()):
        return message
    calls = [{**call, "name": own.get(call["name"], call["name"])} for call in message.tool_calls]
    return message.model_copy(update={"tool_calls": calls})


def _noting(context: Context, difference: Difference) -> Context:
    if not difference:
        return context
    notices = (*context.report.notices, *difference.notices)
    return replace(context, report=replace(context.report, notices=notices))
