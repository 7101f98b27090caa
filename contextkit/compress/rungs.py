"""Rungs: how much of a JSON value is kept, from hardly anything to everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

DEEPEST: Final = 60
"""Levels that are looked into; deeper ones are left out."""

SHORT: Final = 120
"""Characters of a string that are kept before more elements are: about two lines of text."""

_DEEPER: Final = 4
"""Levels looked into further for what bears on the query: from a list of orders down to a line of one."""

_ALL: Final = 1 << 128
"""More elements than there are, also after being divided by four at each level down."""

_GROWTH: Final = 1.08
"""From one rung to the next, so that the richest one that fits uses most of the room."""


@dataclass(frozen=True, slots=True)
class Rung:
    """How much is kept: elements per array, keys per object, characters per string, levels, and so many `deeper` where
    something bears on the query; and whether what an element has as the one above it has stands `again`."""

    elements: int
    keys: int
    characters: int
    depth: int
    deeper: int = _DEEPER
    again: bool = False


def ladder(elements: int, characters: int) -> list[Rung]:
    """Rungs from hardly anything to everything: first levels, then elements, then length of strings."""
    rungs = [
        Rung(0, 0, 0, 0, 0),
        *(Rung(0, 8, 20, 1, n) for n in range(_DEEPER)),
        Rung(0, 12, 24, 2),
        Rung(1, 16, 32, 3),
        Rung(1, 24, 48, 4),
        Rung(1, 32, 80, 5),
    ]
    rungs += [Rung(n, max(40, n), SHORT, 8) for n in _steps(1, elements)]
    rungs += [Rung(_ALL, _ALL, n, DEEPEST) for n in _steps(SHORT, characters)]
    return [*rungs, replace(rungs[-1], again=True)]


def _steps(first: int, last: int) -> Iterator[int]:
    n = first
    while n < last:
        yield n
        n = max(n + 1, int(n * _GROWTH))
    yield last
