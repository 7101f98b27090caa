"""Appending: messages go into a session once each, numbered without gaps.

A message is an item of its own, numbered in its key, and another item leads from its id to its
number. Both are written in one transaction with the session's `last_seq`, on condition that this
is still what it was: so numbers have no gaps, an id is written once, and whoever came second tries
again behind the first. An append too large for one transaction holds the session, writes its items
beyond `last_seq`, where nobody looks, and moves `last_seq` with the last of them.
"""

from __future__ import annotations

import logging
import secrets
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from contextkit.errors import StoreError
from contextkit.messages import GIVEN_ID, dumps
from contextkit.stores.codec import after, check_size, from_micros
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.append import Append, Draft
from contextkit.stores.dynamodb.database import batches
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.life import HOLD, LISTED, At, Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.log import ID, LOG, Log
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.writes import Condition, Put, Refused, Update, Write
from contextkit.tokens import get_counter
from contextkit.types import Message, TokenCounter

_log = logging.getLogger("contextkit.stores")

_STRIPES = 64
"""Locks that a process's threads take to append, so that they do not refuse each other."""

_FREE = """
life = :life AND last_seq = :last AND (attribute_not_exists(expires_at) OR expires_at > :now)
AND (attribute_not_exists(held_until) OR held_until <= :now OR holder = :token)
""".strip().replace("\n", " ")
_UNFENCED = "attribute_not_exists(pk) OR fence < :fence"
"""A row is new, or left by an append that was overtaken before it ended."""

_NEW = "attribute_not_exists(pk) OR seq > :last"
"""An id is new, or leads to where an append that was never finished meant to write."""

_HELD = "life = :life AND last_seq = :last AND holder = :token"


