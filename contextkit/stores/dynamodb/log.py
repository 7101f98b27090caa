"""Log: the messages of a session that nothing changes any more, read from packs and from items of their own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from contextkit.errors import StoreCorrupt
from contextkit.messages import loads
from contextkit.recent import Recent
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import MAX_GETS, Database, Key
from contextkit.stores.dynamodb.items import Row
from contextkit.stores.dynamodb.life import Life
from contextkit.stores.dynamodb.lineage import Span, Stretch
from contextkit.stores.dynamodb.packs import FEWEST, LARGE, SMALL, Pack, largest_of, unpacked, worth_reading
from contextkit.stores.dynamodb.payloads import INLINE, Payloads
from contextkit.types import Message

_log = logging.getLogger("contextkit.stores")

LOG = "log"
"""Sort keys of messages: just below `meta`, so that one query reads it and the newest of them."""

ID = "id"
"""Sort keys that lead from a message's id to its number."""

MESSAGE = ("sk", "body", "base", "chunks", "object")
"""The columns of a message that are read, and of a pack. Its number is in its key."""

REMEMBERED = 4_096
"""Lives of sessions of which it is known how long their messages are."""

LONG_RUN = 32
"""Messages that follow each other, in no pack, for which a query is worth its call, where a batch cannot hold all that
is read. It is also billed by what they take together, and not a unit for each."""


def read_messages(payloads: Payloads, rows: Sequence[Row]) -> list[Message]:
    """The messages that the rows hold or point to. Raises `StoreCorrupt`."""
    texts = [content.decode("ascii", "replace") for content in payloads.get_all("sessions", rows)]
    return [loads(text, seq=keys.number_in(row["sk"])) for row, text in zip(rows, texts, strict=True)]


