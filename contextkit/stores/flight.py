"""Single flight: of several threads that want the same thing made, one makes it and all receive it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

from contextkit.errors import StoreError

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Calls under way in this process, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[tuple[int, Hashable], tuple[int, Future[T]]] = {}

    def run(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returns or raises, called by one of the threads that are here with this key.

        If the calling thread is interrupted (`KeyboardInterrupt` and the like), another takes
        over. Raises `StoreError` where `make` comes back with its own key.
        """
        while True:
            lead, pilot, future = self._join(key)
            if lead:
                return self._lead(key, make, future)
            if pilot == threading.get_ident():
                raise StoreError(
                    "A cached call asks for its own result and would wait for itself.",
                    "Give the inner call other arguments, or make it without the cache.",
                )
            try:
                return future.result()
            except CancelledError:
                continue

    def _join(self, key: Hashable) -> tuple[bool, int, Future[T]]:
        """Whether this thread is to make the call, and otherwise whose call to wait for."""
        own = (os.getpid(), key)  # a forked child inherits flights that nobody in it will finish
        with self._lock:
            lead = own not in self._flights
            pilot, future = self._flights.setdefault(own, (threading.get_ident(), Future()))
        return lead, pilot, future

    def _lead(self, key: Hashable, make: Callable[[], T], future: Future[T]) -> T:
        try:
            result = make()
        except BaseException as error:
            self._land(key)
            if isinstance(error, Exception):
                future.set_exception(error)
            else:
                future.cancel()
            raise
        self._land(key)
        future.set_result(result)
        return result

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flights[os.getpid(), key]
