"""Starts `mcp_server.py`, lets it die in the middle of its work, and lets a second one finish.

python examples/mcp_client.py
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mcp import Client, MCPError, StdioServerParameters

SERVER = Path(__file__).with_name("mcp_server.py")


@asynccontextmanager
async def server(store: Path, **variables: str) -> AsyncIterator[Client]:
    """A client of a server process of its own, which acts for one user in one conversation."""
    environment = {**os.environ, "AGENT_STORE": str(store), "AGENT_ACTOR": "ada", "AGENT_SESSION": "monday"}
    process = StdioServerParameters(command=sys.executable, args=[str(SERVER)], env={**environment, **variables})
    async with Client(process) as client:
        yield client


async def ask(client: Client, tool: str, **arguments: object) -> object:
    """The structured result of one call."""
    answer = await client.call_tool(tool, arguments)
    return answer.structured_content


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "agent.db"
        try:
            async with server(store, CRASH_AT="4") as client:
                print("first server:", await ask(client, "list_issues", repository="contextkit"))
                await ask(client, "triage", repository="contextkit")
        except* MCPError:
            print("first server: died at its work")
        async with server(store) as client:
            print("second server knows:", await ask(client, "report"))
            print("second server:", await ask(client, "triage", repository="contextkit"))
            print("second server:", await ask(client, "report"))


if __name__ == "__main__":
    asyncio.run(main())
