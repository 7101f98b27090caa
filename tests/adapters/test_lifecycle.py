"""The four moments of an agent's life, as any framework's hooks would call them."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

import pytest

from contextkit import ContextBuilder
from contextkit.adapters.lifecycle import Lifecycle
from contextkit.errors import EmptyQuery, VersionConflict
from contextkit.memory.engine import MemoryEngine
from contextkit.sources import History, Memories, System
from contextkit.state import AgentState
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Message, ToolCall


class Calls(list[tuple[str, str, Mapping[str, str] | None]]):
    """What extraction was triggered for."""

    def __call__(self, actor_id: str, session_id: str, *, variables: Mapping[str, str] | None = None) -> None:
        self.append((actor_id, session_id, variables))


def lifecycle(store: SQLiteStore, *, session_id: str = "s1", **more: object) -> Lifecycle:
    builder = ContextBuilder(
        store=store, sources=[System(Template("Help $name.")), History(), Memories()], budget=8_000, strategy="chat"
    )
    return Lifecycle(builder, store, actor_id="u1", session_id=session_id, variables={"name": "Ana"}, **more)  # type: ignore[arg-type]


def texts(messages: tuple[Message, ...]) -> list[str]:
    return [message.text for message in messages]


def test_a_life(store: SQLiteStore) -> None:
    remembered = Calls()
    hooks = lifecycle(store, remember=remembered)
    state = hooks.initialise()
    assert dict(state) == {}

    (stored,) = hooks.message_added({"role": "user", "content": "Where is my order?"})
    assert stored.seq == 1
    assert texts(hooks.before_model().messages) == ["Help Ana.", "Where is my order?"]

    call = Message(role="assistant", tool_calls=(ToolCall("c", "track", "{}"),))
    for message in (call, Message(role="tool", content="In Ghent.", tool_call_id="c")):
        hooks.message_added(message)
    context = hooks.before_model()
    assert texts(context.messages)[-3:] == ["Where is my order?", "", "In Ghent."]
    hooks.message_added(Message(role="assistant", content="It is in Ghent."))

    state["tracked"] = 1
    assert remembered == []
    hooks.after()
    assert remembered == [("u1", "s1", {"name": "Ana"})]
    assert len(store.messages("u1", "s1")) == 4
    assert dict(lifecycle(store).initialise()) == {"tracked": 1}


def test_what_is_sent_beside_the_prompt_takes_of_its_budget(store: SQLiteStore) -> None:
    hooks, search = lifecycle(store), {"type": "web_search", "name": "web_search"}
    without, context = hooks.before_model("Hello?"), hooks.before_model("Hello?", beside=[search])
    assert context.beside > 0
    assert context.tokens > without.tokens + context.beside, "and what frames a list of tools"


def test_a_query_begins_a_turn_without_being_added(store: SQLiteStore) -> None:
    hooks = lifecycle(store)
    assert texts(hooks.before_model("Hello?").messages) == ["Help Ana.", "Hello?"]
    assert store.messages("u1", "s1") == []
    with pytest.raises(EmptyQuery):
        lifecycle(store, session_id="s2").before_model()


def test_what_was_injected_is_not_added(store: SQLiteStore) -> None:
    store.append("u1", "phone", [{"role": "user", "content": "My flight is BA 117."}])
    hooks = lifecycle(store)
    context = hooks.before_model("Which flight?")
    block = next(message for message in context.messages if "BA 117" in message.text)
    assert hooks.message_added(block) == []
    assert store.messages("u1", "s1") == []


def test_after_remembers_also_when_the_state_is_in_conflict(store: SQLiteStore) -> None:
    remembered = Calls()
    hooks = lifecycle(store, remember=remembered)
    state = hooks.initialise()
    with AgentState(store).session("u1", "s1") as theirs:
        theirs["step"] = 1
    state["step"] = 2
    with pytest.raises(VersionConflict):
        hooks.after()
    assert len(remembered) == 1
    assert hooks.initialise()["step"] == 1


def test_after_needs_neither_state_nor_memory(store: SQLiteStore) -> None:
    lifecycle(store).after()
    assert store.session("u1", "s1") is None


def test_what_was_said_is_recalled_in_the_next_session_whichever_way_it_gets_there(store: SQLiteStore) -> None:
    """At once as it was said; once the engine has run, as a memory."""
    engine = MemoryEngine(store, ["semantic"])
    first = lifecycle(store, remember=engine.run)
    first.message_added({"role": "user", "content": "I live in Ghent."})
    before = texts(lifecycle(store, session_id="s2").before_model("Where do I live?").messages)
    assert "In another conversation, " in before[-2]
    assert "user: I live in Ghent." in before[-2]
    engine.run("u1", "s1", flush=True)
    after = texts(lifecycle(store, session_id="s2").before_model("Where do I live?").messages)
    assert "Ghent" in after[-2]
    assert "In another conversation" not in after[-2]
