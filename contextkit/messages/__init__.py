"""Messages in: whatever a conversation arrives as becomes `Message`; and how a store keeps it.

`as_messages` takes `Message`, LangChain messages and its pairs of role and text, OpenAI-style dicts,
Anthropic or Bedrock Converse dicts, items of OpenAI's Responses API, and the pydantic models that
OpenAI's and Anthropic's clients answer with. Two things hold for what it gives back: tool calls and
results never stand among the content blocks, and everything in blocks and metadata is a JSON value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from typing import TypeGuard

from contextkit.errors import InvalidInput, InvalidMessage, shortened
from contextkit.fence import BLOCK_NAME, is_fenced
from contextkit.messages.anthropic import from_anthropic, is_anthropic
from contextkit.messages.check import checked_message, is_model, plain_model
from contextkit.messages.codec import GIVEN_ID, dump_columns, dumps, load_columns, loads
from contextkit.messages.converse import from_converse, is_converse
from contextkit.messages.groups import Group, group_at, groups, is_alone, unanswered
from contextkit.messages.langchain import from_langchain, is_langchain
from contextkit.messages.openai import from_openai
from contextkit.messages.responses import Output, from_item, from_output, is_item, joined
from contextkit.types import Message

__all__ = [
    "GIVEN_ID",
    "Group",
    "as_message",
    "as_messages",
    "dump_columns",
    "dumps",
    "group_at",
    "groups",
    "is_alone",
    "load_columns",
    "loads",
    "unanswered",
]

_SHAPES = "Pass a Message, a LangChain message, a dict or a client's model with `role` and `content`, or a pair."


def as_messages(values: Iterable[object]) -> list[Message]:
    """Every message in `values`, checked, in order.

    A provider's dict that holds several of our messages (tool results next to text) becomes
    several; items that a model said at once (`response.output` of the Responses API) become one.
    A block that contextkit put into a prompt is nobody's message and left out, where it cannot be
    taken for one: under its own name, and with nothing but fenced sections in it.

    Raises `InvalidMessage`, or `InvalidId` for an id, and says where in the list that stands; also where two that
    differ share an id.
    """
    if isinstance(values, str | bytes | Mapping | Message) or is_model(values) or not isinstance(values, Iterable):
        raise InvalidMessage(
            f"{shortened(values)} is not a list of messages.", "Pass a list, also for a single message.", value=values
        )
    messages = [message for message in _each(values) if not _is_block(message)]
    _check_ids(messages)
    return messages


def _each(values: Iterable[object]) -> Iterator[Message]:
    alone = isinstance(values, Sized) and len(values) == 1
    number = 1
    for value in joined(values):
        try:
            yield from _expanded(value)
        except InvalidInput as error:
            where = "" if alone else f"Message {number:,}: "
            raise type(error)(where + error.problem, error.remedy, value=error.value) from error
        number += len(value.items) if isinstance(value, Output) else 1


def as_message(value: object) -> Message:
    """One message, checked. Raises `InvalidMessage` where `value` holds several; see `as_messages`."""
    found = _expanded(value)
    if len(found) == 1:
        return found[0]
    raise InvalidMessage(
        f"{shortened(value)} holds {len(found)} messages.", "Use `as_messages`, which gives them all.", value=value
    )


def _expanded(value: object) -> list[Message]:
    if isinstance(value, Message):
        return [_checked(value)]
    if is_langchain(value):
        return from_langchain(value)
    if isinstance(value, Output):
        return [from_output(value.items)]
    if _is_pair(value):
        return _from_dict({"role": value[0], "content": value[1]})
    if isinstance(data := plain_model(value), Mapping):
        return _from_dict(data)
    raise InvalidMessage(f"{shortened(value)} is not a message.", _SHAPES, value=value)


def _is_block(message: Message) -> bool:
    if message.role != "user" or message.name != BLOCK_NAME:
        return False
    texts = isinstance(message.content, str) or all(block.get("type") == "text" for block in message.content)
    return texts and is_fenced(message.text)


def _is_pair(value: object) -> TypeGuard[tuple[str, object]]:
    """A role and what was said, as LangChain's prompts and LangGraph's states are often written."""
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)


def _check_ids(messages: Sequence[Message]) -> None:
    """A store keeps one message per id: of two that share theirs it would drop one, unless they say the same."""
    seen: dict[str, Message] = {}
    for message in messages:
        if message.id is None:
            continue
        first = seen.setdefault(message.id, message)
        if first is not message and _as_said(first) != _as_said(message):
            raise InvalidMessage(
                f"Two different messages have the id {shortened(message.id)}.",
                "Give each message its own id, or none.",
                value=message.id,
            )


def _as_said(message: Message) -> Message:
    """The message without what a store adds."""
    return replace(message, created_at=None, seq=None, tokens=None, counter=None)


def _from_dict(data: Mapping[object, object]) -> list[Message]:
    content = data.get("content")
    if isinstance(content, list | tuple):
        content = [plain_model(block) for block in content]
        data = {**data, "content": content}
    if is_item(data):
        return [from_item(data)]
    if isinstance(content, list):
        if data.get("tool_call_id") is None and is_converse(content):
            return from_converse(data)
        if is_anthropic(content):
            return from_anthropic(data)
    return [from_openai(data)]


def _checked(message: Message) -> Message:
    checked = checked_message(
        message.role,
        message.content,
        id=message.id,
        name=message.name,
        tool_calls=message.tool_calls,
        tool_call_id=message.tool_call_id,
        created_at=message.created_at,
        metadata=message.metadata,
    )
    return replace(checked, seq=message.seq, tokens=message.tokens, counter=message.counter)
