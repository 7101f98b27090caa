"""Groups: which messages live or die together.

Every provider wants a model's tool calls answered by the messages right after them, all of them
and nothing else. So an assistant message with tool calls and the results that follow it, up to the
one that answers the last of them, are one group, and any other message is a group of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contextkit.types import Message, ToolCall


@dataclass(frozen=True, slots=True)
class Group:
    """The messages `start` to `stop` (exclusive) of a list.

    `missing` are the ids of calls without a result; `orphans` are the indexes of results that
    answer no call of the group, or one that was answered already.
    """

    start: int
    stop: int
    missing: tuple[str, ...] = ()
    orphans: tuple[int, ...] = ()

    @property
    def whole(self) -> bool:
        """True where a provider takes the group as it stands."""
        return not self.missing and not self.orphans


def groups(messages: Sequence[Message]) -> list[Group]:
    """The groups of the messages, in order and without gaps, in linear time.

    Appending messages can only lengthen the last group.
    """
    found: list[Group] = []
    start = 0
    while start < len(messages):
        group = group_at(messages, start)
        found.append(group)
        start = group.stop
    return found


def is_alone(message: Message) -> bool:
    """Whether the message is a group of its own: it neither calls a tool nor answers a call."""
    return not message.tool_calls and message.role != "tool"


def group_at(messages: Sequence[Message], start: int) -> Group:
    """The group that begins with message number `start`, whatever stands before it."""
    first = messages[start]
    if is_alone(first):
        return Group(start, start + 1)
    if first.role == "tool":
        return Group(start, start + 1, orphans=(start,))
    waiting = dict.fromkeys(call.id for call in first.tool_calls)
    orphans: list[int] = []
    stop = start + 1
    while waiting and stop < len(messages) and messages[stop].role == "tool":
        if messages[stop].tool_call_id in waiting:
            del waiting[str(messages[stop].tool_call_id)]
        else:
            orphans.append(stop)
        stop += 1
    return Group(start, stop, tuple(waiting), tuple(orphans))


def unanswered(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The newest calls that lack a result and can still be given one: no answer has been made since.

    A process that dies between a call and its result leaves such calls. No prompt can show them, nor what the calls
    beside them did, a refund say, which the model then asks for again. Give each a result that says so, by `append`;
    it stands behind its call even where the user has spoken since. What another process is still running is among
    them, too: whether somebody is, is for the caller to know.
    """
    given: set[str | None] = set()
    for message in reversed(messages):
        if message.role == "assistant":
            return tuple(call for call in message.tool_calls if call.id not in given)
        if message.role == "tool":
            given.add(message.tool_call_id)
    return ()
