"""The journal of a folder of vectors: one line per operation, each checked by its CRC-32.

0f2a9c11 {"format":"contextkit-vectors-1","dimension":384,"vectors":"0.f32"}
9be1d202 {"add":["m1","m2"]}
77c0aa5e {"delete":["m1"]}
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contextkit.errors import StoreCorrupt

FORMAT: Final = "contextkit-vectors-1"
"""Changes whenever a file of before could not be read as it was meant."""


@dataclass(frozen=True, slots=True)
class Start:
    """The first line: how long the vectors are and which file holds them."""

    dimension: int
    vectors: str

    def line(self) -> bytes:
        return _line({"format": FORMAT, "dimension": self.dimension, "vectors": self.vectors})


@dataclass(frozen=True, slots=True)
class Added:
    """These ids belong to the next rows, in this order."""

    ids: Sequence[str]

    def line(self) -> bytes:
        return _line({"add": list(self.ids)})


@dataclass(frozen=True, slots=True)
class Deleted:
    """The rows of these ids are dead."""

    ids: Sequence[str]

    def line(self) -> bytes:
        return _line({"delete": list(self.ids)})


Entry = Start | Added | Deleted


def read_entries(text: bytes, path: Path) -> tuple[list[Entry], int]:
    """The entries of a piece of journal and how many bytes they take.

    A last line that is not whole is not there yet, or never will be; one before it is `StoreCorrupt`.
    """
    lines = text.splitlines(keepends=True)
    if lines and not _whole(lines[-1]):
        lines.pop()
    if not all(map(_whole, lines)):
        raise StoreCorrupt(
            f"A line in the middle of {path} does not match its checksum.",
            "Delete the folder and add the vectors again.",
        )
    return [_entry(line, path) for line in lines], sum(map(len, lines))


def _line(entry: dict[str, str | int | list[str]]) -> bytes:
    text = json.dumps(entry, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _whole(line: bytes) -> bool:
    return line.endswith(b"\n") and line[:9] == b"%08x " % zlib.crc32(line[9:-1])


def _entry(line: bytes, path: Path) -> Entry:
    match json.loads(line[9:]):
        case {"add": [*ids]}:
            return Added(ids)
        case {"delete": [*ids]}:
            return Deleted(ids)
        case {"format": format_, "dimension": int(dimension), "vectors": str(vectors)} if format_ == FORMAT:
            return Start(dimension, vectors)
        case other:
            raise StoreCorrupt(
                f"{path} has an entry that this version cannot read: {str(other)[:80]}.",
                "Use the version of contextkit that wrote it, or another folder.",
            )
