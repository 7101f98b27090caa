"""Processes that write to a store and are killed at a step of their own choice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from contextkit.aws.client import new_client
from contextkit.stores.agentcore import AgentCoreStore
from contextkit.stores.agentcore.delivery import Delivery
from contextkit.stores.agentcore.events import Events
from contextkit.stores.agentcore.ledger import Ledger
from contextkit.stores.sqlite import SQLiteStore
from tests.processes import FRESH, QUICK

STEPS: dict[str, tuple[type, str, bool]] = {
    "before the mark": (Ledger, "mark", False),
    "before the append": (SQLiteStore, "append", False),
    "after the append": (SQLiteStore, "append", True),
    "before the claim": (Ledger, "save", False),
    "after the claim": (Ledger, "save", True),
    "before the event": (Events, "create", False),
    "after the event": (Events, "create", True),
    "before it is settled": (Delivery, "_settle", False),
    "after it is settled": (Delivery, "_settle", True),
}
"""Where to die: the class, its method, and whether after it has done its work."""


def die() -> None:
    """Leave no time for anything: no handlers, no threads, no files flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def doomed(owner: type, name: str, after: bool) -> None:
    """Let the first call of a method be this process's last."""
    real: Callable[..., Any] = getattr(owner, name)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = real(self, *args, **kwargs) if after else None
        die()
        return result

    setattr(owner, name, call)


def opened(memory_id: str, endpoint: str, state: SQLiteStore) -> AgentCoreStore:
    """A store that steps in for a dead process at once, and soon gives up an AgentCore that does not answer."""
    client = new_client("bedrock-agentcore", region="us-east-1", endpoint=endpoint, read_timeout=30, attempts=1)
    return AgentCoreStore(memory_id, state=state, client=client, lease=0.2, wait=2)


def append_and_die(memory_id: str, endpoint: str, path: str, step: str) -> None:
    """Append three messages, and die at that step of it."""
    doomed(*STEPS[step])
    store = opened(memory_id, endpoint, SQLiteStore(path))
    store.append("u", "s", [{"role": "user", "content": f"{step} {n}", "id": f"{step} {n}"} for n in range(3)])
    store.flush()


def delete_and_die(memory_id: str, endpoint: str, path: str, owner: type, name: str, after: bool) -> None:
    """Delete the session, and die at that step of it."""
    doomed(owner, name, after)
    store = opened(memory_id, endpoint, SQLiteStore(path))
    store.delete_session("u", "s")
    store.flush()


def append_many(memory_id: str, endpoint: str, path: str, writer: int, count: int) -> None:
    """Append messages one by one, and see all of them delivered."""
    with SQLiteStore(path) as state, opened(memory_id, endpoint, state) as store:
        for number in range(count):
            store.append("u", "s", [{"role": "user", "content": "x", "id": f"{writer}/{number}"}])
        store.flush()


def append_and_leave(memory_id: str, endpoint: str, path: str) -> None:
    """Append, and come to the end of the program without closing anything."""
    store = opened(memory_id, endpoint, SQLiteStore(path))
    for number in range(5):
        store.append("u", "s", [{"role": "user", "content": "x", "id": str(number)}])


def run(target: Callable[..., None], *args: Any) -> int | None:
    """What becomes of a process of its own: its exit code, negative where a signal ended it."""
    process = (FRESH if target is append_and_leave else QUICK).Process(target=target, args=args)
    process.start()
    process.join()
    return process.exitcode
