"""Charges: what storage bills for, told to whoever listens.

A store that is billed by use says `charge(…)` after each call; whoever wants to know opens
`metered()` around the calls. Builds do, and their reports carry the sum. Where nobody listens,
nothing is kept. A listener hears its own thread or task and what that starts, so builds that run
at the same time over one store never see each other's charges.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Charge:
    """What one table was asked for.

    `read_units` and `write_units` are capacity units as the service counted them; `cost` is US
    dollars, None where the price in that `region` is not known.
    """

    table: str
    region: str
    read_units: float = 0.0
    write_units: float = 0.0
    cost: float | None = None

    def __add__(self, other: Charge) -> Charge:
        """Both together; they must be of the same table in the same region."""
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Charge(
            self.table,
            self.region,
            self.read_units + other.read_units,
            self.write_units + other.write_units,
            cost,
        )


class Charges:
    """The charges heard so far, by table and region, which `above` hears too. Any thread may add."""

    def __init__(self, above: Charges | None) -> None:
        self._above = above
        self._lock = threading.Lock()
        self._by_place: dict[tuple[str, str], Charge] = {}

    def add(self, charge: Charge) -> None:
        place = (charge.table, charge.region)
        with self._lock:
            known = self._by_place.get(place)
            self._by_place[place] = charge if known is None else known + charge
        if self._above is not None:
            self._above.add(charge)

    @property
    def total(self) -> tuple[Charge, ...]:
        """One charge for each table and region, in the order of their names."""
        with self._lock:
            return tuple(charge for _, charge in sorted(self._by_place.items()))


_listener: ContextVar[Charges | None] = ContextVar("charges", default=None)


@contextmanager
def metered() -> Iterator[Charges]:
    """Hear every charge of this thread or task, and of those it starts with a copy of its context."""
    charges = Charges(_listener.get())
    token = _listener.set(charges)
    try:
        yield charges
    finally:
        _listener.reset(token)


def heard() -> tuple[Charge, ...]:
    """What this thread's or task's listener has heard so far."""
    charges = _listener.get()
    return () if charges is None else charges.total


def listening() -> bool:
    """Whether anybody wants to know: what nobody hears need not be worked out."""
    return _listener.get() is not None


def charge(charge: Charge) -> None:
    """Tell whoever listens."""
    charges = _listener.get()
    if charges is not None:
        charges.add(charge)
