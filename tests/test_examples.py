"""The examples, as a user would run them: MCP's own client talks to the server over its standard streams."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contextkit.state import AgentState
from contextkit.stores.sqlite import SQLiteStore

mcp = pytest.importorskip("mcp", reason="needs the extra `mcp`")

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[1] / "examples"


@asynccontextmanager
async def server(store: Path, *, actor: str = "ada", **variables: str) -> AsyncIterator[mcp.Client]:
    environment = {**os.environ, "AGENT_STORE": str(store), "AGENT_ACTOR": actor, "AGENT_SESSION": "s1", **variables}
    command = mcp.StdioServerParameters(command=sys.executable, args=[str(EXAMPLES / "mcp_server.py")], env=environment)
    async with mcp.Client(command) as client:
        yield client


async def ask(client: mcp.Client, tool: str, **arguments: object) -> object:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return answer.structured_content


def saved(store: Path, actor: str = "ada") -> dict[str, object]:
    with SQLiteStore(store) as opened, AgentState(opened).session(actor, "s1") as document:
        return dict(document)


async def test_results_are_cached_across_calls_and_processes_but_not_across_users(tmp_path: Path) -> None:
    store = tmp_path / "agent.db"
    async with server(store) as client:
        issues = [await ask(client, "list_issues", repository="r") for _ in range(3)]
        tools = (await client.list_tools()).tools
    async with server(store) as client:
        issues.append(await ask(client, "list_issues", repository="r"))
    assert issues == issues[:1] * 4
    assert saved(store) == {"fetched": 1}
    async with server(store, actor="bob") as client:
        await ask(client, "list_issues", repository="r")
    assert saved(store, "bob") == {"fetched": 1}
    assert {tuple(tool.input_schema["properties"]) for tool in tools} == {("repository",), ()}  # none takes an actor


async def test_progress_survives_the_death_of_the_server(tmp_path: Path) -> None:
    store = tmp_path / "agent.db"

    async def work_until_it_dies() -> None:
        async with server(store, CRASH_AT="4") as client:
            await ask(client, "triage", repository="r")

    with pytest.RaisesGroup(mcp.MCPError, flatten_subgroups=True, allow_unwrapped=True):
        await work_until_it_dies()
    assert saved(store) == {"fetched": 1, "labels": {"r": {"1": "question", "2": "question", "3": "bug"}}}
    async with server(store) as client:
        assert await ask(client, "triage", repository="r") == {"result": "5 issues of r are labelled."}
        report = await ask(client, "report")
    assert report == saved(store)
    assert saved(store)["fetched"] == 1


def test_the_client_runs_as_it_is_shown(tmp_path: Path) -> None:
    program = EXAMPLES / "mcp_client.py"
    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("first server: {'result': [{'number': 1")
    assert lines[1] == "first server: died at its work"
    assert lines[-1].startswith("second server: {'fetched': 1, 'labels': {'contextkit': {'1': 'question'")
    assert list(tmp_path.iterdir()) == []
