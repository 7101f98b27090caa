"""Tool results: cached by what was asked, and asked for once, wherever a store keeps them.

Threads of one process share a call through `SingleFlight`. Processes share it through a lease: what
stands in the place of a result that is still being made names its maker, who has a limited time.
The others look again until there is a result; where the maker failed or its time is up, another
takes over (so what a call raises reaches the threads of its own process, while other processes call
for themselves).
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, Protocol

from contextkit.canonical import canonical_json
from contextkit.errors import InvalidInput, StoreCorrupt, StoreError, shortened
from contextkit.stores import check_id
from contextkit.stores.codec import from_json, to_json
from contextkit.stores.flight import SingleFlight

_log = logging.getLogger("contextkit.stores")

LEASE: Final = timedelta(seconds=60)
"""How long another process waits for the maker of a result before it makes the call itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of which version of a tool, for whom (None: for all): the identity of a result.

    `arguments` are canonical JSON, and `digest` their SHA-256.
    """

    tool: str
    actor_id: str | None
    version: str
    arguments: bytes
    digest: bytes

    def check(self, arguments: bytes) -> None:
        """Raise `StoreCorrupt` where a stored result belongs to other arguments than were asked with."""
        if arguments != self.arguments:
            raise StoreCorrupt(
                f"The cached result of the tool {self.tool!r} belongs to other arguments than its key says.",
                f"Call `forget_tool({self.tool!r}, …)`.",
            )


class Results(Protocol):
    """Where results stand, and who is at work on one that is not there yet."""

    def look(self, asked: Asked) -> bytes | None:
        """The result, if there is one that has not expired."""
        ...

    def lease(self, asked: Asked, maker: str) -> bool:
        """True if it is ours to make the call."""
        ...

    def keep(self, asked: Asked, maker: str, result: bytes, ttl: timedelta) -> None:
        """Store the result, unless the tool was forgotten or our time was up meanwhile."""
        ...

    def give_up(self, asked: Asked, maker: str) -> None:
        """Let others try."""
        ...

    def forget(self, tool: str, actor_id: str | None) -> None:
        """Drop every result of the tool for this actor, or those for all."""
        ...


class ToolCalls:
    """`ToolCache`. Between two looks at another process's lease lie `poll` seconds."""

    def __init__(self, results: Results, poll: float) -> None:
        self._results = results
        self._poll = poll
        self._flights = SingleFlight[bytes]()

    def get_or_call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        call: Callable[[], Any],
        *,
        actor_id: str | None,
        version: str = "1",
        ttl: timedelta = timedelta(minutes=5),
    ) -> Any:
        asked = _asked(tool, arguments, actor_id, version)
        found = self._results.look(asked)
        if found is None:
            found = self._flights.run(asked, lambda: self._made(asked, call, ttl))
        return from_json(found)

    def forget_tool(self, tool: str, *, actor_id: str | None) -> None:
        self._results.forget(check_id("tool name", tool), _tenant(actor_id))

    def _made(self, asked: Asked, call: Callable[[], Any], ttl: timedelta) -> bytes:
        """The result, by our call or, where another process is at it, by theirs."""
        if not isinstance(ttl, timedelta):
            raise InvalidInput(
                f"The ttl of the tool {asked.tool!r} is {shortened(ttl)}.",
                "Pass a timedelta, such as timedelta(minutes=5).",
                value=ttl,
            )
        maker = uuid.uuid4().hex
        try:
            while not self._results.lease(asked, maker):
                found = self._results.look(asked)
                if found is not None:
                    return found
                time.sleep(self._poll)
        except KeyboardInterrupt:  # it may have come when the lease was written, and nobody would use it
            self._give_up(asked, maker)
            raise
        try:
            result = to_json(call(), f"result of the tool {asked.tool!r}")
            _noted(asked, lambda: self._results.keep(asked, maker, result, ttl))
        except BaseException:
            self._give_up(asked, maker)
            raise
        return result

    def _give_up(self, asked: Asked, maker: str) -> None:
        _noted(asked, lambda: self._results.give_up(asked, maker))


def _noted(asked: Asked, note: Callable[[], None]) -> None:
    """Note how a call went. Its result or error is on its way to the caller and must not be lost."""
    try:
        note()
    except StoreError as error:
        _log.warning("The call of the tool %r could not be noted in the cache: %s", asked.tool, error)


def _asked(tool: str, arguments: Mapping[str, Any], actor_id: str | None, version: str) -> Asked:
    text = canonical_json(arguments)
    return Asked(
        check_id("tool name", tool),
        _tenant(actor_id),
        check_id("tool version", version),
        text,
        sha256(text).digest(),
    )


def _tenant(actor_id: str | None) -> str | None:
    return None if actor_id is None else check_id("actor id", actor_id)
