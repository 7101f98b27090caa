"""Chat models behind a builder: given each prompt's tools, and each of several the prompt that is written for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, cast

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.runnables import Runnable, RunnableBinding, RunnableConfig, RunnableLambda, RunnableWithFallbacks
from langchain_core.runnables.configurable import DynamicRunnable

from contextkit.adapters.langchain_prompt import ContextPrompt
from contextkit.adapters.langchain_styles import differ
from contextkit.aside import aside
from contextkit.errors import InvalidInput, shortened

_BARING: Final = (RunnableBinding, DynamicRunnable)
"""Wrappers that hand `bind_tools` on to the model inside them: what is given tools lacks all that they add."""


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


def each_its_own(step: Any) -> Any:
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


def _sum(usage: UsageMetadata | None, chunk: AIMessage) -> UsageMetadata | None:
    return add_usage(usage, chunk.usage_metadata) if chunk.usage_metadata else usage
