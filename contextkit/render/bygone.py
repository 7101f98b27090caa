"""Bygone: what was said before the question, and this provider does not take, told in words.

A picture or file that a provider has no shape for is refused by name, for whoever sends it to mend. But what the user
sent has been said, and stays in the session: a photograph in a phone's own format, or a presentation, would have every
later prompt refused. So where the user has said something since, words stand for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from contextkit.errors import InvalidMessage
from contextkit.parts import part
from contextkit.parts.media import Media
from contextkit.render.request import asked
from contextkit.types import Block, Message

P = ParamSpec("P")
T = TypeVar("T")


def telling_bygones(
    render: Callable[Concatenate[Sequence[Message], P], T],
) -> Callable[Concatenate[Sequence[Message], P], T]:
    """The renderer, which refuses no longer what stands before the question, but tells it in words."""

    def rendered(messages: Sequence[Message], *args: P.args, **kwargs: P.kwargs) -> T:
        while True:
            try:
                return render(messages, *args, **kwargs)
            except InvalidMessage as error:
                told = _told(messages, error.value)
                if told is None:
                    raise
                messages = told

    return cast("Callable[Concatenate[Sequence[Message], P], T]", wraps(render)(rendered))


def _told(messages: Sequence[Message], refused: object) -> list[Message] | None:
    """The messages with words for what was refused, and all that is like it; None where it is not of the past."""
    turn = asked(messages)
    role = next((one.role for one in messages[:turn] if any(part(block) == refused for block in _blocks(one))), None)
    if role not in ("user", "tool"):  # what the application says itself is for it to mend
        return None
    return [_without(one, refused) if one.role == role else one for one in messages[:turn]] + [*messages[turn:]]


def _without(message: Message, refused: object) -> Message:
    if not any(_is_like(part(block), refused) for block in _blocks(message)):
        return message
    return replace(
        message, content=tuple(_words(block) if _is_like(part(block), refused) else block for block in _blocks(message))
    )


def _is_like(found: Any, refused: object) -> bool:
    """Whether it is refused for the same reason: as bytes of the same type, or because it is the very same."""
    if isinstance(found, Media) and isinstance(refused, Media) and found.data and refused.data:
        return found.described == refused.described
    return bool(found == refused)


def _words(block: Block) -> Block:
    found = part(block)
    what = found.described if isinstance(found, Media) else "a part of this message"
    return {"type": "text", "text": f"[{what}: it cannot be shown here]"}


def _blocks(message: Message) -> tuple[Block, ...]:
    return () if isinstance(message.content, str) else message.content
