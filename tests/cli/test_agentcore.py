"""An actor in AgentCore and in the store beside it: exported, erased, and named as an option names them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contextkit.aws.client import new_client
from contextkit.stores import MemoryRecord
from contextkit.stores.agentcore import AgentCoreStore, strategies_of
from contextkit.stores.sqlite import SQLiteStore
from contextkit.testing.agentcore import AgentCoreEmulator
from tests.cli.conftest import Run

FACTS = {"semanticMemoryStrategy": {"name": "facts", "namespaceTemplates": ["/facts/{actorId}/"]}}


@pytest.fixture
def aws() -> Iterator[dict[str, str]]:
    """The environment that leads to an emulator."""
    with AgentCoreEmulator() as server:
        yield {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
            "CONTEXTKIT_BEDROCK_AGENTCORE_ENDPOINT": server.url,
            "CONTEXTKIT_BEDROCK_AGENTCORE_CONTROL_ENDPOINT": server.url,
        }


@pytest.fixture
def memory_id(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A memory with one strategy."""
    for variable, value in aws.items():
        monkeypatch.setenv(variable, value)
    made = new_client("bedrock-agentcore-control").create_memory(
        name="cli", eventExpiryDuration=30, memoryStrategies=[FACTS]
    )
    return str(made["memory"]["id"])


@pytest.fixture
def name(memory_id: str, tmp_path: Path) -> str:
    """The store that an agent used for `ann`."""
    with SQLiteStore(tmp_path / "agent.db") as state, AgentCoreStore(memory_id, state=state) as store:
        store.append("ann", "s", [{"role": "user", "content": "I like tea."}])
        store.put_memories("ann", [MemoryRecord(id="m1", text="Likes tea.", created_at=datetime.now(UTC))])
    return f"agentcore:{memory_id}+agent.db"


def test_an_actor_is_exported_and_erased(run: Run, aws: dict[str, str], name: str) -> None:
    lines = run("export", "--store", name, "--actor", "ann", **aws).out.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["actor", "message", "session", "memory", "end"]
    done = run("erase", "--store", name, "--actor", "ann", "--yes", "--verify", **aws)
    assert done.code == 0
    assert json.loads(done.out)["erased"][name] == {"sessions": 1, "messages": 1, "events": 1, "memories": 1}
    again = run("erase", "--store", name, "--actor", "ann", "--yes", **aws)
    assert json.loads(again.out)["erased"][name] == {}


def test_sessions_that_only_agentcore_has_are_exported_when_asked_for(
    run: Run, aws: dict[str, str], name: str, memory_id: str
) -> None:
    with SQLiteStore(":memory:") as state, AgentCoreStore(memory_id, state=state) as other:
        payload = [{"conversational": {"role": "USER", "content": {"text": "I like rain."}}}]
        other.events.create("ann", "theirs", payload, at=datetime.now(UTC), token="t")
    assert "rain" not in run("export", "--store", name, "--actor", "ann", **aws).out
    assert "I like rain." in run("export", "--store", name, "--actor", "ann", "--discover", **aws).out
    told = run("export", "--store", "agent.db", "--actor", "ann", "--discover", **aws).failure
    assert "--discover does nothing without AgentCore" in told


def test_its_sessions_are_listed_and_shown(run: Run, aws: dict[str, str], name: str) -> None:
    assert run("sessions", "--store", name, "--actor", "ann", **aws).out.splitlines()[1].split()[:2] == ["s", "1"]
    assert "I like tea." in run("show", "--store", name, "--actor", "ann", "--session", "s", **aws).out


def test_the_strategies_are_asked_for(memory_id: str) -> None:
    ((strategy_id, template),) = strategies_of(memory_id).items()
    assert strategy_id.startswith("facts-")
    assert template == "/facts/{actorId}/"


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ("agentcore:mine-0123456789", "names no store beside AgentCore"),
        ("agentcore:mine-0123456789+none.db", "There is no store 'none.db'"),
        ("agentcore:mine-0123456789+agent.db", "'mine-0123456789' does not exist"),
    ],
)
def test_a_name_that_is_wrong_is_told(run: Run, aws: dict[str, str], name: str, store: str, told: str) -> None:
    assert name
    assert told in run("export", "--store", store, "--actor", "ann", **aws).failure
