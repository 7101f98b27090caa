"""What a run of the memory engine did, and what it left to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from contextkit.memory.facts import Change, Kind
from contextkit.memory.progress import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One batch of messages under one strategy: what was decided, or why it could not be.

    `error` is empty where it went well. A batch that failed stays due, `attempts` says how often
    that was so far; after the engine's last attempt it is `set_aside`, and `retry` takes it up again.
    """

    span: Range
    changes: tuple[Change, ...] = ()
    error: str = ""
    attempts: int = 0
    set_aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one run did for one session.

    `busy`: another run was, or has come, at work on the actor's memories, and this one did
    nothing more. `recovered`: records that an unfinished run had decided on and this one wrote.
    """

    actor_id: str
    session_id: str
    steps: tuple[Step, ...] = ()
    busy: bool = False
    recovered: int = 0

    @property
    def events(self) -> int:
        """Messages that were extracted, counted once for each strategy."""
        return sum(len(step.span) for step in self.steps if not step.error)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change, one for each fact, in order."""
        return tuple(change for step in self.steps for change in step.changes)

    @property
    def facts(self) -> int:
        """Facts that were found."""
        return len(self.changes)

    @property
    def kinds(self) -> Counter[Kind]:
        """Changes by kind."""
        return Counter(change.kind for change in self.changes)

    @property
    def failures(self) -> tuple[Step, ...]:
        """The batches that failed."""
        return tuple(step for step in self.steps if step.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What one strategy still has to do in a session.

    Messages up to seq `done` are settled and their records written; `messages` come after it, and are
    `due` when one of the strategy's triggers is reached. `attempts` failed at the next of them.
    `aside` are ranges that failed too often and wait for `retry`.
    """

    strategy: str
    done: int
    messages: int
    due: bool
    attempts: int = 0
    aside: tuple[Range, ...] = ()
