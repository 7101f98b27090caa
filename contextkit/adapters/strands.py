"""Strands Agents: a plugin by which an agent's model sees what a builder decides.

    agent = Agent(model, tools=tools, plugins=[ContextPlugin(builder, actor_id="u1", session_id="s1")])

The four moments of an agent's life are Strands' own: its hooks append each message that is added to
the session and save the agent's state behind an invocation, and its middleware puts the builder's
prompt in the place of the agent's list of messages. That list is left to Strands, and need not be
complete: an agent that is made anew goes on with the session.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

from contextkit.adapters.lifecycle import Lifecycle, Remembers
from contextkit.assemble import ContextBuilder
from contextkit.context import Context
from contextkit.errors import ContextKitError, InvalidInput, MissingExtra
from contextkit.offload import read_tool
from contextkit.render.converse import ConverseMessage, ConverseRequest
from contextkit.stores import SessionStore

try:
    from strands.agent import Agent
    from strands.hooks import AfterInvocationEvent, MessageAddedEvent
    from strands.middleware import InvokeModelContext, InvokeModelStage, ModelStopReason, TypedEvent
    from strands.middleware.types import MiddlewareNext
    from strands.plugins import Plugin
    from strands.tools import PythonAgentTool
    from strands.types.content import ContentBlock, SystemContentBlock
    from strands.types.content import Message as StrandsMessage
    from strands.types.event_loop import Usage
    from strands.types.tools import ToolResult, ToolSpec, ToolUse
except ImportError as error:
    raise MissingExtra("The plugin for Strands Agents", "strands") from error

_STRUCTURED = "structured_output"


class ContextPlugin(Plugin):
    """Has a Strands agent's model see what a builder decides, and keeps what is said in the builder's store.

    * The system prompt is the builder's (`System`), not the agent's.
    * Give the same tools to the agent, which runs them, and to the builder's `Tools`, which chooses
      among them. `read_context` is added to the agent's. The tool that Strands itself adds for
      structured output is shown beside those chosen: leave room for its schema in the budget's reserve.
    * The agent's `state` is the session's state document: loaded when the agent is made, saved
      under compare-and-set when an invocation ends.
    * `remember` hears when an invocation ends: `MemoryEngine.run`, or `BackgroundMemory.notify`.
    * `variables` fill the system prompt's template. Without `cache` no cache points are marked.

    What the model reports to have read teaches the builder how it counts. One plugin is for one
    session. What a guardrail takes out of a message afterwards stays in the session as it was said.

    Raises `InvalidInput` for a builder whose store keeps no sessions, and when it is given to an agent
    that has a system prompt of its own, or tools that the builder knows nothing of.
    """

    name = "contextkit"

    def __init__(
        self,
        builder: ContextBuilder,
        *,
        actor_id: str,
        session_id: str,
        remember: Remembers | None = None,
        variables: Mapping[str, Any] | None = None,
        cache: bool = True,
    ) -> None:
        super().__init__()
        if not isinstance(builder.store, SessionStore):
            raise InvalidInput(
                "The builder has no store that keeps sessions.",
                'Give it one, such as `ContextBuilder(store=SQLiteStore("agent.db"), …)`.',
                value=builder.store,
            )
        self._builder = builder
        self._ids = {"actor_id": actor_id, "session_id": session_id}
        self._variables = variables
        self._cache = cache
        self._lifecycle = Lifecycle(builder, builder.store, remember=remember, variables=variables, **self._ids)
        self._context: Context | None = None

    @property
    def context(self) -> Context | None:
        """The prompt of the last call of the model, with its report; None before the first."""
        return self._context

    def init_agent(self, agent: Agent) -> None:
        """Take part in this agent's life from now on. Strands calls it."""
        self._check(agent)
        self._state = self._lifecycle.initialise()
        _take(agent, self._state)
        tool = read_tool()
        spec: ToolSpec = {
            "name": tool.name,
            "description": tool.description,
            "inputSchema": {"json": dict(tool.parameters)},
        }
        agent.tool_registry.register_tool(PythonAgentTool(tool.name, spec, self._read))
        agent.add_hook(self._message_added, MessageAddedEvent)
        agent.add_hook(self._invocation_ended, AfterInvocationEvent)
        agent.add_middleware(InvokeModelStage, self._invoke)

    async def _message_added(self, event: MessageAddedEvent) -> None:
        """What was said is appended to the session, by whomever."""
        await asyncio.to_thread(self._lifecycle.message_added, event.message)

    async def _invocation_ended(self, event: AfterInvocationEvent) -> None:
        """The agent's state is saved, with what others saved meanwhile in it; and what was said may be remembered."""
        self._state.data = event.agent.state.get()
        await asyncio.to_thread(self._lifecycle.after)
        for gone in event.agent.state.get().keys() - self._state.keys():
            event.agent.state.delete(gone)
        _take(event.agent, self._state)

    async def _invoke(
        self, call: InvokeModelContext, proceed: MiddlewareNext[InvokeModelContext, TypedEvent]
    ) -> AsyncGenerator[TypedEvent, None]:
        """Call the model with the builder's prompt, and learn from what it reports."""
        self._context = context = await self._builder.abuild(**self._ids, variables=self._variables)
        async for event in proceed(self._shown(call, context)):
            if isinstance(event, ModelStopReason):
                await asyncio.to_thread(self._builder.observe, context, _input_tokens(event.usage))
            yield event

    def _shown(self, call: InvokeModelContext, context: Context) -> InvokeModelContext:
        """The call with the context in it."""
        request = context.to_converse(cache=self._cache)
        return call.replace(
            messages=[_told(message) for message in request["messages"]],
            system_prompt=cast(list[SystemContentBlock] | None, request.get("system")),
            tool_specs=[*_specs(request), *_structured(call.agent)],
        )

    def _read(self, use: ToolUse, **_: Any) -> ToolResult:
        """The `read_context` tool. A wrong handle is answered with what to do, and does not end the loop."""
        try:
            text = self._builder.read_context(**{**use["input"], **self._ids})
        except (ContextKitError, TypeError) as error:  # a handle that is not there, arguments that are none
            return {"toolUseId": use["toolUseId"], "status": "error", "content": [{"text": str(error)}]}
        return {"toolUseId": use["toolUseId"], "status": "success", "content": [{"text": text}]}

    def _check(self, agent: Agent) -> None:
        if agent.system_prompt:
            raise InvalidInput(
                "The agent has a system prompt of its own, which its model would never see.",
                "Give it to the builder instead: `sources=[System(text), …]`.",
                value=agent.system_prompt,
            )
        if agent.tool_names and not any("tools" in source.sections for source in self._builder.sources):
            raise InvalidInput(
                f"The agent has tools that the builder knows nothing of: {', '.join(agent.tool_names)}.",
                "Give them to it too: `sources=[Tools(tools), …]`.",
                value=agent.tool_names,
            )


