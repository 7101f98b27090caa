"""Lease: of several processes that want a tool's result, one makes the call and the others look for what it left."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from contextkit.errors import InvalidInput, StoreCorrupt, shortened
from contextkit.stores.codec import to_json


class Asked(Protocol):
    """What was asked of which tool. A store's own has its key, too."""

    @property
    def tool(self) -> str: ...

    @property
    def arguments(self) -> bytes: ...


A = TypeVar("A", bound=Asked, contravariant=True)


class Results(Protocol[A]):
    """Where results stand, and who is at work on one that is not there yet."""

    def look(self, asked: A) -> bytes | None:
        """The result, if there is one that has not expired."""
        ...

    def lease(self, asked: A, maker: str) -> bool:
        """True if it is ours to make the call."""
        ...

    def keep(self, asked: A, maker: str, result: bytes, ttl: timedelta) -> None:
        """Store the result, unless the tool was forgotten or our time was up meanwhile.

        The call has been made and its result is good: failing to keep it must not lose it.
        """
        ...

    def give_up(self, asked: A, maker: str) -> None:
        """Let others try. What the call raised is on its way to the caller and must not be replaced."""
        ...


def made(asked: A, results: Results[A], call: Callable[[], Any], ttl: timedelta, poll: float) -> bytes:
    """The result, by our call or, where another process is at it, by theirs; `poll` seconds lie between two looks."""
    if not isinstance(ttl, timedelta):
        raise InvalidInput(
            f"The ttl of the tool {asked.tool!r} is {shortened(ttl)}.",
            "Pass a timedelta, such as timedelta(minutes=5).",
            value=ttl,
        )
    maker = uuid.uuid4().hex
    try:
        while not results.lease(asked, maker):
            found = results.look(asked)
            if found is not None:
                return found
            time.sleep(poll)
    except KeyboardInterrupt:  # it may have come when the lease was written, and nobody would use it
        results.give_up(asked, maker)
        raise
    try:
        result = to_json(call(), f"result of the tool {asked.tool!r}")
        results.keep(asked, maker, result, ttl)
    except BaseException:
        results.give_up(asked, maker)
        raise
    return result


def check_arguments(asked: Asked, arguments: bytes) -> None:
    """Raise `StoreCorrupt` where a stored result belongs to other arguments than were asked with."""
    if arguments != asked.arguments:
        raise StoreCorrupt(
            f"The cached result of the tool {asked.tool!r} belongs to other arguments than its key says.",
            f"Call `forget_tool({asked.tool!r}, …)`.",
        )
