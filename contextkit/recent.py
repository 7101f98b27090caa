"""Recent: the values that were used last, as many as there is room for. An LRU cache that threads share."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

from contextkit.errors import InvalidInput

Key = TypeVar("Key")
Value = TypeVar("Value")


SCALE: Final = "CONTEXTKIT_CACHE_SCALE"
"""Environment variable: how much a process keeps in memory of the sessions, documents and texts it has read, as a part
of the usual: 0.25 is a quarter of it, 4 is four times as much. Read as a cache is made."""


def _one(_: object) -> int:
    return 1


class Recent(Generic[Key, Value]):
    """Values by key: at most so many, of which the one used least recently is forgotten first.

    Where they `weigh` differently, their weights come to `most` at the most, but for a single one that is
    heavier; one that grows is weighed anew when it is `put`, or when who was `using` it is done. Every method is one
    step, whichever threads share it, and counts as a use. A value is never None: that says that there is none.

    Of values that weigh differently so much is kept as the environment's `SCALE` makes of `most`. Raises
    `InvalidInput` where that is no number above 0.
    """

    def __init__(self, most: int, weigh: Callable[[Value], int] = _one) -> None:
        self._most = most if weigh is _one else most * _scale()
        self._weigh = weigh
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._weights: dict[Key, int] = {}
        self._weight = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._values)

    def get(self, key: Key) -> Value | None:
        """The value; None where there is none, or none any more."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Have this value under the key, whatever was there before."""
        with self._lock:
            self._put(key, value)

    def of(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value, made if there is none. All wait while it is made, so that two never make one each."""
        with self._lock:
            value = self._values.get(key)
            if value is None:
                value = make()
            self._put(key, value)
            return value

    @contextmanager
    def using(self, key: Key, make: Callable[[], Value]) -> Iterator[Value]:
        """The value, made if there is none, while it may grow; it is weighed anew afterwards, whatever became of that.

        Others may be using it at the same time.
        """
        value = self.of(key, make)
        try:
            yield value
        finally:
            self.put(key, value)

    def pop(self, key: Key) -> Value | None:
        """Take the value out: nobody else gets it. None where there is none."""
        with self._lock:
            self._weight -= self._weights.pop(key, 0)
            return self._values.pop(key, None)

    def _put(self, key: Key, value: Value) -> None:
        weight = self._weigh(value)
        self._weight += weight - self._weights.get(key, 0)
        self._weights[key] = weight
        self._values[key] = value
        self._values.move_to_end(key)
        while self._weight > self._most and len(self._values) > 1:
            oldest, _ = self._values.popitem(last=False)
            self._weight -= self._weights.pop(oldest)


def _scale() -> float:
    given = os.environ.get(SCALE, "1")
    try:
        scale = float(given)
    except ValueError:
        scale = 0.0
    if not 0 < scale < float("inf"):
        fix = "Give it a number above 0, such as 0.25, or unset it."
        raise InvalidInput(f"{SCALE} is {given!r}.", fix, value=given)
    return scale
