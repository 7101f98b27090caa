"""Derived data: what is computed from a session's messages, kept with it by name, and in parts by name and number.

It lies just above the session's facts, where one query reads both. Its parts lie beside it on sheets, or, if they
are many, far from it. They are written before the data that they belong to, and deleted behind it, so that what is
found has all of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from contextkit.errors import SessionEnded, StoreCorrupt
from contextkit.rank.divided import IN_DRAWERS, Parts
from contextkit.stores import SomeParts
from contextkit.stores.codec import from_bytes, to_bytes
from contextkit.stores.dynamodb import keys
from contextkit.stores.dynamodb.database import MAX_WRITES, Key
from contextkit.stores.dynamodb.items import Columns, Row, Value
from contextkit.stores.dynamodb.life import At, Life
from contextkit.stores.dynamodb.lives import Lives
from contextkit.stores.dynamodb.payloads import CHUNK, Payloads, chunk_keys, packed, piece_of
from contextkit.stores.dynamodb.sheets import HEAD, SHEETS, columns_for, columns_of, head_on, parts_on, sheets
from contextkit.stores.dynamodb.writes import Delete, Put, Write

Name = TypeVar("Name")

_log = logging.getLogger("contextkit.stores")

NOTE = "note"
"""Sort keys of derived data and of its sheets: just above a session's facts, so that one query reads all of them."""

PART = "part"
"""Sort keys of parts that lie on no sheet: far from the facts, as they are read by name and number alone."""

_AT_ONCE = MAX_WRITES - 2
"""Pieces of derived data in one transaction; of more, which can be computed again, several are made."""

_EVER = 2**62

_FACTS = (
    "sk",
    *Life.__slots__,
    *("revision", "saved_under", "nonce"),
    *("named", "made_at", "sheet"),
    *("body", "base", "chunks", "object"),
)
"""What is read of a session's facts and messages, and of derived data but for what it says."""

_SAID = (HEAD, "chunk")
"""What derived data itself says, or what of it lies on no sheet: not read again by who has it."""


