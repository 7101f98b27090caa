"""Whose model a prompt is for, as far as that decides which blocks it takes, where a framework stands between.

The chat models of LangChain and of Strands convert the framework's own blocks and those of their own provider. What
another provider's model answered earlier in the session they pass on as it is, lose or refuse: so whoever made an
answer is known here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from contextkit.render.maker import made_by
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
"""What the chat models of each family call their provider."""


def is_own(message: Message, family: Family) -> bool | None:
    """Whether a chat model of the family made the answer; None where the answer does not say who did."""
    maker = made_by(message)
    return None if maker is None else maker in _MAKERS[family]
