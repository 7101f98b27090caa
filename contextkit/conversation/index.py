"""SessionIndex: the index of one session, from the segments stored with it and the messages since."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Final

from contextkit.conversation.divided import DividedSegments
from contextkit.errors import SessionEnded, StoreCorrupt, StoreError
from contextkit.rank.conversation import ConversationIndex
from contextkit.rank.divided import Parts, divided, loaded
from contextkit.rank.segments import (
    SMALL,
    Made,
    Segment,
    beneath,
    completing,
    end_of,
    filled,
    grow,
    in_passages,
    segments_named,
)
from contextkit.stores import SegmentKeeper
from contextkit.types import Message, Notice, TokenCounter

if TYPE_CHECKING:
    from contextkit.stores import SessionStore

GAP: Final = 64
"""Messages before those that came with a session for which nothing is read by itself where no segment has them: they
are read with the window, and indexed then."""

SLICE: Final = 512
"""Messages that are analysed at a time, in a few hundredths of a second if they are a chat's. A segment has as many."""


class SessionIndex:
    """What finds a session's messages again. Each is analysed once, whichever process does it.

    It is stored only with the session whose `life` began when that of its messages did: one that was
    deleted meanwhile leaves no words to the next of its name. A `SegmentKeeper` stores what it is made
    of by itself, but for what was missing when it was read.

    Sizes of messages are kept with it, which only decide how many turns are looked at, and so
    may be any counter's.
    """

    def __init__(self, actor_id: str, session_id: str, counter: TokenCounter) -> None:
        self.index = ConversationIndex()
        self.life: datetime | None = None
        self._actor_id = actor_id
        self._session_id = session_id
        self._counter = counter
        self._derived: Mapping[str, bytes] | None = None
        self._complete = False
        self._divided = DividedSegments(actor_id, session_id)

    def offer(self, derived: Mapping[str, bytes] | None, parts: Parts | None = None) -> None:
        """What the store has derived from the session, and parts of it, as they were read already: they are not read
        again. An index that knows parts of segments which are others by now is made of it anew."""
        if derived is not None and (not len(self.index) or self._divided.outdated(derived)):
            self._derived = derived
        if parts:
            self._divided.offer(parts)

    def read(
        self,
        store: SessionStore,
        last: int | None,
        at_hand: Sequence[Message],
        seconds: float = inf,
        query: str = "",
        reads: bool = True,
    ) -> list[Notice]:
        """Bring the index up to message number `last` (None: the newest), and store the segments that become whole.

        Of segments that are stored in parts, those parts are read that have the terms of the `query`. `at_hand`
        are the newest messages, which need not be read; unless it `reads` others, it comes only as far as that
        takes none, or is not begun if more than a `GAP` is missing before these.

        Where it takes longer than `seconds` (a long conversation that was just imported, a slow store), the rest is
        left to the next time: nothing is begun that would end too late if it took as long as the slowest before
        it. A segment that is damaged is made again, and several that fill one are stored as one. A store that does
        not take one costs the next process the analysis, and this one nothing.
        """
        until, notices = perf_counter() + seconds, list[Notice]()
        if self._derived is not None:
            self._clear()
        while True:
            known = len(self._divided.damaged)
            try:
                notices += self._read(store, last, at_hand, until, reads)
                self._divided.look_up(store, self.index, query)
            except StoreCorrupt as error:  # a part is damaged, or its segment has been united with others meanwhile
                if len(self._divided.damaged) == known:
                    raise  # whatever else is damaged is no better the next time
                notices.append(Notice("index read again", str(error)))
                self._clear()
            else:
                return notices

    def _read(
        self, store: SessionStore, last: int | None, at_hand: Sequence[Message], until: float, reads: bool
    ) -> list[Notice]:
        slowest, derived = 0.0, self._derived
        kept = isinstance(store, SegmentKeeper)
        reading = _Reading(self.last, last, reads, stores=not (kept and self._complete), unites=not kept)
        if not len(self.index):
            reading.find(self._stored(store), self._divided.damaged)
        began, in_time = perf_counter(), True
        while (in_time := began + slowest < until) and self._step(reading, store, at_hand):
            slowest = max(slowest, perf_counter() - began)
            began = perf_counter()
        if in_time and not reads and at_hand and reading.done + GAP + 1 < (at_hand[0].seq or 0):
            self._clear()
            self._derived = derived
            return []
        self._join(reading)
        if not in_time and reading.done != last:
            reading.notices.append(Notice("recall incomplete", _INCOMPLETE.format(reading.done)))
        self._complete = self._complete or reading.done == last
        return reading.notices + self._keep(store, reading.made)

    def _step(self, reading: _Reading, store: SessionStore, at_hand: Sequence[Message]) -> bool:
        """Take in the next segment, or the messages up to where the next one begins; False where there are none."""
        whole = filled([segment for segment, _ in reading.parts]) if reading.unites else None
        if whole is not None:
            self._unite(reading, whole, store)
            return True
        stored = reading.stored.get(reading.done + 1)
        if stored is not None:
            self._load(reading, *stored)
            return True
        if reading.last is not None and reading.done >= reading.last:
            return False
        messages = self._next(reading, store, at_hand)
        if messages:
            self._analyse(reading, messages, store)
        return bool(messages)

    def _load(self, reading: _Reading, segment: Segment, data: bytes) -> None:
        try:
            index, parts = loaded(segment, data)
        except StoreCorrupt as error:
            del reading.stored[segment.first]
            reading.notices.append(Notice("index made again", f"The messages were analysed again: {error}"))
            return
        reading.parts.append((segment, index))
        reading.done = segment.last
        if parts is not None:
            self._divided.add(parts)

    def _unite(self, reading: _Reading, whole: Segment, store: SessionStore) -> None:
        """Have those of a reading that fill a segment be one, with all that is stored of them."""
        for segment, index in reading.parts:
            if segment.first >= whole.first:
                self._divided.complete(store, index, segment.first, segment.last)
        reading.unite(whole)

    def _next(self, reading: _Reading, store: SessionStore, at_hand: Sequence[Message]) -> list[Message]:
        """The messages that no segment has, up to the next one that does or to the end of a slice."""
        done = reading.done
        end = min([end_of(done + 1, SLICE), *(first - 1 for first in reading.stored if first > done)])
        here = [message for message in at_hand if done < (message.seq or 0) <= end]
        first = here[0].seq if here else None
        if first == done + 1:
            return here
        if not reading.reads:
            return []
        return store.messages(self._actor_id, self._session_id, after=done, before=first or end + 1) + here

    def _analyse(self, reading: _Reading, messages: Sequence[Message], store: SessionStore) -> None:
        """Index these messages, and note the segments that they complete."""
        analysed = Segment(reading.done + 1, messages[-1].seq or 0)
        reading.done = analysed.last
        if len(messages) >= SLICE:
            index = ConversationIndex()
            index.add(in_passages(messages), self._counter)
            reading.parts.append((analysed, index))
            if reading.stores:
                reading.made.take(analysed, index.to_bytes())
            return
        self._join(reading)
        if not reading.stores:
            self.index.add(in_passages(messages), self._counter)
            return
        begun = 1 if reading.unites else end_of(analysed.first - 1, SMALL) + 1
        whole = completing(begun, analysed.first - 1, analysed.last)
        if whole:
            self._divided.complete(store, self.index, whole[0].first)
        grow(self.index, messages, self._counter, reading.made, begun)

    def _join(self, reading: _Reading) -> None:
        """Append what was loaded or analysed apart: all at once, since each time costs as much as the whole index."""
        self.index.extend(index for _, index in reading.parts)
        reading.parts.clear()

    def _stored(self, store: SessionStore) -> Mapping[str, bytes]:
        derived, self._derived = self._derived, None
        return store.derived(self._actor_id, self._session_id) if derived is None else derived

    def _clear(self) -> None:
        self.index, self._complete = ConversationIndex(), False
        self._divided.clear()

    def _keep(self, store: SessionStore, made: Made) -> list[Notice]:
        session = (self._actor_id, self._session_id)
        try:
            if isinstance(store, SegmentKeeper) and (made.add or made.remove):
                store.keep_segments(*session, made.add, made.remove, life=self.life)
            elif made.add:
                add, parts = divided(made.add)
                store.save_derived(*session, add, made.remove, life=self.life, parts=parts)
        except SessionEnded:
            return []  # nobody needs its index any more
        except StoreError as error:
            return [Notice("index not kept", f"Another process must analyse these messages again: {error}")]
        return []

    @property
    def partial(self) -> bool:
        """Whether some of it is read only as queries need it."""
        return len(self._divided) > 0

    @property
    def last(self) -> int:
        """The number of the last message in it; 0 where there is none, or it is to be made anew."""
        return int(self.index.seqs[-1]) if len(self.index) and self._derived is None else 0


