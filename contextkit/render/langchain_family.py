"""LangChain's chat models by family: how each is told what to cache, and which answers in the v1 shape it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contextkit.render.family import Family
from contextkit.render.langchain_cache import CacheStyle
from contextkit.render.maker import made_by, said_of
from contextkit.types import Message

FAMILIES: Final[Mapping[CacheStyle, Family]] = {"anthropic": "anthropic", "converse": "converse", "nova": "bedrock"}
"""Whose chat models are told what to cache in each style."""


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


def is_v1(message: Message) -> bool:
    """Whether it is an answer in LangChain's v1 shape."""
    return bool(said_of(message).get("output_version") == "v1")
