"""Restore: an export taken back into stores.

Importing the same lines again changes nothing, so an import that was interrupted is simply repeated.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final, TypeVar

from contextkit.actor.lines import VERSION, from_plain
from contextkit.errors import ContextKitError, InvalidInput, StoreCorrupt, VersionConflict, shortened
from contextkit.memory.ledger import LEDGER, Page
from contextkit.memory.progress import Progress
from contextkit.messages import dumps, loads
from contextkit.stores import (
    MemoryRecord,
    MemoryStore,
    Overflow,
    OverflowStore,
    PreferenceStore,
    Session,
    SessionStore,
    check_id,
)
from contextkit.stores.codec import from_bytes, to_micros
from contextkit.types import Message

AT_ONCE: Final = 500
"""Lines of one kind that are written in one call."""

T = TypeVar("T")


def import_actor(lines: Iterable[bytes], *stores: object, actor_id: str | None = None) -> Counter[str]:
    """Take an export back: how many "messages", "memories" and the like it had.

    Each kind goes to the first of the stores that keeps it. `actor_id` is another name for the
    actor, whose things then are not those of the actor that was exported.

    Raises `InvalidInput`, naming the line, for what is no export, for a kind that no store keeps, and
    where a session holds other messages already; `VersionConflict` where it has another state.
    What stood before that line is imported by then.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    parsed = (_parsed(number, line) for number, line in numbered)
    head = next(parsed, None)
    if head is None or head.kind != "actor" or head.values.get("version") != VERSION:
        raise InvalidInput(
            "Line 1 is not the beginning of an export of this version.",
            f"Pass what `contextkit export` wrote; its first line has kind 'actor' and version {VERSION}.",
            value=head and head.values,
        )
    into = _Into(check_id("actor id", actor_id or head.values.get("actor_id")), stores)
    counts: Counter[str] = Counter()
    for batch in _batches(parsed):
        name, write = _WRITES.get(batch[0].kind, ("", _unknown))
        write(into, batch)
        counts[name] += len(batch)
    into.finish()
    return counts


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of an export."""

    number: int
    kind: str
    values: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, object]:
        """Lines that can be written together have this in common."""
        return self.kind, self.values.get("session_id")


@dataclass(slots=True)
class _Into:
    """Where an import goes, and how far each session had been remembered."""

    actor_id: str
    stores: Sequence[object]
    remembered: dict[str, Progress] = field(default_factory=dict)

    def store(self, protocol: type[T], line: _Line) -> T:
        """The first store that keeps such things."""
        for store in self.stores:
            if isinstance(store, protocol):
                return store
        raise _wrong(
            line, f"is of the kind {line.kind!r}, which none of the stores keeps", f"Pass a {protocol.__name__}."
        )

    def finish(self) -> None:
        """Note what has been remembered, so that it is not extracted a second time."""
        store = next((store for store in self.stores if isinstance(store, SessionStore)), None)
        if store is None or not self.remembered:
            return
        ledger = store.session(self.actor_id, LEDGER)
        page = Page.from_json(ledger.state) if ledger else Page()
        progress = {**self.remembered, **page.progress}
        if progress != page.progress:
            version = ledger.version if ledger else 0
            page = replace(page, progress=progress)
            store.save_state(self.actor_id, LEDGER, page.to_json(), expected=version)


def _messages(into: _Into, lines: Sequence[_Line]) -> None:
    store, session_id = into.store(SessionStore, lines[0]), _text(lines[0], "session_id")
    given = [(line, _message(line)) for line in lines]
    first = _number(lines[0], "seq")
    there = store.messages(into.actor_id, session_id, after=first - 1, before=first + len(given))
    for (line, message), known in zip(given, there, strict=False):
        if dumps(message) != dumps(known):
            raise _wrong(line, f"has a place that another message has in the session {session_id!r}", _ANOTHER)
    stored = store.append(into.actor_id, session_id, [message for _, message in given])
    for (line, _), message in zip(given, stored, strict=True):
        if message.seq != line.values["seq"]:
            raise _wrong(line, f"is number {message.seq} in the session {session_id!r} now", _ANOTHER)


def _overflow(into: _Into, lines: Sequence[_Line]) -> None:
    store, session_id = into.store(OverflowStore, lines[0]), _text(lines[0], "session_id")
    store.put_overflow(
        into.actor_id, session_id, [_made(line, lambda one: from_plain(Overflow, one["piece"])) for line in lines]
    )


def _session(into: _Into, lines: Sequence[_Line]) -> None:
    store, actor_id = into.store(SessionStore, lines[0]), into.actor_id
    for line in lines:
        session_id, state = _text(line, "session_id"), line.values.get("state")
        there = store.session(actor_id, session_id)
        if state is not None and (there is None or there.state != state or not there.version):
            if there is not None and there.version:
                raise VersionConflict(0, there)
            there = store.save_state(actor_id, session_id, state, expected=0)
        if "view" in line.values:
            store.save_view(actor_id, session_id, _text(line, "view"))
        if "remembered" in line.values:
            there = there or store.session(actor_id, session_id)
            if there is not None:
                into.remembered[session_id] = _progress(line, there)


def _progress(line: _Line, session: Session) -> Progress:
    """How far the session had been remembered, in the life that it has here."""
    life = to_micros(session.created_at)
    return _made(line, lambda values: Progress.from_json({**values["remembered"], "life": life}))


def _memories(into: _Into, lines: Sequence[_Line]) -> None:
    records = [_made(line, lambda one: from_plain(MemoryRecord, one["record"])) for line in lines]
    into.store(MemoryStore, lines[0]).put_memories(into.actor_id, records)


def _preferences(into: _Into, lines: Sequence[_Line]) -> None:
    values = {_text(line, "name"): _text(line, "value") for line in lines}
    into.store(PreferenceStore, lines[0]).set_preferences(into.actor_id, values)


def _unknown(_: _Into, lines: Sequence[_Line]) -> None:
    raise _wrong(
        lines[0], f"has the kind {shortened(lines[0].kind)}, which is not known", "Import it with a newer contextkit."
    )


_WRITES: Final[Mapping[str, tuple[str, Callable[[_Into, Sequence[_Line]], None]]]] = {
    "message": ("messages", _messages),
    "overflow": ("overflow", _overflow),
    "session": ("sessions", _session),
    "memory": ("memories", _memories),
    "preference": ("preferences", _preferences),
}
"""By kind: what such lines are counted as, and what writes them."""

_ANOTHER: Final = "Delete the session first, or import under another actor id."


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    """Lines that follow each other and can be written together, so many at once."""
    for _, run in groupby(lines, key=lambda line: line.place):
        batch: list[_Line] = []
        for line in run:
            batch.append(line)
            if len(batch) == AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch


def _parsed(number: int, line: bytes) -> _Line:
    try:
        values = json.loads(from_bytes(line))
        return _Line(number, values["kind"], values)
    except (ValueError, TypeError, KeyError, RecursionError, StoreCorrupt) as error:
        raise InvalidInput(
            f"Line {number} of the export, {shortened(line.decode('utf-8', 'replace'))}, cannot be read ({error}).",
            "Pass what `contextkit export` wrote, unchanged.",
            value=line[:80],
        ) from error


def _message(line: _Line) -> Message:
    return _made(line, lambda values: loads(json.dumps(values["message"])))


def _made(line: _Line, make: Callable[[Mapping[str, Any]], T]) -> T:
    """What a line describes. Raises `InvalidInput` where it does not."""
    try:
        return make(line.values)
    except (ValueError, TypeError, KeyError, AttributeError, StoreCorrupt) as error:
        raise _wrong(line, f"is no {line.kind} ({error})", "Pass what `contextkit export` wrote, unchanged.") from error


def _text(line: _Line, name: str) -> str:
    value = line.values.get(name)
    if isinstance(value, str):
        return value
    raise _wrong(line, f"has no text {name!r}", "Pass what `contextkit export` wrote, unchanged.")


def _number(line: _Line, name: str) -> int:
    value = line.values.get(name)
    if isinstance(value, int) and value > 0:
        return value
    raise _wrong(line, f"has no number {name!r}", "Pass what `contextkit export` wrote, unchanged.")


def _wrong(line: _Line, what: str, remedy: str) -> ContextKitError:
    return InvalidInput(f"Line {line.number} of the export {what}.", remedy, value=line.kind)
