"""LangChain: a builder as a Runnable, and a model that gets the prompt's tools.

    chain = builder.as_runnable() | with_tools(model)
    chain.invoke("Where is my order?", config={"configurable": {"actor_id": "u1", "session_id": "s1"}})

`builder.as_runnable() | model` does the same without tools; over a session that has calls of tools,
Anthropic and Bedrock want them told in words then: `builder.as_runnable() | ContextPrompt.without_calls |
model`, which is also for `model.with_structured_output(…)`. All work with `invoke`, `ainvoke`,
`batch`, `abatch`, `stream` and `astream`. What the provider is to cache is marked, in messages and tools,
where a chat model that is told so comes right after the builder; elsewhere `as_runnable(cache="anthropic")`
(or `"converse"`) says so. What the model is bound to besides (tools of the provider's own, the schema of a
structured answer) takes up some of the budget: `as_runnable(beside=[…])`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from langchain_core.runnables import (
    ConfigurableFieldSpec,
    Runnable,
    RunnableConfig,
    RunnableLambda,
    RunnableSequence,
    RunnableSerializable,
)
from langchain_core.tools import BaseTool, StructuredTool, ToolException

from contextkit.adapters.builds import Builder
from contextkit.adapters.langchain_input import ContextInput as ContextInput
from contextkit.adapters.langchain_input import last_and_variables, query_of
from contextkit.adapters.langchain_models import ModelWithTools as ModelWithTools
from contextkit.adapters.langchain_models import each_its_own
from contextkit.adapters.langchain_models import with_tools as with_tools
from contextkit.adapters.langchain_prompt import ContextPrompt as ContextPrompt
from contextkit.adapters.langchain_sessions import ids_of
from contextkit.adapters.results import check_result
from contextkit.adapters.supersteps import Task, tasks_in
from contextkit.apart import NOTHING, Apart, setting_apart
from contextkit.offload import answer_call, read_tool
from contextkit.render.langchain_cache import Caching
from contextkit.types import Message

if TYPE_CHECKING:
    from langchain_core.callbacks import AsyncCallbackManagerForChainRun, CallbackManagerForChainRun

    from contextkit.context import Context


class ContextRunnable(Runnable[ContextInput, ContextPrompt]):
    """A builder as a step of a chain: a query goes in, a prompt within the budget comes out.

    `config["configurable"]` names the actor (`actor_id`) and the session (`session_id`, or
    `thread_id`, which LangGraph calls it). Raises `InvalidId` where one is missing.
    """

    def __init__(
        self,
        builder: Builder,
        *,
        name: str | None = "contextkit",
        cache: Caching = "auto",
        beside: Sequence[Mapping[str, Any]] = (),
        model: object = None,
    ) -> None:
        self.builder = builder
        self.name = name
        self.cache = cache
        self.beside = beside
        self.model = model

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """The two ids, so that LangChain's tools can show them."""
        return [
            ConfigurableFieldSpec("actor_id", str, "Actor", "On whose behalf the agent acts.", is_shared=True),
            ConfigurableFieldSpec("session_id", str, "Session", "The conversation.", is_shared=True),
        ]

    # The signatures from here on are LangChain's own, their **kwargs included.

    def __or__(self, other: Any) -> RunnableSerializable[Any, Any]:
        """A chain. Where a chat model comes next, prompts are written for it, marked as it is told what to cache."""
        if other == ContextPrompt.without_calls:
            return _Told(first=self, last=RunnableLambda(_without_calls))
        return super(ContextRunnable, self._before(other)).__or__(each_its_own(other))

    def pipe(self, *others: Any, name: str | None = None) -> RunnableSerializable[Any, Any]:
        """The same with several steps."""
        model = next((step for step in others if step != ContextPrompt.without_calls), None)
        steps = [each_its_own(step) if step is model else step for step in others]
        return super(ContextRunnable, self._before(model)).pipe(*steps, name=name)

    def invoke(self, input: ContextInput, config: RunnableConfig | None = None, **kwargs: Any) -> ContextPrompt:  # noqa: A002, ARG002
        """Build the prompt."""
        return self._call_with_config(self._build, input, config, run_type="prompt")

    async def ainvoke(self, input: ContextInput, config: RunnableConfig | None = None, **kwargs: Any) -> ContextPrompt:  # noqa: A002, ARG002
        """Build the prompt without blocking the event loop."""
        return await self._acall_with_config(self._abuild, input, config, run_type="prompt")

    def _build(
        self,
        value: ContextInput,
        run_manager: CallbackManagerForChainRun,  # noqa: ARG002 - LangChain passes all three or only the first
        config: RunnableConfig,
    ) -> ContextPrompt:
        last, variables = last_and_variables(value)
        actor_id, session_id = ids_of(config)
        with setting_apart(partial(_apart, (actor_id, session_id), config)):
            context = self.builder.build(
                query_of(last), actor_id=actor_id, session_id=session_id, variables=variables, beside=self.beside
            )
        _check_result(last, context)
        return ContextPrompt.of(context, self.builder, self.cache, self.model)

    async def _abuild(
        self,
        value: ContextInput,
        run_manager: AsyncCallbackManagerForChainRun,  # noqa: ARG002
        config: RunnableConfig,
    ) -> ContextPrompt:
        last, variables = last_and_variables(value)
        actor_id, session_id = ids_of(config)
        with setting_apart(partial(_apart, (actor_id, session_id), config)):
            context = await self.builder.abuild(
                query_of(last), actor_id=actor_id, session_id=session_id, variables=variables, beside=self.beside
            )
        _check_result(last, context)
        return ContextPrompt.of(context, self.builder, self.cache, self.model)

    def _before(self, step: object = None) -> ContextRunnable:
        """The runnable for a chain in which this step comes next."""
        if self.model is not None:
            return self
        return ContextRunnable(self.builder, name=self.name, cache=self.cache, beside=self.beside, model=step)


