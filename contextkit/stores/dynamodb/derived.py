"""Derived data: what is computed from a session's messages, kept with it by name, and in parts by name and number.

It lies just above the session's facts, where one query reads both; parts lie far from them. Parts are written before
the data that they belong to, and deleted behind it, so that what is found has all of them.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contextkit.errors import SessionEnded
from contextkit.stores.codec import from_bytes, to_bytes
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import MAX_WRITES, Key
from contextkit.stores.dynamodb.items import Row, Value
from contextkit.stores.dynamodb.life import At, Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.payloads import CHUNK, Payloads, chunk_keys, is_chunk, piece_of
from contextkit.stores.dynamodb.writes import Delete, Put, Write

NOTE = "note"
"""Sort keys of derived data: just above a session's facts, so that one query reads both."""

PART = "part"
"""Sort keys of parts of derived data: far from the facts, as they are read by name and number alone."""

_AT_ONCE = MAX_WRITES - 2
"""Pieces of derived data in one transaction; of more, which can be computed again, several are made."""

_EVER = 2**62


class DerivedData:
    """The part of `SessionStore` that is about derived data."""

    def __init__(self, lives: Lives, payloads: Payloads) -> None:
        self._lives = lives
        self._database = lives.database
        self._payloads = payloads

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        at = self._lives.clock.at(actor_id, session_id)
        rows = {
            (row["pk"], row["sk"]): row
            for row in self._database.query("sessions", at.pk, (keys.META, keys.below(NOTE)[1]))
        }
        life = self._lives.seen_among(at, rows)
        return {} if life is None else self.among(life, rows)

    def among(self, life: Life, rows: Mapping[Key, Row]) -> dict[str, bytes]:
        """What is derived from a session in this life, among rows that were read of it."""
        notes = [row for former in reversed(life.lives) for row in _notes(rows, life, former)]
        data = self._payloads.get_all("sessions", notes, rows)
        return {from_bytes(row["named"]): content for row, content in zip(notes, data, strict=True)}

    def save_derived(
        self,
        actor_id: str,
        session_id: str,
        add: Mapping[str, bytes],
        remove: Iterable[str],
        begun: datetime | None,
        parts: Mapping[str, Sequence[bytes]],
    ) -> None:
        at = self._lives.clock.at(actor_id, session_id)
        self._lives.expect(at, begun)
        notes = {name: _Note(data, parts.get(name, ())) for name, data in add.items()}
        names = keys.unique([*add, *remove])
        for start in range(0, len(names), _AT_ONCE):
            self._save_notes(at, names[start : start + _AT_ONCE], notes, begun)

    def derived_parts(
        self, actor_id: str, session_id: str, wanted: Mapping[str, Collection[int]]
    ) -> dict[tuple[str, int], bytes]:
        life = self._lives.known(self._lives.clock.at(actor_id, session_id))
        if life is None:
            return {}
        numbered = [(name, number) for name, numbers in wanted.items() for number in numbers]
        places = {(life.pk, _part_sk(former, *one)): one for former in reversed(life.lives) for one in numbered}
        rows = self._database.get_many("sessions", places)
        there = [(part, rows[place]) for place, part in places.items() if place in rows]
        data = self._payloads.get_all("sessions", [row for _, row in there])
        return {part: content for (part, _), content in zip(there, data, strict=True)}

    def _save_notes(self, at: At, names: Sequence[str], add: Mapping[str, _Note], begun: datetime | None) -> None:
        """Write or delete the notes of these names, and then the parts and chunks that belong to none any more."""
        former: list[Row] = []
        written: list[Key] = []

        def writes(life: Life) -> list[Write]:
            life.goes_on_from(begun)
            written.extend(self._put_parts(life, {name: add[name].parts for name in names if name in add}))
            places = {name: keys.named(NOTE, life.life, name) for name in names}
            former[:] = self._database.get_many("sessions", [(at.pk, sk) for sk in places.values()]).values()
            return [
                Put("sessions", self._note(life, sk, name, add[name])) if name in add else Delete("sessions", at.pk, sk)
                for name, sk in places.items()
            ]

        try:
            life = self._lives.change(at, writes)
        except SessionEnded:
            self._database.delete_many("sessions", written)
            raise
        chunks = [key for row in former for key in chunk_keys(row)]
        kept = {name: len(note.parts) for name, note in add.items()}
        parts = [key for row in former for key in _part_keys(row, kept.get(from_bytes(row["named"]), 0))]
        others = [(pk, sk) for pk, sk in written if not sk.startswith(keys.below(f"{PART}#{life.life}")[0])]
        self._database.delete_many("sessions", [*chunks, *parts, *others])

    def _note(self, life: Life, sk: str, name: str, note: _Note) -> dict[str, Value | None]:
        """The row of a note, whose parts have been written by then."""
        columns = self._payloads.put("sessions", life.pk, sk, note.data, life.ttl)
        if note.parts:
            columns |= {"parts": len(note.parts), "parts_base": keys.named(PART, life.life, name)}
        return {"pk": life.pk, "sk": sk, "named": to_bytes(name), "made_at": life.last_seq, "ttl": life.ttl, **columns}

    def _put_parts(self, life: Life, parts: Mapping[str, Sequence[bytes]]) -> list[Key]:
        """Write the parts of notes, and give their keys."""
        rows = [self._part(life, name, *part) for name, pieces in parts.items() for part in enumerate(pieces)]
        self._database.put_many("sessions", rows)
        return [(str(row["pk"]), str(row["sk"])) for row in rows]

    def _part(self, life: Life, name: str, number: int, data: bytes) -> dict[str, Value | None]:
        sk = _part_sk(life.life, name, number)
        columns = self._payloads.put("sessions", life.pk, sk, data, life.ttl, inline=CHUNK)
        return {"pk": life.pk, "sk": sk, "ttl": life.ttl, "written_at": int(time.time()), **columns}


@dataclass(frozen=True, slots=True)
class _Note:
    """Derived data to be stored, and its parts."""

    data: bytes
    parts: Sequence[bytes]


def _notes(rows: Mapping[Key, Row], life: Life, former: str) -> list[Row]:
    """The derived data of a former life of the session, where its messages still have the numbers they had then."""
    low, high = keys.below(f"{NOTE}#{former}")
    found = [row for (_, sk), row in rows.items() if low <= sk < high and not is_chunk(row)]
    steady = _EVER if former == life.life else life.steady(former)
    return [row for row in found if row.get("made_at", _EVER) <= steady]


def _part_keys(row: Row, first: int) -> Iterator[Key]:
    """The keys of the parts that belong to a note, from that number on."""
    return ((row["pk"], piece_of(row["parts_base"], number)) for number in range(first, row.get("parts", 0)))


def _part_sk(life: str, name: str, number: int) -> str:
    return piece_of(keys.named(PART, life, name), number)
