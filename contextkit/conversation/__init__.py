"""Conversation: what this process remembers of one session, so that it is read only once.

Messages never change, so what was read stays true: a build reads only what is newer. The recent
messages are kept as items; of all others only the index that finds them again. The index is kept
with the session too, in segments, so that another process need not analyse the messages again.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from contextkit.budget import UNBOUNDED
from contextkit.conversation.index import GAP, SessionIndex
from contextkit.conversation.items import as_stored, history_item, recounted
from contextkit.conversation.vectors import Vectors
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.segments import segments_named
from contextkit.types import Item, Message, Notice, TokenCounter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from contextkit.stores import Session, SessionStore

__all__ = ["UNREAD", "Conversation", "Foreseen", "history_item"]

PAGE: Final = 64
"""Messages of the first page of history, which tells how long they are: more than a small window holds."""

INDEXED: Final = 16
"""Messages that the index has and that take about as much memory as one at hand, some 2.5 KB."""

ENOUGH: Final = 32
"""Messages that tell how many more the room will hold."""

UNREAD: Final = "history incomplete"
"""The kind of the notice that not all of the conversation could be read which was wanted."""

MARGIN: Final = 1.03
"""What is foreseen of the room is read for so much more of it: the index has long messages in passages, which count a
little more together, and what is read too little takes another call."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the index says that a build will read: all messages from number `start` on, and earlier ones to recall."""

    start: int
    recalled: Sequence[int] = ()


