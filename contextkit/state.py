"""State: an agent's own document, loaded, changed and saved under compare-and-set.

    state = AgentState(store)
    with state.session("u1", "s1") as document:
        document["step"] = 3

Nobody's change is lost: what others saved meanwhile is merged where it concerns other keys, and a
`VersionConflict` where it concerns the same.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import UserDict
from collections.abc import Callable, Mapping
from copy import deepcopy
from types import TracebackType
from typing import Any, Final

from contextkit.aside import aside
from contextkit.errors import VersionConflict
from contextkit.stores import Session, SessionStore

TRIES: Final = 16
"""Saves that are tried before a conflict is the caller's: each lost one means that another writer won."""

PAUSE: Final = 0.005
"""Seconds, about what a save takes in DynamoDB: after each lost one, a random part of twice as long as before it."""

LONGEST_PAUSE: Final = 0.16
"""Seconds in which some 30 writers come one after another; all tries together then wait a second."""


class AgentState:
    """The state documents of sessions, in a store."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    def session(self, actor_id: str, session_id: str) -> Checkpoint:
        """The session's document, for a `with` or an `async with` block; an empty one before the first save.

        It is read when the block begins and saved when it ends, unless nothing changed or the
        block raised. `document.save()` saves in between. See `Checkpoint`.
        """
        return Checkpoint(self._store, actor_id, session_id)

    def update(self, actor_id: str, session_id: str, change: Callable[[dict[str, Any]], object]) -> Session:
        """Apply `change` to the session's document and save it, on what others saved meanwhile if need be.

        For what depends on the value that was there, like a counter or a list that grows.
        `change` alters the dict it is given and may be called several times. Raises
        `VersionConflict` after `TRIES` saves that others came before.
        """
        for tries_left in reversed(range(TRIES)):
            state, version = _of(self._store.session(actor_id, session_id))
            change(state)
            try:
                return self._store.save_state(actor_id, session_id, state, expected=version, key=uuid.uuid4().hex)
            except VersionConflict:
                if not tries_left:
                    raise
                _make_way(TRIES - tries_left)
        raise AssertionError("the last try returns or raises")


class Checkpoint(UserDict[str, Any]):
    """A session's state document as it was read, and what has been changed in it since.

    A dict of JSON values. `version` is that of the document it was read from or saved as last.
    """

    def __init__(self, store: SessionStore, actor_id: str, session_id: str) -> None:
        super().__init__()
        self.version = 0
        self._store = store
        self._place = (actor_id, session_id)
        self._read: dict[str, Any] = {}
        self._tried: tuple[str, str] = ("", "")

    def load(self) -> None:
        """Read the document, and forget what was changed and not saved."""
        self._take(*_of(self._store.session(*self._place)))

    def save(self) -> None:
        """Save what was changed since it was read. Where nothing was, nothing is written.

        What others saved meanwhile stays, if it concerns other keys (of the document itself:
        what lies deeper belongs to its key). Raises `VersionConflict`, and keeps the changes, where
        it concerns the same. After `StoreUnavailable` it may be called again: a save that did
        take place is not made twice.
        """
        for tries_left in reversed(range(TRIES)):
            if not _changed(self._read, self.data):
                return
            try:
                saved = self._store.save_state(*self._place, self.data, expected=self.version, key=self._key())
            except VersionConflict as conflict:
                if not tries_left or not self._merge(conflict.current):
                    raise
                _make_way(TRIES - tries_left)
                if current := self._store.session(*self._place):
                    self._merge(current)
            else:
                self._take(self.data, saved.version)
                return

    def __enter__(self) -> Checkpoint:
        self.load()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.save()

    async def __aenter__(self) -> Checkpoint:
        await aside(self.load)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await aside(self.save)

    def _take(self, state: dict[str, Any], version: int) -> None:
        self.data, self._read, self.version = state, deepcopy(state), version

    def _key(self) -> str:
        """An idempotency key: the same for the same save tried again, and for no other."""
        asked = repr((self.version, self.data))
        if self._tried[0] != asked:
            self._tried = asked, uuid.uuid4().hex
        return self._tried[1]

    def _merge(self, current: Session) -> bool:
        """Put our changes onto what others saved; False where they changed the same keys."""
        theirs, version = _of(current)
        ours = _changed(self._read, self.data)
        if ours & _changed(self._read, theirs):
            return False
        merged = {key: value for key, value in theirs.items() if key not in ours}
        merged |= {key: self.data[key] for key in self.data if key in ours}
        self.data, self._read, self.version = merged, deepcopy(theirs), version
        return True


def _make_way(lost: int) -> None:
    """Wait, after so many lost saves in a row, so that writers of one document come one after another."""
    time.sleep(random.uniform(0, min(PAUSE * 2**lost, LONGEST_PAUSE)))


def _of(session: Session | None) -> tuple[dict[str, Any], int]:
    """A document of the caller's own, and its version."""
    return (deepcopy(dict(session.state)), session.version) if session else ({}, 0)


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    """The keys that are new, or gone, or whose values are others (`repr` tells True from 1, which are equal)."""
    gone = before.keys() - now.keys()
    return gone | {key for key, value in now.items() if key not in before or repr(before[key]) != repr(value)}
