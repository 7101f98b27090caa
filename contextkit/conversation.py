"""Conversation: what this process remembers of one session, so that it is read only once.

Messages never change, so what was read stays true: a build reads only what is newer. The recent
messages are kept as items; of all others only the index that finds them again. The index is kept
with the session too, in segments, so that another process need not analyse the messages again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from contextkit.errors import StoreCorrupt, StoreError
from contextkit.fence import defused
from contextkit.ladder import whole_message
from contextkit.rank.conversation import ConversationIndex
from contextkit.types import Block, Item, Message, Notice, Provenance, TokenCounter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from contextkit.stores import Session, SessionStore

LONG = 2_000
"""Characters above which a message is indexed in passages. As one, its few telling words would be
lost among thousands: BM25 holds long texts back."""

PASSAGE = 1_000
"""Characters of a passage: a long turn's length, so that passages and turns compare fairly."""

INDEXED = 1_000_000
"""Characters of one message that are indexed, half of them from its beginning and half from its end."""

MOST_PASSAGES = 512
"""Passages of one message at the most; those of a huge one are longer instead."""

SEGMENT = 1_024
"""Messages in a stored index segment: what a new process must analyse again is at most one fewer."""


PAGE = 64
"""Messages of a page of history: enough to tell how long they are, and more than a small window holds."""


