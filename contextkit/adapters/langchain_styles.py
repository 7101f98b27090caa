"""What is known of LangChain's chat models: how each is told what to cache.

The classes are known by their names, and need not be installed. Whatever is not known for sure gets no marks: a
provider refuses a request with marks that it does not know, and without any it only costs more.
"""

from __future__ import annotations

import re
from typing import Final

from langchain_core.runnables import Runnable, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase

from contextkit.render.langchain_cache import CacheStyle

_CACHED: Final = re.compile(r"anthropic\.claude-(?!v\d|instant|3-(?:haiku|sonnet|opus)|3-5-sonnet-20240620)")
"""Bedrock's ids of the models of Claude that take cache points: those since the second Claude 3.5 Sonnet.

By Amazon Bedrock's user guide, "Prompt caching for faster model inference". Amazon's Nova caches too, but not tools.
"""


def cache_style(model: object) -> CacheStyle | None:
    """How a chat model is told what to cache; None for one that needs no telling, takes no marks, or is not known.

    A model may be bound, wrapped, or the first step of a chain. Of one with fallbacks it is the style that all of them
    have: one of another would refuse the marks.
    """
    if isinstance(model, RunnableBindingBase):
        return cache_style(model.bound)
    if isinstance(model, RunnableSequence):
        return cache_style(model.first)
    if isinstance(inner := getattr(model, "model", None), Runnable):  # `with_tools`
        return cache_style(inner)
    if isinstance(model, RunnableWithFallbacks):
        styles = set(map(cache_style, model.runnables))
        return styles.pop() if len(styles) == 1 else None
    kinds = {kind.__name__ for kind in type(model).__mro__}
    if "ChatAnthropic" in kinds:
        return "anthropic"
    if not _is_cached_on_bedrock(model):
        return None
    if "ChatBedrockConverse" in kinds or ("ChatBedrock" in kinds and getattr(model, "beta_use_converse_api", False)):
        return "converse"
    return "anthropic" if "ChatBedrock" in kinds else None


def _is_cached_on_bedrock(model: object) -> bool:
    """Whether Bedrock caches prompts of this model. A profile of one's own says by its base model which it is."""
    named = getattr(model, "base_model_id", None) or getattr(model, "model_id", None) or ""
    return _CACHED.search(named) is not None
