"""Lives: a session from its first write to its expiry or deletion, and what every other item of it hangs on.

The item `meta` says which life a session is in, where its messages end and when it expires; all
other items carry the life in their key and mean nothing without it. So a session ends, and begins
anew, by one write to one item. DynamoDB's own TTL only tidies up: it is late by days, so each read
looks at `meta`, and every item of a session is kept for `SLACK` beyond the session's expiry, or
longer where the session goes on (`Lives.renewed`). History never loses its middle.

With several regions each has a `meta` of its own, and a session is in the life of the highest term.
Its region is the session's home; where that fails, another begins a life that takes it over.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from contextkit.errors import SessionEnded
from contextkit.stores.codec import after
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.arrivals import Arrivals
from contextkit.stores.dynamodb.clock import Clock
from contextkit.stores.dynamodb.database import Database, Key, batches
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.latecomers import Latecomers
from contextkit.stores.dynamodb.life import HOLD, SLACK, At, Life, kept_until
from contextkit.stores.dynamodb.writes import ABSENT, Check, Condition, Put, Refused, Update, Write

KNOWN = 4_096
"""Sessions whose life a process remembers, a few hundred bytes each; the least used goes first."""

_OVER = """
attribute_not_exists(pk) OR
(life = :former AND (expires_at <= :now OR (attribute_exists(unborn) AND held_until <= :now)))
""".strip().replace("\n", " ")
"""A life that may be followed by another: it has expired, or its only writer is gone."""

_AS_IT_WAS = "life = :former AND last_seq = :last AND (attribute_not_exists(held_until) OR held_until <= :now)"
"""A life that may be followed by one that takes it over: what was taken over is all of it."""

_ALIVE = "life = :life AND (attribute_not_exists(expires_at) OR expires_at > :now)"


class Elsewhere(Exception):
    """The session's home is another region, which answers."""

    def __init__(self, region: str) -> None:
        super().__init__(region)
        self.region = region


