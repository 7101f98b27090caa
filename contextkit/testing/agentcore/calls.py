"""What came in: every call with what it was about and what came of it, and what can befall one on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from contextkit.testing.agentcore.wire import Params

Fault: TypeAlias = Literal["throttle", "5xx", "denied", "conflict", "hang", "drop", "lose answer", "partial"]
"""What can go wrong with one call.

* `throttle` (429), `5xx` (500), `denied` (403): refused; the call has not taken place.
* `conflict`: 409 for CreateEvent, the only operation that has it; others are left alone.
* `hang`: no answer for `AgentCoreEmulator.hang` seconds, then the connection is dropped.
* `drop`: the connection is dropped at once. The call has not taken place.
* `lose answer`: the call takes place, and the connection is dropped before its answer.
* `partial`: of a batch of records every second one fails; other calls are left alone.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: the operation, whom it was about, its answer's status, and the modelled error's code if it failed.

    `status` is 0 where no answer was sent. `messages` counts the payload's parts, for CreateEvent. `at` is the
    emulator's clock.
    """

    operation: str
    at: datetime
    memory_id: str | None = None
    actor_id: str | None = None
    session_id: str | None = None
    messages: int = 0
    sent: int = 0
    received: int = 0
    status: int = 0
    error: str | None = None
    fault: Fault | None = None


Plan: TypeAlias = Callable[[Call], Fault | None]
"""Decides what befalls a call, before it takes place."""


def no_fault(_: Call) -> Fault | None:
    """The plan under which nothing goes wrong."""
    return None


def new_call(operation: str, params: Params, at: datetime, sent: int) -> Call:
    """A call that has just come in. Its parameters are not checked yet."""
    payload = params.get("payload")
    return Call(
        operation=operation,
        at=at,
        memory_id=_text(params.get("memoryId")),
        actor_id=_text(params.get("actorId")),
        session_id=_text(params.get("sessionId")),
        messages=len(payload) if isinstance(payload, list) else 0,
        sent=sent,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
