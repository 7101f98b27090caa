"""The tables, and how a database comes to have them: versioned steps, each applied once.

`PRAGMA user_version` counts the steps that a file has seen; `PRAGMA application_id` marks it as
ours. Every key is made of real columns, so no id can imitate another. Times are microseconds
since 1970. Texts that users write are bytes (see `codec`), ids are text.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Final

from contextkit.errors import StoreError, StoreReadOnly

APPLICATION_ID: Final = 0x63746B74
"""The bytes "ctkt" in the file's header."""

_SESSIONS: Final = """
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    actor_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_seq INTEGER NOT NULL DEFAULT 0,
    UNIQUE (actor_id, session_id)
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: a vector may arrive after its message is gone
    session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    counter TEXT NOT NULL,
    awaits_vector INTEGER NOT NULL,
    message TEXT NOT NULL,
    UNIQUE (session, seq),
    UNIQUE (session, message_id)
);
CREATE INDEX messages_awaiting_vectors ON messages (session, seq) WHERE awaits_vector;

CREATE TABLE message_vectors (
    message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);

CREATE TABLE states (
    session INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    saved_under TEXT,
    state BLOB NOT NULL
);

CREATE TABLE views (
    session INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    view BLOB NOT NULL
);

CREATE TABLE derived (
    session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    name BLOB NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (session, name)
);
"""

_OVERFLOW: Final = """
CREATE TABLE overflow (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    handle TEXT NOT NULL,
    item_id BLOB NOT NULL,
    title BLOB NOT NULL,
    tokens INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    checksum BLOB NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (session, handle)
);
CREATE INDEX overflow_by_expiry ON overflow (expires_at) WHERE expires_at IS NOT NULL;
"""

_MEMORIES: Final = """
CREATE TABLE memories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    namespace TEXT NOT NULL,
    strategy TEXT NOT NULL,
    importance REAL NOT NULL,
    created_at INTEGER NOT NULL,
    valid_from INTEGER,
    valid_to INTEGER,
    expires_at INTEGER,
    sources BLOB NOT NULL,
    metadata BLOB NOT NULL,
    text BLOB NOT NULL,
    awaits_vector INTEGER NOT NULL,
    vector BLOB,
    UNIQUE (actor_id, record_id)
);
CREATE INDEX memories_by_namespace ON memories (actor_id, namespace);
CREATE INDEX memories_by_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX memories_awaiting_vectors ON memories (actor_id) WHERE awaits_vector;

CREATE TABLE memory_changes (
    actor_id TEXT PRIMARY KEY,
    stamp INTEGER NOT NULL -- another random number after each change
);
"""

_PREFERENCES: Final = """
CREATE TABLE preferences (
    position INTEGER PRIMARY KEY,
    actor_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (actor_id, name)
);
"""

_TOOL_RESULTS: Final = """
CREATE TABLE tool_results (
    id INTEGER PRIMARY KEY,
    actor_id TEXT NOT NULL, -- '' for results shared by all: no id is empty
    tool TEXT NOT NULL,
    version TEXT NOT NULL,
    digest BLOB NOT NULL,
    arguments BLOB NOT NULL,
    lease TEXT, -- whose call is under way; NULL once there is a result
    result BLOB,
    expires_at INTEGER NOT NULL, -- of the result, or of the lease
    UNIQUE (actor_id, tool, version, digest)
);
CREATE INDEX tool_results_by_expiry ON tool_results (expires_at);
"""

_CALIBRATIONS: Final = """
CREATE TABLE calibrations (
    model TEXT PRIMARY KEY,
    calibration BLOB NOT NULL
);
"""

_NUMBERED_OVERFLOW: Final = """
ALTER TABLE sessions ADD COLUMN pieces INTEGER NOT NULL DEFAULT 0;
ALTER TABLE overflow ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE overflow SET number = id;
UPDATE sessions SET pieces = (SELECT coalesce(max(number), 0) FROM overflow WHERE session = sessions.id);
CREATE INDEX overflow_by_number ON overflow (session, number);
"""

_DERIVED_PARTS: Final = """
CREATE TABLE derived_parts (
    session INTEGER NOT NULL,
    name BLOB NOT NULL,
    number INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (session, name, number),
    FOREIGN KEY (session, name) REFERENCES derived (session, name) ON DELETE CASCADE
);
"""

_MEMORY_CHANGES: Final = """
ALTER TABLE memories ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX memories_by_change ON memories (actor_id, changed);
CREATE TABLE memory_clock (
    number INTEGER NOT NULL -- of the last change, of any actor's records
);
INSERT INTO memory_clock VALUES (0);
CREATE TRIGGER memories_put AFTER INSERT ON memories BEGIN
    UPDATE memory_clock SET number = number + 1; UPDATE memories
    SET changed = (SELECT number FROM memory_clock) WHERE id = new.id; END;
CREATE TRIGGER memories_edited AFTER UPDATE OF
    namespace, strategy, importance, created_at, valid_from, valid_to, expires_at, sources, metadata, text, vector
ON memories BEGIN
    UPDATE memory_clock SET number = number + 1; UPDATE memories
    SET changed = (SELECT number FROM memory_clock) WHERE id = new.id; END;
"""
"""A row's `changed` is the number of its last change. Triggers give it, so that it is right whoever writes: a process
that opened the file before this step, too. A semicolon at the end of a line ends a step's statement, so none of a body
stands there."""

STEPS: tuple[str, ...] = (
    _SESSIONS + _OVERFLOW + _MEMORIES + _PREFERENCES + _TOOL_RESULTS + _CALIBRATIONS,
    _NUMBERED_OVERFLOW,
    _DERIVED_PARTS,
    _MEMORY_CHANGES,
)
"""One script for each version. A step that has been released is never edited: add another."""


_IDENTITY: Final = """
SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
FROM pragma_user_version, pragma_application_id
"""
"""Read in one statement, so that a file which another process is just preparing is seen before or after that."""


def prepare(connection: sqlite3.Connection, path: str, wait: float) -> None:
    """Bring the database to this version's tables, whichever of several processes comes first."""
    version = _version(connection, path)
    if version == len(STEPS):
        return
    try:
        _take_steps(connection, path, wait)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
        raise StoreReadOnly(
            f"The file {path!r} has schema version {version}, this contextkit's is {len(STEPS)}, and it cannot be"
            f" brought there ({error}).",
            "Open it once with write permission to the file and its folder.",
        ) from error


def _take_steps(connection: sqlite3.Connection, path: str, wait: float) -> None:
    """Take the steps that the file has not seen: all of them or none."""
    _use_log(connection, wait)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[_version(connection, path) :]:
            for statement in filter(str.strip, step.split(";\n")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _version(connection: sqlite3.Connection, path: str) -> int:
    """How many steps the file has seen; raises `StoreError` for a file that is not ours, or from a later version."""
    version, owner, tables = connection.execute(_IDENTITY).fetchone()
    if owner != APPLICATION_ID and (version or owner or tables):
        raise StoreError(f"The file {path!r} is another program's database.", "Choose another path for the store.")
    if version > len(STEPS):
        raise StoreError(
            f"The file {path!r} has schema version {version}; this contextkit knows {len(STEPS)}.",
            "Upgrade contextkit, or open the file with the version that wrote it.",
        )
    return int(version)


def _use_log(connection: sqlite3.Connection, wait: float) -> None:
    """Switch to the write-ahead log. SQLite does not wait for others here, so we do."""
    deadline = time.monotonic() + wait
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)
