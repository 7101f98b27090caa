"""History: the session's conversation, as a recent window, as recalled turns, and as the current turn."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from time import perf_counter
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from contextkit.blocks import line_tokens
from contextkit.conversation import UNREAD, Conversation, Foreseen
from contextkit.deadline import EMBEDDING, Patience, patiently, retried
from contextkit.errors import StoreError, StoreUnavailable
from contextkit.question import QUERY, asks, query_item
from contextkit.rank.conversation import FLOOR
from contextkit.rank.lexical import Scores
from contextkit.readable import readable
from contextkit.recent import Recent
from contextkit.shares import history_most, longest_shown
from contextkit.sources.needs import needed
from contextkit.stores import Session, SessionStore
from contextkit.strategy import Section, tokens_of
from contextkit.transcript import heading, speaker
from contextkit.types import Gathered, Item, Message, Notice, Provenance, Request, TokenCounter, Unread, UnreadItem

T = TypeVar("T")

REMEMBERED = 100_000
"""Messages of all conversations that one source keeps in memory, 250 MB at the most, those in the index counted for
less; the conversation used least recently is forgotten first."""

SESSION = 4
"""What a conversation counts for besides its messages."""

SPARE, SPARE_TURNS = 1.5, 1.25
"""Recalled turns are offered for so many times the room they can have, and so many times their number where a section
has a limit, so that dropped duplicates are made up for. Turns that are likely to stand in the history come on top."""

FAR = 4
"""Where the last prompt's history began is so many times further back than the history has room for now, once much was
appended in between (a conversation that was imported). What lies still further is not read only to be left out: more
than this cannot stand, even where most of it has shrunk."""

HUGE = 2_000_000
"""Characters of a message that is never shown in full as a recalled line."""

FOR_FORESIGHT, FOR_RECENT, FOR_INDEX, FOR_MEANING, FOR_RECALL = 0.25, 0.5, 0.7, 0.75, 0.8
"""The parts of its deadline by which it must be known what will be read, the newest messages be read, the index be up
to date, the query embedded, and recall be tried no more: a store that fails is asked again until then, and the rest can
still be done."""

LEAST_OFFERED = 24
"""Turns offered also for the smallest section, as the best of them may be too long for it or stand elsewhere.
On LoCoMo with 500 tokens, 32 recall no more and 16 a little less."""

SHORTEST_LINE = 6
"""Tokens of the shortest line worth recalling: no more turns are looked at than would fit at that size."""


class History:
    """The messages of the session.

    The most recent stand verbatim as far as the strategy's `history` section reaches. Of the
    older ones, those that bear on the query are offered for its `recall` section. Messages of
    the current turn are required. With a store that embeds messages, recall is by meaning too.
    """

    name = "history"
    sections = ("history", "recall", "turn")

    def __init__(self, store: SessionStore | None = None) -> None:
        self._store = store
        self._patience = Patience("embedder")
        self._conversations = Recent[tuple[object, ...], _Kept](REMEMBERED, lambda kept: SESSION + kept[1].weight)

    def gather(self, request: Request) -> Iterator[Gathered]:
        store = needed(self._store or request.store, SessionStore, self.name)
        session = request.session
        if store is not request.store:
            session = store.session(request.actor_id, request.session_id)
        if session is None or not session.last_seq:
            return iter(())
        fresh = partial(_kept, store, request)
        with self._conversations.using(_key(store, session), fresh) as (_, conversation), conversation.lock:
            conversation.count_with(request.counter)
            return iter([*_Reading(request, store, session, conversation, self._patience).gathered()])

    def remembers(self, session: Session, store: object) -> bool:
        """What `Remembering.remembers` does. Of a store of its own this source always reads all by itself."""
        return self._store not in (None, store) or self._conversations.get(_key(store, session)) is not None


_Kept: TypeAlias = tuple[SessionStore, Conversation]
"""A conversation with its store, so that the store's id stays its own."""


def _kept(store: SessionStore, request: Request) -> _Kept:
    return store, Conversation(request.actor_id, request.session_id, request.counter)


def _key(store: object, session: Session) -> tuple[object, ...]:
    """One life of a session. A forked child begins its own: one of its parent's may be held by a build that never ends
    here."""
    return os.getpid(), id(store), session.actor_id, session.session_id, session.created_at


