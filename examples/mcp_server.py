"""An MCP server whose tools remember: results come from a cache, progress survives the process.

    pip install 'contextkit-sdk[mcp]'
    python examples/mcp_client.py          # starts this server and talks to it

Whose data this is, and which conversation it belongs to, the host says when it starts the server;
a model that fills in a tool's arguments can name neither.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TypeAlias

from mcp.server import MCPServer

from contextkit.cached import cached_tool
from contextkit.state import AgentState
from contextkit.stores.sqlite import SQLiteStore

ACTOR, SESSION = os.environ["AGENT_ACTOR"], os.environ["AGENT_SESSION"]

server = MCPServer("issues")
store = SQLiteStore(os.environ.get("AGENT_STORE", "agent.db"))  # or DynamoDBStore("prod-")
state = AgentState(store)


Issue: TypeAlias = dict[str, int | str]


@cached_tool(store, actor=ACTOR, ttl=timedelta(minutes=1))
async def fetch_issues(repository: str) -> list[Issue]:
    """What a call of an issue tracker's API would return. Each call is counted, to show how few there are."""
    state.update(ACTOR, SESSION, lambda document: document.update(fetched=document.get("fetched", 0) + 1))
    return [{"number": number, "title": f"{repository}: issue {number}"} for number in range(1, 6)]


@server.tool()
async def list_issues(repository: str) -> list[Issue]:
    """List a repository's open issues."""
    return await fetch_issues(repository)


@server.tool()
async def triage(repository: str) -> str:
    """Label every open issue; goes on where it was interrupted."""
    async with state.session(ACTOR, SESSION) as progress:
        labels = progress.setdefault("labels", {}).setdefault(repository, {})
        for issue in await fetch_issues(repository):
            key = str(issue["number"])
            if key in labels:
                continue
            labels[key] = label(issue)
            progress.save()  # a checkpoint: what is done stays done
        return f"{len(labels)} issues of {repository} are labelled."


@server.tool()
async def report() -> dict[str, object]:
    """What has been done in this session so far."""
    async with state.session(ACTOR, SESSION) as progress:
        return dict(progress)


def label(issue: Issue) -> str:
    """Work that takes its time, and that may be interrupted."""
    if os.environ.get("CRASH_AT") == str(issue["number"]):
        os._exit(1)
    return "bug" if "issue 3" in str(issue["title"]) else "question"


if __name__ == "__main__":
    server.run()
