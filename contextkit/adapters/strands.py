"""Strands Agents: a plugin by which an agent's model sees what a builder decides.

    builder = ContextBuilder(sources=[System("…"), AgentTools(), History()], budget=32_000, store=store)
    agent = Agent(model, tools=tools, plugins=[ContextPlugin(builder, actor_id="u1", session_id="s1")])

The four moments of an agent's life are Strands' own: its hooks append each message that is added to
the session and save the agent's state behind an invocation, and its middleware puts the builder's
prompt in the place of the agent's list of messages. That list is left to Strands, and need not be
complete: an agent that is made anew goes on with the session.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, cast

from contextkit.adapters.agent_tools import AgentTools as AgentTools
from contextkit.adapters.agent_tools import asking, forced_tool, own_prompt, unknown_tools
from contextkit.adapters.lifecycle import Lifecycle, Remembers, sessions_of
from contextkit.adapters.results import check_result
from contextkit.adapters.strands_models import Target, target_of
from contextkit.aside import aside
from contextkit.assemble import ContextBuilder
from contextkit.context import Context
from contextkit.errors import InvalidBudget, InvalidInput, MissingExtra
from contextkit.ladder import READ_TOOL
from contextkit.offload import answer_call, read_tool
from contextkit.render.converse import ConverseMessage, ConverseRequest, to_converse, tool_spec
from contextkit.render.request import NO_BREAKPOINTS

try:
    from strands.agent import Agent
    from strands.hooks import AfterInvocationEvent, BeforeInvocationEvent, MessageAddedEvent
    from strands.middleware import InvokeModelContext, InvokeModelStage, ModelStopReason, TypedEvent
    from strands.middleware.types import MiddlewareNext
    from strands.plugins import Plugin
    from strands.tools import PythonAgentTool
    from strands.types.content import ContentBlock, SystemContentBlock
    from strands.types.content import Message as StrandsMessage
    from strands.types.event_loop import Usage
    from strands.types.exceptions import ContextWindowOverflowException
    from strands.types.tools import ToolResult, ToolResultStatus, ToolSpec, ToolUse
except ImportError as error:
    raise MissingExtra("The plugin for Strands Agents", "strands") from error


class ContextPlugin(Plugin):
    """Has a Strands agent's model see what a builder decides, and keeps what is said in the builder's store.

    * The system prompt is the builder's (`System`), not the agent's.
    * The agent runs its tools, and `AgentTools` among the builder's sources chooses those that the model
      sees. `read_context` is added to the agent's.
    * Messages that the agent has from the beginning go into a session that has none yet.
    * The agent's `state` is the session's state document: loaded when the agent is made, and whenever Strands has set
      it back (a swarm does before each task); saved under compare-and-set when an invocation ends.
    * `remember` hears when an invocation ends: `MemoryEngine.run`, or `BackgroundMemory.notify`.
    * `variables` fill the system prompt's template.
    * What other plugins add is sent behind the builder's, and takes up some of the budget: to the agent's system prompt
      (`AgentSkills`), and to what the user says (`ContextInjector`, or a memory manager of Strands').
    * Prompts are written for the agent's model: another provider's model may have spoken earlier in the session. Cache
      points are marked as the model takes them; `cache` says otherwise, as for `Context.to_converse`.

    What the model reports to have read teaches the builder how it counts. One plugin is for one
    session. What a guardrail takes out of a message afterwards stays in the session as it was said.

    Raises `InvalidInput` for a builder whose store keeps no sessions, and with an agent that has a
    system prompt of its own, or has tools where the builder has no `AgentTools`, or that is asked by Strands' old
    `agent.structured_output`, past every plugin; `InvalidBudget` where the model refuses a prompt as too long.
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
        cache: bool | Literal["auto", "nova"] = "auto",
    ) -> None:
        super().__init__()
        self._builder = builder
        self._store = sessions_of(builder)
        self._ids = {"actor_id": actor_id, "session_id": session_id}
        self._variables = variables
        self._cache = cache
        self._lifecycle = Lifecycle(builder, self._store, remember=remember, variables=variables, **self._ids)
        self._context: Context | None = None
        self._opened = False
        self._said: tuple[str, int] | None = None
        self._target: Target | None = None

    @property
    def context(self) -> Context | None:
        """The prompt of the last call of the model, with its report; None before the first."""
        return self._context

    def init_agent(self, agent: Agent) -> None:
        """Take part in this agent's life from now on. Strands calls it."""
        self._check(agent)
        self._state = self._lifecycle.initialise()
        self._take_state(agent)
        spec = cast(ToolSpec, tool_spec(read_tool()))
        agent.tool_registry.register_tool(PythonAgentTool(READ_TOOL, spec, self._read))
        agent.add_hook(self._invocation_begins, BeforeInvocationEvent)
        agent.add_hook(self._message_added, MessageAddedEvent)
        agent.add_hook(self._invocation_ended, AfterInvocationEvent)
        agent.add_middleware(InvokeModelStage, self._invoke)

    async def _invocation_begins(self, event: BeforeInvocationEvent) -> None:
        """What the agent has from the beginning, or from a session manager, opens a session that has no messages."""
        if event.messages is None:
            raise _past_plugins()
        if not self._opened:
            await aside(partial(self._open, event.agent.messages))
        if event.agent.state is not self._taken:
            await aside(self._lifecycle.initialise)
            self._take_state(event.agent)

    def _open(self, messages: Sequence[object]) -> None:
        session = self._store.session(**self._ids)
        if messages and (session is None or not session.last_seq):
            self._store.append(messages=messages, **self._ids)
        self._opened = True

    async def _message_added(self, event: MessageAddedEvent) -> None:
        """What was said is appended to the session, by whomever."""
        await aside(partial(self._lifecycle.message_added, _by(self._target, self._unsaid(event.message))))

    def _unsaid(self, message: StrandsMessage) -> StrandsMessage:
        """The message; where Strands put more behind what it had said before, which it does under its id, only that."""
        key, content = message.get("tracking_id"), message["content"]
        known = self._said[1] if key and self._said and self._said[0] == key else 0
        self._said = (key, len(content)) if key else None
        return {**message, "content": content[known:]}

    async def _invocation_ended(self, event: AfterInvocationEvent) -> None:
        """The agent's state is saved, with what others saved meanwhile in it; and what was said may be remembered."""
        self._state.data = event.agent.state.get()
        await aside(self._lifecycle.after)
        for gone in event.agent.state.get().keys() - self._state.keys():
            event.agent.state.delete(gone)
        self._take_state(event.agent)

    def _take_state(self, agent: Any) -> None:
        for key, value in self._state.items():
            agent.state.set(key, value)
        self._taken = agent.state

    async def _invoke(
        self, call: InvokeModelContext, proceed: MiddlewareNext[InvokeModelContext, TypedEvent]
    ) -> AsyncGenerator[TypedEvent, None]:
        """Call the model with the builder's prompt, and learn from what it reports."""
        self._check_tools([spec["name"] for spec in call.tool_specs])
        own = [{"toolSpec": spec} for spec in call.tool_specs if spec["name"] != READ_TOOL]
        with asking(own, forced_tool(call.tool_choice)):
            self._context = context = await self._builder.abuild(
                **self._ids, variables=self._variables, beside=_beside(call)
            )
        if (call_id := _answered(call)) is not None:
            check_result(context, call_id, "Have a History source, and one session for each agent at work.")
        try:
            async for event in proceed(self._shown(call, context)):
                if isinstance(event, ModelStopReason):
                    await aside(partial(self._builder.observe, context, _input_tokens(event.usage)))
                yield event
        except ContextWindowOverflowException as error:
            raise self._too_long(context) from error

    def _too_long(self, context: Context) -> InvalidBudget:
        """Strands would cut the agent's list of messages, which are not in the prompt, and send the same again."""
        window = self._builder.budget.window
        return InvalidBudget(
            f"The model takes no prompt as long as this one, of {context.tokens:,} tokens in a window of {window:,}.",
            "Give the builder the model's own window, `Budget(window=…)`, or a `margin` for how else it counts.",
            value=window,
        )

    def _shown(self, call: InvokeModelContext, context: Context) -> InvokeModelContext:
        """The call with the context in it."""
        self._target = target = target_of(call.model)
        marks = target.marks if self._cache == "auto" else self._cache
        request = to_converse(
            context.messages,
            context.tools,
            context.breakpoints if marks else NO_BREAKPOINTS,
            family=target.family,
            nova=marks == "nova",
        )
        messages = [_told(message) for message in request["messages"]]
        messages[-1]["content"] += _injected(call)
        system = [*cast(list[SystemContentBlock], request.get("system", [])), *_instructions(call)]
        return call.replace(messages=messages, system_prompt=system or None, tool_specs=_specs(request, call))

    def _read(self, use: ToolUse, **_: Any) -> ToolResult:
        """The `read_context` tool, as `answer_call` answers it."""
        answer = answer_call(self._builder, use["input"], **self._ids)
        status: ToolResultStatus = "error" if answer.failed else "success"
        return {"toolUseId": use["toolUseId"], "status": status, "content": [{"text": answer.text}]}

    def _check(self, agent: Agent) -> None:
        if agent.system_prompt:
            raise own_prompt(agent.system_prompt)
        self._check_tools(agent.tool_names)

    def _check_tools(self, names: Sequence[str]) -> None:
        unknown = sorted({*names} - {READ_TOOL})
        if unknown and not any(isinstance(source, AgentTools) for source in self._builder.sources):
            raise unknown_tools(unknown)


