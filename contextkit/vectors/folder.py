"""Rows kept in a folder that many processes may have open.

`<generation>.f32` holds the rows, raw float32, one after the other. `journal` says which of them
count: a line for every operation, written after the rows it speaks of and checked by its CRC-32.
So whatever was half written when a process died is simply not there: rows past the journal's
count are overwritten by the next writer, and so is a last line that is not whole.

Writers take turns by a lock on the file `lock`. Readers take none: they map the rows read-only
and notice by the journal's size that there is more of it. Compacting writes a new generation and
renames a new journal into place; who still searches the old one keeps it until done.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, TypeAlias
from weakref import finalize

import numpy as np

from contextkit.errors import (
    ContextKitError,
    InvalidVector,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from contextkit.vectors.journal import Added, Deleted, Entry, Start, read_entries
from contextkit.vectors.rows import Matrix, Rows, Snapshot

_Identity: TypeAlias = tuple[int, int]

_ANEW: Final = "Delete the folder and add the vectors again."

_ATTEMPTS: Final = 10
"""How often a reader follows a journal that is compacted away under it; one is hardly ever needed."""


class FolderRows:
    """The rows in a folder, as this process last saw them."""

    def __init__(self, folder: Path, dimension: int | None) -> None:
        self.dimension = dimension
        self.snapshot: Snapshot | None = None
        self._folder = folder
        self._path = folder / "journal"
        self._rows = Rows()
        self._taking_in = Lock()
        self._journal: _Identity | None = None
        self._opened: list[int] = []  # the journal, so that its inode is not given to another file, and the rows
        self._vectors_name = ""
        self._read = 0  # bytes of the journal that have been taken in
        finalize(self, _close, self._opened)
        self.refresh()

    def has(self, item_id: str) -> bool:
        return item_id in self._rows

    def refresh(self) -> None:
        """Take in what was done since, here or in another process. Costs one `stat` where nothing was."""
        with _typed_errors(self._folder):
            if not self._stale():
                return
            with self._taking_in:
                self._follow()

    def add(self, ids: Sequence[str], rows: Matrix) -> None:
        with self._turn():
            if self._journal is None:
                self._begin(rows.shape[1])
            self._check(rows.shape[1])
            with open(self._folder / self._vectors_name, "r+b") as file:
                file.seek(len(self._rows.ids) * rows.shape[1] * rows.itemsize)
                _write(file, rows.data)
            self._log(Added(ids))

    def delete(self, ids: Iterable[str]) -> int:
        with self._turn():
            known = [item_id for item_id in dict.fromkeys(ids) if item_id in self._rows]
            if known:
                self._log(Deleted(known))
            return len(known)

    def compact(self) -> None:
        with self._turn():
            if self.snapshot is None or self.dimension is None:
                return
            ids, living = self._rows.living()
            old = self._vectors_name
            new = f"{int(old.partition('.')[0]) + 1}.f32"
            _write_new(self._folder / new, self.snapshot.matrix[living].data)
            self._replace_journal(Start(self.dimension, new), Added(ids))
            self._remove(old)

    def close(self) -> None:
        """Let go of the files. Snapshots in use keep their mapping."""
        with self._taking_in:
            self._let_go()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Alone among all writers, with everything the others did taken in."""
        with _typed_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(self._folder / "lock", "ab") as file:
                _lock(file.fileno())
                self.refresh()
                yield

    def _begin(self, dimension: int) -> None:
        _write_new(self._folder / "0.f32", b"")
        self._replace_journal(Start(dimension, "0.f32"))

    def _log(self, entry: Entry) -> None:
        with open(self._path, "r+b") as file:
            file.truncate(self._read)  # drops a last line that was never whole
            file.seek(self._read)
            try:
                _write(file, entry.line())
            except OSError:
                os.truncate(self._path, self._read)  # what is not acknowledged must not count
                raise
        self.refresh()

    def _replace_journal(self, *entries: Entry) -> None:
        new = self._folder / "journal.new"
        _write_new(new, b"".join(entry.line() for entry in entries))
        os.replace(new, self._path)
        self.refresh()

    def _remove(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
        except PermissionError:
            if sys.platform != "win32":  # Windows keeps a file that somebody still searches
                raise

    def _stale(self) -> bool:
        try:
            now = os.stat(self._path)
        except FileNotFoundError:
            return self._journal is not None
        return now.st_size != self._read or _identity(now) != self._journal

    def _follow(self) -> None:
        for _ in range(_ATTEMPTS):
            try:
                return self._take_in()
            except _CompactedAwayError:
                self._start_over()
            except ContextKitError:
                self._start_over()
                raise
        raise StoreUnavailable(f"The vectors in {self._folder} are being rewritten again and again.", "Try again.")

    def _take_in(self) -> None:
        entries, taken = self._unread()
        for entry in entries:
            self._apply(entry)
        if entries:
            self.snapshot = self._rows.snapshot(self._map())
        self._read += taken  # last: from here on `_stale` lets others use the snapshot

    def _unread(self) -> tuple[list[Entry], int]:
        try:
            with open(self._path, "rb") as file:
                identity = _identity(os.fstat(file.fileno()))
                if identity != self._journal:
                    self._start_over()
                    self._journal = identity
                    self._opened.append(os.dup(file.fileno()))
                file.seek(self._read)
                return read_entries(file.read(), self._path)
        except FileNotFoundError:  # nothing was added yet, or the folder was deleted
            self._start_over()
            self.snapshot = None
            return [], 0

    def _start_over(self) -> None:
        self._let_go()
        self._rows, self._read = Rows(), 0

    def _let_go(self) -> None:
        _close(self._opened)
        self._journal = None

    def _apply(self, entry: Entry) -> None:
        match entry:
            case Start():
                self._open(entry)
            case Added(ids):
                self._rows.add(ids)
            case Deleted(ids):
                self._rows.delete(ids)

    def _open(self, start: Start) -> None:
        self.dimension = self.dimension or start.dimension
        self._check(start.dimension)
        self._vectors_name = start.vectors
        try:
            self._opened.append(os.open(self._folder / self._vectors_name, os.O_RDONLY | getattr(os, "O_BINARY", 0)))
        except FileNotFoundError:
            if _identity(os.stat(self._path)) != self._journal:
                raise _CompactedAwayError from None
            raise StoreCorrupt(
                f"{self._folder / start.vectors} is not there, though the journal beside it needs it.", _ANEW
            ) from None

    def _check(self, dimension: int) -> None:
        if dimension != self.dimension:
            raise InvalidVector(
                f"The vectors in {self._folder} have {dimension} dimensions, not {self.dimension}.",
                "Use the embedding model they were made with, or another folder.",
                value=self.dimension,
            )

    def _map(self) -> Matrix:
        count, dimension = len(self._rows.ids), self.dimension or 0
        if not count:
            return np.empty((0, dimension), dtype=np.float32)
        size = count * dimension * np.dtype(np.float32).itemsize
        vectors = self._opened[-1]
        if os.fstat(vectors).st_size < size:
            raise StoreCorrupt(
                f"{self._folder / self._vectors_name} is shorter than the {count} vectors its journal lists.",
                _ANEW,
            )
        mapped = mmap.mmap(vectors, size, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, dtype=np.float32).reshape(count, dimension)


class _CompactedAwayError(Exception):
    """The rows a journal speaks of were removed between reading the journal and opening them."""


def _identity(file: os.stat_result) -> _Identity:
    return file.st_dev, file.st_ino


def _close(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())


def _write_new(path: Path, data: bytes | memoryview) -> None:
    with open(path, "wb") as file:
        _write(file, data)


def _write(file: BinaryIO, data: bytes | memoryview) -> None:
    """Written when this returns, even if the machine then stops: rows must be there before the journal says so."""
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _lock(descriptor: int) -> None:
    """Wait for the lock. Closing the file gives it back, and so does the end of the process, however it ends."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def _typed_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _typed(error, folder) from error


def _typed(error: OSError, folder: Path) -> StoreError:
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreReadOnly(f"The vectors in {folder} cannot be written: {error}.", "Give write permission to it.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreFull(f"There is no room for more vectors in {folder}: {error}.", "Free some space, and add again.")
    return StoreUnavailable(f"The vectors in {folder} cannot be reached: {error}.", "Check the path and try again.")
