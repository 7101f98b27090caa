"""What a model thought, given back to servers that speak OpenAI's chat completions and tell it beside the content.

Of DeepSeek's thinking mode and of Kimi, a request with tools must bear `reasoning_content` in every answer that called
some, of earlier turns too, or they answer with an error; a blank one will do. LiteLLM takes back Claude's as
`thinking_blocks`, OpenRouter what it calls `reasoning_details`. OpenAI, Groq, Mistral and others answer with an error
to a name that they do not know. So what is given back goes by what the server itself said last, or by what the caller
says of it: vLLM, Groq and Ollama take back `reasoning`, but so may a program call what it notes for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias, get_args

from contextkit.errors import InvalidInput, shortened
from contextkit.parts import ThinkingField, thoughts
from contextkit.types import Message

Thinking: TypeAlias = ThinkingField | Literal["auto"] | None
"""Under which name it is given back; "auto" goes by the last answers, None is for never."""

_AMBIGUOUS: Final = "reasoning"
"""The name that is given back only where it is asked for."""

INSISTED: Final = "reasoning_content"
"""The name of those who insist on it."""

BLANK: Final = " "
"""Stands for what an answer of another server does not say. Kimi takes an empty one for none at all."""


def given_back(message: Message, field: ThinkingField | None) -> dict[str, Any]:
    """What an answer bears of it, given back under this name. Of one that called no tool it is not asked what."""
    if field is None or message.role != "assistant":
        return {}
    thought = thoughts(message).get(field) if message.tool_calls else None
    if thought is None:
        return {field: BLANK} if field == INSISTED else {}
    return {field: thought}


def field_for(messages: Sequence[Message], thinking: Thinking, *, tools: bool) -> ThinkingField | None:
    """The name under which a prompt gives back what was thought. Without tools nobody asks for it."""
    if thinking not in ("auto", None, *get_args(ThinkingField)):
        raise InvalidInput(
            f"Nothing that a model thought is called {shortened(thinking)}.",
            f'Use one of {", ".join(get_args(ThinkingField))}, "auto", or None to give none of it back.',
            value=thinking,
        )
    if not (tools or any(message.tool_calls for message in messages)):
        return None
    return _last_said(messages) if thinking == "auto" else thinking


def _last_said(messages: Sequence[Message]) -> ThinkingField | None:
    """What they call it who answered last, in the last turn that has an answer."""
    answered = False
    for message in reversed(messages):
        if message.role == "user" and answered:
            return None
        answered = answered or message.role == "assistant"
        if said := [field for field in thoughts(message) if field != _AMBIGUOUS]:
            return said[0]
    return None
