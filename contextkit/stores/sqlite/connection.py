"""Connections to one SQLite database: a pool, its settings, and the one place where errors are translated.

Callers come in short-lived threads, so connections belong to the pool, not to threads. Writers
of one process take turns at a lock, and only then compete with other processes for SQLite's own
write lock: waiting at a lock is fair and costs nothing, whereas SQLite polls.

The journal is a write-ahead log under `synchronous=NORMAL`: a commit has reached the operating
system when it returns, so it survives the death of the process, and a power cut can take the
newest commits but never the database's integrity. With `synchronous="FULL"` each commit is also
flushed to the disk, and survives the power cut too, at the price of one flush per write.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

from contextkit.errors import InvalidInput, StoreError, StoreUnavailable
from contextkit.stores.sqlite.failures import translated
from contextkit.stores.sqlite.files import (
    OpenFile,
    address_of,
    checked_path,
    create_private,
    is_frozen,
    is_in_memory,
    is_uri,
)
from contextkit.stores.sqlite.schema import prepare

Synchronous: TypeAlias = Literal["NORMAL", "FULL"]

MAX_IDLE: Final = 16
"""Connections kept open for the next caller; more are opened when needed, and closed afterwards."""


class Database:
    """One SQLite database, in a file or in memory, for any number of threads.

    Nothing is opened before the first use. `wait` is how many seconds a caller waits for its
    turn to write before `StoreUnavailable`.
    """

    def __init__(self, path: str | os.PathLike[str], *, wait: float, synchronous: Synchronous) -> None:
        if synchronous not in ("NORMAL", "FULL"):
            raise InvalidInput(f"synchronous is {synchronous!r}.", 'Use "NORMAL" or "FULL".', value=synchronous)
        self.path = checked_path(path)
        self._wait = wait
        self._synchronous = synchronous
        self._address = address_of(self.path)
        self._in_memory = is_in_memory(self.path)
        self._idle: list[sqlite3.Connection] = []
        self._busy = 0
        self._lock = threading.Lock()  # `with` lets go of it wherever an interrupt comes, and not of a condition
        self._returned = threading.Condition(self._lock)
        self._writing = threading.Lock()
        self._ready = False
        self._file: OpenFile | None = None
        self._closed = False
        weakref.finalize(self, _close_all, self._idle)
        _open.add(self)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for one SELECT."""
        with translated(self.path):
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection for several SELECTs that see the database at one moment."""
        with self.read() as connection:
            try:
                connection.execute("BEGIN")  # within, for who interrupts this thread may do so when it has begun
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A connection for one atomic write: committed at the end, or not at all."""
        with translated(self.path), self._turn():
            connection = self._take()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # What went wrong is what the caller must hear of, not that the rollback was needless or failed too.
                with suppress(sqlite3.Error):
                    connection.rollback()
                raise
            finally:
                self._give_back(connection)

    def maintain(self, statement: str) -> None:
        """Run one statement outside any transaction, in turn with the writers."""
        with translated(self.path), self._turn():
            connection = self._take()
            try:
                connection.execute(statement)
            finally:
                self._give_back(connection)

    def scrub(self) -> None:
        """Rewrite the file, so that neither it nor its log holds anything of what was deleted.

        Raises `StoreUnavailable` where another connection still reads from the log, which then stays as it is.
        """
        with translated(self.path), self._turn():
            connection = self._take()
            try:
                connection.execute("PRAGMA secure_delete=ON")
                connection.execute("PRAGMA temp_store=FILE")  # a copy of the whole file does not belong in memory
                connection.execute("VACUUM")
                (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                connection.execute("PRAGMA temp_store=MEMORY")
            finally:
                self._give_back(connection)
        if busy:
            raise StoreUnavailable(
                f"What was deleted from {self.path!r} still stands in its log, which another connection is reading.",
                "Do it again when no other process reads.",
            )

    def close(self) -> None:
        """Close every connection; those still in use are closed as they are given back."""
        with self._lock:
            self._closed = True
            _close_all(self._idle)
        _open.discard(self)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=self._wait):
            raise _busy(self.path, self._wait)
        try:
            yield
        finally:
            self._writing.release()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StoreError(f"The store on {self.path!r} has been closed.", "Open a new SQLiteStore.")
            if self._in_memory and not self._returned.wait_for(lambda: self._busy == 0, self._wait):
                raise _busy(self.path, self._wait)
            if self._file is not None and not self._file.is_there:
                raise StoreUnavailable(
                    f"The file {self.path!r} was deleted, moved or replaced since this store opened it.",
                    "Put it back; or open a new SQLiteStore, once no process has the former file open.",
                )
            self._busy += 1
            if self._idle:
                return self._idle.pop()
        try:
            return self._connect()
        except BaseException:
            self._leave()
            raise

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            keep = not self._closed and len(self._idle) < MAX_IDLE
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._busy -= 1
            self._returned.notify_all()

    def _connect(self) -> sqlite3.Connection:
        if not self._ready:
            create_private(self._address)
        try:
            return self._prepared(self._address)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or not is_frozen(self._address):
                raise
            return self._prepared(f"{Path(self._address).as_uri()}?immutable=1")

    def _prepared(self, address: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            address,
            timeout=self._wait,
            isolation_level=None,
            check_same_thread=False,
            uri=is_uri(address),
        )
        try:
            self._configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _configure(self, connection: sqlite3.Connection) -> None:
        if not self._ready:
            prepare(connection, self.path, self._wait)
            self._ready = True
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA journal_size_limit=67108864")
        self._file = self._file or OpenFile.of(connection)

    def before_fork(self) -> None:
        """Close what a child process must not inherit: SQLite keeps its file locks per process."""
        self._lock.acquire()
        self._returned.wait_for(lambda: self._busy == 0, self._wait)
        if not self._in_memory:
            _close_all(self._idle)

    def after_fork(self, *, child: bool) -> None:
        """Go on as before, but for a child of a ":memory:" store: two processes cannot share one."""
        self._lock.release()
        if child:
            self._writing = threading.Lock()
            self._closed = self._closed or self._in_memory


_open: weakref.WeakSet[Database] = weakref.WeakSet()
_forking: list[Database] = []


def _close_all(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()


def _before_fork() -> None:
    _forking.extend(sorted(_open, key=id))
    for database in _forking:
        database.before_fork()


def _after_fork(child: bool) -> None:
    while _forking:
        _forking.pop().after_fork(child=child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(False),
        after_in_child=lambda: _after_fork(True),
    )


def _busy(path: str, wait: float) -> StoreUnavailable:
    return StoreUnavailable(
        f"The store on {path!r} is busy: no turn came within {wait:g} s.",
        "Try again; if this goes on, write in fewer and larger calls.",
    )
