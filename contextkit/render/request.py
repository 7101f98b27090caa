"""What every provider's renderer starts from, and the rules they share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar, cast

from contextkit.errors import InvalidMessage, InvalidTool, shortened
from contextkit.messages.groups import groups
from contextkit.parts import Other, Part, Reasoning, Redacted, Text, part, words_beside
from contextkit.rank.tools import KEPT
from contextkit.shown_tools import OWN_NAME, shown_name, shown_tool
from contextkit.types import Message, Tool, ToolCall

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Breakpoints:
    """Where a provider should cache the prompt up to: after these messages (by index), and after the tools."""

    messages: tuple[int, ...] = ()
    after_tools: bool = False

    def at_most(self, limit: int) -> Breakpoints:
        """These, or where there are more than `limit`, the first (it changes least) and the last ones."""
        room = limit - self.after_tools
        if len(self.messages) <= room:
            return self
        return replace(self, messages=(self.messages[0], *self.messages[len(self.messages) - room + 1 :]))


NO_BREAKPOINTS = Breakpoints()


def encodable(value: T) -> T:
    """A copy of a JSON-like value whose every text can be encoded as UTF-8."""
    return cast("T", _encodable(value))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _without_surrogates(value)
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def check_pairs(messages: Sequence[Message]) -> None:
    """Refuse a prompt in which a tool call or a result stands alone, as every provider would."""
    for group in groups(messages):
        if group.whole:
            continue
        at = group.orphans[0] if group.orphans else group.start
        what = "a result without its call" if group.orphans else f"no result for the call {shortened(group.missing[0])}"
        raise InvalidMessage(
            f"Message {at} of the prompt: {what}.",
            "Keep each assistant message with tool calls and the results of all of them together.",
            value=messages[at],
        )


def opening(messages: Sequence[Message]) -> int:
    """How many system messages the prompt opens with."""
    return next((at for at, message in enumerate(messages) if message.role != "system"), len(messages))


def shown(tools: Sequence[Tool]) -> list[Tool]:
    """The tools as every provider takes them. Refuses what none takes under any name, and two of one name."""
    named: dict[str, Tool] = {}
    for tool in tools:
        if not OWN_NAME.fullmatch(tool.name):
            raise InvalidTool(
                f"The tool name {shortened(tool.name)} is not 1 to 128 letters, digits, underscores, dots, slashes "
                "or hyphens.",
                "Rename the tool.",
                value=tool.name,
            )
        taken = shown_tool(tool)
        if taken.name in named:
            raise InvalidTool(f"Two tools are named {tool.name!r}.", "Give each its own name.", value=tool.name)
        named[taken.name] = taken
    return list(named.values())


MOST_OPENAI_TOOLS: Final = 128
"""OpenAI answers with an error to more tools; others who speak its language may take more."""


def check_count(tools: Sequence[Tool], most: int, provider: str) -> None:
    """Refuse more tools than the provider takes: which of them matter least is not known here."""
    if len(tools) > most:
        raise InvalidTool(
            f"The prompt has {len(tools)} tools; {provider} takes {most}.",
            f"Show fewer: `Tools(…, limit={max(most // KEPT, 1)})`, since up to {KEPT} times as many may stay. "
            "If it is another's server that speaks this API and takes more, pass `most_tools`.",
            value=len(tools),
        )


def finished(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages without reasoning that an answer ends in, as where it ran out of tokens: nothing came of it.

    Anthropic, Bedrock and OpenAI's Responses API answer with an error to it, in every later prompt of the session.
    """
    for message in messages:
        ended = _ended(message)
        yield message if ended == len(message.content) else replace(message, content=message.content[:ended])


def _ended(message: Message) -> int:
    """How much of its content there is up to reasoning that nothing follows."""
    whole = len(message.content)
    if message.role != "assistant" or message.tool_calls or words_beside(message):
        return whole
    found = [part(block) for block in message.content] if not isinstance(message.content, str) else []
    said = [at for at, one in enumerate(found) if not _is_unsaid(one)]
    last = said[-1] + 1 if said else 0
    return last if any(isinstance(one, Reasoning | Redacted) for one in found[last:]) else whole


def _is_unsaid(found: Part) -> bool:
    match found:
        case Text(text):
            return not text.strip()
        case Other(block):
            return "cachePoint" in block
    return isinstance(found, Reasoning | Redacted)


SIGNED: Final = "__thought__"
"""What LiteLLM puts between a call's id and how Gemini signed the call, which it finds there again."""


def with_fitting_ids(
    messages: Iterable[Message], allowed: re.Pattern[str], *, signed: bool = False
) -> Iterator[Message]:
    """The messages with call ids that match `allowed` and occur once, and tool names a provider takes.

    What fits stays as it is. A new id depends only on the messages before it, so that a prompt
    that grows keeps its beginning. With `signed`, which is for OpenAI's language, an id of the turn that says how
    Gemini signed the call stays too: Gemini 3 refuses a call of the turn without.
    """
    said = [*messages]
    turn = asked(said) if signed else len(said)
    used: dict[str, int] = {}
    renamed: dict[str, str] = {}
    for place, message in enumerate(said):
        if message.tool_calls:
            renamed = {call.id: _fitting(call.id, allowed, used, signed=place > turn) for call in message.tool_calls}
            calls = tuple(
                ToolCall(renamed[call.id], shown_name(call.name), call.arguments) for call in message.tool_calls
            )
            yield replace(message, tool_calls=calls)
        elif message.role == "tool":
            yield replace(message, tool_call_id=renamed[str(message.tool_call_id)])
        else:
            yield message


def asked(messages: Sequence[Message]) -> int:
    """The place of the last of the user's messages, with which the turn begins."""
    return max((place for place, message in enumerate(messages) if message.role == "user"), default=0)


def _fitting(call_id: str, allowed: re.Pattern[str], used: dict[str, int], *, signed: bool) -> str:
    number = used[call_id] = used.get(call_id, 0) + 1
    if number == 1 and (allowed.fullmatch(call_id) or (signed and SIGNED in call_id)):
        return call_id
    digest = hashlib.sha256(f"{number} {call_id}".encode(errors="surrogatepass")).hexdigest()
    return f"call_{digest[:24]}"