@dataclass(slots=True)
class _Reading:
    """One reading: how far it has come and has to come, the segments that were stored, and those that it made.

    `stored` has them by their first message, the largest where several begin there. `parts` continue
    the index up to message number `done` and are not joined to it yet. `reads` says whether messages are
    read, `stores` whether segments of what is analysed are to be stored, and `unites` whether those that
    fill a larger one are to be one.
    """

    done: int
    last: int | None
    reads: bool
    stores: bool
    unites: bool
    stored: dict[int, tuple[Segment, bytes]] = field(default_factory=dict)
    parts: list[tuple[Segment, ConversationIndex]] = field(default_factory=list)
    made: Made = field(default_factory=Made)
    notices: list[Notice] = field(default_factory=list)

    def find(self, derived: Mapping[str, bytes], damaged: Collection[Segment]) -> None:
        """Know the segments among derived data but for damaged ones, and that those within larger ones may go."""
        found = [segment for segment in segments_named(derived) if segment not in damaged]
        self.stored = {segment.first: (segment, derived[segment.name]) for segment in found}
        self.made.remove.extend(segment.name for segment in beneath(found))

    def unite(self, whole: Segment) -> None:
        """Have the parts that fill a segment be one, and stored as one."""
        start = next(number for number, (part, _) in enumerate(self.parts) if part.first == whole.first)
        united = self.parts[start:]
        index = ConversationIndex()
        index.extend(part for _, part in united)
        self.parts[start:] = [(whole, index)]
        self.made.take(whole, index.to_bytes(), [part for part, _ in united])


_INCOMPLETE: Final = (
    "The index of this conversation has come as far as message {}, and older turns are recalled up to there. "
    "The next builds index the rest."
)
