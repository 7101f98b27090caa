"""A circuit breaker: what has failed is left alone for a while, and asked again by one call that nobody waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FAILURES = 3
"""Failures in a row that open a breaker. A fault that befalls three calls in ten, each tried twice, reaches three
in a row once in 1,400 times; a server that is gone reaches them within milliseconds."""

FIRST_REST, LONGEST_REST = 2.0, 60.0
"""Seconds before a region that failed is asked again; each time in vain doubles them. The shortest is about
what one hanging call would cost, the longest keeps the return of a region from going unnoticed."""


class Breaker:
    """Closed while calls succeed, open after `FAILURES` in a row or one that hung, half open while `probe` runs.

    `probe` is one call that raises where the other side still fails. It runs in a thread of its own
    once the rest is over and somebody asks, so that no request ever waits for a region that hangs.
    """

    def __init__(self, probe: Callable[[], object], now: Callable[[], float] = time.monotonic) -> None:
        self._probe = probe
        self._now = now
        self._lock = threading.Lock()
        self._failures = 0
        self._rest = FIRST_REST
        self._until: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        """True if calls may be made."""
        with self._lock:
            if self._until is None:
                return True
            if self._probing or self._now() < self._until:
                return False
            self._probing = True
        threading.Thread(target=self._try, name="contextkit-probe", daemon=True).start()
        return False

    def succeeded(self) -> None:
        """Note a call that was answered."""
        with self._lock:
            if self._until is None:
                self._failures = 0

    def failed(self, *, hung: bool = False) -> None:
        """Note a call that was not."""
        with self._lock:
            self._failures += 1
            if self._until is None and (hung or self._failures >= FAILURES):
                self._until = self._now() + self._rest

    def _try(self) -> None:
        try:
            self._probe()
        except Exception:  # whatever it is, the other side is not well
            self._settle(well=False)
        else:
            self._settle(well=True)

    def _settle(self, *, well: bool) -> None:
        with self._lock:
            self._probing = False
            self._failures = 0
            self._rest = FIRST_REST if well else min(self._rest * 2, LONGEST_REST)
            self._until = None if well else self._now() + self._rest
