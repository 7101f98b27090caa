"""How records are made of events here: by the project's own memory engine, one strategy at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from contextkit.memory.consolidate import RuleConsolidator
from contextkit.memory.facts import Batch, Change, Consolidator, Extractor
from contextkit.memory.rules import RuleExtractor
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord
from contextkit.testing.agentcore.sessions import Event
from contextkit.testing.agentcore.strategies import Kind, Strategy
from contextkit.testing.agentcore.wire import Params
from contextkit.types import Message, Role


@dataclass(frozen=True, slots=True)
class Engine:
    """Finds facts, and decides what they do to the records that are there."""

    extractor: Extractor
    consolidator: Consolidator

    def changes(self, batch: Batch, near: Sequence[MemoryRecord]) -> list[Change]:
        """What the batch does to the records near it."""
        return self.consolidator.consolidate(self.extractor.extract(batch), near, batch.namespace)


Engines: TypeAlias = Callable[[Kind], Engine]
"""The engine of a strategy of this kind; one is made for each job."""

STRATEGIES: Mapping[Kind, str] = {
    "SEMANTIC": "semantic",
    "SUMMARIZATION": "summary",
    "USER_PREFERENCE": "user_preference",
    "EPISODIC": "episodic",
}
"""The project's own strategy for each kind of the service's."""


def rule_engine(kind: Kind) -> Engine:
    """The engine without a model: the project's strategy of this kind, by its built-in rules."""
    strategy = MemoryStrategy.load(STRATEGIES[kind])
    return Engine(RuleExtractor(strategy), RuleConsolidator(strategy))


_ROLES: Mapping[str, Role] = {"USER": "user", "ASSISTANT": "assistant", "TOOL": "tool", "OTHER": "system"}


def messages(event: Event) -> list[Message]:
    """What an event says, as messages; blobs say nothing. A message's id is the event's and its place in it."""
    return [
        Message(role=role, content=text, id=f"{event.id}/{index}", created_at=event.at)
        for index, part in enumerate(event.payload)
        for role, text in _said(part)
    ]


def passed_on(strategy: Strategy, events: Sequence[Event]) -> Params:
    """Metadata that the strategy's schema takes over from events as it stands; of several values the latest."""
    found: Params = {}
    for entry in (strategy.schema or {}).get("metadataSchema", []):
        if entry.get("extractionType") != "STRICTLY_CONSISTENT":
            continue
        for event in events:
            value = event.metadata.get(entry["key"], {}).get("stringValue")
            if value:
                found[entry["key"]] = _typed(value, entry.get("type", "STRING"))
    return found


def _said(part: Params) -> list[tuple[Role, str]]:
    match part:
        case {"conversational": {"role": role, "content": {"text": text}}}:
            return [(_ROLES[role], text)]
        case {"json": {"content": content}}:
            return [("user", line) for line in _texts(content)]
    return []


def _texts(content: Any) -> list[str]:
    """The sentences in a JSON document: its texts, in order."""
    if isinstance(content, str):
        return [content]
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [text for part in parts for text in _texts(part)]


def _typed(value: str, kind: str) -> Params:
    if kind == "STRINGLIST":
        return {"stringListValue": [value[:64]]}
    if kind == "NUMBER":
        return {"numberValue": float(value)}
    return {"stringValue": value}
