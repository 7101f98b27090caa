"""Rare values: what few of many have, where nearly all have one of a few others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Final, TypeVar

T = TypeVar("T", bound=Hashable)

RARE: Final = 0.05
"""Share of the values, at most, that are the same rare one."""

_USUAL: Final = 0.8
"""Share of the values, at least, that are not rare: a status mostly repeats, an age or an id does not."""

_LEAST: Final = 20
"""Values below which none is rare."""


def rare_values(values: Iterable[T]) -> frozenset[T]:
    """Those of these values that are rare among them."""
    count = Counter(values)
    total = count.total()
    rare = [value for value, times in count.items() if times <= total * RARE]
    usual = total - sum(count[value] for value in rare)
    return frozenset(rare) if total >= _LEAST and usual >= _USUAL * total else frozenset()