class _Reading:
    """One build's reading of a conversation."""

    def __init__(
        self, request: Request, store: SessionStore, session: Session, conversation: Conversation, patience: Patience
    ) -> None:
        self.request = request
        self.store = store
        self.session = session
        self.conversation = conversation
        self.patience = patience
        self.available = request.budget.available(request.counter.margin)
        self.started = perf_counter()
        self.chosen: Mapping[int, float] | None = None
        self.notices: list[Notice] = []

    def gathered(self) -> Iterator[Gathered]:
        yield from self._recent()
        recalled = [] if self.recall is None else list(self._recall(self.recall))
        yield from recalled
        yield from self._unread({found.id for found in recalled if isinstance(found, Item)})

    @property
    def recall(self) -> Section | None:
        """The section of recalled turns, if any are looked for: a session's first turn has none before it."""
        looks = self.request.turn.after and self.request.topic and not self.request.continuing
        return self.request.strategy.section("recall") if looks else None

    def _recent(self) -> Iterator[Gathered]:
        """What was said up to now, as far as it can be read, and the current turn."""
        missed = self._read_recent()
        items = self.conversation.items
        begun = bisect_right(items, self.request.turn.after, key=_order)
        yield from items[:begun]
        yield from self._turn(items[begun : bisect_right(items, self.session.last_seq, key=_order)])
        if missed is not None:
            yield missed

    def _read_recent(self) -> Notice | None:
        """Read what is new; where the store does not answer, a new turn goes on with what was read before."""
        after = self.request.turn.after
        start = self.request.view.history_from if self._room("history") else after + 1
        start = None if start is None else min(start, after + 1)
        strategy, available = self.request.strategy, self.available
        room, longest = history_most(strategy, self.request.filled, available), longest_shown(strategy, available)
        foreseen = self._foreseen(start, room, longest)
        if foreseen is not None and start is not None:
            start = foreseen.start
        read = partial(
            self.conversation.read_recent, self.store, self.session, start, room, longest, foreseen, turn=after + 1
        )
        try:
            retried(read, self._until(FOR_RECENT))
        except StoreUnavailable as error:
            if self.request.continuing:
                raise
            return Notice(UNREAD, f"{self._missed(start)} could not be read: {error}")
        if start is not None:
            self.conversation.forget_before(start)
        return None

    def _missed(self, start: int | None) -> str:
        """What is not at hand of the messages from number `start` on, or of those that there is room for."""
        items, after = self.conversation.items, self.request.turn.after
        if items and items[-1].order >= after:
            return f"Messages before {items[0].order}"
        return f"Messages {items[-1].order + 1 if items else start or 1} to {after}"

    def _foreseen(self, start: int | None, room: int, longest: int) -> Foreseen | None:
        """What this build will read, where a process that has read nothing yet has the index at hand.

        It is then read in one call. None where the index does not tell in time: recall says why.
        """
        if not self.conversation.open(self.session) or self.recall is None:
            return None
        foresee = partial(self._foresee, self.recall, start, room, longest)
        try:
            return patiently(lambda: self._searching(foresee), self._until(FOR_FORESIGHT) - perf_counter())
        except StoreError:
            return None

    def _foresee(self, section: Section, start: int | None, room: int, longest: int) -> Foreseen | None:
        self._read_index(reads=False)
        if not self.conversation.foresees:
            return None
        if self.store.embeddings is None:  # else nothing can be chosen before the vectors are read
            self.chosen = self._chosen(section)
        turn = min(self.request.turn.after, self.conversation.indexed) + 1
        if start is None:
            begin = min(self.conversation.start_of(room, longest), turn)
        else:
            begin = max(start, min(self.conversation.start_of(FAR * room, longest), turn))
        return Foreseen(begin, list(self.chosen or ()))

    def _until(self, part: float) -> float:
        """The end of that part of the time this source has."""
        sections = (self.request.strategy.section(name) for name in History.sections)
        return self.started + part * max((section.deadline for section in sections if section), default=0.0)

    def _in_time(self, part: float) -> None:
        """Raise `StoreUnavailable` after that part of the time: what was read would come too late to be of use."""
        if perf_counter() >= self._until(part):
            raise StoreUnavailable(
                f"Reading took {perf_counter() - self.started:.1f} s.",
                "See to the store's latency, or raise the deadline.",
            )

    def _recall(self, section: Section) -> Sequence[Gathered]:
        """Older turns that bear on the query; where the store fails, or is too slow for it, word of that."""
        try:
            self._in_time(FOR_RECENT)
            recalled = partial(self._recalled, section)
            return patiently(lambda: self._searching(recalled), self._until(FOR_RECALL) - perf_counter())
        except StoreError as error:
            return [Notice("recall failed", f"No older turns were looked for: {error}")]

    def _searching(self, search: Callable[[], T]) -> T:
        """What a search of the index gives. Where an earlier build's is still under way, it is waited for."""
        lock = self.conversation.index_lock
        if not lock.acquire(timeout=max(0.0, self._until(FOR_RECALL) - perf_counter())):
            raise StoreUnavailable(
                "The index is still being read by an earlier build.", "Try again, or see to the store's latency."
            )
        try:
            return search()
        finally:
            lock.release()

    def _turn(self, present: list[Item]) -> Iterator[Item]:
        if not asks(present[0].message if present else None, self.request.turn.query):
            asked = query_item(self.request)
            again = asked.id in map(_id, self.conversation.items)
            yield replace(asked, id=QUERY) if again else asked
        for item in present:
            yield _in_turn(item)

    def _recalled(self, section: Section) -> Sequence[Gathered]:
        self._read_index()
        chosen = self._chosen(section) if self.chosen is None else self.chosen
        messages = self.conversation.pick(self.store, list(chosen))
        items = [
            _recall_item(message, chosen[message.seq], self.request)
            for message in messages
            if message.seq is not None and readable(message).strip()
        ]
        return [*self.notices, *items]

    def _chosen(self, section: Section) -> Mapping[int, float]:
        """The numbers of the turns to offer, and how much each bears on the query: a long one by its best passage."""
        self._in_time(FOR_RECALL)
        index = self.conversation.index
        scores = self._scores()
        past = np.where(index.seqs <= self.request.turn.after, scores, 0)
        shown_from = self.request.view.history_from or self.request.turn.after + 1
        costs = np.where(index.seqs < shown_from, index.tokens, 0)
        best = _best(past, costs, section, tokens_of(section.ceiling, self.available))
        return {int(index.seqs[row]): float(scores[row]) for row in reversed(best)}

    def _read_index(self, *, reads: bool = True) -> None:
        """Have in the index what is new, and what the query needs; unless it `reads` messages, of those at hand."""
        self.notices += self.conversation.read_index(
            self.store, self._until(FOR_INDEX) - perf_counter(), self.request.topic, reads=reads
        )

    def _scores(self) -> Scores:
        index, request = self.conversation.index, self.request
        embedder = self.store.embeddings
        if embedder is None:
            return index.scores(request.topic, now=request.now)
        try:
            seconds = min(EMBEDDING, self._until(FOR_MEANING) - perf_counter())
            vector = self.patience.call(lambda: embedder.embed_query(request.topic), seconds)
        except Exception as error:  # any embedder, any failure: words alone still find most of it
            text = f"The query could not be embedded ({error}), so turns were recalled by words alone."
            self.notices.append(Notice("embedder failed", text))
            return index.scores(request.topic, now=request.now)
        try:
            similarity = self.conversation.similarity(self.store, vector)
        except (StoreError, ValueError) as error:  # or the vectors are another embedder's
            text = f"Turns were recalled by words alone, since the vectors of messages are of no use: {error}"
            self.notices.append(Notice("vectors not read", text))
            return index.scores(request.topic, now=request.now)
        return index.scores(request.topic, now=request.now, similarity=similarity)

    def _room(self, name: str) -> int:
        section = self.request.strategy.section(name)
        return 0 if section is None else tokens_of(section.ceiling, self.available)

    def _unread(self, recalled: set[str]) -> Iterator[Unread]:
        """Word of every message that no item stands for: it stays where it is, in the session store."""
        first = self.conversation.items[0].order if self.conversation.items else self.request.turn.after + 1
        if first > 1:
            store, request = self.store, self.request
            yield Unread(
                "history",
                "history",
                first - 1,
                lambda: _listed(store.messages(request.actor_id, request.session_id, before=first), recalled),
                stored=True,
            )


