"""Recall: older turns of a conversation that bear on the query, found by the session's index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from contextkit.blocks import line_tokens
from contextkit.conversation import Conversation, Foreseen
from contextkit.deadline import Patience, patiently
from contextkit.errors import StoreError, StoreUnavailable
from contextkit.rank.conversation import FLOOR
from contextkit.rank.lexical import Scores
from contextkit.rank.renewed import renewed
from contextkit.readable import readable
from contextkit.sources.meant import Meant
from contextkit.sources.pace import FOR_FORESIGHT, FOR_INDEX, FOR_MEANING, FOR_RECALL, FOR_RECENT, Pace
from contextkit.stores import SessionStore
from contextkit.strategy import Section, tokens_of
from contextkit.transcript import heading, speaker
from contextkit.types import Gathered, Item, Message, Notice, Provenance, Request, TokenCounter
from contextkit.zones import local

T = TypeVar("T")

SPARE, SPARE_TURNS = 1.5, 1.25
"""Recalled turns are offered for so many times the room they can have, and so many times their number where a section
has a limit, so that dropped duplicates are made up for. Turns that are likely to stand in the history come on top."""

FAR: Final = 4
"""Where the last prompt's history began is so many times further back than the history has room for now, once much was
appended in between (a conversation that was imported). What lies still further is not read only to be left out: more
than this cannot stand, even where most of it has shrunk."""

HUGE: Final = 2_000_000
"""Characters of a message that is never shown in full as a recalled line."""

LEAST_OFFERED: Final = 24
"""Turns offered also for the smallest section, as the best of them may be too long for it or stand elsewhere.
On LoCoMo with 500 tokens, 32 recall no more and 16 a little less."""

SHORTEST_LINE: Final = 6
"""Tokens of the shortest line worth recalling: no more turns are looked at than would fit at that size."""


class Recall:
    """One build's search for the turns to offer for a section."""

    def __init__(
        self,
        section: Section,
        request: Request,
        store: SessionStore,
        conversation: Conversation,
        pace: Pace,
        patience: Patience,
    ) -> None:
        self._section = section
        self._request = request
        self._store = store
        self._conversation = conversation
        self._pace = pace
        self._patience = patience
        self._chosen: Mapping[int, float] | None = None
        self._notices: list[Notice] = []

    def foreseen(self, start: int | None, room: int, longest: int) -> Foreseen | None:
        """What this build will read, where a process that has read nothing yet has the index at hand.

        It is then read in one call. None where the index does not tell in time: `turns` says why.
        """
        foresee = partial(self._foresee, start, room, longest)
        try:
            return patiently(lambda: self._searching(foresee), self._pace.left(FOR_FORESIGHT))
        except StoreError:
            return None

    def turns(self) -> Sequence[Gathered]:
        """Older turns that bear on the query; where the store fails, or is too slow for it, word of that."""
        try:
            self._pace.check(FOR_RECENT)
            return patiently(lambda: self._searching(self._turns), self._pace.left(FOR_RECALL))
        except StoreError as error:
            return [Notice("recall failed", f"No older turns were looked for: {error}")]

    def _searching(self, search: Callable[[], T]) -> T:
        """What a search of the index gives. Where an earlier build's is still under way, it is waited for."""
        lock = self._conversation.index_lock
        if not lock.acquire(timeout=max(0.0, self._pace.left(FOR_RECALL))):
            raise StoreUnavailable(
                "The index is still being read by an earlier build.", "Try again, or see to the store's latency."
            )
        try:
            return search()
        finally:
            lock.release()

    def _foresee(self, start: int | None, room: int, longest: int) -> Foreseen | None:
        self._read_index(reads=False)
        if not self._conversation.foresees:
            return None
        if self._store.embeddings is None:  # else nothing can be chosen before the vectors are read
            self._chosen = self._choose()
        turn = min(self._request.turn.after, self._conversation.indexed) + 1
        if start is None:
            begin = min(self._conversation.start_of(room, longest), turn)
        else:
            begin = max(start, min(self._conversation.start_of(FAR * room, longest), turn))
        return Foreseen(begin, list(self._chosen or ()))

    def _turns(self) -> Sequence[Gathered]:
        self._read_index()
        chosen = self._choose() if self._chosen is None else self._chosen
        messages = self._conversation.pick(self._store, list(chosen))
        scores = _renewed(messages, chosen)
        items = [
            _item(message, scores[message.seq], self._request)
            for message in messages
            if message.seq is not None and readable(message).strip()
        ]
        return [*self._notices, *items]

    def _choose(self) -> Mapping[int, float]:
        """The numbers of the turns to offer, and how much each bears on the query: a long one by its best passage."""
        self._pace.check(FOR_RECALL)
        index, request = self._conversation.index, self._request
        scores = self._scores()
        past = np.where(index.seqs <= request.turn.after, scores, 0)
        if request.apart.unheard:
            past[np.isin(index.seqs, list(request.apart.unheard))] = 0
        shown_from = request.view.history_from or request.turn.after + 1
        costs = np.where(index.seqs < shown_from, index.tokens, 0)
        room = tokens_of(self._section.ceiling, request.budget.available(request.counter.margin))
        best = best_rows(past, costs, self._section, room)
        return {int(index.seqs[row]): float(scores[row]) for row in reversed(best)}

    def _read_index(self, *, reads: bool = True) -> None:
        """Have in the index what is new, and what the query needs; unless it `reads` messages, of those at hand."""
        self._notices += self._conversation.read_index(
            self._store, self._pace.left(FOR_INDEX), self._request.topic, reads=reads
        )

    def _scores(self) -> Scores:
        conversation, store, request = self._conversation, self._store, self._request
        meant = Meant(store.embeddings, self._patience, partial(conversation.similarity, store))
        similarity = meant.of(request.topic, self._pace.left(FOR_MEANING), self._notices)
        return conversation.index.scores(request.topic, now=request.now, similarity=similarity)


