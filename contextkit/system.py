"""The system message: every system item in one message, in order."""

from __future__ import annotations

from collections.abc import Sequence

from contextkit.types import Item, Message, TokenCounter


def system_message(items: Sequence[Item]) -> Message | None:
    """The one message that holds all system items, a blank line between them; None without any."""
    if not items:
        return None
    return Message(role="system", content="\n\n".join(item.text for item in items))


def system_tokens(items: Sequence[Item], counter: TokenCounter) -> int:
    """What the system message costs as a whole."""
    message = system_message(items)
    return 0 if message is None else counter.message(message)
