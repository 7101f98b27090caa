"""Twenty messages a second into one session of AgentCore, under its quotas: one event each, and gathered by the store.

    python -m tests.benchmarks.agentcore_store

The service is the emulator with Amazon's quotas (five conversational events a second for one session). The
peer is `bedrock-agentcore`'s own `MemorySessionManager`, whose `add_turns` writes an event for each
call; its boto3 client retries as it comes. Both append on the caller's schedule. Counted at the
emulator: the calls it refused, and the messages that it holds in the end. `append_ms` is how long the
caller waited for one append (the median, and the 99th percentile).
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from contextkit.stores.agentcore import AgentCoreStore
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.agentcore import AgentCoreEmulator, Behaviour, Call, Quotas
from tests.benchmarks.peers import installed

RATE = 20
SECONDS = 10
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}


def text(number: int) -> str:
    """One message of some twenty words."""
    return f"Message {number}: the parcel left the depot this morning and should be with you by Thursday, I hope."


def on_schedule(append: Callable[[str], object]) -> dict[str, Any]:
    """Append at the rate, never waiting for what is late; how long each append took, and how many raised an error."""
    took, errors, begin = [], 0, time.perf_counter()
    for number in range(RATE * SECONDS):
        time.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
        called = time.perf_counter()
        try:
            append(text(number))
        except Exception:
            errors += 1
        took.append((time.perf_counter() - called) * 1_000)
    ranked = sorted(took)
    return {
        "append_ms": round(statistics.median(took), 2),
        "append_ms_p99": round(ranked[len(ranked) * 99 // 100], 2),
        "errors": errors,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def counted(calls: list[Call], held: int) -> dict[str, Any]:
    """What the emulator saw."""
    events = [call for call in calls if call.operation == "CreateEvent"]
    refused = sum(call.status == 429 for call in events)
    return {"events": len(events) - refused, "refused": refused, "held": held, "lost": RATE * SECONDS - held}


def texts(client: Any, memory_id: str) -> int:
    """How many conversational texts AgentCore holds."""
    pages = client.get_paginator("list_events").paginate(memoryId=memory_id, actorId="u", sessionId="s")
    parts = (part for page in pages for event in page["events"] for part in event["payload"])
    return sum("conversational" in part for part in parts)


def ours(server: AgentCoreEmulator, memory_id: str, client: Any) -> dict[str, Any]:
    """The store beside SQLite."""
    with tempfile.TemporaryDirectory() as folder, SQLiteStore(Path(folder) / "state.db") as state:
        with server.counted() as calls, AgentCoreStore(memory_id, state=state, client=client) as store:
            found = on_schedule(lambda said: store.append("u", "s", [{"role": "user", "content": said}]))
            store.flush()
        return {**found, **counted(calls, texts(client, memory_id))}


def beneath() -> dict[str, Any]:
    """The same appends to SQLite alone."""
    with tempfile.TemporaryDirectory() as folder, SQLiteStore(Path(folder) / "state.db") as state:
        return on_schedule(lambda said: state.append("u", "s", [{"role": "user", "content": said}]))


def peer(server: AgentCoreEmulator, memory_id: str, client: Any) -> dict[str, Any]:
    """Amazon's own session manager."""
    from bedrock_agentcore.memory.constants import ConversationalMessage, MessageRole
    from bedrock_agentcore.memory.session import MemorySessionManager

    manager = MemorySessionManager(memory_id=memory_id, region_name="us-east-1")
    talk = manager.create_memory_session(actor_id="u", session_id="s")
    with server.counted() as calls:
        found = on_schedule(lambda said: talk.add_turns([ConversationalMessage(said, MessageRole.USER)]))
    return {**found, **counted(calls, texts(client, memory_id))}


def measured() -> dict[str, Any]:
    """Ours, the peer where it is installed, and what is beneath."""
    os.environ.update(CREDENTIALS)
    found: dict[str, Any] = {"rate_per_second": RATE, "seconds": SECONDS}
    with AgentCoreEmulator(Behaviour(quotas=Quotas())) as server:
        os.environ["AWS_ENDPOINT_URL"] = server.url
        control, client = boto3.client("bedrock-agentcore-control"), boto3.client("bedrock-agentcore")

        def memory(name: str) -> str:
            return str(control.create_memory(name=name, eventExpiryDuration=30)["memory"]["id"])

        found["contextkit"] = ours(server, memory("ours"), client)
        found["sqlite_alone"] = beneath()
        if installed("bedrock_agentcore", "bedrock-agentcore's session manager"):
            found["bedrock-agentcore"] = peer(server, memory("peer"), client)
    return found


if __name__ == "__main__":
    print(json.dumps(measured(), indent=2))
