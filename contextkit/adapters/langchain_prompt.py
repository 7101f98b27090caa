"""A built prompt as LangChain's models take it, written for the one that comes next."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from langchain_core.messages.ai import UsageMetadata
from langchain_core.prompt_values import ChatPromptValue
from pydantic import PrivateAttr

from contextkit.adapters.builds import Builder
from contextkit.adapters.langchain_styles import Target, target_of
from contextkit.render.langchain import to_langchain_prompt
from contextkit.render.langchain_cache import Caching
from contextkit.render.turns import as_text

if TYPE_CHECKING:
    from contextkit.context import Context


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