class Log:
    """Messages by their numbers in a life; all that are asked for lie below its `last_seq`."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._database = database
        self._payloads = payloads
        self._largest = Recent[str, int](REMEMBERED)

    def learn(self, life: Life, rows: Sequence[Row]) -> None:
        """Take note of how long a life's messages are: packs that there will not be need not be looked for."""
        sizes = [len(row["body"]) if "body" in row else INLINE for row in rows]
        if sizes:
            self._largest.put(life.life, largest_of(sum(sizes) / len(sizes)))

    def between(self, life: Life, low: int, high: int) -> list[Message]:
        """The messages with numbers from `low` to `high`, in order; what is missing is left out."""
        wanted = self._wanted(life, range(low, high + 1))
        if self._database.cache or any(one.packs for one in wanted):
            return self._found(life, wanted)
        return self.singles(life, low, high)

    def singles(self, life: Life, low: int, high: int) -> list[Message]:
        """The same from items of their own alone: for few of them, and where they are known to be in no pack."""
        return [message for span in life.spans(low, high) for message in self._stretch(life, span)]

    def packed(self, life: Life, low: int, high: int) -> list[Message]:
        """The same from small packs of the life's own alone: those whose packs are not there are left out."""
        packs = [Pack(first, SMALL) for first in range((low - 1) // SMALL * SMALL + 1, high + 1, SMALL)]
        rows = self._database.get_settled("sessions", [(life.pk, pack.sk(life.life)) for pack in packs], MESSAGE)
        return [message for pack in packs for message in self._unpacked(rows.get((life.pk, pack.sk(life.life))), pack)]

    def numbered(self, life: Life, seqs: Iterable[int], largest: int = LARGE) -> list[Message]:
        """The messages with these numbers, in order; what is missing is left out.

        Packs of up to the `largest` size are tried; what was to be in one that is not there is read without it.
        """
        return self._found(life, self._wanted(life, seqs, largest))

    def _found(self, life: Life, wanted: Sequence[_Wanted]) -> list[Message]:
        places = [place for one in wanted for place in one.places(life.pk)]
        rows = self._in_runs(life.pk, wanted) if len(places) > MAX_GETS and not self._database.cache else {}
        rows |= self._database.get_settled("sessions", [place for place in places if place not in rows], MESSAGE)
        found = [message for one in wanted for message in self._read(life, one, rows)]
        return sorted(found, key=lambda message: message.seq or 0)

    def _in_runs(self, pk: str, wanted: Sequence[_Wanted]) -> dict[Key, Row]:
        """The messages' own items where long runs of them are wanted, by a query for each."""
        runs = [(one.span.stretch.life, *run) for one in wanted for run in _runs(sorted(one.alone))]
        long = [Stretch(*run) for run in runs if run[2] - run[1] >= LONG_RUN]
        return {(row["pk"], row["sk"]): row for stretch in long for row in self._rows(pk, stretch)}

    def _wanted(self, life: Life, seqs: Iterable[int], largest: int = LARGE) -> list[_Wanted]:
        known, placed = self._largest.get(life.life), list(life.placed(seqs))
        most = largest if known is None else min(known, largest)
        found = [_Wanted(span, own, *worth_reading(own, span.stretch.last, most)) for span, own in placed]
        if sum(one.items for one in found) <= MAX_GETS:
            return found
        return [_Wanted(span, own, *worth_reading(own, span.stretch.last, most, FEWEST)) for span, own in placed]

    def _read(self, life: Life, wanted: _Wanted, rows: Mapping[Key, Row]) -> list[Message]:
        """What is wanted of one stretch."""
        name, shift, asked = wanted.span.stretch.life, wanted.span.shift, set(wanted.own)
        singles = [rows[place] for place in wanted.singles(life.pk) if place in rows]
        found = [_shifted(message, shift) for message in read_messages(self._payloads, singles)]
        lacking: dict[int, list[int]] = {}
        for pack in wanted.packs:
            messages = self._unpacked(rows.get((life.pk, pack.sk(name))), pack)
            found += [_shifted(message, shift) for message in messages if message.seq in asked]
            if not messages:
                lacking.setdefault(pack.size, []).extend(seq + shift for seq in pack.seqs if seq in asked)
        if LARGE in lacking:
            found += self.numbered(life, lacking[LARGE], SMALL)
        for first, last in _runs(lacking.get(SMALL, ())):
            found += self.singles(life, first, last)
        return found

    def _unpacked(self, row: Row | None, pack: Pack) -> list[Message]:
        """The messages of a pack; none where it is not there, or damaged."""
        if row is None:
            return []
        try:
            return unpacked(self._payloads.get("sessions", row), pack)
        except StoreCorrupt as error:
            _log.warning("Messages are read one by one: %s", error)
            return []

    def _stretch(self, life: Life, span: Span) -> list[Message]:
        messages = read_messages(self._payloads, list(self._rows(life.pk, span.stretch)))
        return [_shifted(message, span.shift) for message in messages]

    def _rows(self, pk: str, stretch: Stretch) -> Iterable[Row]:
        """The messages' own items, from a cache where there is one, which knows single items alone."""
        places = [keys.numbered(LOG, stretch.life, seq) for seq in (stretch.first, stretch.last)]
        if self._database.cache is None:
            return self._database.query("sessions", pk, (places[0], places[1]), columns=MESSAGE)
        alone = [(pk, keys.numbered(LOG, stretch.life, seq)) for seq in range(stretch.first, stretch.last + 1)]
        return self._database.get_settled("sessions", alone, MESSAGE).values()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Messages of one stretch by their `own` numbers there: which packs have them, and which are read `alone`."""

    span: Span
    own: Sequence[int]
    packs: Sequence[Pack]
    alone: Sequence[int]

    @property
    def items(self) -> int:
        """How many items are to be read."""
        return len(self.packs) + len(self.alone)

    def places(self, pk: str) -> list[Key]:
        """The keys of the items to read."""
        return [*((pk, pack.sk(self.span.stretch.life)) for pack in self.packs), *self.singles(pk)]

    def singles(self, pk: str) -> list[Key]:
        """Those of the messages that are read alone."""
        return [(pk, keys.numbered(LOG, self.span.stretch.life, seq)) for seq in self.alone]


def _shifted(message: Message, shift: int) -> Message:
    """The message under the number that it has now."""
    return replace(message, seq=(message.seq or 0) + shift) if shift else message


def _runs(seqs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of numbers that follow one another, from ascending ones."""
    for _, run in groupby(enumerate(seqs), key=lambda numbered: numbered[1] - numbered[0]):
        numbers = [seq for _, seq in run]
        yield numbers[0], numbers[-1]
