"""Sessions: their facts, the agent's state document, and contextkit's view."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from operator import itemgetter
from typing import Any

from contextkit.errors import StoreCorrupt, VersionConflict
from contextkit.recent import Recent
from contextkit.stores import Session, SessionEntry, check_id
from contextkit.stores.codec import from_bytes, from_json, from_micros, state_document, to_bytes, to_micros
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import Key
from contextkit.stores.dynamodb.derived import NOTE, DerivedData, columns
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.life import LISTED, At, Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import LOG, Log, read_messages
from contextkit.stores.dynamodb.packs import SMALL
from contextkit.stores.dynamodb.payloads import CHUNK, Payloads
from contextkit.stores.dynamodb.writes import Condition, Delete, Put, Refused, Write
from contextkit.types import Message

NEWEST = 4
"""Messages read along with a session's facts: what one turn usually adds, and little where it is not needed."""

FIRST = 16
"""The same where a session is opened the first time: as many as no pack has, on average. One of the others is read for
what two or three take in a pack, and those that no pack has are read with it."""

NOTES = 12
"""Items of derived data for which there is room in the first page of a session that is opened the first time. There are
up to twice as many, and three times up to 32,768 messages: fewer of the newest messages come with these, but `NEWEST`
always do, if that takes two pages."""

MORE_NOTES = 2
"""Items of derived data for which there is room beyond those that a session had when it was opened last: one turn adds
a segment at the most, as a rule."""

_NOTED = 1_000
"""Sessions of which is known how many items of derived data they have."""

_LAG = LISTED // timedelta(microseconds=1)

_UNTOLD = to_micros(datetime.max.replace(tzinfo=UTC))
"""When a session was used last that an older version has listed: now, for all that is known."""

_ACTIVE = "attribute_not_exists(active_at) OR active_at > :since"


