"""Restore: an export taken back into stores.

Importing the same lines again changes nothing, so an import that was interrupted is simply repeated.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, TypeVar

from contextkit.actor.lines import from_plain
from contextkit.actor.reading import NEWER, Line, read_export, wrong
from contextkit.clock import utc_now
from contextkit.errors import InvalidInput, shortened
from contextkit.memory.ledger import LEDGER, Ledger, Page
from contextkit.memory.progress import Progress
from contextkit.messages import dumps, loads
from contextkit.stores import (
    MemoryRecord,
    MemoryStore,
    Overflow,
    OverflowStore,
    PreferenceStore,
    SessionStore,
    check_id,
)
from contextkit.types import Message

T = TypeVar("T")


def import_actor(lines: Iterable[bytes], *stores: object, actor_id: str | None = None) -> Counter[str]:
    """Take an export back: how many "messages", "memories" and the like it had.

    Each kind goes to the first of the stores that keeps it. `actor_id` is another name for the
    actor, whose things then are not those of the actor that was exported.

    Raises `InvalidInput`, naming the line, for what is no export or not all of one, for a kind that no
    store keeps, and where a session holds other messages or another state already. What stood before that
    line is imported by then.
    """
    head, batches = read_export(lines)
    into = _Into(check_id("actor id", actor_id or head.values.get("actor_id")), stores)
    counts: Counter[str] = Counter()
    for batch in batches:
        _write(into, batch)
        counts[_WRITES[batch[0].kind][0]] += len(batch)
    into.finish()
    return counts


_ANOTHER: Final = "Delete the session first, or import under another actor id."


@dataclass(slots=True)
class _Into:
    """Where an import goes, and how far each session had been remembered, whatever life it has here."""

    actor_id: str
    stores: Sequence[object]
    remembered: dict[str, Progress] = field(default_factory=dict)

    def store(self, protocol: type[T], line: Line) -> T:
        """The first store that keeps such things."""
        for store in self.stores:
            if isinstance(store, protocol):
                return store
        raise wrong(f"is of the kind {line.kind!r}, which none of the stores keeps", f"Pass a {protocol.__name__}.")

    def finish(self) -> None:
        """Note what has been remembered, so that it is not extracted a second time. What is known here stays."""
        store = next((store for store in self.stores if isinstance(store, SessionStore)), None)
        if store is None or not self.remembered:
            return
        saved = store.session(self.actor_id, LEDGER)
        page = Page.from_json(saved.state) if saved else Page()
        news = dict(self._unknown(store, page))
        if news:
            others = {name: progress for name, progress in page.progress.items() if name not in news}
            page = replace(page, progress={**news, **others})
            store.save_state(self.actor_id, LEDGER, page.to_json(), expected=saved.version if saved else 0)

    def _unknown(self, store: SessionStore, page: Page) -> Iterator[tuple[str, Progress]]:
        """The sessions of whose lives here nothing is known to be remembered."""
        ledger = Ledger(store, timedelta(), utc_now)
        for name, progress in self.remembered.items():
            session = store.session(self.actor_id, name)
            if session is not None and ledger.progress(page, session) == Progress(life=session.created_at):
                yield name, replace(progress, life=session.created_at)


def _write(into: _Into, lines: Sequence[Line]) -> None:
    """Write lines together, or where one of them is wrong each by itself, up to that one."""
    _, write = _WRITES.get(lines[0].kind, ("", _unknown))
    try:
        write(into, lines)
    except InvalidInput as error:
        if len(lines) == 1:
            raise InvalidInput(
                f"Line {lines[0].number} of the export: {error.problem}", error.remedy, value=error.value
            ) from error
        for line in lines:
            _write(into, [line])


def _messages(into: _Into, lines: Sequence[Line]) -> None:
    store, session_id = into.store(SessionStore, lines[0]), lines[0].text("session_id")
    given = [(line.count("seq"), line.made(_message)) for line in lines]
    first = given[0][0]
    there = store.messages(into.actor_id, session_id, after=first - 1, before=first + len(given))
    for (_, message), known in zip(given, there, strict=False):
        if dumps(message) != dumps(known):
            raise wrong(f"has a place that another message has in the session {session_id!r}", _ANOTHER)
    stored = store.append(into.actor_id, session_id, [message for _, message in given])
    for (number, _), message in zip(given, stored, strict=True):
        if message.seq != number:
            raise wrong(f"is number {message.seq} in the session {session_id!r} now", _ANOTHER)


def _overflow(into: _Into, lines: Sequence[Line]) -> None:
    store, session_id = into.store(OverflowStore, lines[0]), lines[0].text("session_id")
    store.put_overflow(
        into.actor_id, session_id, [line.made(lambda one: from_plain(Overflow, one["piece"])) for line in lines]
    )


def _session(into: _Into, lines: Sequence[Line]) -> None:
    store, actor_id = into.store(SessionStore, lines[0]), into.actor_id
    for line in lines:
        session_id, state = line.text("session_id"), line.values.get("state")
        there = store.session(actor_id, session_id)
        if state is not None and (there is None or there.state != state or not there.version):
            if there is not None and there.version:
                raise wrong(f"has a state that the session {session_id!r} does not have here", _ANOTHER)
            store.save_state(actor_id, session_id, state, expected=0)
        if "view" in line.values:
            store.save_view(actor_id, session_id, line.text("view"))
        if "remembered" in line.values:
            into.remembered[session_id] = line.made(_progress)


def _message(values: Mapping[str, Any]) -> Message:
    return loads(json.dumps(values["message"]))


def _progress(values: Mapping[str, Any]) -> Progress:
    """How far a session had been remembered. Raises `TypeError` or `ValueError` for what says nothing of that."""
    progress = Progress.from_json({**values["remembered"], "life": 0})
    counts = [*progress.done.values(), *progress.attempts.values()]
    numbers = [*counts, *(number for span in progress.aside for number in (span.first, span.last))]
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError(f"remembered is {shortened(values['remembered'])}")
    return progress


def _memories(into: _Into, lines: Sequence[Line]) -> None:
    records = [line.made(lambda one: from_plain(MemoryRecord, one["record"])) for line in lines]
    into.store(MemoryStore, lines[0]).put_memories(into.actor_id, records)


def _preferences(into: _Into, lines: Sequence[Line]) -> None:
    values = {line.text("name"): line.text("value") for line in lines}
    into.store(PreferenceStore, lines[0]).set_preferences(into.actor_id, values)


def _unknown(_: _Into, lines: Sequence[Line]) -> None:
    raise wrong(f"has the kind {shortened(lines[0].kind)}, which is not known", NEWER)


_WRITES: Final[Mapping[str, tuple[str, Callable[[_Into, Sequence[Line]], None]]]] = {
    "message": ("messages", _messages),
    "overflow": ("overflow", _overflow),
    "session": ("sessions", _session),
    "memory": ("memories", _memories),
    "preference": ("preferences", _preferences),
}
"""By kind: what such lines are counted as, and what writes them."""
