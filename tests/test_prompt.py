"""The prompt in its final order, and where it is likely to be the same next time."""

from __future__ import annotations

from contextkit import Budget, ContextBuilder
from contextkit.sources import History, Memories, Preferences, System
from contextkit.stores import MemoryRecord
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message, ToolCall
from tests.world import NOW, Ranked, Schemas, schema

A = {"actor_id": "u1", "session_id": "s1"}


def builder(store: SQLiteStore, strategy: str = "agent") -> ContextBuilder:
    documents = Ranked("documents", [("The depot in Ghent is closed.", 1)])
    sources = [System("Help."), Schemas([schema(1)]), Preferences(), History(), Memories(), documents]
    return ContextBuilder(store=store, sources=sources, strategy=strategy, budget=Budget(8_000), clock=lambda: NOW)


def test_stable_first_then_history_then_what_changes_then_the_turn(store: SQLiteStore) -> None:
    store.set_preferences("u1", {"tone": "brief"})
    store.put_memories("u1", [MemoryRecord(id="m", text="Order 7 went to Ghent.", created_at=NOW)])
    store.append("u1", "s1", [Message(role="user", content="Hello"), Message(role="assistant", content="Hi")])
    context = builder(store).build("What of Ghent?", **A)
    assert [message.text for message in context.messages] == [
        "Help.",
        "<preferences>\n- tone: brief\n</preferences>",
        "Hello",
        "Hi",
        (
            "<memories>\n- 2026-05-04: Order 7 went to Ghent.\n</memories>\n"
            "<documents>\n[d0] The depot in Ghent is closed.\n</documents>"
        ),
        "What of Ghent?",
    ]
    assert [part.section for part in context.report.parts] == [
        "tools",
        "tools",
        "system",
        "stable",
        "history",
        "history",
        "volatile",
        "turn",
    ]
    assert (context.breakpoints.messages, context.breakpoints.after_tools) == ((1, 3), True)


def test_an_empty_block_leaves_no_message(store: SQLiteStore) -> None:
    sources = [System("Help."), Preferences(), History(), Memories()]
    context = ContextBuilder(store=store, sources=sources, budget=Budget(2_000)).build("Hello", **A)
    assert [message.role for message in context.messages] == ["system", "user"]
    assert context.breakpoints.messages == (0,)


def test_without_a_system_prompt_the_prompt_begins_with_what_there_is(store: SQLiteStore) -> None:
    context = ContextBuilder(store=store, sources=[], strategy="chat", budget=Budget(2_000)).build("Hello", **A)
    assert [message.text for message in context.messages] == ["Hello"]
    assert context.breakpoints.messages == ()


def test_several_system_items_are_one_message(store: SQLiteStore) -> None:
    rules = System("And be kind.")
    rules.name = "rules"
    sources = [System("Help."), rules]
    context = ContextBuilder(store=store, sources=sources, strategy="chat", budget=Budget(2_000)).build("Hello", **A)
    assert [message.text for message in context.messages] == ["Help.\n\nAnd be kind.", "Hello"]
    assert context.tokens <= 2_000


def test_in_a_tool_loop_the_end_is_a_breakpoint_too(store: SQLiteStore) -> None:
    agent = builder(store)
    agent.build("What of Ghent?", **A)
    call = Message(role="assistant", tool_calls=(ToolCall("c", "tool_1", "{}"),))
    store.append("u1", "s1", [Message(role="user", content="What of Ghent?"), call])
    store.append("u1", "s1", [Message(role="tool", content="closed", tool_call_id="c")])
    context = agent.build(**A)
    assert context.breakpoints.messages[-1] == len(context.messages) - 1
