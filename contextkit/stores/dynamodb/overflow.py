"""Overflow: what was moved out of a prompt; payload before pointer, proven on the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from contextkit.errors import HandleNotFound, StoreCorrupt, StoreUnavailable
from contextkit.stores import Overflow, check_id
from contextkit.stores.codec import from_json, from_micros, to_bytes, to_json
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import MAX_WRITES
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.life import At, Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.writes import Condition, Put, Refused, Update, Write
from contextkit.stores.pieces import another_text, created, ending, first_end, known_handle, later_end

_PIECE = "over"

_STORED = "stored"
"""Sort keys of the handles that one call stored, in the order of their numbers: what leads from these to pieces."""

_AT_ONCE = MAX_WRITES - 3
"""Pieces in one transaction. A handle stands for its content, so of more a part can do no harm."""

_FREE = "attribute_not_exists(pk) OR expires_at <= :now"


@dataclass(frozen=True, slots=True)
class _Packed:
    """A piece as it will stand in its row."""

    handle: str
    content: bytes
    digest: bytes
    expires_at: int | None
    columns: dict[str, Value | None]


class OverflowPieces:
    """`OverflowStore`. A piece ends with its session, or before that by an expiry of its own."""

    def __init__(self, lives: Lives, payloads: Payloads, ttl: timedelta | None) -> None:
        self._lives = lives
        self._database = lives.database
        self._payloads = payloads
        self._ttl = ttl

    def put_overflow(
        self, actor_id: str, session_id: str, pieces: Sequence[Overflow], begun: datetime | None
    ) -> datetime | None:
        at = self._lives.clock.at(actor_id, session_id)
        if not pieces:
            return None
        self._lives.expect(at, begun)
        packed = _by_handle([self._packed(piece, place, at.now) for place, piece in enumerate(pieces)])
        for start in range(0, len(packed), _AT_ONCE):
            self._put(at, packed[start : start + _AT_ONCE], begun)
        return first_end(piece.expires_at for piece in packed)

    def get_overflow(self, actor_id: str, session_id: str, handle: str) -> Overflow:
        at = self._lives.clock.at(actor_id, session_id)
        name = known_handle(handle)
        for life in (self._lives.known(at), None):
            found = life or self._lives.find(at)
            if found is None:
                raise HandleNotFound(handle)
            metas = self._lives.places(at, keys.META)
            pieces = [(at.pk, keys.named(_PIECE, one, name)) for one in found.lives]
            rows = self._database.get_many("sessions", [*metas, *pieces])
            now = self._lives.seen(at, [rows[key] for key in metas if key in rows])
            if now is not None and now.life == found.life:
                row = next((rows[key] for key in pieces if key in rows and _lasts(rows[key], at.now)), None)
                if row is None:
                    raise HandleNotFound(handle)
                for _, content in self._contents(now, [row]):
                    return _piece(now, row, content)
                raise _on_its_way(handle)
        raise HandleNotFound(handle)

    def overflow(self, actor_id: str, session_id: str, *, after: int = 0) -> list[Overflow]:
        at = self._lives.clock.at(actor_id, session_id)
        life = self._lives.known(at) if after else self._lives.find(at)
        if life is None:
            return []
        found = self._stored(at, life, after) if after else self._lasting(at, life)
        rows = sorted(found, key=lambda row: (row["created_at"], row["place"]))
        return [_piece(life, row, content) for row, content in self._contents(life, rows)]

    def _contents(self, life: Life, rows: Sequence[Row]) -> list[tuple[Row, bytes]]:
        """The rows and what they stand for, but for those from another region whose chunks have not arrived yet."""
        found: list[tuple[Row, bytes]] = []
        for row, content in zip(rows, self._payloads.get_intact("sessions", rows), strict=True):
            if not isinstance(content, StoreCorrupt):
                found.append((row, content))
            elif self._is_ours(life, row):
                raise content
        return found

    def _is_ours(self, life: Life, row: Row) -> bool:
        """Whether a piece was stored in this region: then it is here, or damaged."""
        return life.region == self._lives.region and row["sk"].startswith(f"{_PIECE}#{life.life}#")

    def _stored(self, at: At, life: Life, after: int) -> list[Row]:
        """The pieces that were stored after that number; it is one of this life's, as the session's facts have it."""
        low, high = keys.numbered(_STORED, life.life, after + 1), keys.below(f"{_STORED}#{life.life}")[1]
        calls = self._database.query("sessions", at.pk, (low, high))
        handles = keys.unique(handle for call in calls for handle in from_json(call["handles"]))
        rows = self._database.get_many("sessions", [(at.pk, keys.named(_PIECE, life.life, name)) for name in handles])
        return [row for row in rows.values() if row["number"] > after and _lasts(row, at.now)]

    def _lasting(self, at: At, life: Life) -> list[Row]:
        """The pieces of the session, each once, also where a life stored anew what one before it had."""
        found = [
            row
            for former in reversed(life.lives)
            for row in self._database.query("sessions", at.pk, keys.below(f"{_PIECE}#{former}"))
            if _lasts(row, at.now)
        ]
        return list({row["handle"]: row for row in found}.values())

    def _packed(self, piece: Overflow, place: int, now: int) -> _Packed:
        content = to_json([piece.text, piece.item_id, piece.title], f"overflow {piece.handle!r}")
        ends = ending(piece, now, self._ttl)
        digest = sha256(to_bytes(piece.text)).digest()
        columns: dict[str, Value | None] = {
            "handle": check_id("handle", piece.handle),
            "tokens": piece.tokens,
            "created_at": created(piece, now),
            "expires_at": ends,
            "digest": digest,
            "place": place,
        }
        return _Packed(piece.handle, content, digest, ends, columns)

    def _put(self, at: At, packed: Sequence[_Packed], begun: datetime | None) -> None:
        kept: dict[tuple[str, str], dict[str, Value | None]] = {}

        def writes(life: Life) -> tuple[int, list[Write]]:
            life.goes_on_from(begun)
            places = {piece.handle: (at.pk, keys.named(_PIECE, life.life, piece.handle)) for piece in packed}
            rows = self._database.get_many("sessions", places.values())
            there = {handle: rows[place] for handle, place in places.items() if _is_there(rows.get(place), at.now)}
            again = [_lengthened(at, piece, there[piece.handle]) for piece in packed if piece.handle in there]
            new = [piece for piece in packed if piece.handle not in there]
            if self._database.transactions or not new:
                return len(new), [*again, *self._added(at, life, life.pieces, new, kept)]
            return 0, [*again, *self._added(at, life, self._reserved(at, life, len(new)), new, kept)]

        for _ in self._database.attempts("store overflow"):
            try:
                self._lives.add_pieces(at, writes)
                return
            except Refused:
                continue  # another has put one of them away since we looked

    def _reserved(self, at: At, life: Life, count: int) -> int:
        """The number before those of so many pieces: without transactions they are taken before anything is written."""
        now = self._lives.add_pieces(at, lambda _: (count, ()))
        if now.life != life.life:
            raise Refused({})
        return now.pieces - count

    def _added(
        self,
        at: At,
        life: Life,
        before: int,
        new: Sequence[_Packed],
        kept: dict[tuple[str, str], dict[str, Value | None]],
    ) -> Iterator[Write]:
        """The writes of pieces that are new to the session, numbered from `before` on, and of their handles."""
        for number, piece in enumerate(new, before + 1):
            made = (life.life, piece.handle)
            if made not in kept:
                kept[made] = self._payloads.put("sessions", at.pk, keys.blobs(life.life), piece.content, life.ttl)
            place = {"pk": at.pk, "sk": keys.named(_PIECE, life.life, piece.handle)}
            facts: dict[str, Value | None] = {**place, "number": number, "ttl": life.ttl, **piece.columns}
            yield Put("sessions", {**facts, **kept[made]}, Condition(_FREE, {"now": at.now}))
        if new:
            last = keys.numbered(_STORED, life.life, before + len(new))
            handles = to_json([piece.handle for piece in new], "handles")
            yield Put("sessions", {"pk": at.pk, "sk": last, "handles": handles, "ttl": life.ttl})


def _piece(life: Life, row: Row, content: bytes) -> Overflow:
    text, item_id, title = from_json(content)
    if sha256(to_bytes(text)).digest() != row["digest"]:
        raise StoreCorrupt(
            f"What is stored under the handle {row['handle']!r} is damaged.", "Restore the table from a backup."
        )
    return Overflow(
        handle=row["handle"],
        text=text,
        item_id=item_id,
        title=title,
        tokens=row["tokens"],
        created_at=from_micros(row["created_at"]),
        expires_at=first_end((row.get("expires_at"), life.expires_at)),
        number=row.get("number", 0),
    )


def _on_its_way(handle: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"What is stored under the handle {handle!r} has not wholly arrived from the region that failed.",
        "Try again once that region answers.",
    )


def _lengthened(at: At, piece: _Packed, row: Row) -> Update:
    if row["digest"] != piece.digest:
        raise another_text(piece.handle)
    same = Condition("digest = :digest", {"digest": piece.digest})
    ends = later_end(row.get("expires_at"), piece.expires_at)
    return Update("sessions", at.pk, row["sk"], {"expires_at": ends}, same)


def _by_handle(packed: Sequence[_Packed]) -> list[_Packed]:
    """The pieces, each handle once, for as long as the longest of them is to live.

    Raises `StoreCorrupt` for one handle with two contents.
    """
    first: dict[str, _Packed] = {}
    for piece in packed:
        known = first.setdefault(piece.handle, piece)
        if known.digest != piece.digest:
            raise another_text(piece.handle)
        ends = later_end(known.expires_at, piece.expires_at)
        first[piece.handle] = replace(known, expires_at=ends, columns={**known.columns, "expires_at": ends})
    return list(first.values())


def _is_there(row: Row | None, now: int) -> bool:
    return row is not None and _lasts(row, now)


def _lasts(row: Row, now: int) -> bool:
    ends = row.get("expires_at")
    return ends is None or ends > now
