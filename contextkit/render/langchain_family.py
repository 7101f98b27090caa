"""Whose chat model a prompt is for, as far as that decides which blocks it takes.

LangChain's chat models convert LangChain's own blocks and those of their own provider. What another provider's model
answered earlier in the session they pass on as it is, or lose: so whoever made an answer is known here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from contextkit.render.langchain_cache import CacheStyle
from contextkit.render.maker import made_by, said_of
from contextkit.types import Message

Family: TypeAlias = Literal["anthropic", "invoke", "converse", "bedrock", "openai", "responses", "google", "other"]
"""Chat models that take the same blocks.

"anthropic" is Claude by Anthropic's own API; "invoke" Claude by the APIs of Bedrock and Google that take the same, but
of LangChain's v1 shape nothing; "converse" Claude by Bedrock's Converse API and "bedrock" any other model by that;
"openai" chat completions and "responses" the Responses API, whichever server speaks them; "google" Gemini. "other" is a
chat model that is none of these: it takes what all take.
"""

ANTHROPIC: Final[tuple[Family, ...]] = ("anthropic", "invoke")
BEDROCK: Final[tuple[Family, ...]] = ("converse", "bedrock")
"""The families that take Anthropic's blocks, and those that take Converse's."""

FAMILIES: Final[Mapping[CacheStyle, Family]] = {"anthropic": "anthropic", "converse": "converse", "nova": "bedrock"}
"""Whose chat models are told what to cache in each style."""

_MAKERS: Final[Mapping[Family, tuple[str, ...]]] = {
    "anthropic": ("anthropic", "bedrock"),
    "invoke": ("anthropic", "bedrock"),
    "converse": ("bedrock_converse",),
    "bedrock": ("bedrock_converse",),
    "openai": ("openai",),
    "responses": ("openai",),
    "google": ("google_genai", "google_vertexai"),
    "other": (),
}
"""What LangChain's chat models of each family call their provider."""


def keeps_v1(message: Message, family: Family | None) -> bool:
    """Whether it is an answer in LangChain's v1 shape that goes back in it: only chat models of its own take that.

    `ChatOpenAI` says the calls of an answer that came by chat completions twice to the Responses API.
    """
    if family is None or not is_v1(message):
        return is_v1(message)
    if family == "responses" and not str(said_of(message).get("id")).startswith("resp_"):
        return False
    return made_by(message) == _V1.get(family)


_V1: Final[Mapping[Family, str]] = {
    "anthropic": "anthropic",
    "converse": "bedrock_converse",
    "bedrock": "bedrock_converse",
    "responses": "openai",
    "google": "google_genai",
}


def is_own(message: Message, family: Family) -> bool | None:
    """Whether a chat model of the family made the answer; None where the answer does not say who did."""
    maker = made_by(message)
    return None if maker is None else maker in _MAKERS[family]


def is_v1(message: Message) -> bool:
    """Whether it is an answer in LangChain's v1 shape."""
    return bool(said_of(message).get("output_version") == "v1")
