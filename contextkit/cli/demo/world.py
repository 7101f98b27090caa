"""The demo's world: its data in a store of its own, and a builder over all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from contextkit.assemble import ContextBuilder
from contextkit.budget import Budget
from contextkit.context import Context
from contextkit.demo import ACTOR_ID, SESSION_ID, SYSTEM_PROMPT, Demo, Question, load
from contextkit.offload import read_context
from contextkit.sources import Documents, History, Memories, Overflow, Preferences, System, Tools
from contextkit.stores.sqlite import SQLiteStore
from contextkit.types import Source


@dataclass(frozen=True, slots=True)
class World:
    """The demo's data, where it is stored, and what builds prompts of it."""

    data: Demo
    store: SQLiteStore
    builder: ContextBuilder

    def build(self, query: str | None = None) -> Context:
        """The prompt for a question, or for the next step of the turn."""
        return self.builder.build(query, actor_id=ACTOR_ID, session_id=SESSION_ID)

    def append(self, message: dict[str, object]) -> None:
        """Write what was said into the session."""
        self.store.append(ACTOR_ID, SESSION_ID, [message])

    def read(self, handle: str) -> str:
        """What is stored under a handle, whole."""
        return read_context(self.store, ACTOR_ID, SESSION_ID, handle)

    def question(self, question_id: str) -> Question:
        """One of the demo's questions."""
        return next(question for question in self.data.questions if question.id == question_id)

    @property
    def story(self) -> str:
        """What the prompt is chosen from."""
        data = self.data
        return (
            f"Chosen from {len(data.messages)} messages of fourteen months (one is a tool result of over 200 KB), "
            f"{len(data.tools)} tools, {len(data.documents)} documents, {len(data.memories)} memories and "
            f"{len(data.preferences)} preferences. Everything and everybody in them is invented."
        )


@contextmanager
def open_world(budget: Budget, strategy: str) -> Iterator[World]:
    """The demo in a temporary store, which is deleted afterwards. It is the day after the last visit."""
    data = load()
    today = _after(data)
    with (
        TemporaryDirectory(prefix="contextkit-demo-") as folder,
        SQLiteStore(Path(folder) / "demo.db", clock=lambda: today) as store,
    ):
        store.append(ACTOR_ID, SESSION_ID, data.messages)
        store.put_memories(ACTOR_ID, data.memories)
        store.set_preferences(ACTOR_ID, data.preferences)
        builder = ContextBuilder(
            store=store, sources=_sources(data), strategy=strategy, budget=budget, clock=lambda: today
        )
        yield World(data, store, builder)


def _sources(data: Demo) -> list[Source]:
    return [
        System(SYSTEM_PROMPT),
        Tools(data.tools),
        Preferences(),
        Memories(),
        Documents(data.documents),
        History(),
        Overflow(),
    ]


def _after(data: Demo) -> datetime:
    last = max(message.created_at for message in data.messages if message.created_at)
    return last + timedelta(days=1)
