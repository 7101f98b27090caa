"""Lives: a session from its first write to its expiry or deletion, and what every other item of it hangs on.

The item `meta` says which life a session is in, where its messages end and when it expires; all
other items carry the life in their key and mean nothing without it. So a session ends, and begins
anew, by one write to one item. DynamoDB's own TTL only tidies up: it is late by days, so each read
looks at `meta`, and every item of a session is kept for `SLACK` beyond the session's expiry, or
longer where the session goes on (`Renewal`). History never loses its middle.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from contextkit.stores import check_id
from contextkit.stores.codec import after, to_micros
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import Database, batches
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.writes import ABSENT, Check, Condition, Put, Refused, Update, Write

SLACK = timedelta(days=7)
"""How long items stay after their session's expiry. Long, so that a session which goes on has its items
renewed at most twice a week."""

KNOWN = 4_096
"""Sessions whose life a process remembers, a few hundred bytes each; the least used goes first."""

_SECOND = 1_000_000
_OVER = """
attribute_not_exists(pk) OR
(life = :former AND (expires_at <= :now OR (attribute_exists(unborn) AND held_until <= :now)))
""".strip().replace("\n", " ")
"""A life that may be followed by another: it has expired, or its only writer is gone."""

_ALIVE = "life = :life AND (attribute_not_exists(expires_at) OR expires_at > :now)"


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
    """

    actor_id: str
    session_id: str
    life: str
    created_at: int
    updated_at: int
    expires_at: int | None = None
    kept_until: int | None = None
    last_seq: int = 0
    holder: str | None = None
    held_until: int | None = None
    unborn: int | None = None

    @classmethod
    def of(cls, row: Row) -> Life:
        """The life that the row describes."""
        columns: dict[str, Any] = {name: row[name] for name in cls.__slots__ if name in row}
        return cls(**columns)

    @property
    def pk(self) -> str:
        """The session's partition."""
        return keys.session_key(self.actor_id, self.session_id)

    @property
    def ttl(self) -> int | None:
        """What every item of the session has as its TTL: seconds since 1970."""
        return None if self.kept_until is None else self.kept_until // _SECOND

    def lasts(self, now: int) -> bool:
        """True until the session expires."""
        return self.expires_at is None or self.expires_at > now

    def row(self) -> dict[str, Value | None]:
        """The item."""
        columns = {name: getattr(self, name) for name in self.__slots__}
        return {"pk": self.pk, "sk": keys.META, "ttl": self.ttl, **columns}


class Clock:
    """When it is, and how long sessions live."""

    def __init__(self, clock: Callable[[], datetime], ttl: timedelta | None) -> None:
        self._clock = clock
        self._ttl = ttl

    def now(self) -> int:
        """The time, in microseconds since 1970."""
        return to_micros(self._clock())

    def at(self, actor_id: str, session_id: str) -> At:
        """The session now. Raises `InvalidId`."""
        return At(check_id("actor id", actor_id), check_id("session id", session_id), self.now())

    def expiry(self, now: int) -> int | None:
        """When a session that is appended to now will expire."""
        return None if self._ttl is None else after(now, self._ttl)


