"""Conversations: what this process remembers of several sessions of an actor, found in as in one talk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from contextkit.conversation.index import SessionIndex
from contextkit.conversation.vectors import Vectors
from contextkit.deadline import begun
from contextkit.errors import shortened
from contextkit.rank.conversation import ConversationIndex
from contextkit.types import Message, Notice, TokenCounter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from contextkit.rank.lexical import Scores
    from contextkit.stores import SessionEntry, SessionStore


T = TypeVar("T")

AT_ONCE: Final = 8
"""Sessions that are read side by side."""

QUICK: Final = 0.002
"""Seconds within which a store answers that is on this machine: threads would cost more than they save."""


@dataclass(slots=True)
class _Known:
    """One life of a session, as far as it was read: its index, and its messages' vectors."""

    life: datetime
    session: SessionIndex
    vectors: Vectors = field(default_factory=Vectors)


class Conversations:
    """Sessions of one actor, one after another in the order in which they began. Callers hold `lock`.

    Words are weighed by how rare they are in all of them, so that scores compare. What is found is told by its row,
    from 0 on.
    """

    def __init__(self, actor_id: str, counter: TokenCounter) -> None:
        self.lock = threading.Lock()
        self.actor_id = actor_id
        self._counter = counter
        self._known: dict[str, _Known] = {}
        self._joined: tuple[object, ...] = ()
        self._names: list[str] = []
        self._index = ConversationIndex()
        self._owners: NDArray[np.intp] = np.zeros(0, np.intp)

    @property
    def weight(self) -> int:
        """Messages that are known, each by its session's index and in all."""
        return 2 * sum(len(known.session.index) for known in [*self._known.values()])  # others may be reading

    @property
    def tokens(self) -> NDArray[np.int64]:
        """About what each row costs as a line of a transcript."""
        return self._index.tokens

    def read(self, store: SessionStore, sessions: Sequence[SessionEntry], query: str, until: float) -> list[Notice]:
        """Know these sessions and no others, up to their newest messages, and what the query needs of them.

        In the order given, as far as that takes no longer than `until` (by `perf_counter`); a notice tells what does.
        """
        listed = {one.session_id: one for one in sessions}
        self._known = {name: one for name, one in self._known.items() if _lives(one, listed.get(name))}
        notices: list[Notice] = []
        fresh = [session for session in sessions if self._lacks(session)]
        for place in range(0, len(fresh), AT_ONCE):
            if perf_counter() >= until:
                left = len(fresh) - place
                notices.append(Notice("other sessions incomplete", f"There was no time to look into {left} of them."))
                break
            some = fresh[place : place + AT_ONCE]
            readings = side_by_side([self._reading(store, session, query, until) for session in some])
            notices += [
                Notice(one.kind, f"Of the session {shortened(session.session_id)}: {one.text}")
                for session, told in zip(some, readings, strict=True)
                for one in told
            ]
        self._join(query)
        return notices

    def scores(self, query: str, now: datetime, similarity: NDArray[np.float32] | None = None) -> Scores:
        """How much each row bears on the query; see `ConversationIndex.scores`."""
        return self._index.scores(query, now=now, similarity=similarity)

    def similarity(self, store: SessionStore, query: Sequence[float]) -> NDArray[np.float32]:
        """The cosine of a query's vector and each row's message, not a number where it has none."""
        sessions = [(name, self._known[name]) for name in self._names]
        lacking = [(name, known) for name, known in sessions if known.vectors.last < known.session.last]
        side_by_side([partial(known.vectors.read, store, self.actor_id, name) for name, known in lacking])
        found = [known.vectors.similarity(query, known.session.index.seqs) for _, known in sessions]
        return np.concatenate([np.zeros(0, np.float32), *found])

    def row(self, session_id: str, seq: int) -> int | None:
        """The row of that message, its first; None where it has none."""
        if session_id not in self._names:
            return None
        rows = np.flatnonzero((self._index.seqs == seq) & (self._owners == self._names.index(session_id)))
        return int(rows[0]) if len(rows) else None

    def pick(self, store: SessionStore, rows: Sequence[int]) -> list[tuple[int, str, Message]]:
        """The messages of these rows, in the order of the talk: each with its row, and its session's id.

        Of a long message, which has several rows, the first one given counts. One that is gone meanwhile is left out.
        """
        places: dict[tuple[int, int], int] = {}
        for row in rows:
            places.setdefault((int(self._owners[row]), int(self._index.seqs[row])), row)
        wanted = {owner: [seq for _, seq in own] for owner, own in groupby(sorted(places), key=itemgetter(0))}
        picks = [partial(store.pick, self.actor_id, self._names[owner], seqs) for owner, seqs in wanted.items()]
        return [
            (places[owner, message.seq or 0], self._names[owner], message)
            for owner, messages in zip(wanted, side_by_side(picks), strict=True)
            for message in messages
        ]

    def _lacks(self, session: SessionEntry) -> bool:
        """Whether there may be something of it to read."""
        known = self._known.get(session.session_id)
        return known is None or known.session.partial or known.session.last < session.last_seq

    def _reading(
        self, store: SessionStore, session: SessionEntry, query: str, until: float
    ) -> Callable[[], list[Notice]]:
        """What brings the session's index up to date."""
        known = self._known.setdefault(session.session_id, _Known(session.created_at, self._begin(session)))
        return lambda: known.session.read(store, session.last_seq, (), until - perf_counter(), query)

    def _begin(self, session: SessionEntry) -> SessionIndex:
        index = SessionIndex(self.actor_id, session.session_id, self._counter)
        index.life = session.created_at
        return index

    def _join(self, query: str) -> None:
        """Have one index of all, made anew where one of them has changed: they are to be told in one order always."""
        known = sorted(self._known.items(), key=lambda one: (one[1].life, one[0]))
        asked = query if any(one.session.partial for _, one in known) else ""
        state = (asked, *((name, one.life, one.session.last) for name, one in known))
        if state == self._joined:
            return
        self._names = [name for name, _ in known]
        self._index = ConversationIndex()
        self._index.extend(one.session.index for _, one in known)
        self._owners = np.repeat(np.arange(len(known)), [len(one.session.index) for _, one in known])
        self._joined = state


def side_by_side(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each of these gives, in their order. Where the first takes long, the others have threads of their own; an
    error is raised once all are done."""
    began = perf_counter()
    first = [work() for work in works[:1]]
    if perf_counter() - began < QUICK:
        return first + [work() for work in works[1:]]
    others = [begun("store", work) for work in works[1:]]
    wait(others)
    return first + [one.result() for one in others]


def _lives(known: _Known, session: SessionEntry | None) -> bool:
    """Whether that life of the session is the one that is listed still."""
    return session is not None and known.life == session.created_at