def _best(scores: Scores, costs: NDArray[np.int64], section: Section, room: int) -> list[int]:
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


def _listed(messages: Iterable[Message], gathered: set[str]) -> list[UnreadItem]:
    return [
        UnreadItem(message.id or f"m{message.seq}", message.tokens or 0, _LIES_BEFORE, f"m{message.seq}")
        for message in messages
        if message.id not in gathered
    ]


_LIES_BEFORE = "it lies before the window of the history, and other turns bear more on the query"

_id, _order = attrgetter("id"), attrgetter("order")


def _in_turn(item: Item) -> Item:
    return replace(item, section="turn", required=True)


def _recall_item(message: Message, score: float, request: Request) -> Item:
    lead, text = f"{speaker(message)}: ", readable(message)
    return Item(
        id=message.id or f"m{message.seq}",
        section="recall",
        text=text,
        lead=lead,
        heading=heading(message).rstrip(),
        tokens=_tokens(message, lead, text, request.counter),
        score=score,
        order=message.seq or 0,
        handle=f"m{message.seq}",
        provenance=Provenance(source="history", title=message.name, created_at=message.created_at),
    )


def _tokens(message: Message, lead: str, text: str, counter: TokenCounter) -> int:
    """What the message costs as a line; of a huge one, which is too long to be counted anew each time, a bound."""
    if len(text) <= HUGE or message.tokens is None or message.counter != counter.name:
        return line_tokens(counter, lead, text)
    return line_tokens(counter, lead, "") + 2 * message.tokens
