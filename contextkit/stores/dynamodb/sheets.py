"""Sheets: derived data in one item or two with its parts side by side, of which a query gives those that are asked for.

DynamoDB bills an item whole, but sends the columns that are named: a session is opened in one call, and of
its index come the parts that have the question's words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from contextkit.errors import StoreCorrupt
from contextkit.rank.divided import IN_DRAWERS
from contextkit.stores.dynamodb.items import Row

HEAD = "head"
"""The column of what is in no part."""

MOST = 360_000
"""Bytes of a sheet: an item may have 400 KB with its key and the names of its columns."""

SHEETS = 2
"""Sheets that one name's data takes at the most: with what else is read of a session they stay below the megabyte that
is read in one call."""


def sheets(head: bytes, parts: Sequence[bytes], most: int = SHEETS) -> list[dict[str, bytes]] | None:
    """The columns of the fewest sheets that have room for these, the head on the first; None if more than `most`."""
    if max(map(len, (head, *parts))) > MOST:
        return None
    filled = [{HEAD: head}]
    room = MOST - len(head)
    for number, part in enumerate(parts):
        if len(part) > room:
            filled.append({})
            room = MOST
        filled[-1][_column(len(parts), number)] = part
        room -= len(part)
    return filled if len(filled) <= most else None


def columns_for(drawers: Collection[int]) -> list[str]:
    """The columns in which these drawers lie, of every sheet."""
    return [column for count in IN_DRAWERS for column in columns_of(count, {drawer % count for drawer in drawers})]


def columns_of(count: int, numbers: Collection[int]) -> list[str]:
    """The columns of parts with these numbers, of so many."""
    return [_column(count, number) for number in sorted(numbers)]


def head_on(row: Row) -> bytes:
    """The head on a sheet; nothing, as if it were damaged, where there is none of ours."""
    try:
        return bytes(row[HEAD])
    except StoreCorrupt:
        return b""


def parts_on(row: Row) -> Iterator[tuple[int, bytes]]:
    """The parts that were read of a sheet, by number."""
    for column, part in row.items():
        found = _COLUMN.fullmatch(column)
        if found is not None and isinstance(part, bytes):
            yield int(found[1]), part


def _column(count: int, number: int) -> str:
    """A short name, which is sent with each part."""
    return f"{_LETTERS[count]}{number}"


_LETTERS = dict(zip(IN_DRAWERS, "opq", strict=True))

_COLUMN = re.compile(r"[opq](\d+)")
