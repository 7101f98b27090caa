"""The work of one run under the hold of an actor's ledger: extract, consolidate, settle, write."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contextkit.errors import InvalidInput, RecordsRefused, StoreError
from contextkit.memory.consolidate import SESSION
from contextkit.memory.due import Due
from contextkit.memory.facts import Batch, Change, Consolidator, Extractor, Fact, Kind
from contextkit.memory.journal import Journal
from contextkit.memory.ledger import Hold
from contextkit.memory.progress import Progress, Range
from contextkit.memory.receipt import Step
from contextkit.memory.secrets import without_secrets
from contextkit.memory.strategy import MemoryStrategy
from contextkit.stores import MemoryRecord, MemoryStore
from contextkit.types import Message

_log = logging.getLogger("contextkit.memory")

FRESH: Final = 1.0
"""Seconds for which the records that were read stand for those in the store."""

IN_A_ROW: Final = 8
"""Failures after which `retry` ends: a batch of 50 is down to single messages after six."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A strategy, and what does its two steps."""

    strategy: MemoryStrategy
    extractor: Extractor
    consolidator: Consolidator

    def changes(self, batch: Batch, known: Callable[[str], Sequence[MemoryRecord]]) -> tuple[Change, ...]:
        """What the batch does to what is known in its namespace; secrets and faults do nothing. Writes nothing."""
        found, withheld = without_secrets(self.extractor.extract(batch))
        facts = [_attributed(fact, batch) for fact in found if not fact.fault]
        faulty = [Change(kind=Kind.SKIP, fact=fact, reason=fact.fault) for fact in found if fact.fault]
        changes = self.consolidator.consolidate(facts, known(batch.namespace), batch.namespace) if facts else []
        return (*changes, *faulty, *withheld)


class Known:
    """The records of an actor's namespaces, as they are while nobody else may change them.

    They are read again after `FRESH` seconds, since a user of the store may have deleted some
    meanwhile; until then only what is written here changes them. So a long backlog does not read
    them for every batch.
    """

    def __init__(self, memories: MemoryStore, actor_id: str) -> None:
        self._memories = memories
        self._actor_id = actor_id
        self._read: dict[str, tuple[float, dict[str, MemoryRecord]]] = {}

    def __call__(self, namespace: str) -> Sequence[MemoryRecord]:
        """Every record of the namespace, superseded ones included."""
        now = time.monotonic()
        read = self._read.get(namespace)
        if read is None or now - read[0] > FRESH:
            found = self._memories.memories(self._actor_id, namespace=namespace, active=False)
            read = self._read[namespace] = (now, {record.id: record for record in found})
        return list(read[1].values())

    def put(self, records: Sequence[MemoryRecord]) -> None:
        """These have been written."""
        for record in records:
            if record.namespace in self._read:
                self._read[record.namespace][1][record.id] = record

    def forget(self) -> None:
        """What was written is not sure: read everything again."""
        self._read.clear()


