"""Reads the scenarios and plays them: each message extracted as it arrives, consolidated with what is known."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from contextkit.memory.consolidate import RuleConsolidator
from contextkit.memory.facts import Batch, Extractor
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord
from contextkit.types import Message, Role

FOLDER = Path(__file__).parent / "scenarios"
ROLES = ("user", "assistant", "system", "tool")
BEFORE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One fact of a scenario; see scenarios/tuned.toml."""

    turn: int
    text: str
    subject: str = ""
    value: str = ""
    ends: bool = False
    until: int | None = None
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that the records that hold on a day must answer."""

    question: str
    on: datetime
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A conversation, and what should be known after it."""

    name: str
    messages: tuple[Message, ...]
    facts: tuple[Expected, ...]
    asked: tuple[Asked, ...] = ()
    may_supersede: tuple[str, ...] = ()

    @property
    def kept(self) -> list[Expected]:
        """The facts that must be records in the end."""
        return [fact for fact in self.facts if not fact.ends]


def scenarios(file: str) -> list[Scenario]:
    """The scenarios of `tuned` or `held_out`."""
    data = tomllib.loads((FOLDER / f"{file}.toml").read_text("utf-8"))
    return [_scenario(table) for table in data["scenario"]]


def _scenario(table: Mapping[str, Any]) -> Scenario:
    return Scenario(
        name=table["name"],
        messages=tuple(_message(n, *turn) for n, turn in enumerate(table["turns"])),
        facts=tuple(Expected(**{**fact, "says": tuple(fact.get("says", ()))}) for fact in table["facts"]),
        asked=tuple(Asked(**{**asked, "says": tuple(asked["says"])}) for asked in table.get("asked", ())),
        may_supersede=tuple(table.get("rules_may_supersede", ())),
    )


def _message(n: int, at: datetime, who: str, text: str) -> Message:
    role = cast(Role, who if who in ROLES else "user")
    name = None if who in ROLES else who
    return Message(
        role=role, name=name, content=text, id=f"m{n}", created_at=at, tool_call_id="c" if who == "tool" else None
    )


def played(scenario: Scenario, extractor: Extractor, strategy: MemoryStrategy) -> list[MemoryRecord]:
    """Every record there is after the conversation, superseded ones too, oldest first."""
    namespace = strategy.namespace_of("someone", "s1")
    consolidator = RuleConsolidator(strategy)
    records: dict[str, MemoryRecord] = {}
    for batch in _batches(scenario.messages, namespace):
        for change in consolidator.consolidate(extractor.extract(batch), list(records.values()), namespace):
            records |= {record.id: record for record in change.records}
    return list(records.values())


def _batches(messages: Sequence[Message], namespace: str) -> Iterator[Batch]:
    for n, message in enumerate(messages):
        before = messages[max(n - BEFORE, 0) : n]
        yield Batch(actor_id="someone", session_id="s1", messages=(message,), before=before, namespace=namespace)


def holds(record: MemoryRecord, on: datetime) -> bool:
    """Whether a record was true at a moment, as far as is known."""
    begins = record.valid_from or record.created_at
    return begins <= on and (record.valid_to is None or record.valid_to > on)


def says(record: MemoryRecord, words: Sequence[str]) -> bool:
    """Whether a record contains every word (of "a|b", either), in any case."""
    text = record.text.lower()
    return all(any(either in text for either in word.split("|")) for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How the rules did on one scenario: facts stated, found in the right state, and what went wrong."""

    stated: int
    found: int
    missing: tuple[str, ...]
    wrongly_superseded: tuple[str, ...]
    unexpected: tuple[str, ...]


def scored(scenario: Scenario, records: Sequence[MemoryRecord]) -> Score:
    """A fact is found if a record says it and is active exactly if the fact still holds.

    A supersession is wrong if the superseded record says none of the facts that came to an end.
    """
    over = [fact.says for fact in scenario.kept if fact.until is not None]
    over += [(text.lower(),) for text in scenario.may_supersede]
    missing = [fact.text for fact in scenario.kept if not any(_is(fact, record) for record in records)]
    ended = [record for record in records if record.valid_to is not None]
    told = [fact.says for fact in scenario.kept]
    return Score(
        stated=len(scenario.kept),
        found=len(scenario.kept) - len(missing),
        missing=tuple(missing),
        wrongly_superseded=tuple(one.text for one in ended if not any(says(one, words) for words in over)),
        unexpected=tuple(one.text for one in records if not any(says(one, words) for words in (*told, *over))),
    )


def _is(fact: Expected, record: MemoryRecord) -> bool:
    return says(record, fact.says) and (record.valid_to is None) == (fact.until is None)
