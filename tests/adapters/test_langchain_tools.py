"""LangChain runs the memory tools, and a model's slip comes back as text."""

from __future__ import annotations

import pytest

from contextkit.adapters.langchain_tools import memory_tools
from contextkit.errors import StoreError
from contextkit.memory.tools import MemoryTools
from contextkit.stores.sqlite import SQLiteStore


def test_an_agent_remembers_recalls_and_forgets(store: SQLiteStore) -> None:
    memory = MemoryTools(store, actor_id="u1", session_id="s1")
    remember, recall, forget = memory_tools(memory)
    call = {"name": "remember", "args": {"text": "Ana likes tea.", "importance": 0.8}, "id": "c1", "type": "tool_call"}
    message = remember.invoke(call)
    assert (message.tool_call_id, message.content[:12]) == ("c1", "Remembered [")
    line = recall.invoke({"query": "tea"})
    assert "Ana likes tea." in line
    assert forget.invoke({"memory": line[1:9], "delete": True}) == "Deleted: Ana likes tea."
    assert recall.invoke({"query": "tea"}) == "Nothing is known about that."


async def test_they_are_awaited_too(store: SQLiteStore) -> None:
    remember, recall, _ = memory_tools(MemoryTools(store, actor_id="u1", session_id="s1"))
    await remember.ainvoke({"text": "Ana likes tea."})
    assert "Ana likes tea." in await recall.ainvoke({"query": "tea"})


def test_the_schema_is_ours(store: SQLiteStore) -> None:
    memory = MemoryTools(store, actor_id="u1", session_id="s1")
    for ours, theirs in zip(memory.tools, memory_tools(memory), strict=True):
        assert (theirs.name, theirs.description) == (ours.name, ours.description)
        assert theirs.args_schema == ours.parameters


def test_a_slip_is_text_and_a_broken_store_is_an_error(store: SQLiteStore) -> None:
    remember, _, forget = memory_tools(MemoryTools(store, actor_id="u1", session_id="s1"))
    assert "means no memory" in forget.invoke({"memory": "what?"})
    assert "for 'importance'" in remember.invoke({"text": "x", "importance": "high"})
    store.close()
    with pytest.raises(StoreError):
        remember.invoke({"text": "Ana likes tea."})