class _Told(RunnableSequence[ContextInput, ContextPrompt]):
    """`builder.as_runnable() | ContextPrompt.without_calls`, behind which a chat model comes."""

    def __or__(self, other: Any) -> RunnableSerializable[Any, Any]:
        """The chain, its prompts written for the model."""
        return cast("ContextRunnable", self.first)._before(other).pipe(self.last, each_its_own(other))


def _without_calls(prompt: ContextPrompt) -> ContextPrompt:
    return prompt.without_calls()


def read_context_tool(builder: Builder, *, actor_id: str | None = None, session_id: str | None = None) -> BaseTool:
    """The `read_context` tool for an agent to run: it reads this session's handles and no other's.

    An id that is not given is the one that the config names, as for `ContextRunnable`: so one tool
    serves every session that a graph runs for.

    A model's slip is answered in words that say what to do, as `contextkit.offload.answer_call` does it.
    """
    tool = read_tool()
    bound = {name: given for name, given in (("actor_id", actor_id), ("session_id", session_id)) if given is not None}

    def read(config: RunnableConfig, **arguments: object) -> str:
        actor, session = ids_of({"configurable": config.get("configurable", {}) | bound})
        answer = answer_call(builder, arguments, actor_id=actor, session_id=session)
        if answer.failed:
            raise ToolException(answer.text)
        return answer.text

    return StructuredTool.from_function(
        read,
        name=tool.name,
        description=tool.description,
        args_schema=dict(tool.parameters),
        handle_tool_error=True,
    )


def _apart(ids: tuple[str, str], config: RunnableConfig) -> Apart:
    """What the prompt of a graph's run leaves to others that speak in its session."""
    task = Task.of(config)
    return NOTHING if task is None else tasks_in(ids).apart(task)


_APPEND: Final = (
    "Append the call and all its results to the store before the prompt is built, and have a History source."
)


def _check_result(last: object, context: Context) -> None:
    """Refuse a prompt that lacks the result it is to go on from."""
    if isinstance(last, Message) and last.role == "tool":
        check_result(context, last.tool_call_id, _APPEND, item_id=last.id)