def _renewed(messages: Sequence[Message], scores: Mapping[int, float]) -> Mapping[int, float]:
    """The scores of messages, once results that newer ones tell anew have handed theirs on to those."""
    results = sorted((message.seq, message) for message in messages if message.role == "tool" and message.seq)
    handed = renewed([readable(message) for _, message in results], [scores[seq] for seq, _ in results])
    return {**scores, **{seq: score for (seq, _), score in zip(results, handed, strict=True)}}


def best_rows(scores: Scores, costs: NDArray[np.int64], section: Section, room: int) -> list[int]:
    """The rows to offer for a section of so many tokens, best first; rows that cost nothing come on top.

    None below the section's relevance, that part of the best score: it would only be read to be left out. Where
    relevance is asked for at all, a row has some: else "thank you" would recall whatever was said last.
    """
    least = np.float32(FLOOR if section.relevance else 0)
    rows = np.flatnonzero((scores > least) & (scores >= section.relevance * scores.max(initial=0)))
    most = max(LEAST_OFFERED, int(room * SPARE) // SHORTEST_LINE)
    if len(rows) > most:
        rows = rows[np.argpartition(-scores[rows], most)[:most]]
    rows = rows[np.lexsort((-rows, -scores[rows]))]
    enough = _reach(np.minimum(costs[rows], room), room * SPARE)
    if section.limit:
        enough = min(enough, _reach(costs[rows] > 0, section.limit * SPARE_TURNS))
    return [int(row) for row in rows[: max(LEAST_OFFERED, enough)]]


def _reach(amounts: NDArray[Any], total: float) -> int:
    """How many of the first amounts come to that total together."""
    return int(np.searchsorted(np.cumsum(amounts), total)) + 1


def _item(message: Message, score: float, request: Request) -> Item:
    lead, text = f"{speaker(message)}: ", readable(message)
    return Item(
        id=message.id or f"m{message.seq}",
        section="recall",
        text=text,
        lead=lead,
        heading=heading(local(message, request.zone)).rstrip(),
        tokens=turn_tokens(message, lead, text, request.counter),
        score=score,
        order=message.seq or 0,
        handle=f"m{message.seq}",
        provenance=Provenance(source="history", title=message.name, created_at=message.created_at),
    )


def turn_tokens(message: Message, lead: str, text: str, counter: TokenCounter) -> int:
    """What a message's text costs as a line; of a huge one, which is too long to be counted anew each time, a bound."""
    if len(text) <= HUGE or message.tokens is None or message.counter != counter.name:
        return line_tokens(counter, lead, text)
    return line_tokens(counter, lead, "") + 2 * message.tokens
