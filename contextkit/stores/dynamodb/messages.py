"""The messages of a session, read in ranges.

Below `last_seq` nothing ever changes. A range that ends there is read in one query without looking
at `meta` again, since every number in it must be found; if one is not, the session has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contextkit.errors import InvalidInput, StoreCorrupt
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.items import Row
from contextkit.stores.dynamodb.life import At, Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import LOG, Log, read_messages
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.types import Message

_RANGE_TRIES = 3
"""Readings of a range, each after a look at `meta`, before what is missing in it counts as damage."""

_MOST = 2**62


class Messages:
    """Reads the messages of sessions, in ranges and by their numbers."""

    def __init__(self, lives: Lives, payloads: Payloads, log: Log) -> None:
        self._lives = lives
        self._database = lives.database
        self._payloads = payloads
        self._log = log

    def messages(
        self, actor_id: str, session_id: str, *, after: int = 0, before: int | None = None, last: int | None = None
    ) -> list[Message]:
        at = self._lives.clock.at(actor_id, session_id)
        wanted = _Range(max(after, 0) + 1, min(_MOST, before - 1 if before is not None else _MOST), _count(last))
        if wanted.empty:
            return []
        for _ in range(_RANGE_TRIES):
            life = self._lives.find(at) if self._database.cache else self._lives.known(at)
            if life is None:
                return []
            found = self._settled(life, wanted) if wanted.high <= life.last_seq else self._newest(at, life, wanted)
            if found is not None:
                return found
            self._lives.forget(at)
        raise _incomplete(at)

    def pick(self, actor_id: str, session_id: str, seqs: Sequence[int]) -> list[Message]:
        at = self._lives.clock.at(actor_id, session_id)
        wanted = sorted({seq for seq in seqs if 0 < seq <= _MOST})
        life = self._lives.known(at) if wanted else None
        if life is not None and (wanted[-1] > life.last_seq or self._database.cache):
            life = self._lives.find(at)
        for _ in range(_RANGE_TRIES):
            if life is None:
                return []
            there = [seq for seq in wanted if seq <= life.last_seq]
            found = self._log.numbered(life, there)
            if len(found) == len(there):
                return found
            life = self._lives.find(at)
        raise _incomplete(at)

    def _newest(self, at: At, life: Life, wanted: _Range) -> list[Message] | None:
        """The messages up to the newest; None where the session is in another life than was known."""
        own = max(wanted.low, life.lineage.size + 1)
        places = self._lives.places(at, keys.META)
        between = (keys.numbered(LOG, life.life, own), keys.META if len(places) == 1 else keys.METAS_END)
        limit = None if wanted.count is None else min(min(wanted.count, _MOST) + len(places), 10_000)
        end = keys.below(f"{LOG}#{life.life}")[1]  # what lies above is of a life that another region has begun
        metas: list[Row] = []
        rows: list[Row] = []
        found: Life | None = None
        for row in self._database.query("sessions", at.pk, between, newest_first=True, limit=limit):
            if (at.pk, row["sk"]) in places:
                metas.append(row)
                continue
            found = found or self._lives.seen(at, metas)
            if found is None or found.life != life.life:
                return None
            wanted = wanted.up_to(found.last_seq)
            if row["sk"] < end and row["seq"] <= wanted.high:
                rows.append(row)
            if len(rows) == wanted.size:
                break
        found = found or self._lives.seen(at, metas)
        if found is None or found.life != life.life:
            return None
        wanted = wanted.up_to(found.last_seq)
        former = self._log.between(found, wanted.first, min(wanted.high, own - 1))
        return wanted.covered_by([*former, *read_messages(self._payloads, rows[::-1])])

    def _settled(self, life: Life, wanted: _Range) -> list[Message] | None:
        """A range that all of it is known to exist of; None where it no longer does."""
        wanted = wanted.up_to(life.last_seq)
        return wanted.covered_by(self._log.between(life, wanted.first, wanted.high))


@dataclass(frozen=True, slots=True)
class _Range:
    """Sequence numbers from `low` to `high`, or only the newest `count` of them."""

    low: int
    high: int
    count: int | None

    @property
    def empty(self) -> bool:
        return self.high < self.low or self.count == 0

    @property
    def first(self) -> int:
        """The lowest number that is wanted."""
        return self.low if self.count is None else max(self.low, self.high - self.count + 1)

    @property
    def size(self) -> int:
        """How many are wanted."""
        return max(0, self.high - self.first + 1)

    def up_to(self, last: int) -> _Range:
        """What there is of it."""
        return replace(self, high=min(self.high, last))

    def covered_by(self, messages: list[Message]) -> list[Message] | None:
        """The messages themselves if they are all that is wanted."""
        return messages if [message.seq for message in messages] == list(range(self.first, self.high + 1)) else None


def _incomplete(at: At) -> StoreCorrupt:
    return StoreCorrupt(
        f"Messages of the session {at.session_id!r} are missing from the table.",
        "Restore the table from a backup, or delete this session.",
    )


def _count(last: int | None) -> int | None:
    if last is not None and last < 0:
        raise InvalidInput(f"last is {last}.", "Pass how many messages to read: 0 or more.", value=last)
    return None if last is None else min(last, _MOST)
