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

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.prompt_values import ChatPromptValue
from langchain_core.runnables import (
    ConfigurableFieldSpec,
    Runnable,
    RunnableBinding,
    RunnableConfig,
    RunnableLambda,
    RunnableSequence,
    RunnableSerializable,
    RunnableWithFallbacks,
)
from langchain_core.runnables.configurable import DynamicRunnable
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import PrivateAttr

from contextkit.adapters.artifacts import storable
from contextkit.adapters.builds import Builds
from contextkit.adapters.langchain_sessions import ids_of
from contextkit.adapters.langchain_styles import Target, differ, target_of
from contextkit.adapters.results import check_result
from contextkit.aside import aside
from contextkit.errors import InvalidInput, shortened
from contextkit.messages import as_messages
from contextkit.offload import Reads, answer_call, read_tool
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.langchain_cache import Caching
from contextkit.render.turns import as_text
from contextkit.types import Message

if TYPE_CHECKING:
    from langchain_core.callbacks import AsyncCallbackManagerForChainRun, CallbackManagerForChainRun

    from contextkit.context import Context

_BARING = (RunnableBinding, DynamicRunnable)
"""Wrappers that hand `bind_tools` on to the model inside them: what is given tools lacks all that they add."""

ContextInput: TypeAlias = str | Message | BaseMessage | Mapping[str, Any] | Sequence[Any] | None
"""What a turn starts from: its query, a text or a user's message as `build` takes it; `{"query": …}`
with template variables beside it; or a list of messages (also as `{"messages": […]}`), of which only
the last is read, since the history comes from the builder's sources. None, or a list that ends in
anything but the user's message, continues the turn that the session is in: the results of tools must
have been appended to it."""


class Builder(Builds, Reads, Protocol):
    """What the Runnable needs of a `ContextBuilder`."""

    async def abuild(
        self,
        query: object = None,
        *,
        actor_id: str,
        session_id: str,
        variables: Mapping[str, Any] | None = None,
        beside: Sequence[Mapping[str, Any]] = (),
    ) -> Context: ...

    def observe(self, context: Context, usage: Mapping[str, Any]) -> None: ...