def _past_plugins() -> InvalidInput:
    """The refusal of `agent.structured_output`, which alone gives a plugin no messages."""
    return InvalidInput(
        "`agent.structured_output` asks the model past every plugin: it would not see what the builder decides, and "
        "nothing of it would be stored.",
        "Pass the schema to the agent's call: `agent(question, structured_output_model=…)`.",
    )


def _answered(call: InvokeModelContext) -> str | None:
    """The call whose result the agent goes on from."""
    blocks = call.messages[-1]["content"] if call.messages else []
    return next((block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block), None)


def _specs(request: ConverseRequest, call: InvokeModelContext) -> list[ToolSpec]:
    """The tools of the request, and that which the model is forced to call. Strands marks tools itself, if asked to."""
    tools = request["toolConfig"]["tools"] if "toolConfig" in request else []
    shown = [cast(ToolSpec, tool["toolSpec"]) for tool in tools if "toolSpec" in tool]
    choice = cast(Mapping[str, Any], call.tool_choice or {})
    forced = {choice["tool"]["name"]} - {spec["name"] for spec in shown} if "tool" in choice else ()
    return [*shown, *(spec for spec in call.tool_specs if spec["name"] in forced)]


def _beside(call: InvokeModelContext) -> list[Mapping[str, Any]]:
    """What other plugins add; and the schema of a structured answer, which goes to providers that keep to one beside
    the tool that has it."""
    added: list[Mapping[str, Any]] = [
        {"name": "plugins", **block} for block in (*_instructions(call), *_injected(call))
    ]
    model = call.structured_output_model
    return added if model is None else [*added, model.model_json_schema()]


