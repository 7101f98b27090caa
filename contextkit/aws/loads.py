"""Loads: what a month of traffic asks of each table, in the units that are billed.

Three roads lead here: an agent's traffic through this store (`Agent`), calls counted by hand for
any design of tables (`Calls`), and what reports have recorded (`recorded`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contextkit.aws.toml import Share
from contextkit.errors import InvalidInput, shortened
from contextkit.stores.dynamodb.items import Table
from contextkit.stores.dynamodb.schema import SCHEMAS

GB: Final = 1_000_000_000
"""Bytes. Amazon bills by this one, not by 2³⁰."""

READ_BYTES, WRITE_BYTES = 4_096, 1_024
"""Bytes of one strongly consistent read request unit and of one write request unit."""

TRANSACTIONAL: Final = 2
"""Units that a write in a transaction takes for each that it would take alone."""

OVERHEAD: Final = 100
"""Bytes that DynamoDB stores with each item, by its documentation."""

DAYS: Final = 365 / 12
"""Days of a month."""


@dataclass(frozen=True, slots=True)
class Load:
    """A month of one table: request units, and gigabytes stored throughout."""

    table: str
    reads: float = 0.0
    writes: float = 0.0
    stored: float = 0.0

    def __add__(self, other: Load) -> Load:
        return Load(self.table, self.reads + other.reads, self.writes + other.writes, self.stored + other.stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """A month's calls of one table: how many items are read and written, and how large each is on average.

    `transactional` is the part of the writes, from 0 to 1, that stands in transactions;
    `eventual` the part of the reads that may be eventually consistent, at half the price.
    """

    reads: float = 0.0
    read_bytes: float = 0.0
    writes: float = 0.0
    write_bytes: float = 0.0
    transactional: Share = 0.0
    eventual: Share = 0.0
    stored_gb: float = 0.0

    def load(self, table: str) -> Load:
        reads = self.reads * read_units(self.read_bytes) * (1 - self.eventual / 2)
        writes = self.writes * write_units(self.write_bytes) * (1 + self.transactional * (TRANSACTIONAL - 1))
        return Load(table, reads, writes, self.stored_gb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent's month over `DynamoDBStore`. A turn is one question and all that follows from it.

    Each turn builds so many prompts, and appends so many messages in so many calls. Bytes are those
    of the item as it is stored, compressed. `cold` is the part of the turns that a process answers
    which does not know the session yet, and so reads `history_bytes` of it. The session's index has
    `index_bytes`, about 30 for each message of a long chat. A process that wrote all of the session
    has it; where there are others, each question is billed for all of it, though little of it is sent.
    `recalled` older messages are read by number. Of `tool_calls`, the part `tool_hits` is
    answered from the cache. `pieces` are moved out of prompts. `memories` are written, into the
    `memories_kept` of an actor, all of which a process reads that does not know them. Sessions live for
    `kept_days` after their last message, tool results for `tool_minutes`.
    """

    turns: float = 0.0
    builds: float = 3.0
    appends: float = 4.0
    messages: float = 6.0
    message_bytes: float = 700.0
    view_bytes: float = 2_500.0
    recalled: float = 10.0
    cold: Share = 0.1
    history_bytes: float = 40_000.0
    index_bytes: float = 10_000.0
    tool_calls: float = 2.0
    tool_hits: Share = 0.3
    tool_bytes: float = 2_000.0
    tool_minutes: float = 5.0
    pieces: float = 0.2
    piece_bytes: float = 6_000.0
    memories: float = 0.5
    memory_bytes: float = 500.0
    memories_kept: float = 200.0
    actors: float = 1_000.0
    kept_days: float = 30.0

    def loads(self) -> list[Load]:
        """What it asks of the four tables, by the calls that the store makes for each of these."""
        return [self._sessions(), self._tools(), self._preferences(), self._memories()]

    def _sessions(self) -> Load:
        """Each build reads the end of its session. The first of a turn also recalls, and keeps its view.
        A piece is looked for before it is put away, in order with others, and read by the next turn."""
        reads = self.builds * _END + self.recalled * read_units(self.message_bytes)
        reads += read_units(self.index_bytes) if self.cold else 0
        reads += self.cold * read_units(self.history_bytes) + self.pieces * (2 + read_units(self.piece_bytes))
        writes = _CHECK + TRANSACTIONAL * write_units(self.view_bytes)
        writes += self.appends * _CHECK + self.messages * TRANSACTIONAL * (write_units(self.message_bytes) + 1)
        writes += self.messages * (_DERIVED + self.message_bytes / _DERIVED_BYTES)
        writes += self.pieces * (_CHECK + TRANSACTIONAL * (write_units(self.piece_bytes) + 1))
        lasting = self.messages * (self.message_bytes + _LEAD + 2 * OVERHEAD) + self.pieces * self.piece_bytes
        stored = self.turns / DAYS * self.kept_days * lasting / GB
        return Load("sessions", self.turns * reads, self.turns * writes, stored)

    def _tools(self) -> Load:
        """A look for each call; for a miss a lease and the result."""
        calls = self.turns * self.tool_calls
        hits, misses = calls * self.tool_hits, calls * (1 - self.tool_hits)
        reads = hits * read_units(self.tool_bytes) + misses
        writes = misses * (1 + write_units(self.tool_bytes))
        stored = misses / DAYS * (self.tool_minutes / 1_440 + _SWEPT) * self.tool_bytes / GB
        return Load("tool-cache", reads, writes, stored)

    def _preferences(self) -> Load:
        return Load("prefs", self.turns * self.builds)

    def _memories(self) -> Load:
        """A look at the stamp each turn; after a change what changed, and at first all of the actor's records."""
        kept = self.memories_kept * self.memory_bytes
        reads = 1 + self.memories * (2 + read_units(self.memory_bytes)) + self.cold * read_units(kept)
        writes = self.memories * TRANSACTIONAL * (write_units(self.memory_bytes) + 2)
        stored = self.actors * (kept + self.memories_kept * OVERHEAD) / GB
        return Load("memories", self.turns * reads, self.turns * writes, stored)


