"""What passes between the steps of remembering: a batch of messages, the facts found, the changes decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from contextkit.stores import MemoryRecord
from contextkit.types import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """New messages of one session that are extracted together, oldest first.

    `before` are the messages just ahead of them, already extracted: they help to understand the
    new ones and nothing is extracted from them. `namespace` is where the facts will live, its
    variables filled in.
    """

    actor_id: str
    session_id: str
    messages: Sequence[Message]
    before: Sequence[Message] = ()
    namespace: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing worth remembering, as extraction found it.

    `text` stands on its own: names instead of pronouns, days instead of "tomorrow". `subject` says what it is
    a value of ("employer of Ana"), where that is known: two facts with one subject cannot both hold. `value` is
    that value ("Siemens"), where it is known by itself.
    `importance` is 0 to 1. `said_at` is when the message it comes from was written; `sources` are message ids.
    `ends` marks a fact that only says that its subject holds no longer ("forget my address"); with a `value`
    ("Ana no longer works at Siemens") it ends only what says that value. `also` are further subjects that end with it.
    `fault` says what is wrong with one that a model did not give as asked: a receipt tells of it, and none is kept.
    """

    text: str
    sources: tuple[str, ...]
    said_at: datetime
    subject: str = ""
    value: str = ""
    importance: float = 0.5
    ends: bool = False
    also: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


class Kind(StrEnum):
    """What consolidation does with a fact."""

    ADD = "add"
    UPDATE = "update"
    SUPERSEDE = "supersede"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision of consolidation, with every record it writes.

    `records` are the whole records to be put, by id: a new one; an updated one under its old id; for a
    supersession the new one (unless the fact only ends something) and the old one with its `valid_to`.
    A skip writes none. `reason` is one short sentence.
    """

    kind: Kind
    fact: Fact
    records: tuple[MemoryRecord, ...] = ()
    reason: str = ""


class Extractor(Protocol):
    """Finds the facts in a batch. Raises `ExtractionFailed` where it cannot; never invents a fact from an error."""

    def extract(self, batch: Batch) -> list[Fact]: ...


class Consolidator(Protocol):
    """Decides what each fact does to the records near it in its namespace (active and superseded ones)."""

    def consolidate(self, facts: Sequence[Fact], near: Sequence[MemoryRecord], namespace: str) -> list[Change]: ...
