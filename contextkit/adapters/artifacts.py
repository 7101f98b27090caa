"""Artifacts: what LangChain's tools leave beside their results for the program alone, in the form of any object."""

from __future__ import annotations

from typing import TypeVar

from langchain_core.messages import BaseMessage

from contextkit.errors import InvalidMessage
from contextkit.messages.check import json_value

Said = TypeVar("Said")


def storable(message: Said) -> Said:
    """The message as a session can keep it: without an artifact that is no JSON value. That is in the graph's state."""
    try:
        json_value(getattr(message, "artifact", None), "The artifact")
    except InvalidMessage:
        return without_artifact(message)
    return message


def without_artifact(message: Said) -> Said:
    """The message without its artifact: what no model is shown, and what may be of a kind that no `==` compares."""
    if not isinstance(message, BaseMessage) or getattr(message, "artifact", None) is None:
        return message
    return message.model_copy(update={"artifact": None})
