"""Turns: what Anthropic and Bedrock have in common.

Both keep the system prompt apart, want user and assistant to alternate with the user first, take
tool results as a part of the user's turn, refuse blank text, and want a tool call's input to be an
object. So where a prompt does not fit:

* System messages at its start become the system prompt; a later one becomes text in the user's turn.
* Messages of one role in a row become one turn. A message with nothing in it is left out.
* Where the assistant would speak first, a user's turn `(continued)` is put before it; where it spoke last, a user's
  turn `(continue)` behind it, since models of today refuse to take up what stands there as their own beginning.
* Where calls and results are in the history but no tools are given, they become text, since both
  refuse such blocks without tools.
* A user's name, for which they have no field, stands before the user's text, and an assistant's before its turn, where
  others answered too (`contextkit.render.cues`).
* Arguments that are no JSON object are passed as `{"unparsed": text}`.
* Reasoning without a signature is left out, and that which another model than Claude signed, as Gemini does.
* An empty tool result says `(no output)`: Converse takes no blank text, and Anthropic no failure without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from contextkit.errors import InvalidMessage
from contextkit.messages.arguments import argument_object
from contextkit.parts import Other, Part, Reasoning, Redacted, Text, introduced, part, parts, words_beside
from contextkit.parts.media import Media
from contextkit.render.cues import cues
from contextkit.render.maker import may_be_claude_s
from contextkit.render.request import Breakpoints
from contextkit.render.told import told_block
from contextkit.types import Block, Message, Role, ToolCall

Json: TypeAlias = dict[str, Any]

OPENING, CLOSING = "(continued)", "(continue)"
NO_OUTPUT = "(no output)"
MAX_BREAKPOINTS = 4
"""The most that Anthropic takes in one request, on Bedrock too (both document it)."""

CALL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""The ids of calls that both take; their length Bedrock alone documents."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Consecutive messages of one role, as one."""

    role: Literal["user", "assistant"]
    content: list[Json]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a provider writes: a message's own blocks, bare text, and a cache breakpoint after blocks.

    A breakpoint in a turn that is not `markable` stands behind the last one before that is, or the system prompt.
    """

    blocks: Callable[[Message], list[Json]]
    text: Callable[[str], Json]
    mark: Callable[[list[Json]], None]
    markable: Callable[[Turn], bool] = lambda _: True


def split(messages: Iterable[Message], points: Breakpoints, dialect: Dialect) -> tuple[list[Json], list[Turn]]:
    """The system prompt's blocks and the turns of a prompt, with the breakpoints marked."""
    system: list[Json] = []
    turns: list[Turn] = []
    said = [*messages]
    for index, (message, cue) in enumerate(zip(said, cues(said), strict=True)):
        blocks = dialect.blocks(message)
        if message.role == "system" and not turns:
            system += blocks
        elif blocks:
            if cue:
                _open_turn(turns, "user", dialect).content.append(dialect.text(cue))
            _open_turn(turns, message.role, dialect).content.extend(blocks)
        if index in points.messages and (bearer := _bearer(system, turns, dialect)):
            dialect.mark(bearer)
    if not turns:
        raise InvalidMessage("The prompt says nothing besides its system prompt.", "Add the user's message.")
    if turns[-1].role == "assistant":
        turns.append(Turn("user", [dialect.text(CLOSING)]))
    return system, turns


def _bearer(system: list[Json], turns: list[Turn], dialect: Dialect) -> list[Json]:
    """The blocks that a breakpoint after all of these stands behind."""
    return next((turn.content for turn in reversed(turns) if dialect.markable(turn)), system)


def _open_turn(turns: list[Turn], role: Role, dialect: Dialect) -> Turn:
    speaker: Literal["user", "assistant"] = "assistant" if role == "assistant" else "user"
    if not turns and speaker == "assistant":
        turns.append(Turn("user", [dialect.text(OPENING)]))
    if not turns or turns[-1].role != speaker:
        turns.append(Turn(speaker, []))
    return turns[-1]


def usable_parts(message: Message) -> list[Part]:
    """The parts that may be sent: no blank text, no unsigned reasoning, the user's name in front."""
    claude_s = may_be_claude_s(message)
    found = [*parts(message), Text(words_beside(message))]
    return introduced([part for part in found if not _is_empty(part, claude_s)], message)


def _is_empty(part: Part, claude_s: bool) -> bool:
    match part:
        case Text(text):
            return not text.strip()
        case Reasoning(_, signature):
            return not (claude_s and signature)
        case Redacted():
            return not claude_s
    return False


def to_be_cited(media: Media) -> Json:
    """Whether a document is to be cited, and what is told of it beside, as both providers say it."""
    cited: Json = {"citations": {"enabled": True}} if media.cited else {}
    return {**cited, "context": media.context} if media.context else cited


def call_input(call: ToolCall) -> Json:
    """The call's arguments as the object that both providers insist on."""
    arguments = argument_object(call.arguments)
    return {"unparsed": call.arguments} if arguments is None else arguments


def as_text(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages with calls and results told as text."""
    names: dict[str, str] = {}
    for message in messages:
        if message.tool_calls:
            names = {call.id: call.name for call in message.tool_calls}
            told = [f"[called {call.name} with {call.arguments or '{}'}]" for call in message.tool_calls]
            metadata = {key: value for key, value in message.metadata.items() if key not in _OF_CALLS}
            yield replace(message, content=(*_blocks(message), *map(_text, told)), tool_calls=(), metadata=metadata)
        elif message.role == "tool":
            told = [f"[result of {names[str(message.tool_call_id)]}]"]
            content = (*map(_text, told), *(_as_said(block, message) for block in _blocks(message)))
            yield replace(message, role="user", name=None, content=content, tool_call_id=None)
        else:
            yield message


_OF_CALLS = ("content_calls", "invalid_tool_calls", "function_call")
"""What the metadata says of a message's calls."""


def _blocks(message: Message) -> tuple[Block, ...]:
    return (_text(message.content),) if isinstance(message.content, str) else message.content


def _as_said(block: Block, message: Message) -> Block:
    """A block of a tool's result as a user may say it: what none of ours can stand for, in words."""
    in_words = told_block(block, message) if isinstance(part(block), Other) else None
    return block if in_words is None else _text(in_words)


def _text(text: str) -> Block:
    return {"type": "text", "text": text}
