"""Who made an answer, as far as LangChain's chat models tell of theirs: others cannot read what it thought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contextkit.types import Message


def may_be_claude_s(message: Message) -> bool:
    """Whether Claude may have made the answer, through whichever API: each takes reasoning that another signed."""
    model = said_of(message).get("model_name")
    if made_by(message) == "bedrock_converse" and isinstance(model, str) and not model.startswith("arn:"):
        return "claude" in model
    return made_by(message) in (None, "anthropic", "bedrock", "bedrock_converse")


def made_by(message: Message) -> str | None:
    """What the chat model that made it calls its provider; None where the answer does not say."""
    maker = said_of(message).get("model_provider")
    return maker if isinstance(maker, str) else None


def said_of(message: Message) -> Mapping[str, Any]:
    """What LangChain notes of the response that it came in."""
    said = message.metadata.get("response_metadata")
    return said if isinstance(said, Mapping) else {}