class Sessions:
    """The part of `SessionStore` that is not about messages."""

    def __init__(self, lives: Lives, payloads: Payloads, log: Log, derived: DerivedData) -> None:
        self._lives = lives
        self._database = lives.database
        self._payloads = payloads
        self._log = log
        self._derived = derived
        self._noted = Recent[str, int](_NOTED)

    def session(self, actor_id: str, session_id: str) -> Session | None:
        """The session's facts and the newest messages, which lie next to them: one call."""
        at = self._lives.clock.at(actor_id, session_id)
        rows = self._nearest(at, NEWEST, columns())
        life = self._lives.seen_among(at, rows)
        return None if life is None else self._facts(at, life, rows)

    def open_session(
        self, actor_id: str, session_id: str, *, derived: bool, drawers: Collection[int] = (), newest: int = FIRST
    ) -> Session | None:
        """The same with about so many of the `newest` messages, and with what is derived."""
        at = self._lives.clock.at(actor_id, session_id)
        rows = self._nearest(at, newest, columns(drawers, heads=derived), notes=bool(derived or drawers))
        life = self._lives.seen_among(at, rows)
        if life is None:
            return None
        self._log.learn(life, self._logged(life, rows))
        session = replace(self._facts(at, life, rows), parts=self._derived.parts_among(life, rows))
        return replace(session, derived=self._derived.among(life, rows)) if derived else session

    def sessions(self, actor_id: str, *, since: datetime | None = None) -> list[Session]:
        ats = [at for at, _ in self._listed(actor_id, since)]
        rows, lives = self._lasting(ats, *keys.FACTS)
        sessions = [self._facts(at, life, rows) for at, life in lives]
        return sorted(sessions, key=lambda session: (session.updated_at, session.created_at), reverse=True)

    def recent(self, actor_id: str, last: int, since: datetime | None) -> list[SessionEntry]:
        """What `SessionLister.recent_sessions` does: of sessions that the list says were used long before so many
        others, nothing is read."""
        waiting = sorted(self._listed(actor_id, since), key=itemgetter(1), reverse=True)
        untold = sum(active_at == _UNTOLD for _, active_at in waiting)
        found: list[SessionEntry] = []
        while waiting and len(found) < last:
            _, lately = waiting[: untold + last - len(found)][-1]
            near = [at for at, active_at in waiting if active_at > lately - _LAG]
            waiting = waiting[len(near) :]
            _, lives = self._lasting(near, keys.META)
            found += [_entry(at, life) for at, life in lives if life.last_seq]
        return sorted(found, key=lambda one: (one.updated_at, one.created_at), reverse=True)[:last]

    def _listed(self, actor_id: str, since: datetime | None) -> list[tuple[At, int]]:
        """The sessions in the actor's list, some of which may have ended, each with about when it was used last."""
        key = keys.sessions_key(check_id("actor id", actor_id))
        where = None if since is None else Condition(_ACTIVE, {"since": to_micros(since) - _LAG})
        listed = self._database.query("sessions", key, ("\0", "~~"), where=where, columns=("session_id", "active_at"))
        return [(self._lives.clock.at(actor_id, row["session_id"]), row.get("active_at", _UNTOLD)) for row in listed]

    def _lasting(self, ats: Sequence[At], *facts: str) -> tuple[Mapping[Key, Row], list[tuple[At, Life]]]:
        """What is stored of these facts of the sessions, and of those that last the life that each is in."""
        rows = self._database.get_many("sessions", [key for at in ats for key in self._lives.places(at, *facts)])
        lives = [(at, self._lives.head(at, _present(rows, self._lives.places(at, keys.META)))) for at in ats]
        return rows, [(at, life) for at, life in lives if life is not None]

    def save_state(
        self, actor_id: str, session_id: str, state: Mapping[str, Any], *, expected: int, key: str | None = None
    ) -> Session:
        at = self._lives.clock.at(actor_id, session_id)
        document = state_document(state)
        saved_under = None if key is None else check_id("idempotency key", key)
        if expected and self._lives.known(at) is None:
            raise VersionConflict(expected, _unwritten(at))
        nonce = uuid.uuid4().hex
        columns: dict[str, Value | None] = {
            "revision": expected + 1,
            "saved_under": saved_under,
            "nonce": nonce,
            "updated_at": at.now,
        }
        try:
            self._lives.change(at, lambda life: [self._state(at, life, document, columns, expected)])
        except Refused:
            return self._not_saved(at, expected, saved_under, nonce)
        current = self._session(at)
        return replace(current, version=expected + 1, state=from_json(document))

    def save_view(self, actor_id: str, session_id: str, view: str, begun: datetime | None) -> None:
        at = self._lives.clock.at(actor_id, session_id)
        self._lives.expect(at, begun)

        def writes(life: Life) -> list[Write]:
            return [Put("sessions", self._document(life.goes_on_from(begun), keys.VIEW, to_bytes(view)))]

        self._lives.change(at, writes)

    def delete_session(self, actor_id: str, session_id: str, begun: datetime | None) -> None:
        at = self._lives.clock.at(actor_id, session_id)
        rows = self._lives.rows(at)
        self._lives.forget(at)
        if rows and not max(map(Life.of, rows), key=lambda life: life.rank).began(begun):
            return
        last = max((str(row["life"]) for row in rows), default=f"{at.now:020}~")
        if rows:
            self._end(at, last)
        self._database.delete_many("sessions", self._left(at, last))
        self._payloads.forget(at.pk)

    def _end(self, at: At, life: str) -> None:
        """Delete what makes the session visible, unless another has begun in its place."""
        ours = Condition("attribute_not_exists(pk) OR life <= :life", {"life": life})
        places = self._lives.places(at, *keys.FACTS)
        entry = (keys.sessions_key(at.actor_id), keys.part(at.session_id))
        try:
            self._database.write([Delete("sessions", pk, sk, ours) for pk, sk in [*places, entry]])
        except Refused:
            return

    def _left(self, at: At, last: str) -> Iterator[Key]:
        """The keys of everything in the partition that belongs to this life or an earlier one."""
        for pk, sk in self._database.keys("sessions", at.pk):
            kind, _, rest = sk.partition("#")
            if not kind.startswith(keys.META) and rest.partition("#")[0] <= last:
                yield pk, sk

    def _nearest(self, at: At, newest: int, shown: Sequence[str], notes: bool = False) -> Mapping[Key, Row]:
        """The rows from the facts, or from derived data (`notes`), down to the newest messages, with the columns that
        are `shown`: one page, if that has those messages, or beside derived data some of them."""
        metas = self._lives.places(at, keys.META)
        limit = len(self._lives.places(at, *keys.FACTS)) + newest + (self._room(at) if notes else 0)
        between = (keys.below(LOG)[0], keys.below(NOTE)[1] if notes else keys.FACTS_END)
        rows: dict[Key, Row] = {}
        messages, wanted = 0, 1  # below the first message lie no facts any more
        enough = min(newest, NEWEST) if notes else newest
        found = self._database.query("sessions", at.pk, between, newest_first=True, limit=limit, columns=shown)
        for row in found:
            place = (row["pk"], row["sk"])
            rows[place] = row
            messages += str(row["sk"]).startswith(keys.below(LOG)[0])
            if place in metas:
                wanted = max(wanted, min(row["last_seq"] % SMALL, enough))
            if len(rows) >= limit and messages >= wanted:
                break
        if notes:
            self._noted.put(at.pk, sum(sk > keys.FACTS_END for _, sk in rows))
        return rows

    def _room(self, at: At) -> int:
        """Items of derived data for which there is room in the first page."""
        noted = self._noted.get(at.pk)
        return NOTES if noted is None else noted + MORE_NOTES

    def _session(self, at: At) -> Session:
        """The session as it is, or as a caller finds it who has never written to it."""
        rows = self._read(at)
        life = self._lives.seen_among(at, rows)
        return _unwritten(at) if life is None else self._facts(at, life, rows)

    def _read(self, at: At) -> Mapping[Key, Row]:
        return self._database.get_many("sessions", self._lives.places(at, *keys.FACTS))

    def _fact(self, at: At, life: Life, fact: str, rows: Mapping[Key, Row]) -> _Fact | None:
        """Of what several lives have written, that of the latest of them that belongs to the session and is here."""
        age = {name: number for number, name in enumerate(life.lives)}
        found = [row for row in _present(rows, self._lives.places(at, fact)) if row["life"] in age]
        for row in sorted(found, key=lambda row: age[row["life"]]):
            (content,) = self._payloads.get_intact("sessions", [row])
            if not isinstance(content, StoreCorrupt):
                return _Fact(row, content)
            if self._lives.is_settled(life, keys.region_of(row["sk"])):
                raise content
        return None

    def _facts(self, at: At, life: Life, rows: Mapping[Key, Row]) -> Session:
        return self._with_state(at, life, rows, self._fact(at, life, keys.STATE, rows))

    def _with_state(self, at: At, life: Life, rows: Mapping[Key, Row], state: _Fact | None) -> Session:
        view = self._fact(at, life, keys.VIEW, rows)
        return Session(
            actor_id=life.actor_id,
            session_id=life.session_id,
            created_at=from_micros(life.created_at),
            updated_at=from_micros(max(life.updated_at, state.row["updated_at"] if state else 0)),
            version=state.row["revision"] if state else 0,
            state=from_json(state.content) if state else {},
            last_seq=life.last_seq,
            pieces=life.pieces,
            view=from_bytes(view.content) if view else None,
            expires_at=from_micros(life.expires_at),
            newest=self._newest(life, rows),
        )

    def _newest(self, life: Life, rows: Mapping[Key, Row]) -> Sequence[Message]:
        """Of the rows, newest first, the messages that end with the last one and need no other call."""
        whole = list(takewhile(lambda row: "body" in row, self._logged(life, rows)))
        there = [row for back, row in enumerate(whole) if keys.number_in(row["sk"]) == life.last_seq - back]
        return read_messages(self._payloads, there[::-1])

    def _logged(self, life: Life, rows: Mapping[Key, Row]) -> list[Row]:
        """Of the rows, newest first, those of this life's own messages."""
        low, high = keys.below(f"{LOG}#{life.life}")
        return [row for (_, sk), row in rows.items() if low <= sk < high and keys.number_in(sk) <= life.last_seq]

    def _state(self, at: At, life: Life, document: bytes, columns: Mapping[str, Value | None], expected: int) -> Put:
        own = expected
        if life.inherited:
            former = self._fact(at, life, keys.STATE, self._read(at))
            if former is not None and former.row["life"] != life.life:
                if former.row["revision"] != expected:
                    raise Refused({})
                own = 0  # ours will be the first of this life
        unchanged = (
            Condition("life = :life AND revision = :expected", {"life": life.life, "expected": own})
            if own
            else Condition("attribute_not_exists(pk) OR life <> :life", {"life": life.life})
        )
        return Put("sessions", {**self._document(life, keys.STATE, document), **columns}, unchanged)

    def _not_saved(self, at: At, expected: int, saved_under: str | None, nonce: str) -> Session:
        """Somebody has saved since: ourselves, in an answer that was lost or under this key, or another."""
        rows = self._read(at)
        life = self._lives.seen_among(at, rows)
        if life is None:
            raise VersionConflict(expected, _unwritten(at))
        state = self._fact(at, life, keys.STATE, rows)
        current = self._with_state(at, life, rows, state)
        if state is not None and current.version == expected + 1 and _repeats(state.row, saved_under, nonce):
            return current
        raise VersionConflict(expected, current)

    def _document(self, life: Life, fact: str, content: bytes) -> dict[str, Value | None]:
        sk = keys.branch(fact, life.region)
        columns = self._payloads.put("sessions", life.pk, keys.blobs(life.life), content, life.ttl, inline=CHUNK)
        return {"pk": life.pk, "sk": sk, "life": life.life, "ttl": life.ttl, **columns}


@dataclass(frozen=True, slots=True)
class _Fact:
    """The item of a state or a view, and what it holds or points to."""

    row: Row
    content: bytes


def _entry(at: At, life: Life) -> SessionEntry:
    return SessionEntry(at.session_id, from_micros(life.created_at), from_micros(life.updated_at), life.last_seq)


def _present(rows: Mapping[Key, Row], places: Iterable[Key]) -> list[Row]:
    return [rows[place] for place in places if place in rows]


def _repeats(row: Row, saved_under: str | None, nonce: str) -> bool:
    """True if the state was saved by this very call, or under this key."""
    return row["nonce"] == nonce or (saved_under is not None and row.get("saved_under") == saved_under)


def _unwritten(at: At) -> Session:
    """What a caller finds where there is no session: nothing, at version 0."""
    now = from_micros(at.now)
    return Session(actor_id=at.actor_id, session_id=at.session_id, created_at=now, updated_at=now)
