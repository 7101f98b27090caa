"""SQLite's errors, told as contextkit's: the only place that knows SQLite's error codes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from contextkit.errors import StoreCorrupt, StoreError, StoreFull, StoreReadOnly, StoreUnavailable

_UNAVAILABLE: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_UNREACHABLE: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_UNWRITABLE: Final = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
"""A file that could not be made longer: a quota or a limit on file sizes does that, next to a failing disk."""


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Raise what SQLite raises inside as the `StoreError` that says what to do about it."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translation(error, path) from error


def _translation(error: sqlite3.Error, path: str) -> StoreError:
    extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    code = extended & 0xFF
    if code in _UNAVAILABLE:
        return StoreUnavailable(
            f"The store on {path!r} is busy ({error}).", "Try again; if this goes on, write in fewer and larger calls."
        )
    if code in _UNREACHABLE:
        return StoreUnavailable(
            f"The store on {path!r} cannot be opened ({error}).",
            "Check that its folder exists and that this process may use it.",
        )
    if code == sqlite3.SQLITE_READONLY:
        return StoreReadOnly(
            f"The store on {path!r} cannot be written to ({error}).",
            "Give this process write permission to the file and its folder, or only read.",
        )
    if code == sqlite3.SQLITE_FULL or extended in _UNWRITABLE:
        return StoreFull(
            f"The store on {path!r} cannot grow ({error}).", "Free some space on its disk, or raise the quota or limit."
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreUnavailable(
            f"The disk failed under the store on {path!r} ({error}).", "Check the disk, then try again."
        )
    if code in _DAMAGED:
        return StoreCorrupt(
            f"The file {path!r} is damaged or is no SQLite database ({error}).",
            "Restore it from a copy, or start with a new file.",
        )
    return StoreError(f"SQLite refused what was asked of the store on {path!r}: {error}.", "Check what was passed.")
