"""Quiet: calls of LangChain's models whose answers are not the agent's, kept out of what it streams."""

from __future__ import annotations

from typing import Final, TypeVar

T = TypeVar("T")

_NOT_STREAMED: Final = "nostream"
"""LangGraph's tag for what its streams of messages leave out."""


def quiet(model: T) -> T:
    """The model, retriever or other runnable of LangChain's, with the tag; anything else as it is.

    In a node of a graph it inherits the callbacks by which the graph streams whatever its models say to the user.
    """
    tagged = getattr(model, "with_config", None)
    return tagged(tags=[_NOT_STREAMED]) if callable(tagged) else model
