"""Extraction without a model: what people commonly state about themselves, found by its form.

    facts = RuleExtractor(MemoryStrategy.load("semantic")).extract(batch)

English is read in full; of Vietnamese and Chinese the commonest statements. The rules would rather miss a
fact than make one up: questions, guesses, conditions, jokes, quotations, pasted text, tool output, injected
context and other people's opinions are not facts, and secrets (passwords, card numbers) are never kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from contextkit.clock import utc_now
from contextkit.memory.facts import Batch, Fact
from contextkit.memory.rules.abroad import read_abroad
from contextkit.memory.rules.finding import Finding
from contextkit.memory.rules.reader import read
from contextkit.memory.rules.scene import Scene
from contextkit.memory.rules.statement import THE_ASSISTANT, Statement
from contextkit.memory.rules.statements import speaker_of, statements
from contextkit.memory.rules.summary import summary_of
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.strategy_parts import RuleKind
from contextkit.types import Message

__all__ = ["KIND", "RuleExtractor"]

KIND: Final = "kind"
"""The key of a fact's metadata for what kind of statement it was."""


LASTING: Final = frozenset[RuleKind](("profile", "relation", "preference", "plan", "instruction", "note"))
"""Kinds of what may come to an end; an event or a decision stays what it was."""


class RuleExtractor:
    """`Extractor` by built-in rules; keeps the kinds that the strategy's `extraction.rules` list. Never fails.

    What is over is told to every strategy that keeps what lasts: "forget my favourite colour" is of no kind.
    """

    def __init__(self, strategy: MemoryStrategy) -> None:
        self._kinds = frozenset(strategy.extraction.rules)
        self._lasts = not self._kinds.isdisjoint(LASTING)

    def extract(self, batch: Batch) -> list[Fact]:
        """The facts that the batch's messages state, in the order in which they are stated."""
        scene, found = Scene(), dict[tuple[str, str, bool], Fact]()
        every = [*batch.before, *batch.messages]
        names = {name for message in every if (name := speaker_of(message))}
        if any(message.role == "assistant" and speaker_of(message) is None for message in every):
            names = set()  # everybody talks to the assistant
        for n, message in enumerate(every):
            told = list(_told(message, every[:n], names, scene))
            if n >= len(batch.before):
                for statement, finding in told:
                    if finding.kind in self._kinds or (finding.ends and self._lasts):
                        fact = _fact(statement, finding)
                        found.setdefault((fact.text, fact.subject, fact.ends), fact)
        facts = list(found.values())
        return [*facts, *_summary(batch)] if "summary" in self._kinds else facts


def _summary(batch: Batch) -> Iterator[Fact]:
    """What the batch was about, of its most telling sentences."""
    text = summary_of(batch.messages)
    if text:
        sources = tuple(message.id for message in batch.messages if message.id)
        yield Fact(text=text, sources=sources, said_at=_latest(batch.messages), metadata={KIND: "summary"})


def _told(
    message: Message, before: Sequence[Message], names: set[str], scene: Scene
) -> Iterator[tuple[Statement, Finding]]:
    said_at = message.created_at or _latest(before)
    for statement in statements(message, said_at, _listener(message, names), _asked(message, before)):
        for finding in read(statement, scene) if statement.language == "english" else read_abroad(statement):
            yield statement, finding


def _latest(before: Sequence[Message]) -> datetime:
    """When the last of them was said, as far as is known; otherwise now."""
    return next((message.created_at for message in reversed(before) if message.created_at), utc_now())


def _listener(message: Message, names: set[str]) -> str:
    """Whom a message is addressed to: the other of two, the assistant of one, and of many nobody knows."""
    others = names - {speaker_of(message)}
    if not others:
        return THE_ASSISTANT
    return next(iter(others)) if len(others) == 1 else ""


def _asked(message: Message, before: Sequence[Message]) -> str:
    """The last question of the message before it, where somebody else asked one."""
    if not before or (before[-1].role == message.role and before[-1].name == message.name):
        return ""
    text = before[-1].text.strip()
    return text.rpartition("\n")[2] if text.endswith("?") else ""


def _fact(statement: Statement, finding: Finding) -> Fact:
    return Fact(
        text=finding.text,
        sources=(statement.message_id,) if statement.message_id else (),
        said_at=statement.said_at,
        subject=finding.subject,
        value=finding.value,
        importance=finding.importance,
        ends=finding.ends,
        also=finding.also,
        metadata={KIND: finding.kind},
    )
