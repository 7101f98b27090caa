"""History: the session's conversation, as a recent window, as recalled turns, and as the current turn."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Final, TypeAlias

from contextkit.conversation import UNREAD, Conversation
from contextkit.deadline import Patience, retried
from contextkit.errors import StoreUnavailable
from contextkit.question import QUERY, asks, query_item
from contextkit.recent import Recent
from contextkit.shares import history_most, longest_shown
from contextkit.sources.needs import needed
from contextkit.sources.pace import FOR_RECENT, Pace
from contextkit.sources.recall import Recall
from contextkit.stores import Session, SessionStore
from contextkit.strategy import Section, tokens_of
from contextkit.types import Gathered, Item, Message, Notice, Request, Unread, UnreadItem

REMEMBERED: Final = 100_000
"""Messages of all conversations that one source keeps in memory, 250 MB at the most, those in the index counted for
less; the conversation used least recently is forgotten first."""

SESSION: Final = 4
"""What a conversation counts for besides its messages."""


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
        self.available = request.budget.available(request.counter.margin)
        self.pace = Pace(request.strategy.seconds(History.sections))
        section = _recalled_for(request)
        self.recall = None if section is None else Recall(section, request, store, conversation, self.pace, patience)

    def gathered(self) -> Iterator[Gathered]:
        yield from self._recent()
        recalled = [] if self.recall is None else self.recall.turns()
        yield from recalled
        yield from self._unread({found.id for found in recalled if isinstance(found, Item)})

    def _recent(self) -> Iterator[Gathered]:
        """What was said up to now, as far as it can be read, and the current turn."""
        missed = self._read_recent()
        items = self.conversation.items
        begun = bisect_right(items, self.request.turn.after, key=_order)
        yield from self._own(items[:begun])
        yield from self._turn(self._own(items[begun : bisect_right(items, self.session.last_seq, key=_order)]))
        if missed is not None:
            yield missed

    def _own(self, items: list[Item]) -> list[Item]:
        """The items but for those of messages that others said."""
        others = self.request.apart.numbers
        return [item for item in items if item.order not in others] if others else items

    def _read_recent(self) -> Notice | None:
        """Read what is new; where the store does not answer, a new turn goes on with what was read before."""
        start, turn = self._start(), self.request.turn.after + 1
        room = history_most(self.request.strategy, self.request.filled, self.available)
        longest = longest_shown(self.request.strategy, self.available)
        foreseen = None
        if self.conversation.open(self.session) and self.recall is not None:
            foreseen = self.recall.foreseen(start, room, longest)
        if foreseen is not None and start is not None:
            start = foreseen.start
        read = partial(
            self.conversation.read_recent, self.store, self.session, start, room, longest, foreseen, turn=turn
        )
        try:
            retried(read, self.pace.until(FOR_RECENT))
        except StoreUnavailable as error:
            if self.request.continuing:
                raise
            return Notice(UNREAD, f"{self._missed(start)} could not be read: {error}")
        if start is not None:
            self.conversation.forget_before(start)
        return None

    def _start(self) -> int | None:
        """The number of the first message that the last prompt showed, if not the turn's; None where the room tells."""
        turn, section = self.request.turn.after + 1, self.request.strategy.section("history")
        if section is None or not tokens_of(section.ceiling, self.available):
            return turn
        shown_from = self.request.view.history_from
        return None if shown_from is None else min(shown_from, turn)

    def _missed(self, start: int | None) -> str:
        """What is not at hand of the messages from number `start` on, or of those that there is room for."""
        items, after = self.conversation.items, self.request.turn.after
        if items and items[-1].order >= after:
            return f"Messages before {items[0].order}"
        return f"Messages {items[-1].order + 1 if items else start or 1} to {after}"

    def _turn(self, present: list[Item]) -> Iterator[Item]:
        if not asks(present[0].message if present else None, self.request.turn.query):
            asked = query_item(self.request)
            again = asked.id in map(_id, self.conversation.items)
            yield replace(asked, id=QUERY) if again else asked
        for item in present:
            yield _in_turn(item)

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


def _recalled_for(request: Request) -> Section | None:
    """The section of recalled turns, if any are looked for: a session's first turn has none before it."""
    looks = request.turn.after and request.topic and not request.continuing
    return request.strategy.section("recall") if looks else None


def _listed(messages: Iterable[Message], gathered: set[str]) -> list[UnreadItem]:
    return [
        UnreadItem(message.id or f"m{message.seq}", message.tokens or 0, _LIES_BEFORE, f"m{message.seq}")
        for message in messages
        if message.id not in gathered
    ]


_LIES_BEFORE: Final = "it lies before the window of the history, and other turns bear more on the query"

_id, _order = attrgetter("id"), attrgetter("order")


def _in_turn(item: Item) -> Item:
    return replace(item, section="turn", required=True)