class Conversation:
    """One life of one session. Callers hold `lock` while they use it.

    Items are counted by `counter`; `count_with` changes it. The index keeps sizes too, which only
    decide how many turns are looked at, and so may be any counter's.
    """

    def __init__(self, actor_id: str, session_id: str, counter: TokenCounter) -> None:
        self.lock = threading.Lock()
        self.items: list[Item] = []
        self.index = ConversationIndex()
        self._actor_id = actor_id
        self._session_id = session_id
        self._counter = counter
        self._vectors = _Vectors()

    def count_with(self, counter: TokenCounter) -> None:
        """Count the items anew where another counter is to be used."""
        if counter.name != self._counter.name:
            self._counter = counter
            self.items = [replace(history_item(whole_message(item), counter), text=item.text) for item in self.items]

    def read_recent(self, store: SessionStore, session: Session, start: int | None, room: int) -> None:
        """Have every message from sequence number `start` on as an item, or without one, what `room` tokens hold.

        What came with the session's facts is not read again.
        """
        if self.items:
            self._read_newer(store, session)
        else:
            self.items = self._items(session.newest)
        if start is None:
            self._read_backwards(store, room)
        elif not self.items:
            self.items = self._items(store.messages(self._actor_id, self._session_id, after=start - 1))
        elif start < self.items[0].order:
            self._read_older(store, start)

    def forget_before(self, start: int) -> None:
        """Drop the items of messages that no prompt will show verbatim again."""
        if self.items and start > self.items[0].order:
            self.items = [item for item in self.items if item.order >= start]

    def read_index(self, store: SessionStore, seconds: float = inf) -> list[Notice]:
        """Bring the index up to the newest message, and store the segments that have become full.

        Where that takes longer than `seconds` (a long conversation that was just imported, a slow
        store), the rest is left to the next time: no segment is begun that would end too late if
        it took as long as the slowest before it.
        A segment that is damaged is made again. A store that does not take one costs the next
        process the analysis, and this one nothing.
        """
        until, slowest = perf_counter() + seconds, 0.0
        notices = [] if len(self.index) else self._load_segments(store)
        full: dict[str, bytes] = {}
        parts: list[ConversationIndex] = []
        done = self._indexed
        began, in_time = perf_counter(), True
        while (in_time := began + slowest < until) and (messages := self._to_boundary(store, done)):
            if done % SEGMENT or len(messages) < SEGMENT:
                self.index.extend(parts)
                parts = []
                self.index.add(_passages(messages), self._counter)
                segment = self.index.to_bytes(self._row(done // SEGMENT * SEGMENT)) if _ends_segment(messages) else b""
            else:
                parts.append(ConversationIndex())
                parts[-1].add(_passages(messages), self._counter)
                segment = parts[-1].to_bytes()
            if segment:
                full[self._segment_name(done // SEGMENT * SEGMENT)] = segment
            done += len(messages)
            slowest = max(slowest, perf_counter() - began)
            began = perf_counter()
        self.index.extend(parts)
        if not in_time:
            notices.append(Notice("recall incomplete", _INCOMPLETE.format(done)))
        return notices + (self._keep(store, full) if full else [])

    def _keep(self, store: SessionStore, segments: Mapping[str, bytes]) -> list[Notice]:
        try:
            store.save_derived(self._actor_id, self._session_id, segments)
        except StoreError as error:
            return [Notice("index not kept", f"Another process must analyse these messages again: {error}")]
        return []

    def similarity(self, store: SessionStore, query: Sequence[float]) -> NDArray[np.float32]:
        """The cosine of a query's vector and every indexed message's, NaN where a message has none."""
        self._vectors.read(store, self._actor_id, self._session_id)
        return self._vectors.similarity(query, self.index.seqs)

    def pick(self, store: SessionStore, seqs: Sequence[int]) -> list[Message]:
        """The messages with these sequence numbers, oldest first, read only where they are not at hand."""
        first = self.items[0].order if self.items else max(seqs, default=0) + 1
        missing = [seq for seq in seqs if seq < first]
        read = store.pick(self._actor_id, self._session_id, missing) if missing else []
        here = [_as_stored(self.items[seq - first]) for seq in sorted(seqs) if seq >= first]
        return read + here

    @property
    def _indexed(self) -> int:
        return int(self.index.seqs[-1]) if len(self.index) else 0

    def _row(self, done: int) -> int:
        """The index's first row after message number `done`; a long message has several."""
        return int(np.searchsorted(self.index.seqs, done, side="right"))

    def _to_boundary(self, store: SessionStore, done: int) -> list[Message]:
        """The messages after number `done` up to the end of its segment, from memory where they are there."""
        end = (done // SEGMENT + 1) * SEGMENT
        if self.items and self.items[0].order <= done + 1:
            first = self.items[0].order
            return [_as_stored(item) for item in self.items[done + 1 - first : end + 1 - first]]
        return store.messages(self._actor_id, self._session_id, after=done, before=end + 1)

    def _read_newer(self, store: SessionStore, session: Session) -> None:
        last = self.items[-1].order
        newer = session.since(last)
        if newer is None:
            newer = store.messages(self._actor_id, self._session_id, after=last)
        self.items.extend(self._items(newer))

    def _read_older(self, store: SessionStore, start: int) -> None:
        older = store.messages(self._actor_id, self._session_id, after=start - 1, before=self.items[0].order)
        self.items = self._items(older) + self.items

    def _read_backwards(self, store: SessionStore, room: int) -> None:
        """Read newest first, until the room is filled or the session's beginning is reached.

        A first page tells how long messages are, and so how many more the room will hold.
        """
        before = self.items[0].order if self.items else None
        tokens = sum(item.tokens for item in self.items)
        while tokens <= room and before != 1:
            still = len(self.items) * (room - tokens) // max(1, tokens) if len(self.items) >= PAGE else 0
            page = max(PAGE, still + PAGE // 4)
            messages = store.messages(self._actor_id, self._session_id, before=before, last=page)
            if not messages:
                break
            older = self._items(messages)
            self.items = older + self.items
            tokens += sum(item.tokens for item in older)
            before = older[0].order

    def _items(self, messages: Sequence[Message]) -> list[Item]:
        return [history_item(message, self._counter) for message in messages]

    def _load_segments(self, store: SessionStore) -> list[Notice]:
        stored = store.derived(self._actor_id, self._session_id)
        parts: list[ConversationIndex] = []
        notices: list[Notice] = []
        while not notices and (data := stored.get(self._segment_name(len(parts) * SEGMENT))) is not None:
            try:
                parts.append(ConversationIndex.from_bytes(data))
            except StoreCorrupt as error:
                notices.append(Notice("index made again", f"The messages were analysed again: {error}"))
        self.index.extend(parts)
        return notices

    def _segment_name(self, start: int) -> str:
        return f"index/{start}"


def _passages(messages: Sequence[Message]) -> Iterator[Message]:
    """The messages as the index takes them: a long one in passages, each found by what it says itself."""
    for message in messages:
        text = message.text
        if len(text) > INDEXED:
            text = text[: INDEXED // 2] + text[-INDEXED // 2 :]
        if len(text) <= LONG:
            yield message
        else:
            size = max(PASSAGE, len(text) // MOST_PASSAGES)
            yield from (replace(message, content=passage, tokens=None) for passage in _cut(text, size))


def _cut(text: str, size: int) -> Iterator[str]:
    """Pieces of about `size` characters, cut at the ends of lines where there are any."""
    start = 0
    while start < len(text):
        line_end = text.find("\n", start + size, start + 2 * size)
        end = line_end + 1 if line_end >= 0 else start + size
        yield text[start:end]
        start = end


_INCOMPLETE = (
    "The index of this conversation has come as far as message {}, and older turns are recalled up to there. "
    "The next builds index the rest."
)


def _ends_segment(messages: Sequence[Message]) -> bool:
    return (messages[-1].seq or 0) % SEGMENT == 0


class _Vectors:
    """The vectors of a session's messages, read as they are added."""

    def __init__(self) -> None:
        self._seqs: list[int] = []
        self._matrices: list[NDArray[np.float32]] = []

    def read(self, store: SessionStore, actor_id: str, session_id: str) -> None:
        seqs, matrix = store.vectors(actor_id, session_id, after=self._seqs[-1] if self._seqs else 0)
        if seqs:
            self._seqs += seqs
            self._matrices = [np.concatenate([*self._matrices, matrix])]

    def similarity(self, query: Sequence[float], seqs: NDArray[np.int64]) -> NDArray[np.float32]:
        values = np.full(len(seqs), np.nan, np.float32)
        if self._seqs:
            vector = np.asarray(query, np.float32)
            scores = self._matrices[0] @ (vector / max(float(np.linalg.norm(vector)), 1e-12))
            rows = np.searchsorted(seqs, self._seqs)
            inside = rows < len(seqs)
            values[rows[inside]] = scores[inside]
        return values


def history_item(message: Message, counter: TokenCounter) -> Item:
    """A stored message as a candidate of the history. What a tool wrote cannot forge a fence in the prompt."""
    text, message = message.text, _harmless(message)
    counted = message.tokens if message.counter == counter.name else None
    return Item(
        id=message.id or f"m{message.seq}",
        section="history",
        text=text,
        tokens=counter.message(message) if counted is None else counted,
        order=message.seq or 0,
        trusted=message.role != "tool",
        message=message,
        handle=None if message.seq is None else f"m{message.seq}",
        provenance=Provenance(source="history", title=message.name, created_at=message.created_at),
    )


def _as_stored(item: Item) -> Message:
    """The message of an item with the text it was written with: what is found must not depend on what is shown."""
    message = whole_message(item)
    return message if message.text == item.text else replace(message, content=item.text)


def _harmless(message: Message) -> Message:
    """The message, without forged fences if a tool wrote it."""
    if message.role != "tool" or "<" not in message.text or defused(message.text) == message.text:
        return message
    content: str | tuple[Block, ...]
    if isinstance(message.content, str):
        content = defused(message.content)
    else:
        content = tuple(
            {**block, "text": defused(block["text"])} if isinstance(block.get("text"), str) else block
            for block in message.content
        )
    return replace(message, content=content, counter=None)