class Conversation:
    """One life of one session. Callers hold `lock` while they use it, and `index_lock` for the index and `pick`.

    Who searches the index may be left behind by a build that cannot wait: hence the second lock.
    Items are counted by `counter`; `count_with` changes it.
    """

    def __init__(self, actor_id: str, session_id: str, counter: TokenCounter) -> None:
        self.lock = threading.Lock()
        self.index_lock = threading.Lock()
        self.items: list[Item] = []
        self._actor_id = actor_id
        self._session_id = session_id
        self._counter = counter
        self._index = SessionIndex(actor_id, session_id, counter)
        self._vectors = Vectors()
        self._picked: dict[int, Message] = {}

    @property
    def weight(self) -> int:
        """About how many messages at hand take as much memory as all of this."""
        return len(self.items) + len(self._picked) + len(self.index) // INDEXED

    @property
    def index(self) -> ConversationIndex:
        """What finds the session's messages again."""
        return self._index.index

    def count_with(self, counter: TokenCounter) -> None:
        """Count the items anew where another counter is to be used."""
        if counter.name != self._counter.name:
            self._counter = counter
            self.items = [recounted(item, counter) for item in self.items]

    def open(self, session: Session) -> bool:
        """Take what came with the session's facts, which is not read again.

        True if that is all of the index up to the newest messages, but for some that the next call can have too, in a
        process that has none of it yet.
        """
        self._index.life = session.created_at
        self._index.offer(session.derived, session.parts)
        if session.derived is None or self.items or not session.newest:
            return False
        self.items = self._items(session.newest)
        return self._comes_near(_indexed(session.derived))

    @property
    def foresees(self) -> bool:
        """Whether the index has come as far as `open` said."""
        return self._comes_near(self._index.last)

    def _comes_near(self, indexed: int) -> bool:
        return bool(self.items) and indexed + GAP + 1 >= self.items[0].order

    @property
    def indexed(self) -> int:
        """The number of the last message that the index has."""
        return self._index.last

    def start_of(self, room: int, longest: int = UNBOUNDED) -> int:
        """About where messages begin that `room` tokens hold, as the index has counted them. For `longest`, see
        `read_recent`."""
        seqs, firsts = np.unique(self.index.seqs, return_index=True)
        sizes = np.minimum(np.add.reduceat(self.index.tokens, firsts), longest) if len(seqs) else firsts
        room -= self._behind_index(longest)
        held = int(np.searchsorted(np.cumsum(sizes[::-1]), MARGIN * room, side="right")) + 1
        return int(seqs[-held]) if held <= len(seqs) else 1

    def _behind_index(self, longest: int) -> int:
        """About how many tokens the messages count for that the index lacks yet; of those not at hand half as many as
        of the others, for if it were fewer in truth, what is read would not fill the room."""
        lacking = self.items[-1].order - self._index.last if self.items else 0
        sizes = [min(item.tokens, longest) for item in self.items[-lacking:]] if lacking > 0 else []
        return sum(sizes) * (lacking + len(sizes)) // (2 * len(sizes)) if sizes else 0

    def read_recent(
        self,
        store: SessionStore,
        session: Session,
        start: int | None,
        room: int,
        longest: int = UNBOUNDED,
        foreseen: Foreseen | None = None,
        turn: int | None = None,
    ) -> None:
        """Have every message from sequence number `start` on as an item; without one, what `room` tokens hold, and all
        from number `turn` on, if that is given.

        A message counts for `longest` tokens at the most. What came with the session's facts is not
        read again. What is `foreseen` is read in one call.
        """
        self.open(session)
        if self.items:
            self._read_newer(store, session)
        else:
            self.items = self._items(session.newest)
        if foreseen is not None:
            self._read_foreseen(store, foreseen)
        if start is None:
            self._read_backwards(store, room, longest)
            start = turn
        elif not self.items:
            self.items = self._items(store.messages(self._actor_id, self._session_id, after=start - 1))
        if self.items and start is not None and start < self.items[0].order:
            self._read_older(store, start)

    def forget_before(self, start: int) -> None:
        """Drop the items of messages that no prompt will show verbatim again."""
        if self.items and start > self.items[0].order:
            self.items = [item for item in self.items if item.order >= start]

    def read_index(
        self, store: SessionStore, seconds: float = inf, query: str = "", *, reads: bool = True
    ) -> list[Notice]:
        """Bring the index up to the newest message, as far as that takes no longer than `seconds`, and have in it what
        is stored of the query's words. Unless it `reads` messages, as far as they are at hand."""
        items = self.items
        at_hand = items[bisect_right(items, self._index.last, key=attrgetter("order")) :]
        newest = items[-1].order if items else None
        return self._index.read(store, newest, [as_stored(item) for item in at_hand], seconds, query, reads)

    def similarity(self, store: SessionStore, query: Sequence[float]) -> NDArray[np.float32]:
        """The cosine of a query's vector and every indexed message's, NaN where a message has none."""
        self._vectors.read(store, self._actor_id, self._session_id)
        return self._vectors.similarity(query, self.index.seqs)

    def pick(self, store: SessionStore, seqs: Sequence[int]) -> list[Message]:
        """The messages with these sequence numbers, oldest first, read only where they are not at hand.

        One that is gone, since its session was deleted while this was read, is left out.
        """
        items, picked, self._picked = self.items, self._picked, {}
        first = items[0].order if items else max(seqs, default=0) + 1
        earlier = sorted(seq for seq in seqs if seq < first)
        missing = [seq for seq in earlier if seq not in picked]
        read = store.pick(self._actor_id, self._session_id, missing) if missing else []
        picked |= {message.seq or 0: message for message in read}
        here = [as_stored(item) for seq in sorted(seqs) if seq >= first and (item := _numbered(items, seq))]
        return [picked[seq] for seq in earlier if seq in picked] + here

    def _read_newer(self, store: SessionStore, session: Session) -> None:
        last = self.items[-1].order
        newer = session.since(last)
        if newer is None:
            newer = store.messages(self._actor_id, self._session_id, after=last)
        self.items.extend(self._items(newer))

    def _read_foreseen(self, store: SessionStore, foreseen: Foreseen) -> None:
        first = self.items[0].order if self.items else 1
        if foreseen.start >= first:
            return
        wanted = [*(seq for seq in foreseen.recalled if seq < foreseen.start), *range(foreseen.start, first)]
        messages = store.pick(self._actor_id, self._session_id, wanted)
        self._picked = {message.seq or 0: message for message in messages if (message.seq or 0) < foreseen.start}
        self.items = self._items(messages[len(self._picked) :]) + self.items

    def _read_older(self, store: SessionStore, start: int) -> None:
        older = store.messages(self._actor_id, self._session_id, after=start - 1, before=self.items[0].order)
        self.items = self._items(older) + self.items

    def _read_backwards(self, store: SessionStore, room: int, longest: int) -> None:
        """Read newest first, until the room is filled or the session's beginning is reached.

        Some first messages tell how long they are, and so how many more the room will hold.
        """
        before = self.items[0].order if self.items else None
        tokens = sum(min(item.tokens, longest) for item in self.items)
        while tokens <= room and before != 1:
            still = len(self.items) * (room - tokens) // max(1, tokens)
            page = still + still // 8 + 4 if len(self.items) >= ENOUGH else PAGE
            messages = store.messages(self._actor_id, self._session_id, before=before, last=page)
            if not messages:
                break
            older = self._items(messages)
            self.items = older + self.items
            tokens += sum(min(item.tokens, longest) for item in older)
            before = older[0].order

    def _items(self, messages: Sequence[Message]) -> list[Item]:
        return [history_item(message, self._counter) for message in messages]


def _indexed(names: Iterable[str]) -> int:
    """How far the segments that are stored under these names reach from the first message on, without a gap."""
    last = 0
    for segment in segments_named(names):
        if segment.first <= last + 1:
            last = max(last, segment.last)
    return last


def _numbered(items: Sequence[Item], seq: int) -> Item | None:
    """The item of that sequence number, if there is one."""
    at = bisect_left(items, seq, key=attrgetter("order"))
    return items[at] if at < len(items) and items[at].order == seq else None