class DerivedData:
    """The part of `SessionStore` that is about derived data."""

    def __init__(self, lives: Lives, payloads: Payloads) -> None:
        self._lives = lives
        self._database = lives.database
        self._payloads = payloads

    def derived(self, actor_id: str, session_id: str) -> dict[str, bytes]:
        at = self._lives.clock.at(actor_id, session_id)
        between = (keys.META, keys.below(NOTE)[1])
        found = self._database.query("sessions", at.pk, between, columns=columns(heads=True))
        rows = {(row["pk"], row["sk"]): row for row in found}
        life = self._lives.seen_among(at, rows)
        return {} if life is None else self.among(life, rows)

    def among(self, life: Life, rows: Mapping[Key, Row]) -> dict[str, bytes]:
        """What is derived from a session in this life, among rows that were read of it; empty where it is damaged."""
        notes = [note for note in _notes(rows, life) if "sheet" not in note or _sheet_keys(note)[0] in rows]
        data = self._payloads.get_intact("sessions", [_headed(note, rows) for note in notes], rows)
        return {_name(note): _made_out(note, content) for note, content in zip(notes, data, strict=True)}

    def named(self, life: Life, names: Sequence[str]) -> tuple[dict[str, bytes], Parts]:
        """What is derived under these names from a session in this life, with the parts that lie on sheets."""
        notes = [_note_sk(former, name) for former in life.lives for name in names]
        places = [sk for note in notes for sk in (note, *_sheet_sks(note, SHEETS))]
        rows = self._database.get_many("sessions", [(life.pk, sk) for sk in places])
        return self.among(life, rows), self.parts_among(life, rows) or {}

    def parts_among(self, life: Life, rows: Mapping[Key, Row]) -> Parts | None:
        """The parts that were read with these rows; None where none of them has a sheet."""
        lying = {_name(note): _sheet_keys(note) for note in _notes(rows, life) if "sheet" in note}
        if not lying:
            return None
        return {
            (name, number): part
            for name, keys_of in lying.items()
            for key in keys_of
            for number, part in parts_on(rows.get(key, {}))
        }

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
        if not add and self._lives.known(at) is None:
            return
        notes = {name: _Note(name, data, parts.get(name, ())) for name, data in add.items()}
        names = keys.unique([*add, *remove])
        for start in range(0, len(names), _AT_ONCE):
            self._save_notes(at, names[start : start + _AT_ONCE], notes, begun)

    def derived_parts(
        self, actor_id: str, session_id: str, wanted: Mapping[str, SomeParts]
    ) -> dict[tuple[str, int], bytes]:
        life = self._lives.known(self._lives.clock.at(actor_id, session_id))
        if life is None:
            return {}
        found = self._on_sheets(life, {name: some for name, some in wanted.items() if some.count in IN_DRAWERS})
        there = {name for name, _ in found}
        return found | self._apart(life, {name: some for name, some in wanted.items() if name not in there})

    def _on_sheets(self, life: Life, wanted: Mapping[str, SomeParts]) -> dict[tuple[str, int], bytes]:
        shown = [column for some in wanted.values() for column in columns_of(some.count, some.numbers)]
        places = [(name, number) for number in reversed(range(SHEETS)) for name in wanted]
        rows = self._held(
            life,
            lambda former, place: piece_of(_note_sk(former, place[0]), place[1]),
            places,
            keys.unique(["sk", "made_at", *shown]),
        )
        # The first sheet comes last, and holds: who has it all on one may have left another, of a former division.
        found = {(name, number): part for (name, _), row in rows.items() for number, part in parts_on(row)}
        return {(name, number): part for (name, number), part in found.items() if number in wanted[name].numbers}

    def _apart(self, life: Life, wanted: Mapping[str, SomeParts]) -> dict[tuple[str, int], bytes]:
        numbered = [(name, number) for name, some in wanted.items() for number in some.numbers]
        rows = self._held(life, lambda former, part: _part_sk(former, *part), numbered)
        data = self._payloads.get_intact("sessions", list(rows.values()))
        return {part: _made_out(row, content) for (part, row), content in zip(rows.items(), data, strict=True)}

    def _held(
        self, life: Life, sk_of: Callable[[str, Name], str], names: Iterable[Name], columns: Sequence[str] = ()
    ) -> dict[Name, Row]:
        """What is there under these names and holds in this life, by the latest life that had it."""
        wanted = list(names)
        places = {(life.pk, sk_of(former, name)): (former, name) for former in reversed(life.lives) for name in wanted}
        rows = self._database.get_many("sessions", places, columns)
        there = [(*places[place], rows[place]) for place in places if place in rows]
        return {name: row for former, name, row in there if _is_ours(row) and _holds(life, former, row)}

    def _save_notes(self, at: At, names: Sequence[str], add: Mapping[str, _Note], begun: datetime | None) -> None:
        """Write or delete the notes of these names, and then the parts and chunks that belong to none any more."""
        former: list[Row] = []
        rows: dict[str, Row] = {}
        written: list[tuple[str, Key]] = []

        def writes(life: Life) -> list[Write]:
            life.goes_on_from(begun)
            places = {name: _note_sk(life.life, name) for name in names}
            for name in (name for name in names if name in add):
                rows[name], beside = self._rows(life, places[name], add[name])
                self._database.put_many("sessions", beside)
                written.extend((life.life, (str(row["pk"]), str(row["sk"]))) for row in beside)
            former[:] = self._database.get_many("sessions", [(at.pk, sk) for sk in places.values()]).values()
            return [
                Put("sessions", rows[name]) if name in add else Delete("sessions", at.pk, sk)
                for name, sk in places.items()
            ]

        try:
            life = self._lives.change(at, writes)
        except SessionEnded:
            self._database.delete_many("sessions", [key for _, key in written])
            raise
        gone = [key for row in former for key in (*chunk_keys(row), *_part_keys(row, rows.get(_name(row), {})))]
        self._database.delete_many("sessions", [*gone, *(key for name, key in written if name != life.life)])

    def _rows(self, life: Life, sk: str, note: _Note) -> tuple[dict[str, Value | None], list[dict[str, Value | None]]]:
        """The row of a note, and those of its parts, which are to be written before it."""
        place: dict[str, Value | None] = {"pk": life.pk, "ttl": life.ttl}
        row = {**place, "sk": sk, "named": to_bytes(note.name), "made_at": life.last_seq}
        since = {**place, "made_at": life.last_seq, "written_at": int(time.time())}
        lying = sheets(packed(note.data), note.parts) if len(note.parts) in IN_DRAWERS else None
        if lying is not None:
            beside = zip(_sheet_sks(sk, len(lying)), lying, strict=True)
            row |= {"sheet": len(lying), "parts": len(lying), "parts_base": sk}
            return row, [{**since, "sk": place, **columns} for place, columns in beside]
        said = self._payloads.put("sessions", life.pk, sk, note.data, life.ttl)
        row |= {HEAD if column == "body" else column: value for column, value in said.items()}
        if note.parts:
            row |= {"parts": len(note.parts), "parts_base": keys.named(PART, life.life, note.name)}
        return row, [self._part(life, since, note.name, *part) for part in enumerate(note.parts)]

    def _part(
        self, life: Life, since: Mapping[str, Value | None], name: str, number: int, data: bytes
    ) -> dict[str, Value | None]:
        sk = _part_sk(life.life, name, number)
        return {**since, "sk": sk, **self._payloads.put("sessions", life.pk, sk, data, life.ttl, inline=CHUNK)}


