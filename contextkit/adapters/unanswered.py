"""Unanswered: calls that a graph's state goes on behind without a result, and words that stand for it.

A run that was cancelled, or broke off with an error, or handed over to another agent beside other calls leaves such
calls in the state. Providers refuse them, and without them the model does not know what was begun: it might have the
same refund made twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.messages import ToolCall as LangChainCall

from contextkit.types import Message

NO_RESULT: Final = "No result: this call was interrupted, or nobody waited for it. It may have been done all the same."


_NONE: Final = "/none"


def stands_for_none(message: Message) -> bool:
    """Whether a stored message stands for a result that there is none of."""
    return message.role == "tool" and (message.id or "").endswith(_NONE)


def with_results(said: Mapping[str, BaseMessage]) -> dict[str, BaseMessage]:
    """The messages of a state, by their ids, with a result for each call that it goes on behind without one.

    That is where something else was said since, or the model is to go on from results of other calls beside it. A call
    that nobody has answered yet, at the end, may still be.
    """
    messages = [*said.values()]
    answered = {one.tool_call_id: place for place, one in enumerate(messages) if isinstance(one, ToolMessage)}
    added: dict[int, list[ToolMessage]] = {}
    for place, message in enumerate(messages):
        if isinstance(message, AIMessage) and message.tool_calls:
            missing = [call for call in message.tool_calls if answered.get(call["id"] or "", -1) < place]
            if missing and place != len(messages) - 1:
                added[_end(messages, place)] = [_no_result(message, call) for call in missing]
    return {str(one.id): one for place, message in enumerate(messages) for one in (message, *added.get(place, ()))}


def _no_result(answer: AIMessage, call: LangChainCall) -> ToolMessage:
    result = f"{answer.id}/{call['id']}{_NONE}"
    return ToolMessage(NO_RESULT, id=result, tool_call_id=call["id"] or "", name=call["name"], status="error")


def _end(messages: Sequence[BaseMessage], place: int) -> int:
    """The place of the last result right behind a call, or its own."""
    while place + 1 < len(messages) and isinstance(messages[place + 1], ToolMessage):
        place += 1
    return place
