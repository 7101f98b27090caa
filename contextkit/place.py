"""Place: where in the prompt each chosen item stands. Pure order, no text.

Models read the beginning and the end of a long context best (Liu et al., "Lost in the Middle",
TACL 2024). So within a ranked section the best items stand at its two ends and the weakest in
its middle, while sections themselves stand where the provider's prompt cache wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, TypeVar

from contextkit.types import Item

T = TypeVar("T")


def edges(best_first: Sequence[T]) -> list[T]:
    """Reorder best-first items so that rank falls from both ends towards the middle.

    The best stands last, next to the question, the second best first, the third last but one …
    """
    return [*best_first[1::2], *best_first[0::2][::-1]]


def runs(items: Sequence[Item], heading: Callable[[Item], str]) -> list[list[Item]]:
    """Items of a ranked section as they stand: runs that share a heading, the best at the edges.

    Within a run items keep their natural order; a run is as good as its best item. An item
    without a heading is a run of its own. `heading` gives each item's as it will be written.
    """
    by_heading: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        above = heading(item)
        by_heading.setdefault((above, "" if above else item.id), []).append(item)
    for run in by_heading.values():
        run.sort(key=_natural)
    best_first = sorted(
        by_heading.values(), key=lambda run: (-max(item.score for item in run), run[0].order, run[0].id)
    )
    return edges(best_first)


def first_of(run: Sequence[Item]) -> Item:
    """The item that stands first in a run of these."""
    return min(run, key=_natural)


_natural: Final = attrgetter("order", "id")
