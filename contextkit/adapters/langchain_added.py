"""What middleware of an agent's, behind ours in its list, adds to a request after the prompt was built.

LangChain hands the request from one to the next, each changes a copy, and only the model gets the last. So the request
that is handed on makes copies that tell of themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields
from typing import Any, Final, TypeAlias

from contextkit.errors import MissingExtra
from contextkit.recent import Recent

try:
    from langchain.agents.middleware import ModelRequest
except ImportError as error:
    raise MissingExtra("The middleware for LangChain's agents", "agents") from error

Request: TypeAlias = ModelRequest[Any]

Added: TypeAlias = Sequence[Mapping[str, Any]]

REMEMBERED: Final = 1_000
"""Sessions of which it is known what was added in their last call."""

_copies: ContextVar[list[Request] | None] = ContextVar("contextkit_copies", default=None)


class _Watched(ModelRequest[Any]):
    """A request whose copies are noted."""

    def override(self, **changes: Any) -> Request:  # the signature is LangChain's own
        copy = super().override(**changes)
        if (noted := _copies.get()) is not None:
            noted.append(copy)
        return copy


@contextmanager
def watched(request: Request) -> Iterator[tuple[Request, list[Request]]]:
    """The request to hand on within a `with` block, and what it was last made: the last of the list."""
    copies = [request]
    token = _copies.set(copies)
    try:
        yield _Watched(**{field.name: getattr(request, field.name) for field in fields(request)}), copies
    finally:
        _copies.reset(token)


class Additions:
    """What was added in each session's last call. Shared by threads.

    Middleware mostly adds the same in every session: in one that is not known, what it did in any other's last call.
    """

    def __init__(self) -> None:
        self._known = Recent[tuple[str, str], Added](REMEMBERED)
        self._last: Added = ()

    def of(self, ids: tuple[str, str]) -> Added:
        """What to expect in the session's next call."""
        known = self._known.get(ids)
        return self._last if known is None else known

    def put(self, ids: tuple[str, str], added: Added) -> None:
        """Remember what was added in a call of the session's."""
        self._known.put(ids, added)
        self._last = added


def added(given: Request, sent: Request) -> Added:
    """What is sent beside what was given: words of the system prompt and of messages, and the provider's own tools."""
    before, after = given.system_prompt or "", sent.system_prompt or ""
    words = [after.replace(before, "", 1), *_said(given, sent)]
    tools = [tool for tool in sent.tools if isinstance(tool, dict) and tool not in given.tools]
    return [*({"name": "middleware", "text": text} for text in words if text.strip()), *tools]


def _said(given: Request, sent: Request) -> Iterator[str]:
    """The words of messages that were not given. A changed one counts for the difference, if it is longer."""
    same = {id(message) for message in given.messages}
    by_id = {message.id: message.text for message in given.messages if message.id}
    without = {message.text for message in given.messages if not message.id}
    for message in sent.messages:
        if id(message) in same or (not message.id and message.text in without):
            continue
        yield message.text[len(by_id.get(message.id or "", "")) :]