@dataclass(frozen=True, slots=True)
class _Note:
    """Derived data to be stored, and its parts."""

    name: str
    data: bytes
    parts: Sequence[bytes]


def columns(drawers: Collection[int] = (), *, heads: bool = False) -> list[str]:
    """What is read of a session and its derived data: of sheets these drawers, and the heads if they are wanted."""
    return [*_FACTS, *(_SAID if heads else ()), *columns_for(drawers)]


def _notes(rows: Mapping[Key, Row], life: Life) -> list[Row]:
    """The derived data of a session in this life and, where its messages still have the numbers they had then, in
    former ones, the latest last."""
    return [row for former in reversed(life.lives) for row in _notes_of(rows, life, former)]


def _notes_of(rows: Mapping[Key, Row], life: Life, former: str) -> list[Row]:
    low, high = keys.below(f"{NOTE}#{former}")
    found = [row for (_, sk), row in rows.items() if low <= sk < high and "named" in row]
    return [row for row in found if _is_ours(row) and _holds(life, former, row)]


def _is_ours(row: Row) -> bool:
    """Whether it is as this library writes it. What is not is done without: all of it can be computed again."""
    if isinstance(row, Columns) and not row.is_ours:
        _log.warning("The item %r is not of this library, and is done without.", row["sk"])
        return False
    return True


def _holds(life: Life, former: str, row: Row) -> bool:
    """Whether messages still have the numbers that they had when this was derived from them in a former life."""
    return former == life.life or row.get("made_at", _EVER) <= life.steady(former)


def _name(note: Row) -> str:
    return from_bytes(note["named"])


def _made_out(row: Row, content: bytes | StoreCorrupt) -> bytes:
    """The content; nothing where it is damaged, which no index is: whoever reads it makes it again, and says so."""
    if isinstance(content, StoreCorrupt):
        _log.warning("What is derived from a session under %r is to be made again: %s", row["sk"], content.problem)
        return b""
    return content


def _part_keys(row: Row, now: Row) -> Iterator[Key]:
    """The keys of the parts that belonged to a note, and do not belong to what stands in its place now."""
    same = row.get("parts_base") == now.get("parts_base")
    first = now.get("parts", 0) if same else 0
    return ((row["pk"], piece_of(row["parts_base"], number)) for number in range(first, row.get("parts", 0)))


def _part_sk(life: str, name: str, number: int) -> str:
    return piece_of(keys.named(PART, life, name), number)


def _note_sk(life: str, name: str) -> str:
    return keys.named(NOTE, life, name)


def _sheet_sks(sk: str, count: int) -> list[str]:
    """The sort keys of so many sheets of the note with this one."""
    return [piece_of(sk, number) for number in range(count)]


def _sheet_keys(note: Row) -> list[Key]:
    return [(note["pk"], sk) for sk in _sheet_sks(note["sk"], note["sheet"])]


def _headed(note: Row, rows: Mapping[Key, Row]) -> Row:
    """The note with what it says where payloads have it, if that stands in its own item or on its first sheet."""
    place = rows[_sheet_keys(note)[0]] if "sheet" in note else note
    return Columns(note, body=head_on(place)) if HEAD in place or "sheet" in note else note