class Work:
    """What is done for one session while its actor's ledger is held.

    Raises `VersionConflict` as soon as the ledger is not ours any more: what was settled before
    is settled, what comes after is another run's.
    """

    def __init__(self, memories: MemoryStore, hold: Hold, attempts: int) -> None:
        self.steps: list[Step] = []
        self.recovered = 0
        self._memories = memories
        self._known = Known(memories, hold.actor_id)
        self._hold = hold
        self._attempts = attempts

    def recover(self) -> None:
        """Write what an unfinished run had decided on, for whichever session."""
        journal = self._hold.page.journal
        if journal is not None:
            self.recovered = len(journal.records)
            refused = self._write(journal)
            if refused:
                self.steps.append(Step(span=journal.span, error=refused, set_aside=True))

    def extract(self, plan: Plan, due: Due, namespace: str) -> None:
        """Everything that is due under one strategy, batch by batch, until one fails and stays due."""
        while messages := due.batch(plan.strategy, self._hold.progress(due.session)):
            step = self._step(plan, due, namespace, messages, again=False)
            self.steps.append(step)
            if step.error and not step.set_aside:
                return

    def retry(self, plan: Plan, due: Due, namespace: str) -> None:
        """Everything that was set aside under one strategy; what fails again is halved, down to single messages.

        Ends early where so much fails in a row that it must be the model, and not the messages.
        """
        name = plan.strategy.name
        waiting = [span for span in self._hold.progress(due.session).aside if span.strategy == name][::-1]
        failures = 0
        while waiting and failures < IN_A_ROW:
            span = waiting.pop()
            messages = due.again(span)
            if not messages:
                continue
            step = self._step(plan, due, namespace, messages, again=True)
            self.steps.append(step)
            failures = failures + 1 if step.error else 0
            waiting += [rest] if (rest := span.after(step.span.last)) else []
            waiting += step.span.halves()[::-1] if step.error and len(step.span) > 1 else []

    def _step(self, plan: Plan, due: Due, namespace: str, messages: Sequence[Message], *, again: bool) -> Step:
        session, span = due.session, Range(plan.strategy.name, _seq(messages[0]), _seq(messages[-1]))
        batch = Batch(
            actor_id=session.actor_id,
            session_id=session.session_id,
            messages=messages,
            before=due.before(plan.strategy, span.first),
            namespace=namespace,
        )
        progress = self._hold.progress(session)
        try:
            with self._hold.kept():
                changes = plan.changes(batch, self._known)
            journal = _journal(batch, span, changes)
            self._hold.settle(session.session_id, progress.settled(span, again=again), journal)
        except StoreError:
            raise
        except Exception as error:  # whatever a model or its answer did: told in the receipt, and the batch stays due
            return self._failed(session.session_id, progress, span, error, again=again)
        refused = "" if journal is None else self._write(journal)
        return Step(span=span, changes=changes, error=refused, set_aside=bool(refused))

    def _failed(self, session_id: str, progress: Progress, span: Range, error: Exception, *, again: bool) -> Step:
        told = f"{type(error).__name__}: {error}"
        attempts = 0 if again else progress.attempts.get(span.strategy, 0) + 1
        aside = again or attempts >= self._attempts
        if not again:
            self._hold.settle(session_id, progress.set_aside(span) if aside else progress.failed(span.strategy))
        _log.warning("Messages %d to %d of the session %r: %s", span.first, span.last, session_id, told)
        return Step(span=span, error=told, attempts=attempts, set_aside=aside)

    def _write(self, journal: Journal) -> str:
        """Put the journal's records; what went wrong with those that the store will never take.

        The messages that such records come from are set aside, so that nothing is lost with them
        and nothing is tried for ever.
        """
        self._hold.check()
        try:
            self._memories.put_memories(self._hold.actor_id, journal.records)
        except (InvalidInput, RecordsRefused):
            refused = [told for record in journal.records if (told := self._put_alone(record))]
            self._known.forget()
            self._hold.set_aside(journal)
            return "; ".join(refused)
        self._known.put(journal.records)
        self._hold.written()
        return ""

    def _put_alone(self, record: MemoryRecord) -> str:
        try:
            self._memories.put_memories(self._hold.actor_id, [record])
        except (InvalidInput, RecordsRefused) as error:
            return f"{type(error).__name__}: {error}"
        return ""


def _journal(batch: Batch, span: Range, changes: Sequence[Change]) -> Journal | None:
    """Each record as the last change left it; None where nothing is to be written."""
    records = {record.id: record for change in changes for record in change.records}
    return Journal(batch.session_id, span, tuple(records.values())) if records else None


def _attributed(fact: Fact, batch: Batch) -> Fact:
    """The fact with its session, and with messages of this batch for its sources: all of them, where it names none."""
    ids = [message.id for message in batch.messages if message.id is not None]
    sources = tuple(source for source in fact.sources if source in ids) or tuple(ids)
    return replace(fact, sources=sources, metadata={**fact.metadata, SESSION: batch.session_id})


def _seq(message: Message) -> int:
    """The sequence number that the store gave it."""
    assert message.seq is not None
    return message.seq
