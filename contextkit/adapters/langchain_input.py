"""What goes into a chain that begins with a builder: a query, with or without variables, or messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.messages import BaseMessage

from contextkit.adapters.artifacts import storable
from contextkit.errors import InvalidInput, shortened
from contextkit.messages import as_messages
from contextkit.types import Message

ContextInput: TypeAlias = str | Message | BaseMessage | Mapping[str, Any] | Sequence[Any] | None
"""What a turn starts from: its query, a text or a user's message as `build` takes it; `{"query": …}`
with template variables beside it; or a list of messages (also as `{"messages": […]}`), of which only
the last is read, since the history comes from the builder's sources. None, or a list that ends in
anything but the user's message, continues the turn that the session is in: the results of tools must
have been appended to it."""


def last_and_variables(value: ContextInput) -> tuple[object, dict[str, Any]]:
    """What was said last (a text, a message, or None), and the template's variables in the chain's input."""
    if value is None or isinstance(value, str):
        return value, {}
    if isinstance(value, Message | BaseMessage):
        return _last([value]), {}
    if isinstance(value, Mapping):
        variables = dict(value)
        if "query" in variables:
            return variables.pop("query"), variables
        if "messages" in variables:
            return _last(variables.pop("messages")), variables
        if "role" in variables:
            return _last([value]), {}
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return _last(value), {}
    raise InvalidInput(
        f"The input {shortened(value)} holds no query.",
        'Pass the query as text, {"query": …} with any variables, or a list of messages.',
        value=value,
    )


def _last(values: Sequence[object]) -> Message:
    """The last of the messages: the others are not read, however many there are."""
    said = as_messages([storable(value) for value in values[-1:]] if isinstance(values, list | tuple) else values)
    if not said:
        raise InvalidInput("The list of messages is empty.", "Pass at least the user's message.", value=values)
    return said[-1]


def query_of(last: object) -> object:
    """What was said last, if it asks something; None where the turn goes on."""
    return None if isinstance(last, Message) and last.role != "user" else last
