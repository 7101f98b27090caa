"""One session, many processes: nothing lost, nothing doubled, and each writer's order kept."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from contextkit.aws.client import new_client
from contextkit.stores.dynamodb import DynamoDBStore
from tests.processes import QUICK, run_together

LONG = pytest.param(8, 1_000, marks=pytest.mark.slow)
"""Takes three minutes on a local server, and so is asked for by CONTEXTKIT_LONG=1."""


def opened(endpoint: str, tables: str) -> DynamoDBStore:
    client = new_client("dynamodb", region="us-east-1", endpoint=endpoint, connect_timeout=10, read_timeout=30)
    return DynamoDBStore(tables, client=client, wait=120)


def write_numbered(endpoint: str, tables: str, actor: str, writer: int, appends: int) -> None:
    """Append messages one by one, each named for its writer and its place."""
    with opened(endpoint, tables) as store:
        for number in range(appends):
            name = f"{writer}/{number}"
            (stored,) = store.append(actor, "s", [{"role": "user", "content": name, "id": name}])
            assert stored.content == name


@pytest.mark.parametrize(("writers", "appends"), [(4, 25), LONG])
def test_processes_lose_nothing_and_keep_their_order(endpoint: str, tables: str, writers: int, appends: int) -> None:
    if appends > 100 and not os.environ.get("CONTEXTKIT_LONG"):
        pytest.skip("takes minutes on a local server: set CONTEXTKIT_LONG=1")
    actor = f"actor-{uuid.uuid4()}"
    processes = [
        QUICK.Process(target=write_numbered, args=(endpoint, tables, actor, writer, appends))
        for writer in range(writers)
    ]
    run_together(processes)
    with opened(endpoint, tables) as store:
        messages = store.messages(actor, "s")
    assert [message.seq for message in messages] == list(range(1, writers * appends + 1))
    for writer in range(writers):
        own = [message.content for message in messages if str(message.content).startswith(f"{writer}/")]
        assert own == [f"{writer}/{number}" for number in range(appends)]


def call_tool(endpoint: str, tables: str, actor: str, calls: Path, begin: Event) -> None:
    def call() -> str:
        with calls.open("a") as file:
            file.write("x")
        time.sleep(0.3)
        return "result"

    with opened(endpoint, tables) as store:
        begin.wait(60)
        assert store.get_or_call("t", {"a": 1}, call, actor_id=actor) == "result"


def test_processes_share_one_call_of_a_tool(endpoint: str, tables: str, tmp_path: Path) -> None:
    actor, begin = f"actor-{uuid.uuid4()}", QUICK.Event()
    processes = [
        QUICK.Process(target=call_tool, args=(endpoint, tables, actor, tmp_path / "calls", begin)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    begin.set()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 3
    assert (tmp_path / "calls").read_text() == "x"


def hang(endpoint: str, tables: str, actor: str, calling: Event) -> None:
    def call() -> None:
        calling.set()
        time.sleep(60)

    opened(endpoint, tables).get_or_call("t", {}, call, actor_id=actor)


def test_another_process_takes_over_from_one_that_was_killed(
    endpoint: str, tables: str, patient_client: object
) -> None:
    actor, calling = f"actor-{uuid.uuid4()}", QUICK.Event()
    process = QUICK.Process(target=hang, args=(endpoint, tables, actor, calling))
    process.start()
    assert calling.wait(60)
    process.kill()
    process.join()
    later = datetime.now(UTC) + timedelta(minutes=2)
    store = DynamoDBStore(tables, client=patient_client, clock=lambda: later)
    assert store.get_or_call("t", {}, lambda: "ours", actor_id=actor) == "ours"
