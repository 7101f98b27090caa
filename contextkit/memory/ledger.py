"""The ledger: what of an actor's events has been remembered, so that each is remembered exactly once.

Every actor who has memories has one small document, the state of a session of its own named
`LEDGER`. It holds three things, and since it is only ever written under compare-and-set, they
change together or not at all:

* **who is at work**, and until when. Memories are an actor's, whatever session they come from, so
  one run at a time may compare new facts with them. Who holds the ledger renews it while it works; of one
  that was killed the time runs out and another goes on.
* **how far each session has been remembered** (`Progress`).
* **the journal**: records that were decided on and may not all have been written yet.

A batch is settled by a single write, which moves the progress and leaves the records in the
journal. If it is refused, somebody else has had the ledger since, and nothing has happened. If it
is accepted, the records are put, by ids that name what they were made from; whoever takes the
ledger next puts those of an unfinished journal again, which changes nothing where they are there.
So a run may be killed between any two steps, and several may start at once.

Why a state document: it is the one thing in every store that is written under compare-and-set.
Derived data has none, the agent's own state document is the agent's, and a tool's cache lets a
second caller in once a fixed minute is over. Clocks decide only when another may take over; a
clock that is wrong costs a repeated extraction, whose result is refused, and never a repeated
memory. What no store offers is to put a record on a condition: a process that is stopped for longer
than its hold, just between its last look at the clock and the write that follows, would put
records back as they were when it decided on them. `Hold.check` keeps that moment short.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final

from contextkit.clock import Clock
from contextkit.errors import SessionEnded, StoreError, VersionConflict
from contextkit.memory.journal import Journal
from contextkit.memory.progress import Progress
from contextkit.stores import Session, SessionStore
from contextkit.stores.codec import from_json, from_micros, to_json, to_micros

_log = logging.getLogger("contextkit.memory")

LEDGER: Final = "contextkit-memory"
"""The id of the session whose state is an actor's ledger. It has no messages."""

SESSIONS: Final = 64
"""Sessions whose progress stands in the ledger itself; that of the others is kept with each of them."""

_POLL: Final = 0.05
"""Seconds between two looks at a ledger that somebody else works on."""