_END: Final = 2
"""Read units for a session's facts and its newest messages: two pages of 4 KB, as measured."""

_CHECK: Final = TRANSACTIONAL
"""Write units for the session's `meta`, which every transaction checks or changes."""

_DERIVED, _DERIVED_BYTES = 0.5, 900
"""Write units for a message's part in the index and in packs of messages: so many, and one more for so many bytes.
Measured on LoCoMo's turns, joined to messages of 130, 320 and 760 bytes: 0.6, 1.1 and 1.3."""

_LEAD: Final = 120
"""Bytes of the item that leads from a message's id to its number."""

_SWEPT: Final = 2
"""Days until DynamoDB deletes what has expired: it promises "a few", and bills for them."""


def read_units(size: float) -> float:
    """Request units to read so many bytes with strong consistency; looking for nothing takes one too."""
    return max(1.0, math.ceil(size / READ_BYTES))


def write_units(size: float) -> float:
    """Request units to write an item of so many bytes."""
    return max(1.0, math.ceil(size / WRITE_BYTES))


def by_table(loads: Iterable[Load]) -> list[Load]:
    """One load for each table, in the order in which these come first."""
    together: dict[str, Load] = {}
    _add(together, loads)
    return list(together.values())


def _add(together: dict[str, Load], loads: Iterable[Load]) -> None:
    for load in loads:
        known = together.get(load.table)
        together[load.table] = load if known is None else known + load


def recorded(lines: Iterable[str], builds: float | None = None) -> list[Load]:
    """The loads of a month of `builds`, like those whose reports these lines are.

    Each line is JSON with `charges`: what `report.to_json()` gives, or `{"charges": […]}` with
    what `metered()` heard over a whole turn. Without `builds`, the lines are the month. Raises
    `InvalidInput`. Nothing is known of what is stored.
    """
    together: dict[str, Load] = {}
    count = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            count += 1
            _add(together, _charged(line, number))
    if not count:
        raise InvalidInput("Nothing was recorded.", "Write one report as JSON on each line.")
    scale = 1.0 if builds is None else builds / count
    return [Load(load.table, load.reads * scale, load.writes * scale) for load in together.values()]


def _charged(line: str, number: int) -> list[Load]:
    try:
        return [_load(charge) for charge in json.loads(line)["charges"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            f"Line {number} is no report with charges: {shortened(line)} ({type(error).__name__}: {error}).",
            'Write `report.to_json()`, or {"charges": […]}, on each line.',
            value=line[:80],
        ) from error


def _load(charge: Mapping[str, Any]) -> Load:
    return Load(short_name(charge["table"]), _units(charge["read_units"]), _units(charge["write_units"]))


def _units(value: float) -> float:
    """What was recorded. Raises `ValueError` for what is no number of units."""
    units = float(value)
    if 0 <= units < math.inf:
        return units
    raise ValueError(f"{value} units")


def short_name(table: str) -> str:
    """The table without its prefix, where it is one of the store's."""
    names: list[Table] = [schema.table for schema in SCHEMAS]
    return next((name for name in names if table.endswith(f"agent-{name}")), table)