class Lives:
    """The lives of sessions: read, remembered, begun, and taken over from regions that have failed.

    `region` is this one of several `regions` ("" without any), and `answers` says of another
    whether it can be asked. Where it can, what concerns its sessions raises `Elsewhere`.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        arrivals: Arrivals,
        region: str,
        regions: Sequence[str],
        answers: Callable[[str], bool],
    ) -> None:
        self.database = database
        self.clock = clock
        self.region = region
        self.branches = ("", *regions)
        self.meta = keys.branch(keys.META, region)
        self._arrivals = arrivals
        self._latecomers = Latecomers(database, arrivals)
        self._answers = answers
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Life] = OrderedDict()

    def places(self, at: At, *facts: str) -> list[Key]:
        """The keys of these facts of a session, in every region's own place."""
        return [(at.pk, keys.branch(fact, branch)) for fact in facts for branch in self.branches]

    def find(self, at: At) -> Life | None:
        """The session's life as it is now, or None where there is none."""
        return self.seen(at, self.rows(at))

    def seen(self, at: At, rows: Sequence[Row]) -> Life | None:
        """The life that these rows of `meta` tell of, if it has begun and lasts; it is remembered."""
        life = self.head(at, rows)
        if life is None:
            self.forget(at)
            return None
        life = self._with_latecomers(at, life, rows)
        self._remember(life)
        return self._here(life)

    def seen_among(self, at: At, rows: Mapping[Key, Row]) -> Life | None:
        """The same of all rows that were read of a session, by their keys."""
        return self.seen(at, [rows[place] for place in self.places(at, keys.META) if place in rows])

    def head(self, at: At, rows: Sequence[Row]) -> Life | None:
        """The life that the session is in by these rows of `meta`, in whatever region."""
        born = [life for life in self._lasting(at, rows) if not life.unborn]
        return max(born, key=lambda life: life.rank, default=None)

    def known(self, at: At) -> Life | None:
        """The life as it was seen last, which it may have outlasted or outgrown; read where none was seen."""
        with self._lock:
            life = self._known.get(at.pk)
            if life is not None:
                self._known.move_to_end(at.pk)
        return self._here(life) if life is not None and life.lasts(at.now) else self.find(at)

    def expect(self, at: At, created_at: datetime | None) -> None:
        """Raise `SessionEnded` where there is no session, or another than that which began then (None: any)."""
        if created_at is None:
            return
        life = self.known(at)
        if life is None:
            raise SessionEnded(at.session_id)
        life.goes_on_from(created_at)

    def forget(self, at: At) -> None:
        """Read it anew next time."""
        self.forget_partition(at.pk)

    def forget_partition(self, pk: str) -> None:
        """The same for the session in this partition."""
        with self._lock:
            self._known.pop(pk, None)

    def ours(self, at: At, life: Life | None) -> Life | None:
        """The life as one that is written here: where its own region has failed, one that takes it over."""
        if life is None or life.region == self.region:
            return life
        for _ in self.database.attempts("take over a session"):
            rows = self.rows(at)
            head = self.head(at, rows)
            if head is None or head.region == self.region:
                return head
            follower = self._succeed(at, self.new(at, rows), rows)
            if follower is not None:
                self._remember(follower)
                return follower
        raise AssertionError("attempts end by raising")

    def change(self, at: At, writes: Callable[[Life], Sequence[Write]]) -> Life:
        """Write inside the session's life, which begins if there is none: all of it or nothing.

        Raises `Refused`, with places in `writes`, where one of these is refused itself.
        """
        return self.add_pieces(at, lambda life: (0, writes(life)))

    def add_pieces(self, at: At, writes: Callable[[Life], tuple[int, Sequence[Write]]]) -> Life:
        """The same for `writes` that add so many pieces of overflow, numbered on from the life's last one."""
        life = self.known(at)
        for _ in self.database.attempts("write to a session"):
            life = self.ours(at, life)
            if life is None and not self.database.transactions:
                life = self._unborn(at)
            try:
                now = self._written(at, life, writes)
            except (SessionEnded, Refused):
                self._give_up(at, life)
                raise
            if now is not None:
                self._remember(now)
                return now
            self.forget(at)
            life = self.find(at)
        raise AssertionError("attempts end by raising")

    def _written(self, at: At, life: Life | None, writes: Callable[[Life], tuple[int, Sequence[Write]]]) -> Life | None:
        """The life with these writes; None where it is not as it was seen, and nothing was written."""
        now, opening = self._opening(at, life)
        added, asked = writes(now)
        if added:
            now, opening = _counting(now, opening, added)
        try:
            self.database.write([*opening, *asked])
        except Refused as refused:
            own = {place - len(opening): row for place, row in refused.rows.items() if place >= len(opening)}
            if own and len(own) == len(refused.rows):
                raise Refused(own) from refused
            return None
        return now

    def _give_up(self, at: At, life: Life | None) -> None:
        """Let others begin the session at once, instead of when its unborn life would have been given up for gone."""
        if life is None or not life.unborn or life.holder:
            return
        unborn = Condition("life = :life AND attribute_exists(unborn)", {"life": life.life})
        with suppress(Refused):  # it was born, or is gone
            self.database.write([Update("sessions", at.pk, self.meta, {"held_until": at.now}, unborn)])

    def _unborn(self, at: At) -> Life:
        """A life that nobody sees yet, for what is written in turn: without transactions it would be seen in parts."""
        for _ in self.database.attempts("begin a session"):
            rows = self.rows(at)
            own = self._own(at, rows) or self._succeed(
                at, replace(self.new(at, rows), unborn=1, held_until=after(at.now, HOLD)), rows
            )
            if own is not None:
                return own
        raise AssertionError("attempts end by raising")

    def _opening(self, at: At, life: Life | None) -> tuple[Life, list[Write]]:
        """The life to write in, and the writes that make sure of it."""
        if life is None:
            rows = self.rows(at)
            life = self._own(at, rows)
            if life is None:
                life = self.new(at, rows)
                return life, self.begin(life, rows, at)
        alive = Condition(_ALIVE, {"life": life.life, "now": at.now})
        if life.unborn:
            until = life.held_until if life.holder else None
            born = replace(life, unborn=None, held_until=until)
            return born, [Update("sessions", at.pk, self.meta, {"unborn": None, "held_until": until}, alive)]
        return life, [Check("sessions", at.pk, self.meta, alive)]

    def new(self, at: At, rows: Sequence[Row]) -> Life:
        """A life that begins now, later than any before it, and takes over what is in the session already."""
        found = self.head(at, rows)
        head = None if found is None else self._arrived(found)
        lineage = None if head is None else self._latecomers.lineage(head, self._others(at, head, rows))
        created_at = max([at.now, *(row["created_at"] + 1 for row in rows)])
        expires_at = self.clock.expiry(at.now)
        return Life(
            actor_id=at.actor_id,
            session_id=at.session_id,
            life=f"{created_at:020}{uuid.uuid4().hex[:8]}",
            created_at=created_at,
            updated_at=at.now,
            expires_at=expires_at,
            kept_until=kept_until(expires_at),
            last_seq=0 if lineage is None else lineage.size,
            pieces=0 if head is None else head.pieces,
            listed_at=at.now,
            region=self.region,
            term=1 + max((Life.of(row).term for row in rows), default=0),
            inherited=None if lineage is None else lineage.text,
        )

    def begin(self, life: Life, rows: Sequence[Row], at: At) -> list[Write]:
        """The writes that begin a life, if nobody else has begun one here."""
        free = ABSENT
        for former in (Life.of(row) for row in rows if row["sk"] == self.meta):
            over = _AS_IT_WAS if life.inherited else _OVER
            values: dict[str, Value] = {"former": former.life, "now": at.now}
            free = Condition(over, {**values, "last": former.last_seq} if life.inherited else values)
        return [Put("sessions", life.row(), free), self.listing(life, at)]

    def listing(self, life: Life, at: At) -> Put:
        """The entry in the actor's list of sessions, which says about when messages were last appended."""
        place = {"pk": keys.sessions_key(at.actor_id), "sk": keys.part(at.session_id)}
        entry: dict[str, Value | None] = {
            "session_id": at.session_id,
            "life": life.life,
            "active_at": at.now,
            "ttl": life.ttl,
        }
        return Put("sessions", {**place, **entry})

    def renewed(self, at: At, life: Life) -> Life:
        """The life, with its items kept long enough for an expiry that is counted from now.

        Raises `Refused` where it has ended, or another has followed it.
        """
        expires_at = self.clock.expiry(at.now)
        wanted = kept_until(expires_at)
        if wanted == life.kept_until or (
            wanted is not None
            and life.kept_until is not None
            and life.kept_until >= wanted - (SLACK // timedelta(microseconds=1)) // 2
        ):
            return life
        renewed = replace(life, kept_until=wanted)
        metas = {sk for _, sk in self.places(at, keys.META)}
        found = [key for key in self.database.keys("sessions", at.pk) if key[1] not in metas]
        found.append((keys.sessions_key(at.actor_id), keys.part(at.session_id)))
        there = Condition("attribute_exists(pk)")
        for batch in batches(Update("sessions", pk, sk, {"ttl": renewed.ttl}, there) for pk, sk in found):
            self._write_there(batch)
        columns: dict[str, Value | None] = {"kept_until": wanted, "ttl": renewed.ttl}
        self.database.write(
            [Update("sessions", at.pk, self.meta, columns, Condition("life = :life", {"life": life.life}))]
        )
        return renewed

    def _write_there(self, writes: Sequence[Write]) -> None:
        """Those of the writes whose items are still there: others delete what nobody needs any more."""
        while writes:
            try:
                self.database.write(writes)
                return
            except Refused as refused:
                writes = [write for number, write in enumerate(writes) if number not in refused.rows]

    def note(self, life: Life) -> None:
        """Remember a life that was written."""
        self._remember(life)

    def rows(self, at: At) -> list[Row]:
        """The items `meta` as they are, expired or not: one, or one for each region that has written the session."""
        places = self.places(at, keys.META)
        if len(places) == 1:
            row = self.database.get("sessions", at.pk, keys.META)
            return [] if row is None else [row]
        return list(self.database.get_many("sessions", places).values())

    def is_settled(self, life: Life, region: str) -> bool:
        """Whether all that a region has written of the session must be here by now: what is missing is damage then.

        It is not while the region is out, nor of a session whose home is still elsewhere.
        """
        return region == self.region or (life.region == self.region and self._answers(region))

    def _arrived(self, life: Life) -> Life:
        """The life as far as it is here."""
        return life if life.region == self.region else self._arrivals.arrived(life)

    def _here(self, life: Life) -> Life:
        """The same, unless it is another region's that can be asked itself."""
        if life.region != self.region and self._answers(life.region):
            raise Elsewhere(life.region)
        return self._arrived(life)

    def _others(self, at: At, head: Life, rows: Sequence[Row]) -> list[Life]:
        """What other regions have written of the session."""
        return [life for life in self._lasting(at, rows) if not life.unborn and life.life != head.life]

    def _own(self, at: At, rows: Sequence[Row]) -> Life | None:
        """The life that was begun here, born or not."""
        return next((life for life in self._lasting(at, rows) if life.region == self.region), None)

    def _lasting(self, at: At, rows: Sequence[Row]) -> list[Life]:
        return [life for life in map(Life.of, rows) if life.lasts(at.now)]

    def _with_latecomers(self, at: At, head: Life, rows: Sequence[Row]) -> Life:
        """The life, or one that follows it with what has come late: from other regions, or from here while it was home.

        One that another region writes, which can be asked, is followed there.
        """
        if len(rows) == 1 or (head.region != self.region and self._answers(head.region)):
            return head
        lineage = self._arrived(head).succession()
        if not any(lineage.lacks(life.succession()) for life in self._others(at, head, rows)):
            return head
        follower = self.new(at, rows)
        return head if follower.lineage == lineage else self._succeed(at, follower, rows) or head

    def _succeed(self, at: At, life: Life, rows: Sequence[Row]) -> Life | None:
        """Begin a life behind what these rows tell; None where somebody was faster."""
        try:
            self.database.write(self.begin(life, rows, at))
        except Refused:
            return None
        return life

    def _remember(self, life: Life) -> None:
        """Keep the newer of what was known and what was seen: threads may finish in any order."""
        with self._lock:
            known = self._known.get(life.pk)
            if known is None or (known.life, known.last_seq) <= (life.life, life.last_seq):
                self._known[life.pk] = life
            self._known.move_to_end(life.pk)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)


def _counting(life: Life, opening: Sequence[Write], added: int) -> tuple[Life, list[Write]]:
    """The life with so many pieces more, and the writes that make sure of it, the first of which is to `meta`."""
    after = replace(life, pieces=life.pieces + added)
    meta, *rest = opening
    if isinstance(meta, Put):
        return after, [replace(meta, row={**meta.row, "pieces": after.pieces}), *rest]
    assert isinstance(meta, Check | Update)
    columns = meta.columns if isinstance(meta, Update) else {}
    return after, [
        Update("sessions", meta.pk, meta.sk, {**columns, "pieces": after.pieces}, _at(life.pieces, meta.condition)),
        *rest,
    ]


def _at(pieces: int, condition: Condition | None) -> Condition:
    """The condition, and that no other piece has been stored since."""
    assert condition is not None
    unchanged = "pieces = :pieces" if pieces else "(attribute_not_exists(pieces) OR pieces = :pieces)"
    return Condition(f"{condition.text} AND {unchanged}", {**condition.values, "pieces": pieces}, condition.names)