class Appending:
    """Writes messages behind a session's last one, whoever else does."""

    def __init__(
        self, lives: Lives, payloads: Payloads, log: Log, counter: str | TokenCounter, max_message_bytes: int
    ) -> None:
        self._lives = lives
        self._database = lives.database
        self._payloads = payloads
        self._log = log
        self._counter = counter
        self._max_bytes = max_message_bytes
        self._locks = [threading.Lock() for _ in range(_STRIPES)]

    def append(self, actor_id: str, session_id: str, messages: Sequence[Message]) -> Appended:
        """What `SessionStore.append` does, of one message or more."""
        at = self._lives.clock.at(actor_id, session_id)
        given = [(message.id or new_id(), message) for message in messages]
        work = Append(at, dict(reversed(given)), keys.unique(name for name, _ in given))
        work.life = self._lives.known(at)
        # One id is taken to be new, and the write itself finds out; of many, some may well be stored.
        named = sum(message.id is not None for _, message in given)
        if named > 1 or (named and work.life is not None and (work.life.inherited or not self._database.transactions)):
            self._look(work)
        self._count(work)
        if work.missing:
            with self._locks[hash(at.pk) % _STRIPES]:
                self._append(work)
        assert work.life is not None  # the messages are in it
        return Appended(work.life, [work.stored[name] for name, _ in given], work.new)

    def _stored(self, at: At, life: Life | None, names: Sequence[str]) -> dict[str, Message]:
        """Those of the messages that the session has already, by id."""
        if life is None or not names:
            return {}
        places = {(at.pk, keys.named(ID, one, name)): one for one in life.lives for name in names}
        leads = self._database.get_many("sessions", places)
        numbers = {life.number(places[place], lead["seq"]) for place, lead in leads.items()}
        seqs = sorted(number for number in numbers if number is not None)
        found = {message.id: message for message in self._log.numbered(life, seqs)}
        return {name: found[name] for name in names if name in found}

    def _append(self, work: Append) -> None:
        """Write what is missing, behind whatever others write meanwhile."""
        for _ in self._database.attempts("append to a session"):
            at = work.at = self._lives.clock.later(work.at)
            try:
                self._settle(work)
                work.life, work.new = self._write(at, work.life, work.drafted, work.sure)
                work.stored |= {message.id or "": message for message in work.new}
            except Refused as refused:
                meta = _meta(refused)
                work.life = self._lives.find(at) if meta is None else self._lives.seen(at, [meta])
                if refused.rows.keys() - {0} or work.outlived or not self._database.transactions:
                    self._look(work)
                self._count(work)
            if not work.missing:
                return

    def _settle(self, work: Append) -> None:
        """Have a life that may be written here, whose items will last as long as the session."""
        found = self._lives.ours(work.at, work.life)
        if found is not work.life:
            work.life = found
            self._look(work)
            self._count(work)
        if work.life is not None:
            work.life = self._lives.renewed(work.at, work.life)

    def _look(self, work: Append) -> None:
        """Find those of the messages that the session has already."""
        work.stored = self._stored(work.at, work.life, work.names)
        work.looked = work.life

    def _count(self, work: Append) -> None:
        """Make ready what is missing. Counting a long list takes seconds: it is done once, and before any write."""
        for name in work.missing:
            if name not in work.drafts:
                work.drafts[name] = self._draft(name, work.given[name], work.at)

    def _write(self, at: At, life: Life | None, drafts: Sequence[Draft], sure: bool) -> tuple[Life, list[Message]]:
        """Write the drafts behind the last message, and give them as stored, with the life that has them.

        Raises `Refused` where that is no longer the last, or, unless it is `sure` that none is, where one is there.
        """
        token = uuid.uuid4().hex
        former = self._lives.rows(at) if life is None else []
        if former and self._lives.seen(at, former) is not None:
            raise Refused({})  # another has begun the session since we looked
        begun = life or self._lives.new(at, former)
        if not self._database.transactions:
            begun = replace(begun, fence=begun.fence + 1)
        last = begun.last_seq + len(drafts)
        done = replace(begun, last_seq=last, updated_at=at.now, expires_at=self._lives.clock.expiry(at.now))
        numbered = list(enumerate(drafts, begun.last_seq + 1))
        writes = [write for seq, draft in numbered for write in self._rows(begun, seq, draft, sure)]
        if after(begun.listed_at, LISTED) <= at.now:
            done = replace(done, listed_at=at.now)
            writes.append(self._lives.listing(done, at))
        groups = list(batches(writes, reserved=2))
        if len(groups) > 1 or not self._database.transactions:
            self._hold(at, begun, former if life is None else None, token)
            self._write_held(at, begun, groups, done, token)
        elif life is None:
            self._database.write([*self._lives.begin(done, former, at), *writes])
        else:
            self._database.write([_ended(begun, done, _FREE, at, token), *writes])
        free = replace(done, holder=None, held_until=None, unborn=None)
        self._lives.note(free)
        return free, [draft.stored(seq) for seq, draft in numbered]

    def _hold(self, at: At, life: Life, former: Sequence[Row] | None, token: str) -> None:
        """Keep others from appending while a large append is written; `former` is given for a life that begins."""
        until = after(at.now, HOLD)
        if former is not None:
            held = replace(life, holder=token, held_until=until, unborn=1)
            self._database.write(self._lives.begin(held, former, at))
        else:
            condition = _condition(_FREE, life, token, now=at.now)
            columns: dict[str, Value | None] = {"holder": token, "held_until": until, "fence": life.fence or None}
            self._database.write([Update("sessions", at.pk, self._lives.meta, columns, condition)])

    def _write_held(self, at: At, life: Life, groups: Sequence[list[Write]], done: Life, token: str) -> None:
        held = _condition(_HELD, life, token)
        try:
            for group in groups[:-1]:
                until = after(self._lives.clock.now(), HOLD)
                lease = Update("sessions", at.pk, self._lives.meta, {"held_until": until}, held)
                self._database.write([lease, *group])
            self._database.write([_ended(life, done, _HELD, at, token), *groups[-1]])
        except (StoreError, Refused):
            self._release(at, held)
            raise

    def _release(self, at: At, held: Condition) -> None:
        """Let others append at once. What failed is on its way to the caller and must not be replaced."""
        try:
            free: dict[str, Value | None] = {"holder": None, "held_until": None}
            self._database.write([Update("sessions", at.pk, self._lives.meta, free, held)])
        except (StoreError, Refused) as error:
            _log.warning("A session stays held for up to %s (%s).", HOLD, error)

    def _rows(self, life: Life, seq: int, draft: Draft, sure: bool) -> list[Write]:
        columns = draft.columns.get(life.life)
        if columns is None:
            columns = self._payloads.put("sessions", life.pk, keys.blobs(life.life), draft.text, life.ttl)
            draft.columns[life.life] = columns
        place: dict[str, Value | None] = {"pk": life.pk, "seq": seq, "ttl": life.ttl, "fence": life.fence or None}
        free = Condition(_UNFENCED, {"fence": life.fence}) if life.fence else None
        new = free if sure or free else Condition(_NEW, {"last": life.last_seq})
        return [
            Put("sessions", {**place, "sk": keys.numbered(LOG, life.life, seq), **columns}, free),
            Put("sessions", {**place, "sk": keys.named(ID, life.life, draft.name)}, new),
        ]

    def _draft(self, name: str, message: Message, at: At) -> Draft:
        counter = get_counter(self._counter)
        counted = replace(message, tokens=counter.message(message), counter=counter.name)
        complete = replace(counted, id=name, created_at=message.created_at or from_micros(at.now))
        text = dumps(complete, counted=True).encode("ascii")
        check_size(name, len(text), self._max_bytes)
        return Draft(name, complete, text, {})


@dataclass(frozen=True, slots=True)
class Appended:
    """Messages as they were stored, and the life of the session that has them: it may end at any time.

    Those of them that were `new` had not been stored before.
    """

    life: Life
    messages: list[Message]
    new: list[Message]


def _ended(life: Life, done: Life, free: str, at: At, token: str) -> Update:
    """The write that makes everything up to `done.last_seq` visible."""
    columns: dict[str, Value | None] = {
        "last_seq": done.last_seq,
        "updated_at": done.updated_at,
        "expires_at": done.expires_at,
        "listed_at": done.listed_at or None,
        "holder": None,
        "held_until": None,
        "unborn": None,
    }
    now = at.now if free is _FREE else None
    return Update("sessions", life.pk, life.sk, columns, _condition(free, life, token, now=now))


def _condition(text: str, life: Life, token: str, *, now: int | None = None) -> Condition:
    values: dict[str, Value] = {"life": life.life, "last": life.last_seq, "token": token}
    return Condition(text, values if now is None else {**values, "now": now})


def new_id() -> str:
    """An id for a message that has none: 64 bits, since it need only be the one in its session, and is read often."""
    return secrets.token_hex(GIVEN_ID // 2)


def _meta(refused: Refused) -> Row | None:
    """What stopped an append is nearly always `meta`, which DynamoDB then sends along: all there is without regions."""
    row = refused.rows.get(0)
    return row if row is not None and row["sk"] == keys.META else None
