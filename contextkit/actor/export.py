"""Export: everything of an actor as JSON Lines that `import_actor` takes back.

Not exported is what can be made again: vectors, indexes, cached results of tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from contextkit.actor.lines import VERSION, Kind, to_plain
from contextkit.clock import utc_now
from contextkit.errors import InvalidInput
from contextkit.memory.ledger import LEDGER, Ledger, Page
from contextkit.messages import dumps
from contextkit.stores import MemoryStore, Overflow, OverflowStore, PreferenceStore, Session, SessionStore, check_id
from contextkit.stores.codec import to_json

AT_ONCE: Final = 500
"""Messages read in one call."""


def export_actor(actor_id: str, *stores: object) -> Iterator[bytes]:
    """Every line of the actor's export, ending in a newline each; read while they are asked for.

    Of each store whatever it keeps: sessions, oldest first, each with its messages, overflow, state
    and how far it has been remembered; memories, those that hold no longer included; preferences.
    Raises `InvalidInput` for a store that keeps none of these.
    """
    check_id("actor id", actor_id)
    for store in stores:
        if not isinstance(store, SessionStore | MemoryStore | PreferenceStore):
            raise InvalidInput(
                f"A {type(store).__name__} keeps nothing that could be exported.",
                "Pass stores of sessions, memories or preferences.",
                value=type(store).__name__,
            )
    return _ended(_lines(actor_id, stores))


def _ended(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines, and a last one that says how many they are."""
    count = 0
    for line in lines:
        count += 1
        yield line
    yield _line("end", lines=count)


def _lines(actor_id: str, stores: tuple[object, ...]) -> Iterator[bytes]:
    yield _line("actor", version=VERSION, actor_id=actor_id)
    for store in stores:
        if isinstance(store, SessionStore):
            yield from _sessions(actor_id, store)
        if isinstance(store, MemoryStore):
            yield from _memories(actor_id, store)
        if isinstance(store, PreferenceStore):
            for name, value in store.preferences(actor_id).items():
                yield _line("preference", name=name, value=value)


def _sessions(actor_id: str, store: SessionStore) -> Iterator[bytes]:
    ledger = _ledger(store)
    page = ledger.page(actor_id)
    for session in reversed(store.sessions(actor_id)):
        if session.session_id != LEDGER:
            yield from _messages(store, session)
            if isinstance(store, OverflowStore):
                for piece in store.overflow(actor_id, session.session_id):
                    yield _line("overflow", session_id=session.session_id, piece=to_plain(_lasting(piece, session)))
            yield _session(session, ledger, page)


def _messages(store: SessionStore, session: Session) -> Iterator[bytes]:
    for after in range(0, session.last_seq, AT_ONCE):
        found = store.messages(session.actor_id, session.session_id, after=after, before=after + AT_ONCE + 1)
        for message in found:
            values = json.loads(dumps(message))
            yield _line("message", session_id=session.session_id, seq=message.seq, message=values)


def _lasting(piece: Overflow, session: Session) -> Overflow:
    """The piece, without the end that it has only since its session has one: the imported session has its own."""
    lasts = piece.expires_at is None or (session.expires_at is not None and piece.expires_at >= session.expires_at)
    return replace(piece, expires_at=None) if lasts else piece


def _session(session: Session, ledger: Ledger, page: Page) -> bytes:
    """What belongs to the session as a whole; it stands behind what is in it."""
    progress = ledger.progress(page, session).to_json()
    del progress["life"]  # the imported session will have a life of its own
    more: dict[str, Any] = {}
    if session.version:
        more["state"] = dict(session.state)
    if session.view is not None:
        more["view"] = session.view
    if any(progress.values()):
        more["remembered"] = progress
    return _line("session", session_id=session.session_id, **more)


def _memories(actor_id: str, store: MemoryStore) -> Iterator[bytes]:
    """Every record, and those that were decided on and are not written yet, in the order of any store."""
    records = {record.id: record for record in store.memories(actor_id, active=False)}
    if isinstance(store, SessionStore):
        journal = _ledger(store).page(actor_id).journal
        records |= {record.id: record for record in journal.records} if journal else {}
    for record in sorted(records.values(), key=lambda record: (record.created_at, record.id)):
        yield _line("memory", record=to_plain(record))


def _ledger(store: SessionStore) -> Ledger:
    """The store's ledgers, to read in."""
    return Ledger(store, timedelta(), utc_now)


def _line(kind: Kind, **values: Any) -> bytes:
    return to_json({"kind": kind, **values}, f"{kind} to export") + b"\n"
