"""What is known of LangChain's chat models: whose they are, and how each is told what to cache.

The classes are known by their names, and need not be installed. Whatever is not known for sure gets no marks: a
provider refuses a request with marks that it does not know, and without any it only costs more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase

from contextkit.render.langchain_cache import CacheStyle, Caching
from contextkit.render.langchain_family import FAMILIES, Family

_CACHED: Final = re.compile(r"anthropic\.claude-(?!v\d|instant|3-(?:haiku|sonnet|opus)|3-5-sonnet-20240620)")
"""Bedrock's ids of the models of Claude that take cache points: those since the second Claude 3.5 Sonnet.

By Amazon Bedrock's user guide, "Prompt caching for faster model inference", as the next.
"""

_NOVA: Final = re.compile(r"amazon\.nova-(?:micro|lite|pro|premier|2-lite)-")
"""The ids of the models of Nova that take them in the system prompt and in messages."""

_FAMILIES: Final[Mapping[str, Family]] = {
    "ChatAnthropic": "anthropic",
    "ChatAnthropicVertex": "invoke",
    "ChatGoogleGenerativeAI": "google",
    "ChatVertexAI": "google",
}
"""Whose chat models these are, whatever they are set to."""


@dataclass(frozen=True, slots=True)
class Target:
    """The chat model that a prompt is for: whose it is, as far as that is known, and how it is told what to cache."""

    family: Family | None = None
    cache: CacheStyle | None = None


def target_of(model: object, caching: Caching = "auto") -> Target:
    """What a prompt for a chat model goes by. A style that is given says whose it is, too.

    A model may be bound, wrapped, or the first step of a chain. Of one with fallbacks it is what all of them have:
    where they differ, no marks, and what every chat model takes.
    """
    if caching is not None and caching != "auto":
        return Target(FAMILIES.get(caching), caching)
    found = {Target(_family(one, options), _style(one)) for one, options in _models(model, {})}
    families, styles = {one.family for one in found}, {one.cache for one in found}
    family = families.pop() if len(families) == 1 else "other"
    return Target(family, styles.pop() if caching and len(styles) == 1 else None)


def differ(model: object) -> bool:
    """Whether it has fallbacks for which the prompt is written in another way."""
    return isinstance(model, RunnableWithFallbacks) and len({target_of(one) for one in model.runnables}) > 1


def cache_style(model: object) -> CacheStyle | None:
    """How a chat model is told what to cache; None for one that needs no telling, takes no marks, or is not known."""
    return target_of(model).cache


def _models(step: object, options: Mapping[str, Any]) -> Iterator[tuple[object, Mapping[str, Any]]]:
    """The chat models that may answer at this step of a chain, each with what it is bound to."""
    if isinstance(step, RunnableBindingBase):
        yield from _models(step.bound, {**options, **step.kwargs})
    elif isinstance(step, RunnableSequence):
        yield from _models(step.first, options)
    elif isinstance(step, RunnableWithFallbacks):
        for one in step.runnables:
            yield from _models(one, options)
    elif isinstance(inner := getattr(step, "model", None), Runnable):  # `with_tools`
        yield from _models(inner, options)
    else:
        yield step, options


def _family(model: object, options: Mapping[str, Any]) -> Family | None:
    kinds = {kind.__name__ for kind in type(model).__mro__}
    if known := next((family for name, family in _FAMILIES.items() if name in kinds), None):
        return known
    if "BaseChatOpenAI" in kinds:
        decides = getattr(model, "_use_responses_api", None)
        return "responses" if decides is not None and decides(dict(options)) else "openai"
    if _is_converse(model, kinds):
        return "converse" if _is_claude(model) else "bedrock"
    if "ChatBedrock" in kinds and _is_claude(model):
        return "invoke"
    return "other" if isinstance(model, BaseChatModel) else None


def _style(model: object) -> CacheStyle | None:
    kinds = {kind.__name__ for kind in type(model).__mro__}
    if "ChatAnthropic" in kinds:
        return "anthropic"
    if _is_converse(model, kinds) and _NOVA.search(_bedrock_id(model)):
        return "nova"
    if not _CACHED.search(_bedrock_id(model)):
        return None
    if _is_converse(model, kinds):
        return "converse"
    return "anthropic" if "ChatBedrock" in kinds else None


def _is_converse(model: object, kinds: set[str]) -> bool:
    return "ChatBedrockConverse" in kinds or (
        "ChatBedrock" in kinds and bool(getattr(model, "beta_use_converse_api", False))
    )


def _is_claude(model: object) -> bool:
    return getattr(model, "provider", None) == "anthropic" or "anthropic.claude" in _bedrock_id(model)


def _bedrock_id(model: object) -> str:
    """Bedrock's id of the model. A profile of one's own says by its base model which it is."""
    return getattr(model, "base_model_id", None) or getattr(model, "model_id", None) or ""
