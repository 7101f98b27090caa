"""Reading: the lines of an export, checked, up to its last one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from contextkit.actor.lines import VERSION
from contextkit.errors import InvalidInput, StoreCorrupt, shortened

AT_ONCE: Final = 500
"""Lines of one kind that are written in one call."""

BYTES_AT_ONCE: Final = 8 << 20
"""Bytes of such lines: of images and moved texts a few may be as many as all this."""

NEWER: Final = "Import it with a newer contextkit."
_UNCHANGED: Final = "Pass what `contextkit export` wrote, unchanged."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an export, and how many bytes it has."""

    number: int
    size: int
    kind: str
    values: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, object]:
        """Lines that can be written together have this in common."""
        return self.kind, self.values.get("session_id")

    def made(self, make: Callable[[Mapping[str, Any]], T]) -> T:
        """What the line describes. Raises `InvalidInput` where it does not."""
        try:
            return make(self.values)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, StoreCorrupt) as error:
            raise wrong(f"is no {self.kind} ({error})", _UNCHANGED) from error

    def text(self, name: str) -> str:
        """A text that the line has to have. Raises `InvalidInput`."""
        value = self.values.get(name)
        if isinstance(value, str):
            return value
        raise wrong(f"has no text {name!r}", _UNCHANGED)

    def count(self, name: str) -> int:
        """A number above 0 that the line has to have. Raises `InvalidInput`."""
        value = self.values.get(name)
        if isinstance(value, int) and value > 0:
            return value
        raise wrong(f"has no number {name!r}", _UNCHANGED)


def read_export(lines: Iterable[bytes]) -> tuple[Line, Iterator[list[Line]]]:
    """The first line, which says whose export it is, and those up to the last, in batches that are written together.

    Raises `InvalidInput` for what is no export, and once the batches before it were taken, for what is not all of one.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    parsed = (_parsed(number, line) for number, line in numbered)
    return _head(next(parsed, None)), _batches(_until_the_end(parsed))


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lines that follow each other and can be written together, so many at once."""
    for _, run in groupby(lines, key=lambda line: line.place):
        batch: list[Line] = []
        size = 0
        try:
            for line in run:
                if batch and (len(batch) == AT_ONCE or size + line.size > BYTES_AT_ONCE):
                    yield batch
                    batch, size = [], 0
                batch.append(line)
                size += line.size
        except InvalidInput:  # of the next line; these are in order
            yield batch
            raise
        yield batch


def _head(line: Line | None) -> Line:
    """The first line, which says whose export it is. Raises `InvalidInput` for any other."""
    version = line.values.get("version") if line and line.kind == "actor" else None
    if line is None or not isinstance(version, int):
        raise InvalidInput(
            "Line 1 is not the beginning of an export.",
            f"Pass what `contextkit export` wrote; its first line has kind 'actor' and version {VERSION}.",
            value=line and line.values,
        )
    if version != VERSION:
        raise InvalidInput(
            f"The export is of version {version}; this contextkit reads version {VERSION}.", NEWER, value=version
        )
    return line


def _until_the_end(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines between the first and the last, which says how many it stands behind. Raises where any is missing."""
    count = 1
    for line in lines:
        if line.kind == "end":
            break
        count += 1
        yield line
    else:
        raise InvalidInput(f"The export breaks off after {count:,} lines, without its last one.", _AGAIN, value=count)
    if line.values.get("lines") != count:
        raise InvalidInput(
            f"The export had {shortened(line.values.get('lines'))} lines, and here are {count:,}.", _AGAIN, value=count
        )
    if following := next(lines, None):
        raise InvalidInput(
            f"Line {following.number} stands behind the end of the export.", "Import one export at a time."
        )


_AGAIN: Final = "What is here is imported; export once more, and import that for the rest."


def _parsed(number: int, line: bytes) -> Line:
    try:
        values = json.loads(line.decode("utf-8", "surrogatepass"))
        if not isinstance(values["kind"], str):
            raise TypeError("its kind is no text")
        return Line(number, len(line), values["kind"], values)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidInput(
            f"Line {number} of the export, {shortened(line.decode('utf-8', 'replace'))}, cannot be read ({error}).",
            _UNCHANGED,
            value=line[:80],
        ) from error


def wrong(what: str, remedy: str) -> InvalidInput:
    """What is wrong with a line; which one that is, whoever writes it says."""
    return InvalidInput(f"It {what}.", remedy)