class Lives:
    """The lives of sessions: read, remembered, begun."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Life] = OrderedDict()

    def find(self, at: At) -> Life | None:
        """The session's life as it is now, or None where there is none."""
        return self.seen(at, self.database.get("sessions", at.pk, keys.META))

    def seen(self, at: At, row: Row | None) -> Life | None:
        """The life that a row of `meta` tells of, if it has begun and lasts; it is remembered."""
        life = self._unexpired(at, row)
        if life is None or life.unborn:
            self.forget(at)
            return None
        self._remember(life)
        return life

    def known(self, at: At) -> Life | None:
        """The life as it was seen last, which it may have outlasted or outgrown; read where none was seen."""
        with self._lock:
            life = self._known.get(at.pk)
            if life is not None and life.lasts(at.now):
                self._known.move_to_end(at.pk)
                return life
        return self.find(at)

    def forget(self, at: At) -> None:
        """Read it anew next time."""
        with self._lock:
            self._known.pop(at.pk, None)

    def change(self, at: At, writes: Callable[[Life], Sequence[Write]]) -> Life:
        """Write inside the session's life, which begins if there is none: all of it or nothing.

        Raises `Refused`, with places in `writes`, where one of these is refused itself.
        """
        life = self.known(at)
        for _ in self.database.attempts("write to a session"):
            now, opening = self._opening(at, life)
            asked = writes(now)
            try:
                self.database.write([*opening, *asked])
            except Refused as refused:
                own = {place - len(opening): row for place, row in refused.rows.items() if place >= len(opening)}
                if own and len(own) == len(refused.rows):
                    raise Refused(own) from refused
                self.forget(at)
                life = self.find(at)
                continue
            self._remember(now)
            return now
        raise AssertionError("attempts end by raising")

    def _opening(self, at: At, life: Life | None) -> tuple[Life, list[Write]]:
        """The life to write in, and the writes that make sure of it."""
        former: Row | None = None
        if life is None:
            former = self.row(at)
            life = self._unexpired(at, former)
        if life is None:
            life = self.new(at, former)
            return life, self.begin(life, former, at)
        alive = Condition(_ALIVE, {"life": life.life, "now": at.now})
        if life.unborn:
            born = replace(life, unborn=None)
            return born, [Update("sessions", at.pk, keys.META, {"unborn": None}, alive)]
        return life, [Check("sessions", at.pk, keys.META, alive)]

    def new(self, at: At, former: Row | None) -> Life:
        """A life that begins now, later than the former one did."""
        created_at = at.now if former is None else max(at.now, former["created_at"] + 1)
        expires_at = self.clock.expiry(at.now)
        return Life(
            actor_id=at.actor_id,
            session_id=at.session_id,
            life=f"{created_at:020}{uuid.uuid4().hex[:8]}",
            created_at=created_at,
            updated_at=at.now,
            expires_at=expires_at,
            kept_until=kept_until(expires_at),
        )

    def begin(self, life: Life, former: Row | None, at: At) -> list[Write]:
        """The writes that begin a life, if nobody else has begun one."""
        place = {"pk": keys.sessions_key(at.actor_id), "sk": keys.part(at.session_id)}
        entry = {**place, "session_id": at.session_id, "life": life.life, "ttl": life.ttl}
        free = ABSENT
        if former is not None:
            free = Condition(_OVER, {"former": former["life"], "now": at.now})
        return [Put("sessions", life.row(), free), Put("sessions", entry)]

    def renewed(self, at: At, life: Life) -> Life:
        """The life, with its items kept long enough for an expiry that is counted from now."""
        expires_at = self.clock.expiry(at.now)
        wanted = kept_until(expires_at)
        if wanted == life.kept_until or (
            wanted is not None
            and life.kept_until is not None
            and life.kept_until >= wanted - (SLACK // timedelta(microseconds=1)) // 2
        ):
            return life
        renewed = replace(life, kept_until=wanted)
        found = [key for key in self.database.keys("sessions", at.pk) if key[1] != keys.META]
        found.append((keys.sessions_key(at.actor_id), keys.part(at.session_id)))
        there = Condition("attribute_exists(pk)")
        for batch in batches(Update("sessions", pk, sk, {"ttl": renewed.ttl}, there) for pk, sk in found):
            self.database.write(batch)
        columns: dict[str, Value | None] = {"kept_until": wanted, "ttl": renewed.ttl}
        self.database.write(
            [Update("sessions", at.pk, keys.META, columns, Condition("life = :life", {"life": life.life}))]
        )
        return renewed

    def note(self, life: Life) -> None:
        """Remember a life that was written."""
        self._remember(life)

    def row(self, at: At) -> Row | None:
        """The item `meta` as it is, expired or not."""
        return self.database.get("sessions", at.pk, keys.META)

    def _unexpired(self, at: At, row: Row | None) -> Life | None:
        life = None if row is None else Life.of(row)
        return life if life is not None and life.lasts(at.now) else None

    def _remember(self, life: Life) -> None:
        """Keep the newer of what was known and what was seen: threads may finish in any order."""
        with self._lock:
            known = self._known.get(life.pk)
            if known is None or (known.life, known.last_seq) <= (life.life, life.last_seq):
                self._known[life.pk] = life
            self._known.move_to_end(life.pk)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)


def kept_until(expires_at: int | None) -> int | None:
    """When the items of a session that expires then may be deleted."""
    return None if expires_at is None else after(expires_at, SLACK)