def _instructions(call: InvokeModelContext) -> list[SystemContentBlock]:
    """What plugins made the agent's system prompt, which is empty else; without marks, of which there are few."""
    given = call.system_prompt or []
    blocks: list[SystemContentBlock] = [{"text": given}] if isinstance(given, str) else given
    return [block for block in blocks if block.get("text", "").strip()]


def _injected(call: InvokeModelContext) -> list[ContentBlock]:
    """What plugins put behind the last message, for this call alone."""
    return call.messages[-1]["content"][-call.dynamic_trailing_blocks :] if call.dynamic_trailing_blocks else []


def _by(target: Target | None, message: StrandsMessage) -> Mapping[str, Any]:
    """The message; an answer with who made it, since others cannot read what its model thought."""
    maker = target.maker if target is not None and message["role"] == "assistant" else None
    if maker is None:
        return message
    return {**message, "metadata": {**message.get("metadata", {}), "response_metadata": maker}}


def _told(message: ConverseMessage) -> StrandsMessage:
    """The message with what became of each tool, which Bedrock need not be told where it went well."""
    content = [
        {"toolResult": {"status": "success", **block["toolResult"]}} if "toolResult" in block else block
        for block in message["content"]
    ]
    return {"role": message["role"], "content": cast(list[ContentBlock], content)}


def _input_tokens(usage: Usage) -> int:
    """All input, cached or not: Strands' `inputTokens` have the cached ones in them with some providers only."""
    return usage["totalTokens"] - usage["outputTokens"]