def _take(agent: Any, state: Mapping[str, Any]) -> None:
    for key, value in state.items():
        agent.state.set(key, value)


def _specs(request: ConverseRequest) -> list[ToolSpec]:
    """The tools of a request, without a cache point: Strands sets its own behind tools, if it is asked to."""
    tools = request["toolConfig"]["tools"] if "toolConfig" in request else []
    return [cast(ToolSpec, tool["toolSpec"]) for tool in tools if "toolSpec" in tool]


def _told(message: ConverseMessage) -> StrandsMessage:
    """The message with what became of each tool, which Bedrock need not be told where it went well."""
    content = [
        {"toolResult": {"status": "success", **block["toolResult"]}} if "toolResult" in block else block
        for block in message["content"]
    ]
    return {"role": message["role"], "content": cast(list[ContentBlock], content)}


def _structured(agent: Any) -> list[ToolSpec]:
    """The tool by which an agent that was asked for structured output has it given."""
    tools = agent.tool_registry.dynamic_tools.values()
    return [tool.tool_spec for tool in tools if tool.tool_type == _STRUCTURED]


def _input_tokens(usage: Usage) -> int:
    """All input, cached or not: Strands' `inputTokens` have the cached ones in them with some providers only."""
    return usage["totalTokens"] - usage["outputTokens"]
