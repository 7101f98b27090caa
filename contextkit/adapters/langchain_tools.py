"""LangChain: the tools of a model that manages its own memory.

agent = create_agent(model, memory_tools(MemoryTools(store, actor_id="u1", session_id="s1")))
"""

from __future__ import annotations

from langchain_core.tools import BaseTool, StructuredTool

from contextkit.memory.tools import MemoryTools
from contextkit.types import Tool


def memory_tools(memory: MemoryTools) -> list[BaseTool]:
    """`remember`, `recall` and `forget` as LangChain tools, bound to the actor of `memory`.

    A model's slip is answered in words that say what to do, as `MemoryTools.call` does it.
    """
    return [_tool(memory, tool) for tool in memory.tools]


def _tool(memory: MemoryTools, tool: Tool) -> BaseTool:
    def run(**arguments: object) -> str:
        return memory.call(tool.name, arguments)

    return StructuredTool.from_function(
        run, name=tool.name, description=tool.description, args_schema=dict(tool.parameters)
    )