_NOTE: Final = "contextkit-memory/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the ledger says. `progress` is by session id, the one that was worked on last at the end."""

    holder: str | None = None
    until: datetime | None = None
    journal: Journal | None = None
    progress: Mapping[str, Progress] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it stands in the session's state."""
        return {
            "holder": self.holder,
            "until": to_micros(self.until),
            "journal": self.journal and self.journal.to_json(),
            "progress": [[name, progress.to_json()] for name, progress in self.progress.items()],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Page:
        """What `to_json` wrote; an empty page where nothing was."""
        if not stored:
            return cls()
        return cls(
            holder=stored["holder"],
            until=from_micros(stored["until"]),
            journal=stored["journal"] and Journal.from_json(stored["journal"]),
            progress={name: Progress.from_json(progress) for name, progress in stored["progress"]},
        )


class Ledger:
    """The ledgers of all actors, in a store.

    `lease` is how long whoever works on one may go without a sign of life.
    """

    def __init__(self, store: SessionStore, lease: timedelta, clock: Clock) -> None:
        self._store = store
        self._lease = lease
        self._clock = clock

    def page(self, actor_id: str) -> Page:
        """What the actor's ledger says. Reads, and takes nothing."""
        return self._read(actor_id)[1]

    def progress(self, page: Page, session: Session) -> Progress:
        """How far the session has been remembered, by this page or by what was kept with the session."""
        return _progress(self._store, page, session)

    def take(self, actor_id: str, wait: float = 0.0) -> Hold | None:
        """The actor's ledger, to work on it; None where another is still at work after `wait` seconds."""
        until = time.monotonic() + wait
        while (hold := self._taken(actor_id)) is None and time.monotonic() < until:
            time.sleep(_POLL)
        return hold

    def _taken(self, actor_id: str) -> Hold | None:
        version, page = self._read(actor_id)
        if page.holder is not None and page.until is not None and page.until > self._clock():
            return None
        hold = Hold(self._store, actor_id, version, page, self._lease, self._clock)
        try:
            hold.renew()
        except VersionConflict:
            return None
        return hold

    def _read(self, actor_id: str) -> tuple[int, Page]:
        session = self._store.session(actor_id, LEDGER)
        return (0, Page()) if session is None else (session.version, Page.from_json(session.state))


class Hold:
    """A ledger that is ours to work on, until `release` or the end of a `with` block.

    Every write raises `VersionConflict` if it is not ours any more; then nothing was written.
    """

    def __init__(
        self,
        store: SessionStore,
        actor_id: str,
        version: int,
        page: Page,
        lease: timedelta,
        clock: Clock,
    ) -> None:
        self.actor_id = actor_id
        self.page = replace(page, holder=uuid.uuid4().hex)
        self._store = store
        self._version = version
        self._lease = lease
        self._clock = clock
        self._saving = threading.Lock()
        self._expires = False
        self._touched: set[str] = set()

    def progress(self, session: Session) -> Progress:
        """How far the session has been remembered."""
        return _progress(self._store, self.page, session)

    def settle(self, session_id: str, progress: Progress, journal: Journal | None = None) -> None:
        """The one write that decides a batch: how far the session is now, and the records that follow from it."""
        self._touched.add(session_id)
        others = {name: one for name, one in self.page.progress.items() if name != session_id}
        self._save(replace(self.page, progress={**others, session_id: progress}, journal=journal))

    def written(self) -> None:
        """The journal's records are in the store: the next write takes them off the page."""
        self.page = replace(self.page, journal=None)

    def set_aside(self, journal: Journal) -> None:
        """Not all of the journal's records can be written: what they were made from is given up for now."""
        progress = self.page.progress.get(journal.session_id)
        if progress is None:  # the session has ended, and its messages with it
            self.written()
        else:
            self.settle(journal.session_id, progress.set_aside(journal.span))

    def renew(self) -> None:
        """Hold it for another while."""
        self._save(self.page)

    def check(self) -> None:
        """Before anything is written elsewhere: renew the hold if less than half of its time is left.

        A process may have been stopped for longer than that; what it then wrote would be out of date.
        """
        if self.page.until is None or self.page.until - self._clock() < self._lease / 2:
            self.renew()

    def release(self) -> None:
        """Let others work.

        The progress of a session is kept with the session as well where it may be missed here: of
        sessions that are too many for the page, and in a store whose sessions expire. There the
        ledger, which has no messages, may end before them.
        """
        names = list(self.page.progress)
        too_many = names[: max(0, len(names) - SESSIONS)]
        for name in {*too_many, *(self._touched if self._expires else ())}:
            _lay_down(self._store, self.actor_id, name, self.page.progress[name], self._version)
        kept = {name: one for name, one in self.page.progress.items() if name not in too_many}
        self._save(replace(self.page, progress=kept, holder=None))

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.release()
        except StoreError as failure:  # the time of the hold runs out by itself, and what was settled is settled
            _log.info("The memory ledger of %r was not released: %s", self.actor_id, failure)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the hold, every third of its time, while something slow is done in a `with` block."""
        done = threading.Event()
        thread = threading.Thread(target=self._keep, args=(done,), name="contextkit-memory-hold", daemon=True)
        try:
            thread.start()  # within, for who interrupts this process may do so while it waits for the thread's start
            yield
        finally:
            done.set()
            if thread.is_alive():
                thread.join()

    def _keep(self, done: threading.Event) -> None:
        while not done.wait(self._lease.total_seconds() / 3):
            try:
                self.renew()
            except StoreError as error:  # if it is lost, the next write says so
                _log.info("The memory ledger of %r could not be renewed: %s", self.actor_id, error)

    def _save(self, page: Page) -> None:
        with self._saving:
            page = replace(page, until=self._clock() + self._lease)
            saved = self._store.save_state(
                self.actor_id, LEDGER, page.to_json(), expected=self._version, key=uuid.uuid4().hex
            )
            self.page, self._version, self._expires = page, saved.version, saved.expires_at is not None


def _progress(store: SessionStore, page: Page, session: Session) -> Progress:
    """The session's progress from the page, or from the session itself where the page has it no more."""
    found = page.progress.get(session.session_id) or _laid_down(store, session)
    if found is None or found.life != session.created_at:
        return Progress(life=session.created_at)
    return found


def _laid_down(store: SessionStore, session: Session) -> Progress | None:
    notes = _notes(store, session.actor_id, session.session_id)
    return Progress.from_json(from_json(notes[max(notes)])) if notes else None


def _lay_down(store: SessionStore, actor_id: str, session_id: str, progress: Progress, version: int) -> None:
    """Keep a session's progress with it, under a name that is above those of earlier ones; both end together."""
    name = f"{_NOTE}{version:015d}"
    laid_down, earlier = to_json(progress.to_json(), "progress"), set(_notes(store, actor_id, session_id)) - {name}
    with suppress(SessionEnded):
        store.save_derived(actor_id, session_id, {name: laid_down}, earlier, life=progress.life)


def _notes(store: SessionStore, actor_id: str, session_id: str) -> dict[str, bytes]:
    return {name: data for name, data in store.derived(actor_id, session_id).items() if name.startswith(_NOTE)}
