"""What is known of LangChain's chat models: whose they are, and how each is told what to cache.

The classes are known by their names, and need not be installed. Whatever is not known for sure gets no marks: a
provider refuses a request with marks that it does not know, and without any it only costs more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableParallel, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase

from contextkit.adapters.bedrock_models import caching_of, is_claude
from contextkit.render.family import Family
from contextkit.render.langchain_cache import CacheStyle, Caching
from contextkit.render.langchain_family import FAMILIES

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


def target_of(model: object, caching: Caching = "auto", *, tools: bool = False) -> Target:
    """What a prompt for a chat model goes by. A style that is given says whose it is, too.

    Whether it is given the prompt's `tools` decides by which API `ChatOpenAI` calls some of OpenAI's models.

    A model may be bound, wrapped, or the first step of a chain. Of one with fallbacks it is what all of them have:
    where they differ, no marks, and what every chat model takes.
    """
    if caching is not None and caching != "auto":
        return Target(FAMILIES.get(caching), caching)
    given = {"tools": [{"type": "function"}]} if tools else {}
    found = {Target(_family(one, options), _style(one)) for one, options in _models(model, given)}
    if not found:
        return Target()
    families, styles = {one.family for one in found}, {one.cache for one in found}
    family = families.pop() if len(families) == 1 else "other"
    return Target(family, styles.pop() if caching and len(styles) == 1 else None)


def differ(model: object) -> bool:
    """Whether it has fallbacks for which the prompt is written in another way."""
    return isinstance(model, RunnableWithFallbacks) and len({target_of(one) for one in model.runnables}) > 1


def _models(step: object, options: Mapping[str, Any]) -> Iterator[tuple[object, Mapping[str, Any]]]:
    """The chat models that may answer at this step of a chain, each with what it is bound to."""
    if isinstance(step, RunnableBindingBase):
        yield from _models(step.bound, {**options, **step.kwargs})
    elif isinstance(step, RunnableSequence):
        yield from _models(step.first, options)
    elif isinstance(step, RunnableWithFallbacks):
        for one in step.runnables:
            yield from _models(one, options)
    elif isinstance(step, RunnableParallel):  # `with_structured_output(…, include_raw=True)`
        for branch in step.steps__.values():
            yield from (found for found in _models(branch, options) if isinstance(found[0], BaseChatModel))
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
    match caching_of(_bedrock_id(model)):
        case "claude" if _is_converse(model, kinds):
            return "converse"
        case "claude" if "ChatBedrock" in kinds:
            return "anthropic"
        case "nova" if _is_converse(model, kinds):
            return "nova"
    return None


def _is_converse(model: object, kinds: set[str]) -> bool:
    return "ChatBedrockConverse" in kinds or (
        "ChatBedrock" in kinds and bool(getattr(model, "beta_use_converse_api", False))
    )


def _is_claude(model: object) -> bool:
    return getattr(model, "provider", None) == "anthropic" or is_claude(_bedrock_id(model))


def _bedrock_id(model: object) -> str:
    """Bedrock's id of the model. A profile of one's own says by its base model which it is."""
    return getattr(model, "base_model_id", None) or getattr(model, "model_id", None) or ""