class ContextPrompt(ChatPromptValue):
    """The prompt as any LangChain model takes it; `context` is what it was made from, with its report."""

    _context: Context = PrivateAttr()
    _builder: Builder = PrivateAttr()
    _caching: Caching = PrivateAttr(default=None)
    _target: Target = PrivateAttr(default=Target())
    _calls: bool = PrivateAttr(default=True)

    @classmethod
    def lc_id(cls) -> list[str]:
        """Traces record it as the plain `ChatPromptValue` that it also is."""
        return ChatPromptValue.lc_id()

    @classmethod
    def of(cls, context: Context, builder: Builder, caching: Caching = "auto", model: object = None) -> ContextPrompt:
        """The prompt of a context that this builder made, for this chat model if it is known; marked as `caching` says.

        Where it says "auto", the marks are those that the model takes.
        """
        return cls._written(context, builder, caching, target_of(model, caching, tools=bool(context.tools)), calls=True)

    @classmethod
    def _written(
        cls, context: Context, builder: Builder, caching: Caching, target: Target, *, calls: bool
    ) -> ContextPrompt:
        said = context.messages if calls else [*as_text(context.messages)]
        prompt = cls(messages=to_langchain_prompt(said, context.breakpoints, target.cache, target.family))
        prompt._context = context
        prompt._builder = builder
        prompt._caching = caching
        prompt._target = target
        prompt._calls = calls
        return prompt

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> ContextPrompt:
        """The messages are copied; the context and its builder are the same: LangChain's logs copy every step."""
        return self.model_copy(update={"messages": deepcopy(self.messages, memo)})

    @property
    def context(self) -> Context:
        """What the build decided, with its tools and its report."""
        return self._context

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The prompt's tools, for a model's `bind_tools`."""
        return self._context.to_langchain_tools(cache=self._target.cache)

    def for_model(self, model: object) -> ContextPrompt:
        """The prompt for a chat model, of whichever provider; as it is, where it is not known whose that is."""
        target = self._target_for(model)
        if target == self._target:
            return self
        return self._written(self._context, self._builder, self._caching, target, calls=self._calls)

    def tools_for(self, model: object) -> list[dict[str, Any]]:
        """The prompt's tools, for the `bind_tools` of such a chat model."""
        return self._context.to_langchain_tools(cache=self._target_for(model).cache)

    def _target_for(self, model: object) -> Target:
        found = target_of(model, self._caching, tools=bool(self._context.tools))
        return self._target if found.family is None else found

    def without_calls(self) -> ContextPrompt:
        """The prompt for a model without tools: calls and results as text, since Anthropic and Bedrock refuse them."""
        return self._written(self._context, self._builder, self._caching, self._target, calls=False)

    def observe(self, usage: UsageMetadata | None) -> None:
        """Tell the builder what the model reported, if it did, so that its counting learns from it."""
        if usage and usage.get("input_tokens"):
            self._builder.observe(self._context, usage)


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
        return super(ContextRunnable, self._before(other)).__or__(_each_its_own(other))

    def pipe(self, *others: Any, name: str | None = None) -> RunnableSerializable[Any, Any]:
        """The same with several steps."""
        model = next((step for step in others if step != ContextPrompt.without_calls), None)
        steps = [_each_its_own(step) if step is model else step for step in others]
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
        last, variables = _asked(value)
        actor_id, session_id = ids_of(config)
        context = self.builder.build(
            _query(last), actor_id=actor_id, session_id=session_id, variables=variables, beside=self.beside
        )
        _check_result(last, context)
        return ContextPrompt.of(context, self.builder, self.cache, self.model)

    async def _abuild(
        self,
        value: ContextInput,
        run_manager: AsyncCallbackManagerForChainRun,  # noqa: ARG002
        config: RunnableConfig,
    ) -> ContextPrompt:
        last, variables = _asked(value)
        actor_id, session_id = ids_of(config)
        context = await self.builder.abuild(
            _query(last), actor_id=actor_id, session_id=session_id, variables=variables, beside=self.beside
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
        return cast("ContextRunnable", self.first)._before(other).pipe(self.last, _each_its_own(other))


def _without_calls(prompt: ContextPrompt) -> ContextPrompt:
    return prompt.without_calls()


def _each_its_own(step: Any) -> Any:
    """The step; of a model with fallbacks of other providers, each with the prompt written for it."""
    return _with_each(step, lambda model: _written_for(model) | model) if differ(step) else step


def _with_each(
    models: RunnableWithFallbacks[Any, Any], change: Callable[[Runnable[Any, Any]], Runnable[Any, Any]]
) -> RunnableWithFallbacks[Any, Any]:
    return models.model_copy(
        update={"runnable": change(models.runnable), "fallbacks": [change(one) for one in models.fallbacks]}
    )


def _written_for(model: Runnable[Any, Any]) -> RunnableLambda[ContextPrompt, ContextPrompt]:
    def for_model(prompt: ContextPrompt) -> ContextPrompt:
        return prompt.for_model(model)

    return RunnableLambda(for_model)


class ModelWithTools(Runnable[ContextPrompt, AIMessage]):
    """A chat model that is given each prompt's own tools, and whose reported usage the builder observes."""

    def __init__(self, model: BaseChatModel) -> None:
        self.model = model
        self.name = model.get_name()

    def invoke(self, input: ContextPrompt, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Call the model with the prompt and its tools."""
        answer = self._bound(input).invoke(self._shown(input, kwargs), config, **kwargs)
        input.observe(answer.usage_metadata)
        return answer

    async def ainvoke(self, input: ContextPrompt, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Call the model with the prompt and its tools."""
        answer = await self._bound(input).ainvoke(self._shown(input, kwargs), config, **kwargs)
        await aside(partial(input.observe, answer.usage_metadata))
        return answer

    def stream(
        self,
        input: ContextPrompt,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any | None,
    ) -> Iterator[AIMessage]:
        """The model's answer in chunks, as they come."""
        usage: UsageMetadata | None = None
        for chunk in self._bound(input).stream(self._shown(input, kwargs), config, **kwargs):
            usage = _sum(usage, chunk)
            yield chunk
        input.observe(usage)

    async def astream(
        self,
        input: ContextPrompt,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any | None,
    ) -> AsyncIterator[AIMessage]:
        """The model's answer in chunks, as they come."""
        usage: UsageMetadata | None = None
        async for chunk in self._bound(input).astream(self._shown(input, kwargs), config, **kwargs):
            usage = _sum(usage, chunk)
            yield chunk
        await aside(partial(input.observe, usage))

    def _bound(self, prompt: ContextPrompt) -> Runnable[LanguageModelInput, AIMessage]:
        if not isinstance(prompt, ContextPrompt):
            raise InvalidInput(
                f"with_tools was given {shortened(prompt)}.",
                "Put it right after `builder.as_runnable()` in the chain.",
                value=prompt,
            )
        if differ(self.model):
            return _with_each(
                cast("RunnableWithFallbacks[Any, Any]", self.model),
                lambda model: _written_for(model) | self._given(model, prompt),
            )
        return self._given(self.model, prompt)

    def _given(self, model: Runnable[Any, Any], prompt: ContextPrompt) -> Runnable[Any, AIMessage]:
        if not prompt.context.tools:
            return model
        try:
            return cast(BaseChatModel, model).bind_tools(prompt.tools_for(model))
        except NotImplementedError as error:
            raise InvalidInput(
                f"The model {self.name} cannot be given tools.",
                "Use a model that has `bind_tools`, or build without the Tools source.",
                value=self.model,
            ) from error

    def _shown(self, prompt: ContextPrompt, options: Mapping[str, Any]) -> ContextPrompt:
        """The prompt as a call of the model with these options shows it."""
        calls = prompt.context.tools or options.get("tools")
        return (prompt if calls else prompt.without_calls()).for_model(self.model)


def with_tools(model: BaseChatModel) -> ModelWithTools:
    """The model as a chain's next step after `builder.as_runnable()`, with each prompt's tools bound to it.

    Raises `InvalidInput` for what cannot be given tools, such as a model that was wrapped before:
    `with_tools(model).with_retry()` is the right way round, and so with `bind` and `with_config`.
    `with_tools(model.with_fallbacks([other]))` gives each of them the tools.
    """
    if isinstance(model, _BARING) or not hasattr(model, "bind_tools"):
        raise InvalidInput(
            f"{shortened(model)} is wrapped already, or cannot be given tools.",
            "Pass the chat model itself, and wrap what `with_tools` returns: `with_tools(model).bind(…)`, "
            "`.with_config(…)` or `.with_retry()`.",
            value=model,
        )
    return ModelWithTools(model)


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


def _sum(usage: UsageMetadata | None, chunk: AIMessage) -> UsageMetadata | None:
    return add_usage(usage, chunk.usage_metadata) if chunk.usage_metadata else usage


def _asked(value: ContextInput) -> tuple[object, dict[str, Any]]:
    """What was said last (a text, a message, or None), and the template's variables in the chain's input."""
    if value is None or isinstance(value, str):
        return value, {}
    if isinstance(value, Message | BaseMessage):
        return _last([value]), {}
    if isinstance(value, Mapping):
        variables = dict(value)
        if "query" in variables:
            return variables.pop("query"), variables
        if "messages" in variables:
            return _last(variables.pop("messages")), variables
        if "role" in variables:
            return _last([value]), {}
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return _last(value), {}
    raise InvalidInput(
        f"The input {shortened(value)} holds no query.",
        'Pass the query as text, {"query": …} with any variables, or a list of messages.',
        value=value,
    )


def _last(values: Sequence[object]) -> Message:
    """The last of the messages: the others are not read, however many there are."""
    said = as_messages([storable(value) for value in values[-1:]] if isinstance(values, list | tuple) else values)
    if not said:
        raise InvalidInput("The list of messages is empty.", "Pass at least the user's message.", value=values)
    return said[-1]


def _query(last: object) -> object:
    """What was said last, if it asks something; None where the turn goes on."""
    return None if isinstance(last, Message) and last.role != "user" else last


_APPEND = "Append the call and all its results to the store before the prompt is built, and have a History source."


def _check_result(last: object, context: Context) -> None:
    """Refuse a prompt that lacks the result it is to go on from."""
    if isinstance(last, Message) and last.role == "tool":
        check_result(context, last.tool_call_id, _APPEND, item_id=last.id)
