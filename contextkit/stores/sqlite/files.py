"""Files: where a database is, and whether that is still the file that was opened."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from contextkit.errors import InvalidInput, shortened

MEMORY: Final = ":memory:"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """The file that a database was opened in, known by more than its name."""

    path: str
    device: int
    inode: int

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> OpenFile | None:
        """The file of a connection; None for a database in memory, or where the system does not know its file."""
        bare = "SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'"  # a path may be no UTF-8
        path = os.fsdecode(connection.execute(bare).fetchone()[0] or b"")
        try:
            found = os.stat(path)
        except OSError:
            return None
        return cls(path, found.st_dev, found.st_ino)

    @property
    def is_there(self) -> bool:
        """False once it was deleted, moved or replaced: what is written to it then, nobody finds again."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:  # it cannot be told, as where the folder may no longer be searched
            return True
        return (found.st_dev, found.st_ino) == (self.device, self.inode)


def checked_path(path: str | os.PathLike[str]) -> str:
    """The path as text. Raises `InvalidInput` where it can name no file."""
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text:
        raise InvalidInput(
            f"The database path {shortened(text)} names no file.",
            'Pass a path, a "file:" URI, or ":memory:".',
            value=text,
        )
    return text


def address_of(path: str) -> str:
    """What SQLite is to open, wherever the process goes meanwhile: an absolute path; a URI as it is."""
    return path if path == MEMORY or is_uri(path) else os.path.abspath(path)


def is_uri(path: str) -> bool:
    """True for a `file:` URI."""
    return path.startswith("file:")


def is_in_memory(path: str) -> bool:
    """True for a database that no file holds: it lasts as long as a connection to it."""
    if not is_uri(path):
        return path == MEMORY
    name, _, options = path.removeprefix("file:").partition("?")
    return name == MEMORY or ("mode", "memory") in parse_qsl(options)


def create_private(path: str) -> None:
    """Create the file for its owner alone; SQLite gives its log and its index the same mode.

    A file that exists is not even opened: closing it would drop the locks that this process's
    other connections hold on it. Where it cannot be created, SQLite says why.
    """
    if is_in_memory(path) or is_uri(path) or os.path.lexists(path):
        return
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def is_frozen(path: str) -> bool:
    """True for a database that nobody can be writing to from here: its folder is read-only and it has no log."""
    folder = os.path.dirname(path) or "."
    return os.path.isfile(path) and not os.access(folder, os.W_OK) and not os.path.exists(path + "-wal")
