"""What is known of Strands' models: whose they are, and how each is told what to cache.

The classes are known by their names, since not every one's package is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from contextkit.adapters.bedrock_models import caching_of, is_claude
from contextkit.render.family import Family

Marks: TypeAlias = bool | Literal["nova"]
"""Whether cache points are marked, and as which model takes them."""

_KNOWN: Final[Mapping[str, tuple[Family, Marks]]] = {
    "AnthropicModel": ("anthropic", True),
    "LiteLLMModel": ("openai", True),
    "OpenAIResponsesModel": ("responses", False),
    "OpenAIModel": ("openai", False),
    "GeminiModel": ("google", False),
}
"""Whose models these are, and whether they pass cache points on; the others ignore them, some with an error."""

_MAKERS: Final[Mapping[Family, str]] = {
    "anthropic": "anthropic",
    "converse": "bedrock_converse",
    "bedrock": "bedrock_converse",
    "google": "google_genai",
}
"""What LangChain calls the providers of models whose reasoning is signed: a session has one name for each."""


@dataclass(frozen=True, slots=True)
class Target:
    """The model that a prompt is for."""

    family: Family
    marks: Marks
    model_id: str = ""

    @property
    def maker(self) -> dict[str, str] | None:
        """Who makes its answers, as these say it who come from LangChain."""
        provider = _MAKERS.get(self.family)
        named = {"model_name": self.model_id} if self.model_id else {}
        return {"model_provider": provider, **named} if provider else None


def target_of(model: object) -> Target:
    """What a prompt for one of Strands' models goes by."""
    kinds = [kind.__name__ for kind in type(model).__mro__]
    model_id = _model_id(model)
    if "BedrockModel" in kinds:
        takes = caching_of(model_id)
        marks: Marks = "nova" if takes == "nova" else takes is not None
        return Target("converse" if is_claude(model_id) else "bedrock", marks, model_id)
    family, passes = next((_KNOWN[kind] for kind in kinds if kind in _KNOWN), ("other", False))
    return Target(family, passes, model_id)


def _model_id(model: Any) -> str:
    config = model.get_config() if hasattr(model, "get_config") else {}
    return str(config.get("model_id") or "") if isinstance(config, Mapping) else ""
