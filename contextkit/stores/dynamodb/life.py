"""One life of a session: the item `meta`, and where the messages that it took over stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contextkit.errors import SessionEnded
from contextkit.stores.codec import SECOND, after, to_micros
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.lineage import Lineage, Span, Stretch

SLACK = timedelta(days=7)
"""How long items stay after their session's expiry. Long, so that a session which goes on has its items
renewed at most twice a week."""

LISTED = timedelta(hours=6)
"""How far the actor's list of sessions may lag behind: it is told of a session that goes on four times a day."""

HOLD = timedelta(seconds=5)
"""How long a large append may pause between two of its transactions before others take over."""

_ALWAYS = ("actor_id", "session_id", "life", "created_at", "updated_at", "last_seq")

_DIGITS = 20
"""A life's name begins with when it began, in so many digits."""


@dataclass(frozen=True, slots=True)
class At:
    """One actor's session, and the time of the call in microseconds."""

    actor_id: str
    session_id: str
    now: int

    @property
    def pk(self) -> str:
        """Its partition."""
        return keys.session_key(self.actor_id, self.session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The item `meta`: one life of a session. Times are in microseconds since 1970.

    `holder` is the large append that is being written now, `held_until` when others may take over.
    `unborn` marks a life that such an append has begun and not yet finished: nobody sees it.
    `kept_until` is when DynamoDB may delete the session's items.

    `region` is the only one that writes this life ("" without regions), and the life of the highest
    `term` is the one that the session is in. `inherited` is its `lineage`, as a text.

    `pieces` is the number of the piece of overflow that was stored last, and `listed_at` when the
    actor's list of sessions was last told that messages are appended.

    `fence` grows with each append where there are no transactions: rows of an append that was
    overtaken cannot replace those of the one that overtook it.
    """

    actor_id: str
    session_id: str
    life: str
    created_at: int
    updated_at: int
    expires_at: int | None = None
    kept_until: int | None = None
    last_seq: int = 0
    pieces: int = 0
    listed_at: int = 0
    holder: str | None = None
    held_until: int | None = None
    unborn: int | None = None
    region: str = ""
    term: int = 1
    inherited: str | None = None
    fence: int = 0

    @classmethod
    def of(cls, row: Row) -> Life:
        """The life that the row describes."""
        columns: dict[str, Any] = {name: row[name] for name in cls.__slots__ if name in row or name in _ALWAYS}
        return cls(**columns)

    @property
    def pk(self) -> str:
        """The session's partition."""
        return keys.session_key(self.actor_id, self.session_id)

    @property
    def sk(self) -> str:
        """Its own place there."""
        return keys.branch(keys.META, self.region)

    @property
    def ttl(self) -> int | None:
        """What every item of the session has as its TTL: seconds since 1970."""
        return None if self.kept_until is None else self.kept_until // SECOND

    @property
    def rank(self) -> tuple[int, int, str]:
        """Of several lives the session is in the highest."""
        return self.term, self.created_at, self.region

    @property
    def lineage(self) -> Lineage:
        """What it has taken over."""
        return Lineage.of(self.inherited)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """All messages of the session."""
        lineage = self.lineage
        return lineage.followed_by(Stretch(self.life, lineage.size + 1, self.last_seq)).stretches

    @property
    def lives(self) -> list[str]:
        """Whose items belong to the session: this life's and those before it, newest first."""
        return [self.life, *reversed(self.lineage.lives)]

    def began(self, created_at: datetime | None) -> bool:
        """Whether it, or one that it took over, began then (None: whenever)."""
        begins = {self.created_at, *(int(life[:_DIGITS]) for life in self.lineage.lives)}
        return created_at is None or to_micros(created_at) in begins

    def goes_on_from(self, created_at: datetime | None) -> Life:
        """The life itself, if it `began` then. Raises `SessionEnded`."""
        if not self.began(created_at):
            raise SessionEnded(self.session_id)
        return self

    def lasts(self, now: int) -> bool:
        """True until the session expires."""
        return self.expires_at is None or self.expires_at > now

    def succession(self) -> Lineage:
        """The lineage of a life that follows this one."""
        lineage = self.lineage
        return lineage.followed_by(Stretch(self.life, lineage.size + 1, self.last_seq))

    def spans(self, low: int, high: int) -> Iterator[Span]:
        """Where the messages with numbers from `low` to `high` stand."""
        for span in self._spans():
            first = max(span.stretch.first, low - span.shift)
            last = min(span.stretch.last, high - span.shift)
            if first <= last:
                yield Span(Stretch(span.stretch.life, first, last), span.shift)

    def placed(self, seqs: Iterable[int]) -> Iterator[tuple[Span, list[int]]]:
        """The stretches that messages with these numbers stand in, whole, and the numbers they were written under."""
        wanted = list(seqs)
        for span in self._spans():
            own = [seq - span.shift for seq in wanted if span.stretch.first <= seq - span.shift <= span.stretch.last]
            if own:
                yield span, own

    def number(self, life: str, seq: int) -> int | None:
        """The number that message `seq` of that life has in this one; None where it is none of this one's."""
        for span in self._spans():
            if span.stretch.life == life and span.stretch.first <= seq <= span.stretch.last:
                return seq + span.shift
        return None

    def steady(self, life: str) -> int:
        """Up to which message the numbers are those that they had in that former life."""
        end = 0
        for span in self._spans():
            if span.shift:
                break
            if span.stretch.life == life:
                end = span.end
        return end

    def row(self) -> dict[str, Value | None]:
        """The item."""
        columns = {name: getattr(self, name) for name in self.__slots__}
        empty: dict[str, Value | None] = {"region": self.region or None, "fence": self.fence or None}
        return {"pk": self.pk, "sk": self.sk, "ttl": self.ttl, **columns, **empty}

    def _spans(self) -> Iterator[Span]:
        lineage = self.lineage
        yield from lineage.spans()
        yield Span(Stretch(self.life, lineage.size + 1, self.last_seq), 0)


def kept_until(expires_at: int | None) -> int | None:
    """When the items of a session that expires then may be deleted."""
    return None if expires_at is None else after(expires_at, SLACK)
