"""Supersteps: which runs of a graph go on beside each other in one session, and what each of them leaves to the others.

LangGraph runs a graph in supersteps, and the tasks of one superstep at the same time: branches that part at a node,
and what `Send` starts. Of a run it tells in the config which tasks lead there, and of each which superstep it is of. Of
several graphs that one node runs it tells that they are not the same: at the same time are those of which one begins
before the other is over.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final, TypeAlias

from langchain_core.runnables import RunnableConfig

from contextkit.apart import NOTHING, Apart
from contextkit.recent import Recent

TASKS: Final = 512
"""Tasks of a session of which it is known what they said: more than a graph runs beside each other."""

OVER: Final = 8
"""Tasks that may be over whose states are known yet: as many runs of a graph may go on in one session."""

REMEMBERED: Final = 100_000
"""Tasks that are known of all sessions. Of those used least recently it is forgotten first."""


Path: TypeAlias = tuple[str, ...]
"""Tasks, one within the other, each as its node's name and its id. Behind one that runs several graphs stands the
number of the graph, but of the first."""


@dataclass(frozen=True, slots=True)
class Task:
    """A run in a graph: the tasks that lead there, one within the other, and the superstep that each is of."""

    path: Path
    supersteps: tuple[str, ...]

    @classmethod
    def of(cls, config: RunnableConfig) -> Task | None:
        """The task that a config is handed to; None outside of a graph."""
        given = config.get("configurable", {})
        path = tuple(filter(None, str(given.get("checkpoint_ns") or "").split("|")))
        checkpoints: Mapping[str, str] = given.get("checkpoint_map") or {}
        return cls(path, tuple(checkpoints.get("|".join(path[:n]), "") for n in range(len(path)))) if path else None

    def parts_from(self, other: Task) -> int:
        """How many of the tasks that lead here are this run's own, since it parted from one beside it, and before that;
        0 where they are not beside each other, but one after or within the other."""
        for place, (own, its) in enumerate(zip(self.path, other.path, strict=False)):
            if own != its:
                superstep = self.supersteps[place]
                return place + 1 if superstep and superstep == other.supersteps[place] else 0
        return 0

    def graphs_from(self, other: Task) -> tuple[Path, Path] | None:
        """The graphs that one node runs which lead here and to the other task; None where they are not two such."""
        place = next((at for at, pair in enumerate(zip(self.path, other.path, strict=False)) if pair[0] != pair[1]), 0)
        own, its = (path[: place + path[place].isdigit()] for path in (self.path, other.path))
        return (own, its) if own != its and place else None


@dataclass(frozen=True, slots=True)
class _State:
    """The numbers of all that a task's state has of the session, and of what it has left."""

    own: frozenset[int]
    left: frozenset[int]


@dataclass(slots=True)
class _Lifetime:
    """When a graph began, and when it was over, in the order of what was said."""

    begin: float
    end: float = inf


class SessionTasks:
    """What the tasks of a graph have said in one session. Callers hold `lock` while they append."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._said: OrderedDict[Task, set[int]] = OrderedDict()
        self._states: dict[Task, _State] = {}
        self._ids: dict[int, str] = {}
        self._aside: set[int] = set()
        self._graphs: OrderedDict[Path, _Lifetime] = OrderedDict()
        self._now = 0

    def __len__(self) -> int:
        return len(self._said)

    @property
    def last(self) -> int:
        """The number of the last message that one of them is known to have said."""
        return max(self._ids, default=0)

    def knows(self, number: int, message_id: str | None) -> bool:
        """Whether one of them is known to have said this message."""
        return message_id is not None and self._ids.get(number) == message_id

    def said(self, task: Task, new: Mapping[int, str], own: frozenset[int], left: frozenset[int]) -> None:
        """Take note of what a task has said: the numbers and ids of what may be new, of which those are its own that
        nobody said before; the numbers of all that its state has; and of what its state has left."""
        others = [number for number, message_id in new.items() if self._ids.get(number, message_id) != message_id]
        if others:  # the session was deleted since, and begun anew
            self._forget_from(min(others))
        self._now += 1
        for place in range(1, len(task.path)):
            self._graphs.setdefault(task.path[:place], _Lifetime(self._now))
        self._said.setdefault(task, set()).update(new.keys() - self._ids.keys())
        self._said.move_to_end(task)
        self._ids.update(new)
        beside = self._beside(task)
        if beside:
            self._aside.update(self._said[task], *(self._said[other] for other in beside))
        else:
            self._aside -= own  # what a conversation takes up is its own
        self._states[task] = _State(own, left)
        self._forget(task, beside)

    def over(self, task: Task) -> None:
        """Take note that the graph is over of which this task is."""
        with self.lock:
            self._now += 1
            if task.path[:-1] in self._graphs:
                self._graphs[task.path[:-1]].end = self._now

    def apart(self, task: Task) -> Apart:
        """What a prompt for this task leaves to others: what those beside it say, what others beside each other have
        said, which may be recalled, and what its state has left: it was taken back."""
        with self.lock:
            state = self._states.get(task)
            if state is None:
                return NOTHING
            beside = self._beside(task)
            saying = frozenset[int]().union(*(self._said[other] for other in beside)) - state.own
            said = self._aside - state.own
            unheard = saying | (state.left - said)
            branch = "|".join(task.path[: max(beside.values(), default=0)])
            return Apart(unheard | said, unheard, state.own, branch)

    def _beside(self, task: Task) -> dict[Task, int]:
        """The tasks beside this one, and for each how many of those that lead here come since they parted."""
        return {other: parts for other in self._said if (parts := task.parts_from(other) or self._overlap(task, other))}

    def _overlap(self, task: Task, other: Task) -> int:
        """How many of the tasks that lead to this one are of a graph beside that of the other, run by the same node."""
        graphs = task.graphs_from(other)
        own, its = map(self._graphs.get, graphs) if graphs else (None, None)
        beside = own is not None and its is not None and own.begin < its.end and its.begin < own.end
        return len(graphs[0]) if graphs and beside else 0

    def _forget_from(self, first: int) -> None:
        """Forget who said the messages from this number on."""
        self._ids = {number: message_id for number, message_id in self._ids.items() if number < first}
        self._aside = {number for number in self._aside if number < first}
        for numbers in self._said.values():
            numbers.difference_update([number for number in numbers if number >= first])

    def _forget(self, task: Task, beside: Collection[Task]) -> None:
        """Forget the states of tasks that are over, and what was said long ago."""
        over = [other for other in self._states if other != task and other not in beside]
        for other in over[:-OVER]:
            del self._states[other]
        while len(self._said) > TASKS:
            oldest, numbers = self._said.popitem(last=False)
            self._states.pop(oldest, None)
            self._aside -= numbers
            for number in numbers:
                self._ids.pop(number, None)
        while len(self._graphs) > TASKS:
            self._graphs.popitem(last=False)


_sessions: Final = Recent[tuple[int, str, str], SessionTasks](REMEMBERED, lambda tasks: 1 + len(tasks))


def tasks_in(ids: tuple[str, str]) -> SessionTasks:
    """What is known of the tasks in an actor's session. A task's name is its own, whichever store has the session.

    A forked child begins its own: one of its parent's may be held by a thread that is not in it.
    """
    return _sessions.of((os.getpid(), *ids), SessionTasks)
