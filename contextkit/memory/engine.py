"""MemoryEngine: turns what is said in sessions into long-term memories, exactly once.

    memory = MemoryEngine(store, strategies=["semantic"])
    store.append("u1", "s1", messages)
    receipt = memory.run("u1", "s1")           # what is due; await memory.arun(…) in async code
    receipt.events, receipt.facts, receipt.kinds

A run may fail, be repeated, be killed at any step, and meet others, in this process or elsewhere:
each message is extracted once for each strategy, and what was found in it is written once. How
that is made sure is told in `contextkit.memory.ledger`. `contextkit.memory.background` runs it
beside the conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from contextkit.clock import Clock, utc_now
from contextkit.deadline import begun
from contextkit.errors import InvalidInput, VersionConflict
from contextkit.memory.asking import StructuredModel
from contextkit.memory.consolidate import RuleConsolidator
from contextkit.memory.consolidate_model import consolidated_by
from contextkit.memory.due import Due
from contextkit.memory.extract_model import by_model
from contextkit.memory.facts import Consolidator, Extractor
from contextkit.memory.ledger import Ledger, Page
from contextkit.memory.progress import Progress
from contextkit.memory.receipt import Pending, Receipt
from contextkit.memory.rules import RuleExtractor
from contextkit.memory.strategy import MemoryStrategy
from contextkit.memory.work import Plan, Work
from contextkit.stores import MemoryStore, Session, SessionStore
from contextkit.zones import Zones, clock_in

ATTEMPTS: Final = 5
"""Failures in a row after which a batch is set aside. By then it has been halved four times."""

LEASE: Final = timedelta(seconds=30)
"""How long a run may give no sign of life before another takes over. It gives one every third of that."""

MakeExtractor: TypeAlias = Callable[[MemoryStrategy], Extractor]
MakeConsolidator: TypeAlias = Callable[[MemoryStrategy], Consolidator]


class MemoryEngine:
    """Extracts what is due from sessions, consolidates it with what is known, and writes it.

    * `store` has the sessions and, unless `memories` is another one, the memories.
    * `strategies`: names that ship with contextkit, paths of TOML files, or `MemoryStrategy` objects. Each
      keeps its records in a namespace of its own, and what two of them look for is kept twice.
    * `model`: any LangChain chat model with structured output, to extract and to consolidate.
      Without one, built-in rules do both.
    * `extractor`, `consolidator`: something else for either step. Called once for each strategy, to
      give what does it for that strategy.
    * `attempts`: failures in a row after which a batch is set aside (see `retry`).
    * `lease`: how long a run that gives no sign of life keeps others from its actor's memories.
    * `timezone`: where the actors live, as for `ContextBuilder`: "yesterday" is the day before theirs.

    One engine may serve any number of threads, and any number of engines one store.
    """

    def __init__(
        self,
        store: SessionStore,
        strategies: Iterable[str | Path | MemoryStrategy] = ("semantic",),
        *,
        memories: MemoryStore | None = None,
        model: StructuredModel | None = None,
        extractor: MakeExtractor | None = None,
        consolidator: MakeConsolidator | None = None,
        attempts: int = ATTEMPTS,
        lease: timedelta = LEASE,
        timezone: Zones = UTC,
        clock: Clock = utc_now,
    ) -> None:
        loaded = _loaded(strategies)
        if attempts < 1:
            raise InvalidInput(f"attempts is {attempts}.", "Use 1 or more.", value=attempts)
        if lease <= timedelta(0):
            raise InvalidInput(f"lease is {lease}.", "Use a positive time, longer than a write takes.", value=lease)
        self._store = store
        self._memories = _memories(store, memories)
        finds = extractor or (RuleExtractor if model is None else by_model(model))
        by_rules = partial(RuleConsolidator, clock=clock)
        decides = consolidator or (by_rules if model is None else consolidated_by(model, clock=clock))
        self._plans = tuple(Plan(strategy, finds(strategy), decides(strategy)) for strategy in loaded)
        self._attempts = attempts
        self._ledger = Ledger(store, lease, clock)
        self._now = clock_in(timezone, clock)

    @property
    def strategies(self) -> tuple[MemoryStrategy, ...]:
        """What is remembered."""
        return tuple(plan.strategy for plan in self._plans)

    def run(
        self,
        actor_id: str,
        session_id: str,
        *,
        flush: bool = False,
        wait: float = 0.0,
        variables: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Extract what is due in a session: what a trigger of its strategy says, or with `flush` everything new.

        While another run is at work on this actor's memories it waits `wait` seconds, and then gives
        a receipt that says `busy`. `variables` fill namespace templates that name any of their
        own. An extraction that fails is in the receipt; raises `StoreError` where the store fails, and what was
        not acknowledged stays due.
        """
        return self._run(_Asked(actor_id, session_id, flush, variables or {}), wait, again=False)

    async def arun(
        self,
        actor_id: str,
        session_id: str,
        *,
        flush: bool = False,
        wait: float = 0.0,
        variables: Mapping[str, str] | None = None,
    ) -> Receipt:
        """`run`, awaited, in a thread of its own: a model takes its time, and others block the loop's."""
        work = partial(self.run, actor_id, session_id, flush=flush, wait=wait, variables=variables)
        return await asyncio.wrap_future(begun("contextkit-memory", work))

    def retry(
        self, actor_id: str, session_id: str, *, wait: float = 0.0, variables: Mapping[str, str] | None = None
    ) -> Receipt:
        """Extract what was set aside, once more. Of what fails again only the messages at fault stay set aside."""
        return self._run(_Asked(actor_id, session_id, False, variables or {}), wait, again=True)

    def pending(self, actor_id: str, session_id: str) -> tuple[Pending, ...]:
        """What is still to do in a session, by strategy. Empty where there is no session."""
        session = self._store.session(actor_id, session_id)
        if session is None:
            return ()
        page = self._ledger.page(actor_id)
        progress = self._ledger.progress(page, session)
        due = self._due(session, flush=False)
        return tuple(_pending(plan.strategy, page, progress, due) for plan in self._plans)

    def _run(self, asked: _Asked, wait: float, *, again: bool) -> Receipt:
        namespaces = [
            plan.strategy.namespace_of(asked.actor_id, asked.session_id, asked.variables) for plan in self._plans
        ]
        if not again and not self._anything(asked):
            return Receipt(actor_id=asked.actor_id, session_id=asked.session_id)
        hold = self._ledger.take(asked.actor_id, wait)
        if hold is None:
            return Receipt(actor_id=asked.actor_id, session_id=asked.session_id, busy=True)
        work, busy = Work(self._memories, hold, self._attempts), False
        with hold:
            try:
                self._work(work, asked, namespaces, again=again)
            except VersionConflict:
                busy = True
        return Receipt(
            actor_id=asked.actor_id,
            session_id=asked.session_id,
            steps=tuple(work.steps),
            busy=busy,
            recovered=work.recovered,
        )

    def _work(self, work: Work, asked: _Asked, namespaces: Sequence[str], *, again: bool) -> None:
        work.recover()
        session = self._store.session(asked.actor_id, asked.session_id)  # as it is now that others stand aside
        if session is None:
            return
        due = self._due(session, flush=asked.flush)
        for plan, namespace in zip(self._plans, namespaces, strict=True):
            (work.retry if again else work.extract)(plan, due, namespace)

    def _anything(self, asked: _Asked) -> bool:
        """Whether there is a reason to take the ledger."""
        page = self._ledger.page(asked.actor_id)
        session = self._store.session(asked.actor_id, asked.session_id)
        if page.journal is not None or session is None:
            return page.journal is not None
        due, progress = self._due(session, flush=asked.flush), self._ledger.progress(page, session)
        return any(due.batch(plan.strategy, progress) for plan in self._plans)

    def _due(self, session: Session, *, flush: bool) -> Due:
        return Due(self._store, session, self._now(session.actor_id), flush)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a caller wants remembered."""

    actor_id: str
    session_id: str
    flush: bool
    variables: Mapping[str, str]


def _pending(strategy: MemoryStrategy, page: Page, progress: Progress, due: Due) -> Pending:
    """What is to do under one strategy. What is decided on and not written yet is not done."""
    done, journal = progress.done.get(strategy.name, 0), page.journal
    if journal is not None and (journal.session_id, journal.span.strategy) == (due.session.session_id, strategy.name):
        done = min(done, journal.span.first - 1)
    return Pending(
        strategy=strategy.name,
        done=done,
        messages=due.session.last_seq - done,
        due=bool(due.batch(strategy, progress)) or done < progress.done.get(strategy.name, 0),
        attempts=progress.attempts.get(strategy.name, 0),
        aside=tuple(span for span in progress.aside if span.strategy == strategy.name),
    )


def _loaded(strategies: Iterable[str | Path | MemoryStrategy]) -> list[MemoryStrategy]:
    if isinstance(strategies, str):
        raise InvalidInput(f"strategies is {strategies!r}.", f"Pass a list: [{strategies!r}].", value=strategies)
    loaded = [MemoryStrategy.load(strategy) for strategy in strategies]
    names = [strategy.name for strategy in loaded]
    if not names or len(set(names)) < len(names):
        raise InvalidInput(f"The strategies are {names}.", "Name at least one, and each once.", value=names)
    return loaded


def _memories(store: SessionStore, memories: MemoryStore | None) -> MemoryStore:
    if memories is not None:
        return memories
    if isinstance(store, MemoryStore):
        return store
    raise InvalidInput(
        f"A {type(store).__name__} keeps no memories.", "Pass a store that does: memories=SQLiteStore(…).", value=store
    )
